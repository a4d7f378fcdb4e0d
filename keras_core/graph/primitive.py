"""Primitive: one operation of the graph, declared in one place; Node: one use of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Callable, Union

from keras_core.graph.provenance import Origin, here
from keras_core.graph.spec import Spec
from keras_core.graph.tensor import Tensor, uids

_registry: dict[str, Primitive] = {}

PRIMITIVES: Mapping[str, Primitive] = MappingProxyType(_registry)

Result = Union[Tensor, tuple[Tensor, ...]]
Lifted = tuple[Tensor, bool]
Lift = Callable[["Node", Sequence[Lifted]], "Tensor | None"]
Simplification = Callable[["Node"], "Tensor | None"]


@dataclass(frozen=True, eq=False)
class Primitive:
    """What every backend must agree on about one operation.

    Tensors are positional, parameters are keywords (hashable, so that equal nodes can be merged).

    Attributes:
        name: unique name.
        shape: `shape(*specs, **params)` -> Spec, or a tuple of Specs for several outputs. It hands
            on the names of sizes that stay the same, leaves None for a size that is new, and raises
            ValueError or TypeError for what is illegal.
        reference: the plain NumPy meaning, `reference(*arrays, **params)`; it also folds constants
            and defines what the conformance kit expects of a backend.
        vjp: `vjp(g, y, *inputs, **params)` -> one cotangent (or None) an input, built of
            primitives. For several outputs, `g` and `y` are tuples, and an unused g is None.
        decomposition: the same result from simpler primitives, for a composite.
        lift: `lift(node, inputs)` -> the one output at all steps of a loop, with the steps as axis
            0, or None; `inputs` are (tensor, whether it has such an axis). Without it, or where it
            gives None, the node stays inside of its loop.
        fold: `fold(node)` -> a tensor that is equal, once some inputs are constants; or None.
        simplify: `simplify(node)` -> a simpler tensor that is equal, or None.
        multiply_adds: `multiply_adds(node)` -> how many products it adds up, None where that is not
            known. Without it, a composite counts what its decomposition does, all else nothing.
        differentiable: False where a zero gradient is the definition (comparisons, shapes, …).
        random: True where each evaluation draws anew; `reference` takes a Generator first, or that
            of a loop the pair (seed, step).
        pure: False where an evaluation does more than compute, or where nobody knows what it does:
            such a node is neither folded nor merged with an equal one.
        elementwise: True where each element of the result depends on the same element of the
            inputs alone, which broadcast.
        indexed: True where an index that is out of range has to be refused at run time.
        loop: True where the parameter `body` is run at each step; passes go into it.
        phase: True for the learning phase alone.
        choice: True where the first input, a scalar, decides which of the other two is the result.
        dims: True where trailing scalar inputs fill the None entries of the parameter `shape`.
        several: True where the result is a tuple of tensors.
        family: the file that declares it; lowerings stand under the same name.
        doc: what it computes, in a line.
        edges: what holds at the edges (no elements, ties, NaN, …), a sentence each.
    """

    name: str
    shape: Callable[..., Any]
    reference: Callable[..., Any] | None = None
    vjp: Callable[..., Sequence[Tensor | None]] | None = None
    decomposition: Callable[..., Result] | None = None
    lift: Lift | None = None
    fold: Simplification | None = None
    simplify: Simplification | None = None
    multiply_adds: Callable[[Node], int | None] | None = None
    differentiable: bool = True
    random: bool = False
    pure: bool = True
    elementwise: bool = False
    indexed: bool = False
    loop: bool = False
    phase: bool = False
    choice: bool = False
    dims: bool = False
    several: bool = False
    family: str = ""
    doc: str = field(default="", repr=False)
    edges: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.name in _registry:
            raise ValueError(f"Primitive {self.name!r} is declared twice.")
        if self.reference is None and self.decomposition is None:
            raise ValueError(f"Primitive {self.name!r} needs a reference or a decomposition.")
        _registry[self.name] = self

    def __call__(self, *inputs: Tensor, **params: Any) -> Any:
        origin = here()
        try:
            node = Node(self, [keeping_promise(x) for x in inputs], params, origin)
        except (ValueError, TypeError) as error:
            if origin.layer is None:
                raise
            raise type(error)(f"Layer {origin.layer!r}: {error}") from error
        outputs = node.outputs()
        return outputs if self.several else outputs[0]

    def __repr__(self) -> str:
        return f"<Primitive {self.name}>"

    def __reduce__(self) -> Any:
        return _declared, (self.name,)


def _declared(name: str) -> Primitive:
    return PRIMITIVES[name]


class Node:
    """One use of a primitive: immutable, and legal by construction (the shape rule has run)."""

    __slots__ = ("uid", "primitive", "inputs", "params", "specs", "origin", "uses_learning_phase")

    def __init__(
        self,
        primitive: Primitive,
        inputs: Sequence[Tensor],
        params: Mapping[str, Any],
        origin: Origin,
    ) -> None:
        self.uid: int = next(uids)
        self.primitive: Primitive = primitive
        self.inputs: tuple[Tensor, ...] = tuple(inputs)
        self.params: dict[str, Any] = dict(params)
        self.origin: Origin = origin
        self.specs: tuple[Spec, ...] = self.specs_for([x.spec for x in self.inputs])
        self.uses_learning_phase: bool = primitive.phase or any(
            x._uses_learning_phase for x in self.inputs
        )

    def specs_for(self, inputs: Sequence[Spec]) -> tuple[Spec, ...]:
        """What the shape rule says of the outputs for inputs of these specs, all sizes named."""
        specs = self.primitive.shape(*inputs, **self.params)
        if not self.primitive.several:
            specs = (specs,)
        return tuple(spec.named(self.uid, index) for index, spec in enumerate(specs))

    def outputs(self) -> tuple[Tensor, ...]:
        """Handles on all outputs. The node holds none of them, so there is no reference cycle."""
        return tuple(Tensor(spec, self, i) for i, spec in enumerate(self.specs))

    def with_params(self, inputs: Sequence[Tensor], **params: Any) -> Node:
        """The same with other inputs and some other parameters."""
        return Node(self.primitive, inputs, {**self.params, **params}, self.origin)

    def alike(self, inputs: Sequence[Tensor], params: Mapping[str, Any]) -> Node:
        """The same with inputs of the same specs, and parameters that the shape rule ignores."""
        node = object.__new__(Node)
        for name in Node.__slots__:
            setattr(node, name, getattr(self, name))
        node.uid = next(uids)
        node.inputs = tuple(inputs)
        node.params = dict(params)
        return node

    def __repr__(self) -> str:
        return f"<Node {self.primitive.name}_{self.uid} from {self.origin}>"


def made_by(primitive: Primitive, tensor: Tensor) -> Node | None:
    """The node that makes `tensor` if it is of this primitive."""
    node = tensor.node
    return node if node is not None and node.primitive is primitive else None


def keeping_promise(x: Tensor) -> Tensor:
    """`x`; where `set_shape` promised more than is known, a node that relies on it and sees to it.

    A handle may be given sizes after others have read it, so these are no property of the node.
    """
    if x.promised is None:
        return x
    ensure_shape = PRIMITIVES["ensure_shape"]
    return Node(ensure_shape, (x,), {"shape": x.promised}, here()).outputs()[0]
