"""Primitive: one operation of the graph, declared in one place; Node: one use of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Any, Callable, Union

from keras_core.graph.provenance import Origin, here
from keras_core.graph.tensor import Spec, Tensor

_uids = count()
_registry: dict[str, Primitive] = {}

PRIMITIVES: Mapping[str, Primitive] = MappingProxyType(_registry)

Result = Union[Tensor, tuple[Tensor, ...]]


@dataclass(frozen=True, eq=False)
class Primitive:
    """What every backend must agree on about one operation.

    Tensors are positional, parameters are keywords (hashable, so that equal nodes can be merged).

    Attributes:
        name: unique name.
        shape: `shape(*inputs, **params)` -> Spec, or a tuple of Specs for several outputs. Inputs
            have `.shape` and `.dtype`. It raises ValueError or TypeError for what is illegal.
        reference: the plain NumPy meaning, `reference(*arrays, **params)`; it also folds constants
            and defines what the conformance kit expects of a backend.
        vjp: `vjp(g, y, *inputs, **params)` -> one cotangent (or None) an input, built of
            primitives. For several outputs, `g` and `y` are tuples, and an unused g is None.
        decomposition: the same result from simpler primitives, for a composite.
        differentiable: False where a zero gradient is the definition (comparisons, shapes, …).
        random: True where each evaluation draws anew; `reference` takes a Generator first.
        dims: True where trailing scalar inputs fill the None entries of the parameter `shape`.
        several: True where the result is a tuple of tensors.
        family: the file that declares it; lowerings stand under the same name.
    """

    name: str
    shape: Callable[..., Any]
    reference: Callable[..., Any] | None = None
    vjp: Callable[..., Sequence[Tensor | None]] | None = None
    decomposition: Callable[..., Result] | None = None
    differentiable: bool = True
    random: bool = False
    dims: bool = False
    several: bool = False
    family: str = ""
    doc: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.name in _registry:
            raise ValueError(f"Primitive {self.name!r} is declared twice.")
        if self.reference is None and self.decomposition is None:
            raise ValueError(f"Primitive {self.name!r} needs a reference or a decomposition.")
        _registry[self.name] = self

    def __call__(self, *inputs: Tensor, **params: Any) -> Any:
        origin = here()
        try:
            node = Node(self, inputs, params, origin)
        except (ValueError, TypeError) as error:
            if origin.layer is None:
                raise
            raise type(error)(f"Layer {origin.layer!r}: {error}") from error
        outputs = node.outputs()
        return outputs if self.several else outputs[0]

    def __repr__(self) -> str:
        return f"<Primitive {self.name}>"

    def __reduce__(self) -> str:
        return f"PRIMITIVES[{self.name!r}]"

    def __deepcopy__(self, memo: Any) -> Primitive:
        return self


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
        self.uid = next(_uids)
        self.primitive = primitive
        self.inputs = tuple(inputs)
        self.params = dict(params)
        self.origin = origin
        specs = primitive.shape(*self.inputs, **self.params)
        self.specs: tuple[Spec, ...] = tuple(specs) if primitive.several else (specs,)
        self.uses_learning_phase = primitive.name == "learning_phase" or any(
            x._uses_learning_phase for x in self.inputs
        )

    def outputs(self) -> tuple[Tensor, ...]:
        """Handles on all outputs. The node holds none of them, so there is no reference cycle."""
        return tuple(Tensor(spec, self, i) for i, spec in enumerate(self.specs))

    def __repr__(self) -> str:
        return f"<Node {self.primitive.name}_{self.uid} from {self.origin}>"
