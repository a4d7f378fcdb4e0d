"""Shape rules and factories that several families share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import wraps
from typing import Any, Callable

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.tensor import FLOATS, Dim, Shape, Spec, Tensor


def broadcast_dim(a: Dim, b: Dim) -> Dim:
    """NumPy's rule for one axis. None with a known size other than 1 must be that size or 1."""
    if a == b or b == 1:
        return a
    if a == 1 or a is None:
        return b
    if b is None:
        return a
    raise ValueError


def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """The shape that `shapes` broadcast to.

    Raises:
        ValueError: they do not broadcast.
    """
    rank = max(len(shape) for shape in shapes)
    result: Shape = (1,) * rank
    for shape in shapes:
        try:
            result = tuple(broadcast_dim(a, b) for a, b in zip(result, _padded(shape, rank)))
        except ValueError:
            listed = " and ".join(str(tuple(s)) for s in shapes)
            raise ValueError(f"{name}: shapes {listed} do not broadcast.") from None
    return result


def _padded(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + tuple(shape)


def same_dtype(name: str, *inputs: Any) -> str:
    """The one dtype of all inputs.

    Raises:
        TypeError: they differ.
    """
    dtypes = {x.dtype for x in inputs}
    if len(dtypes) != 1:
        listed = ", ".join(x.dtype for x in inputs)
        raise TypeError(f"{name}: inputs have dtypes {listed}; cast them to one with K.cast.")
    return dtypes.pop()


def float_only(name: str, *inputs: Any) -> None:
    for x in inputs:
        if x.dtype not in FLOATS:
            raise TypeError(f"{name}: needs a float tensor, not {x.dtype}; cast it with K.cast.")


def bool_only(name: str, *inputs: Any) -> None:
    for x in inputs:
        if x.dtype != "bool":
            raise TypeError(
                f"{name}: needs a bool tensor, not {x.dtype}; compare it or cast it with K.cast."
            )


def integer_only(name: str, x: Any) -> None:
    if not x.dtype.startswith(("int", "uint")):
        raise TypeError(f"{name}: needs an integer tensor, not {x.dtype}; cast it with K.cast.")


def scalar_only(name: str, *inputs: Any) -> None:
    for x in inputs:
        if x.shape:
            raise ValueError(f"{name}: needs a scalar, not a tensor of shape {x.shape}.")


def rank_of_at_least(name: str, x: Any, rank: int) -> None:
    if len(x.shape) < rank:
        raise ValueError(f"{name}: needs at least {rank} axes, not the shape {x.shape}.")


def normalize_axis(name: str, axis: int, rank: int) -> int:
    """`axis` counted from the front.

    Raises:
        ValueError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise ValueError(f"{name}: axis {axis} is outside of a tensor of rank {rank}.")
    return axis % rank


def check_axes(name: str, axes: Sequence[int], rank: int) -> None:
    """Refuses axes that are negative, too large or named twice: primitives take them normalized."""
    if any(not 0 <= axis < rank for axis in axes) or len(set(axes)) != len(axes):
        raise ValueError(f"{name}: axes {tuple(axes)} are not distinct axes of rank {rank}.")


def check_dims(name: str, shape: Shape, dims: Sequence[Any]) -> None:
    """Refuses run-time sizes that do not match the None entries of `shape` one to one."""
    unknown = sum(size is None for size in shape)
    if unknown != len(dims):
        raise ValueError(
            f"{name}: {shape} has {unknown} unknown sizes, but {len(dims)} tensors give sizes."
        )
    scalar_only(name, *dims)


def filled(shape: Shape, dims: Sequence[Any]) -> tuple[int, ...]:
    """`shape` with its None entries replaced by the run-time sizes, in order."""
    sizes: Iterator[Any] = iter(dims)
    return tuple(int(next(sizes)) if size is None else size for size in shape)


def split_sizes(sizes: Sequence[int | Tensor]) -> tuple[Shape, list[Tensor]]:
    """The parameter `shape` and the trailing `dims` that stand for ints and scalar tensors."""
    shape = tuple(None if isinstance(size, Tensor) else int(size) for size in sizes)
    return shape, [size for size in sizes if isinstance(size, Tensor)]


def quiet(reference: Callable[..., Any]) -> Callable[..., Any]:
    """A reference that yields inf and NaN without warnings, as engines do."""

    @wraps(reference)
    def run(*args: Any, **params: Any) -> Any:
        with np.errstate(all="ignore"):
            return reference(*args, **params)

    return run


def unary(
    name: str,
    doc: str,
    reference: Callable[..., Any],
    vjp: Callable[..., Tensor | None] | None,
    family: str,
    floats: bool = True,
    dtype: str | None = None,
) -> Primitive:
    """An elementwise primitive of one tensor. `vjp(g, y, x)` gives the cotangent; None: zero."""

    def shape(x: Any) -> Spec:
        if floats:
            float_only(name, x)
        return Spec(x.shape, dtype or x.dtype)

    rule = None if vjp is None else lambda g, y, x: (vjp(g, y, x),)
    return Primitive(
        name, shape, quiet(reference), rule, differentiable=rule is not None, family=family, doc=doc
    )


def binary(
    name: str,
    doc: str,
    reference: Callable[..., Any],
    vjp: Callable[..., tuple[Tensor | None, Tensor | None]] | None,
    family: str,
    dtype: str | None = None,
    check: Callable[..., None] | None = None,
    decomposition: Callable[..., Tensor] | None = None,
) -> Primitive:
    """An elementwise primitive of two broadcast tensors of one dtype.

    `vjp(g, y, a, b)` gives both cotangents in the shape of `y`; they are summed down to the shapes
    of `a` and `b` here. `dtype` is the result's, where it is not that of the inputs.
    `check(name, a, b)` refuses further dtypes.
    """

    def shape(a: Any, b: Any) -> Spec:
        common = same_dtype(name, a, b)
        if check is not None:
            check(name, a, b)
        return Spec(broadcast_shapes(name, a.shape, b.shape), dtype or common)

    def rule(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor | None]:
        assert vjp is not None
        ga, gb = vjp(g, y, a, b)
        return unbroadcast(ga, a, b), unbroadcast(gb, b, a)

    return Primitive(
        name,
        shape,
        quiet(reference),
        vjp and rule,
        decomposition,
        differentiable=vjp is not None,
        family=family,
        doc=doc,
    )


def unbroadcast(g: Tensor | None, x: Tensor, *others: Tensor) -> Tensor | None:
    """Sums a cotangent of a broadcast result down to the shape of the operand `x`.

    Args:
        g: cotangent, of the shape that `x` and `others` broadcast to; None stays None.
        x: the operand.
        others: the other operands. Where they are known to have size 1, the size of `g` is that
            of `x`, although neither may be known.
    """
    if g is None:
        return None
    if not all(_sizes_known(g, x, axis, others) for axis in range(g.ndim)):
        return p.sum_like(g, x)
    missing = g.ndim - x.ndim
    stretched = [
        i for i in range(g.ndim) if i < missing or (x.shape[i - missing] == 1 != g.shape[i])
    ]
    if not stretched:
        return g
    summed = p.reduce_sum(g, axes=tuple(stretched), keepdims=not missing)
    return summed if summed.ndim == x.ndim else p.reshape_like(summed, x)


def _sizes_known(g: Tensor, x: Tensor, axis: int, others: Sequence[Tensor]) -> bool:
    """Whether it is decided before run time if `x` was stretched along this axis of `g`."""
    size = _padded(x.shape, g.ndim)[axis]
    return size is not None or (
        bool(others) and all(_padded(other.shape, g.ndim)[axis] == 1 for other in others)
    )
