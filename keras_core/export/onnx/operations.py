"""Operations of ONNX as plain data: blocks of them, their names, and arrays that are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class DType(str):
    """The name of a dtype, as an attribute."""


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        kind: the operation's name in ONNX.
        inputs: names of values; an empty name leaves an optional input out.
        outputs: names of the results.
        attributes: by name: numbers, texts, lists of them, or a Block.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Value:
    """What an input or output of a block is declared to be; sizes are numbers, names or None."""

    name: str
    dtype: str
    shape: tuple[Any, ...]


@dataclass
class Block:
    """Operations in the order in which they run: a whole model, or what an operation runs inside.

    An inner block reads what is named outside.
    """

    operations: list[Operation] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    def drop_unread(self) -> None:
        """Removes operations whose results nobody reads."""
        wanted = {value.name for value in self.outputs}
        kept = []
        for operation in reversed(self.operations):
            if not wanted.isdisjoint(operation.outputs):
                kept.append(operation)
                wanted.update(read_by([operation]))
        self.operations = kept[::-1]


def read_by(operations: Iterable[Operation]) -> set[str]:
    """The names of all values that operations read, in their inner blocks too."""
    names: set[str] = set()
    for operation in operations:
        names.update(operation.inputs)
        for attribute in operation.attributes.values():
            if isinstance(attribute, Block):
                names |= read_by(attribute.operations)
                names.update(value.name for value in attribute.outputs)
    return names


class Store:
    """The names of a model, each given once, and the arrays behind some of them."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._taken: set[str] = set()
        self._constants: dict[Any, str] = {}

    def name(self, wanted: str) -> str:
        """A name that nothing else has: the one wanted, or that with a number."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def keep(self, name: str, array: np.ndarray) -> str:
        """Names an array."""
        name = self.name(name)
        self.arrays[name] = array
        return name

    def constant(self, array: np.ndarray, name: str = "constant") -> str:
        """The name of an array, the one wanted or alike; one name for equal arrays."""
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.keep(name, array)
        return self._constants[key]


@dataclass
class Writer:
    """Appends operations to a block.

    Args:
        store: the names of the model.
        block: where operations go.
        prefix: what the names of results begin with.
    """

    store: Store
    block: Block = field(default_factory=Block)
    prefix: str = ""

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Appends an operation with one result, and returns its name."""
        return self.add_several(kind, 1, *inputs, **attributes)[0]

    def add_several(self, kind: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        """Appends an operation with `count` results, and returns their names."""
        outputs = [self.store.name(f"{self.prefix}{kind}") for _ in range(count)]
        self.block.operations.append(Operation(kind, inputs, tuple(outputs), attributes))
        return outputs

    def name_as(self, name: str, x: str) -> None:
        """Gives `x` a further name, which is taken already."""
        self.block.operations.append(Operation("Identity", (x,), (name,), {}))

    def known(self, name: str) -> np.ndarray | None:
        """The array behind a name, where it is known."""
        return self.store.arrays.get(name)

    def constant(self, value: Any, dtype: str) -> str:
        """The name of a constant."""
        return self.store.constant(np.asarray(value, dtype))

    def integers(self, values: Sequence[int]) -> str:
        """The name of a constant int64 vector: sizes, axes, places."""
        return self.constant(list(values), "int64")

    def transpose(self, x: str, perm: Sequence[int]) -> str:
        """`x` with its axes in another order; an array that is known is turned at once."""
        array = self.known(x)
        if list(perm) == list(range(len(perm))):
            return x
        if array is not None:
            return self.store.constant(np.ascontiguousarray(array.transpose(perm)), x)
        return self.add("Transpose", x, perm=list(perm))

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """`x` in a shape of known sizes, one of which may be -1."""
        array = self.known(x)
        if array is not None:
            return self.store.constant(array.reshape(shape), x)
        return self.add("Reshape", x, self.integers(shape), allowzero=int(0 in shape))

    def concat(self, parts: Sequence[str], axis: int) -> str:
        """Values one after the other; arrays that are known are joined at once."""
        arrays = [self.known(part) for part in parts]
        if all(array is not None for array in arrays):
            return self.store.constant(np.concatenate(arrays, axis), parts[0])  # type: ignore[arg-type]
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=axis)

    def sizes(self, sizes: Sequence[int | str]) -> str:
        """A vector of numbers and of the names of int32 scalars."""
        if all(isinstance(size, int) for size in sizes):
            return self.integers(sizes)  # type: ignore[arg-type]
        return self.concat([self._as_vector(size) for size in sizes], 0)

    def _as_vector(self, size: int | str) -> str:
        if isinstance(size, int):
            return self.integers([size])
        return self.reshape(self.cast(size, "int64"), [1])

    def cast(self, x: str, dtype: str) -> str:
        """`x` in another dtype."""
        array = self.known(x)
        if array is not None:
            return self.store.constant(array.astype(dtype), x)
        return self.add("Cast", x, to=DType(dtype))
