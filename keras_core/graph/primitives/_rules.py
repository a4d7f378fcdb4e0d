"""Shape rules and factories that several families share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import wraps
from typing import Any, Callable

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive, Simplification
from keras_core.graph.primitives._lifting import lift_elementwise
from keras_core.graph.spec import FLOATS, NamedDim, Shape, Sizes, Spec, is_known, shown
from keras_core.graph.tensor import Tensor


def broadcast_size(a: NamedDim, b: NamedDim) -> NamedDim:
    """NumPy's rule for one axis; None where two unknown sizes meet.

    An unknown size that meets a known one other than 1 must be that one, or 1.
    """
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if is_known(a) and is_known(b):
        raise ValueError
    return a if is_known(a) else b if is_known(b) else None


def broadcast_sizes(name: str, *shapes: Sizes) -> Sizes:
    """The sizes that tensors of these sizes broadcast to.

    Raises:
        ValueError: they do not broadcast.
    """
    rank = max(len(shape) for shape in shapes)
    result: Sizes = (1,) * rank
    for shape in shapes:
        try:
            result = tuple(map(broadcast_size, result, _padded(shape, rank)))
        except ValueError:
            listed = " and ".join(str(shown(s)) for s in shapes)
            raise ValueError(f"{name}: shapes {listed} do not broadcast.") from None
    return result


def _padded(shape: Sizes, rank: int) -> Sizes:
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


def sizes_given(name: str, shape: Shape, dims: Sequence[Spec]) -> Sizes:
    """`shape` with what is known of the run-time sizes that stand for its None entries.

    Raises:
        ValueError: there are more or fewer of them than None entries, or one is no scalar.
    """
    unknown = sum(size is None for size in shape)
    if unknown != len(dims):
        raise ValueError(
            f"{name}: {tuple(shape)} has {unknown} unknown sizes, but {len(dims)} tensors give "
            "sizes."
        )
    scalar_only(name, *dims)
    values = iter(dims)
    return tuple(next(values).held if size is None else size for size in shape)


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
    simplify: Simplification | None = None,
    edges: tuple[str, ...] = (),
) -> Primitive:
    """An elementwise primitive of one tensor. `vjp(g, y, x)` gives the cotangent; None: zero."""

    def shape(x: Spec) -> Spec:
        if floats:
            float_only(name, x)
        return Spec(x.sizes, dtype or x.dtype)

    rule = None if vjp is None else lambda g, y, x: (vjp(g, y, x),)
    return Primitive(
        name,
        shape,
        quiet(reference),
        rule,
        lift=lift_elementwise,
        simplify=simplify,
        differentiable=rule is not None,
        elementwise=True,
        family=family,
        doc=doc,
        edges=edges,
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
    simplify: Simplification | None = None,
    edges: tuple[str, ...] = (),
    derivative: bool = False,
) -> Primitive:
    """An elementwise primitive of two broadcast tensors of one dtype.

    `vjp(g, y, a, b)` gives both cotangents in the shape of `y`; they are summed down to the shapes
    of `a` and `b` here. `dtype` is the result's, where it is not that of the inputs.
    `check(name, a, b)` refuses further dtypes. A `derivative` is one of a result `y` and its
    cotangent `g`, which are its inputs' names.
    """

    def shape(a: Spec, b: Spec) -> Spec:
        common = same_dtype(name, a, b)
        if check is not None:
            check(name, a, b)
        return Spec(broadcast_sizes(name, a.sizes, b.sizes), dtype or common)

    def derivative_shape(y: Spec, g: Spec) -> Spec:
        return shape(y, g)

    def rule(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor | None]:
        assert vjp is not None
        ga, gb = vjp(g, y, a, b)
        return unbroadcast(ga, a), unbroadcast(gb, b)

    return Primitive(
        name,
        derivative_shape if derivative else shape,
        quiet(reference),
        vjp and rule,
        decomposition,
        lift=lift_elementwise,
        simplify=simplify,
        differentiable=vjp is not None,
        elementwise=True,
        family=family,
        doc=doc,
        edges=edges,
    )


def unbroadcast(g: Tensor | None, x: Tensor) -> Tensor | None:
    """Sums a cotangent of a broadcast result down to the shape of the operand `x`.

    Args:
        g: cotangent, of a shape that `x` broadcasts to; None stays None.
        x: the operand.
    """
    if g is None:
        return None
    axes = summed_axes(g.sizes, x.sizes)
    if axes is None:
        return p.sum_like(g, x)
    if not axes:
        return g
    summed = p.reduce_sum(g, axes=axes, keepdims=g.ndim == x.ndim)
    return summed if summed.ndim == x.ndim else p.reshape_like(summed, x)


def summed_axes(have: Sizes, want: Sizes) -> tuple[int, ...] | None:
    """The axes along which a tensor was broadcast; None where that is not known before run time.

    Args:
        have: sizes of the result.
        want: sizes of the operand.
    """
    padded = _padded(want, len(have))
    missing = len(have) - len(want)
    if any(n not in (1, size) and not is_known(n) for n, size in zip(padded, have)):
        return None
    pairs = enumerate(zip(have, padded))
    return tuple(i for i, (size, n) in pairs if i < missing or (n == 1 and size != 1))
