"""Case: one use of a primitive, or of several composed, with inputs, as data."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Callable

import numpy as np

from keras_core.graph.primitive import PRIMITIVES, Primitive
from keras_core.graph.tensor import FLOATS

Shape = tuple[int, ...]
Draw = Callable[[np.random.Generator, Shape], Any]


@dataclass(frozen=True)
class Input:
    """An array to draw.

    Args:
        shape: its shape.
        draw: takes a generator and a shape, and gives the array.
        dtype: its dtype.
        known: the axes whose sizes the primitive needs to know before run time.
        batch: the axis that may have size 0, None where none may.
    """

    shape: Shape
    draw: Draw
    dtype: str = "float32"
    known: Sequence[int] = ()
    batch: int | None = 0

    def static(self, shape: Shape, unknown: bool) -> tuple[int | None, ...]:
        """`shape` with what need not be known left out, where `unknown`."""
        return tuple(n if i in self.known or not unknown else None for i, n in enumerate(shape))

    def array(self, rng: np.random.Generator, empty: bool = False) -> np.ndarray:
        """The values; with size 0 along the batch axis where `empty`."""
        shape = list(self.shape)
        if empty and self.batch is not None and shape:
            shape[self.batch] = 0
        return np.asarray(self.draw(rng, tuple(shape)), dtype=self.dtype)


@dataclass(frozen=True)
class Composed:
    """Several primitives, explained by a plain NumPy function; stands where a primitive does.

    Args:
        build: makes the result, or a tuple of results, of tensors.
        reference: the same for arrays, by other means.
        family: under which the cases are counted.
        several: whether the result is a tuple.
    """

    build: Callable[..., Any]
    reference: Callable[..., Any]
    family: str
    several: bool = False
    decomposition: None = None

    def __call__(self, *inputs: Any) -> Any:
        return self.build(*inputs)


@dataclass(frozen=True)
class Case:
    """One use of a primitive.

    Args:
        name: unique; begins with the primitive's name.
        primitive: name of the primitive; what `composed` is called otherwise.
        inputs: what to draw.
        params: the primitive's parameters.
        gradient: whether it has a derivative by its float inputs that is not zero everywhere.
        second: whether the derivative can be derived again.
        unknown: whether it works with sizes that are not known before run time.
        empty: whether it works with a batch of size 0.
        half: whether float16 can hold its numbers.
        tolerance: largest error beside max(1, largest expected value), in float32.
        reason: why the tolerance differs from the usual one.
        composed: what is used instead of a primitive.
    """

    name: str
    primitive: str
    inputs: tuple[Input, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    gradient: bool = True
    second: bool = True
    unknown: bool = True
    empty: bool = True
    half: bool = True
    tolerance: float = 2e-5
    reason: str = ""
    composed: Composed | None = None

    @property
    def subject(self) -> Primitive | Composed:
        return self.composed or PRIMITIVES[self.primitive]

    @property
    def family(self) -> str:
        return self.subject.family

    def arrays(self, empty: bool = False) -> list[np.ndarray]:
        """The inputs' values, the same at each call."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        return [x.array(rng, empty) for x in self.inputs]

    def floats(self) -> list[int]:
        """Which inputs are floats."""
        return [i for i, x in enumerate(self.inputs) if x.dtype in FLOATS]

    def facts(self) -> dict[str, str]:
        """What somebody is told who looks for a fault."""
        params = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        inputs = ", ".join(f"{x.dtype}{x.shape}" for x in self.inputs)
        return {"primitive": self.primitive, "params": params or "none", "inputs": inputs}

    def takes_singles(self) -> bool:
        """Whether it has float inputs, all of single precision."""
        return {self.inputs[i].dtype for i in self.floats()} == {"float32"}

    def in_precision(self, dtype: str, tolerance: float) -> Case:
        """The same numbers in another float type."""
        inputs = (replace(x, dtype=dtype) if x.dtype in FLOATS else x for x in self.inputs)
        return replace(self, inputs=tuple(inputs), tolerance=tolerance)


def case(name: str, *inputs: Input, label: str = "", **options: Any) -> Case:
    """A case of the primitive `name`; options that are no field of Case are its parameters."""
    fields = {key: options.pop(key) for key in list(options) if key in Case.__dataclass_fields__}
    full_name = f"{name}_{label}" if label else name
    return Case(full_name, name, inputs, params=options, **fields)


def composed_case(name: str, composed: Composed, *inputs: Input, **options: Any) -> Case:
    """A case of several primitives; options are fields of Case."""
    return Case(name, name, inputs, composed=composed, **options)


def uniform(*shape: int, low: float = -2.0, high: float = 2.0, **options: Any) -> Input:
    """Evenly spread numbers."""
    return Input(shape, lambda rng, size: rng.uniform(low, high, size), **options)


def positive(*shape: int, **options: Any) -> Input:
    """Numbers well above 0."""
    return uniform(*shape, low=0.5, high=2.0, **options)


def away_from_zero(*shape: int, **options: Any) -> Input:
    """Numbers of both signs, none near 0, where some functions have a kink."""

    def draw(rng: np.random.Generator, size: Shape) -> Any:
        return rng.uniform(0.3, 2.0, size) * rng.choice([-1.0, 1.0], size)

    return Input(shape, draw, **options)


def apart(*shape: int, **options: Any) -> Input:
    """Numbers at least 0.1 apart, in random order: their order survives small changes."""

    def draw(rng: np.random.Generator, size: Shape) -> Any:
        count = int(np.prod(size))
        return (rng.permutation(count).reshape(size) - count / 2 + 0.25) * 0.1

    return Input(shape, draw, **options)


def distribution(*shape: int, axis: int = -1, **options: Any) -> Input:
    """Probabilities: positive, with the sum 1 along an axis."""

    def draw(rng: np.random.Generator, size: Shape) -> Any:
        weights = rng.uniform(0.1, 1.0, size)
        return weights / weights.sum(axis=axis, keepdims=True)

    return Input(shape, draw, **options)


def integers(*shape: int, low: int = -5, high: int = 6, **options: Any) -> Input:
    """Integers in [low, high)."""
    options.setdefault("dtype", "int32")
    return Input(shape, lambda rng, size: rng.integers(low, high, size), **options)


def bools(*shape: int, **options: Any) -> Input:
    return Input(shape, lambda rng, size: rng.integers(0, 2, size), dtype="bool", **options)


def fixed(value: Any, dtype: str = "float32", **options: Any) -> Input:
    """These numbers; their first axis is cut off for an empty batch."""
    array = np.asarray(value, dtype=dtype)
    options.setdefault("batch", None if array.ndim == 0 else 0)
    return Input(
        array.shape, lambda rng, size: array[tuple(map(slice, size))], dtype=dtype, **options
    )
