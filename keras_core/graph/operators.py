"""Python's operators on tensors: conversion of the operands, then a primitive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

import numpy as np

from keras_core import config
from keras_core.graph import primitives as p
from keras_core.graph.subscript import getitem
from keras_core.graph.tensor import FLOATS, Constant, Tensor

_KINDS = "biufc"


# Conversion of operands


def promote(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """Both operands as tensors of one dtype, see `common_dtype`."""
    a, b = stacked(a), stacked(b)
    dtype = common_dtype(a, b)
    return convert(a, dtype), convert(b, dtype)


def common_dtype(*operands: Any) -> str:
    """The dtype in which operands meet.

    Of tensors, float beats integer beats bool, and the wider one wins. Numbers and arrays take the
    dtype of the tensors, unless they are floats and no tensor is (then floatx), or integers and all
    tensors are bool (then int32).
    """
    tensors = [x.dtype for x in operands if isinstance(x, Tensor)]
    others = [_default_dtype(x) for x in operands if not isinstance(x, Tensor)]
    highest = max(map(_kind, tensors), default=-1)
    return _widest(tensors + [dtype for dtype in others if _kind(dtype) > highest])


def convert(x: Any, dtype: str) -> Tensor:
    """`x` as a tensor of `dtype`."""
    if not isinstance(x, Tensor):
        return Constant(x, dtype)
    return x if x.dtype == dtype else p.cast(x, dtype=dtype)


def stacked(x: Any) -> Any:
    """A list with tensors in it, at any depth, as one tensor; other things unchanged."""
    if not isinstance(x, (list, tuple)) or not _holds_tensor(x):
        return x
    parts = [stacked(part) for part in x]
    dtype = common_dtype(*parts)
    return p.stack(*(convert(part, dtype) for part in parts), axis=0)


def _holds_tensor(x: Any) -> bool:
    return isinstance(x, Tensor) or (isinstance(x, (list, tuple)) and any(map(_holds_tensor, x)))


def _default_dtype(x: Any) -> str:
    dtype = np.asarray(x).dtype
    return {"f": config.floatx(), "i": "int32", "u": "int32"}.get(dtype.kind, dtype.name)


def _kind(dtype: str) -> int:
    return _KINDS.index(np.dtype(dtype).kind.replace("u", "i"))


def _widest(dtypes: Sequence[str]) -> str:
    highest = max(map(_kind, dtypes))
    return np.result_type(*(dtype for dtype in dtypes if _kind(dtype) == highest)).name


# Operators

Operation = Callable[..., Tensor]
Prepare = Callable[[Tensor, Tensor], "tuple[Tensor, Tensor]"]


def _numbers(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Operands of arithmetic: bools count as 0 and 1."""
    return (convert(a, "int32"), convert(b, "int32")) if a.dtype == "bool" else (a, b)


def _floats(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Operands of true division."""
    floatx = config.floatx()
    return (a, b) if a.dtype in FLOATS else (convert(a, floatx), convert(b, floatx))


def _as_is(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    return a, b


def _is_operand(x: Any) -> bool:
    """Whether it is a tensor, a number, or something array-like, as an engine's tensor is."""
    return isinstance(x, (Tensor, int, float, list, tuple)) or hasattr(x, "__array__")


def _operator(operation: Operation, prepare: Prepare, swap: bool) -> Callable[..., Any]:
    def apply(self: Tensor, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        operands = promote(other, self) if swap else promote(self, other)
        return operation(*prepare(*operands))

    return apply


def _matmul(a: Tensor, b: Tensor) -> Tensor:
    """The product over the last axis of `a` and the last but one of `b`."""
    if not a.ndim or not b.ndim:
        raise ValueError(f"@: needs at least one axis on both sides, not {a.shape} and {b.shape}.")
    leading = tuple(range(a.ndim - 2)) if a.ndim == b.ndim > 2 else ()
    contracted = ((a.ndim - 1,), (max(b.ndim - 2, 0),))
    return p.dot(a, b, contract=contracted, batch=(leading, leading))


def _power(a: Tensor, b: Tensor) -> Tensor:
    """Squares are common, and have the simpler gradient."""
    is_two = isinstance(b, Constant) and b.shape == () and b.value == 2
    return p.square(a) if is_two else p.power(a, b)


_ARITHMETIC: Mapping[str, Operation] = {
    "add": p.add,
    "sub": p.subtract,
    "mul": p.multiply,
    "floordiv": p.floor_divide,
    "mod": p.modulo,
    "pow": _power,
    "matmul": _matmul,
}
_DIVISION: Mapping[str, Operation] = {"truediv": p.divide}
_LOGIC: Mapping[str, Operation] = {
    "and": p.logical_and,
    "or": p.logical_or,
    "xor": p.not_equal,
}
_COMPARISONS: Mapping[str, Operation] = {
    "lt": p.less,
    "le": p.less_equal,
    "gt": p.greater,
    "ge": p.greater_equal,
}
_UNARY: Mapping[str, Operation] = {
    "neg": p.negative,
    "abs": p.abs,
    "invert": p.logical_not,
}


def _attributes() -> Iterator[tuple[str, Any]]:
    """Tensor's special methods. NumPy's arrays leave an operation with a tensor to the tensor."""
    for operations, prepare in ((_ARITHMETIC, _numbers), (_DIVISION, _floats), (_LOGIC, _as_is)):
        for name, operation in operations.items():
            yield f"__{name}__", _operator(operation, prepare, swap=False)
            yield f"__r{name}__", _operator(operation, prepare, swap=True)
    for name, operation in _COMPARISONS.items():
        yield f"__{name}__", _operator(operation, _as_is, swap=False)
    for name, operation in _UNARY.items():
        yield f"__{name}__", lambda self, operation=operation: operation(self)
    yield "__getitem__", getitem
    yield "__array_ufunc__", None


for _name, _attribute in _attributes():
    setattr(Tensor, _name, _attribute)
