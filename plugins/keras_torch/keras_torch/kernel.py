"""Kernel: how one node becomes an expression of generated PyTorch code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

from keras_core.graph import Node, Spec, Tensor
from keras_core.plugins.authoring import Shape

# How a lowering looks: of a node and of whether the code has to be a pure function, which
# autograd and the transformations of `torch.func` go through.
Lowering = Callable[["Site"], "Kernel"]


@dataclass(frozen=True)
class Kernel:
    """An expression for a node.

    Attributes:
        pattern: a Python expression, with `{0}`, `{1}` … for the inputs, `{s0}`, `{s1}` … for
            inputs that are sizes, as ints, `{rng}` for the key of a random node's numbers and the
            keys of `names`. For several results it gives as many.
        names: objects that the pattern refers to.
        into: the same, written into the tensor `{out}`; empty where that cannot be.
        inplace: inputs over which `into` may write.
        view: the result may share the memory of these inputs.
        shared: elements of the result may share memory with each other, so nobody writes to it.
    """

    pattern: str
    names: Mapping[str, Any] = field(default_factory=dict)
    into: str = ""
    inplace: tuple[int, ...] = ()
    view: tuple[int, ...] = ()
    shared: bool = False


class Site(NamedTuple):
    """Where a lowering works: one node, in one kind of code.

    Attributes:
        node: the node.
        pure: whether the code has to be a pure function.
        device: the kind of device.
    """

    node: Node
    pure: bool = False
    device: str = "cpu"

    @property
    def params(self) -> dict[str, Any]:
        return self.node.params

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return self.node.inputs

    @property
    def spec(self) -> Spec:
        """Shape and dtype of the (first) result."""
        return self.node.specs[0]


def places(count: int) -> str:
    """`{0}, {1}, …` in a pattern."""
    return ", ".join(f"{{{i}}}" for i in range(count))


def call(function: Callable[..., Any], count: int, options: str = "") -> Kernel:
    """A kernel `function(input0, …)` of an elementwise function that takes `out`."""
    arguments = places(count) + options
    return Kernel(
        f"{{fn}}({arguments})",
        {"fn": function},
        into=f"{{fn}}({arguments}, out={{out}})",
        inplace=tuple(range(count)),
    )


def elementwise(function: Callable[..., Any], count: int) -> Lowering:
    """The lowering of an elementwise primitive that is one function of PyTorch."""
    kernel = call(function, count)
    return lambda site: kernel


def plain(pattern: str, **names: Any) -> Lowering:
    """The lowering of a primitive that has one expression without parameters."""
    kernel = Kernel(pattern, names)
    return lambda site: kernel


def sizes(shape: Shape, first: int) -> str:
    """A tuple of sizes in a pattern: each None stands for the next input, from number `first`.

    Args:
        shape: the parameter `shape` of a node.
        first: the number of the first trailing input.
    """
    texts = []
    for size in shape:
        texts.append(str(size) if size is not None else f"{{s{first}}}")
        first += size is None
    return tuple_of(texts)


def tuple_of(texts: Sequence[Any]) -> str:
    """The text of a tuple."""
    return "(" + "".join(f"{text}, " for text in texts) + ")"


def extent(x: Tensor, number: int, axis: int) -> str:
    """The size of an axis of input `number`, in a pattern."""
    known = x.shape[axis]
    return str(known) if known is not None else f"{{{number}}}.shape[{axis}]"


def extents(x: Tensor, number: int) -> list[str]:
    """The sizes of all axes of an input, in a pattern."""
    return [extent(x, number, axis) for axis in range(x.ndim)]
