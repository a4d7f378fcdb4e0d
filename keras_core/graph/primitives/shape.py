"""Sizes, and rearrangements that keep the values of elements."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.primitives._rules import (
    broadcast_shapes,
    check_axes,
    check_dims,
    filled,
    same_dtype,
    unbroadcast,
)
from keras_core.graph.tensor import Dim, Shape, Spec, Tensor

_FAMILY = "shape"


# Sizes known at run time


def _dim_shape(x: Any, axis: int) -> Spec:
    check_axes("dim", (axis,), len(x.shape))
    return Spec((), "int32")


dim = Primitive(
    "dim",
    _dim_shape,
    lambda x, axis: np.int32(x.shape[axis]),
    differentiable=False,
    family=_FAMILY,
    doc="The size of an axis, as an int32 scalar.",
)
shape_of = Primitive(
    "shape_of",
    lambda x: Spec((len(x.shape),), "int32"),
    lambda x: np.array(x.shape, dtype=np.int32),
    differentiable=False,
    family=_FAMILY,
    doc="All sizes, as an int32 vector.",
)


# Reshaping


def _reshape_shape(x: Any, *dims: Any, shape: Shape) -> Spec:
    check_dims("reshape", shape, dims)
    if -1 in shape:
        return Spec(_inferred(x.shape, shape), x.dtype)
    old, new = _elements(x.shape), _elements(shape)
    if None not in (old, new) and old != new:
        raise ValueError(f"reshape: shape {x.shape} has {old} elements, {shape} has {new}.")
    return Spec(tuple(shape), x.dtype)


def _elements(sizes: Sequence[Dim]) -> int | None:
    """How many elements a tensor of these sizes has; None where that is unknown."""
    return None if None in sizes else prod(size for size in sizes if size is not None)


def _inferred(old: Shape, shape: Shape) -> Shape:
    """`shape` with -1 replaced by the size that it stands for, None where that is unknown."""
    others = [size for size in shape if size != -1]
    if len(others) != len(shape) - 1:
        raise ValueError(f"reshape: {shape} has more than one size -1; only one can be inferred.")
    all_elements, step = _elements(old), _elements(others)
    size: Dim = None
    if all_elements is not None and step is not None:
        if not step or all_elements % step:
            raise ValueError(f"reshape: a tensor of shape {old} cannot get the shape {shape}.")
        size = all_elements // step
    return tuple(size if entry == -1 else entry for entry in shape)


def _reshape_vjp(g: Tensor, y: Tensor, x: Tensor, *dims: Tensor, shape: Shape) -> tuple[Tensor]:
    return (p.reshape_like(g, x),)


reshape = Primitive(
    "reshape",
    _reshape_shape,
    lambda x, *dims, shape: np.reshape(x, filled(shape, dims)),
    _reshape_vjp,
    dims=True,
    family=_FAMILY,
    doc="The elements in another shape; one entry may be -1, the size that is left over.",
)


def _broadcast_to_shape(x: Any, *dims: Any, shape: Shape) -> Spec:
    check_dims("broadcast_to", shape, dims)
    result = broadcast_shapes("broadcast_to", x.shape, shape)
    if len(result) != len(shape) or (None not in shape and result != tuple(shape)):
        raise ValueError(f"broadcast_to: shape {x.shape} does not broadcast to {shape}.")
    return Spec(tuple(shape), x.dtype)


def _broadcast_to_vjp(
    g: Tensor, y: Tensor, x: Tensor, *dims: Tensor, shape: Shape
) -> tuple[Tensor | None]:
    return (unbroadcast(g, x),)


broadcast_to = Primitive(
    "broadcast_to",
    _broadcast_to_shape,
    lambda x, *dims, shape: np.broadcast_to(x, filled(shape, dims)),
    _broadcast_to_vjp,
    dims=True,
    family=_FAMILY,
    doc="x repeated along axes of size 1 and new leading axes.",
)


# Order of axes and elements


def _transpose_shape(x: Any, perm: Sequence[int]) -> Spec:
    if sorted(perm) != list(range(len(x.shape))):
        raise ValueError(f"transpose: {tuple(perm)} does not order the axes of shape {x.shape}.")
    return Spec(tuple(x.shape[i] for i in perm), x.dtype)


def inverse_perm(perm: Sequence[int]) -> tuple[int, ...]:
    """The order of axes that undoes `perm`."""
    return tuple(sorted(range(len(perm)), key=perm.__getitem__))


def _transpose_vjp(g: Tensor, y: Tensor, x: Tensor, perm: Sequence[int]) -> tuple[Tensor]:
    return (p.transpose(g, perm=inverse_perm(perm)),)


transpose = Primitive(
    "transpose",
    _transpose_shape,
    lambda x, perm: np.transpose(x, perm),
    _transpose_vjp,
    family=_FAMILY,
    doc="Axis i of the result is axis perm[i] of x.",
)


def _reverse_shape(x: Any, axes: Sequence[int]) -> Spec:
    check_axes("reverse", axes, len(x.shape))
    return Spec(x.shape, x.dtype)


def _reverse_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Sequence[int]) -> tuple[Tensor]:
    return (p.reverse(g, axes=axes),)


reverse = Primitive(
    "reverse",
    _reverse_shape,
    lambda x, axes: np.flip(x, axes),
    _reverse_vjp,
    family=_FAMILY,
    doc="The elements in reverse order along axes.",
)


# Padding, joining, repeating

Widths = tuple[tuple[int, int], ...]


def _pad_shape(x: Any, widths: Widths, value: float) -> Spec:
    if len(widths) != len(x.shape) or any(before < 0 or after < 0 for before, after in widths):
        raise ValueError(
            f"pad: widths {widths} are not one (before, after) >= 0 for each axis of {x.shape}."
        )
    sizes = zip(x.shape, widths)
    return Spec(tuple(None if n is None else n + a + b for n, (a, b) in sizes), x.dtype)


def _pad_vjp(g: Tensor, y: Tensor, x: Tensor, widths: Widths, value: float) -> tuple[Tensor]:
    inside = tuple((before or None, -after or None, 1) for before, after in widths)
    return (p.slice(g, index=inside),)


pad = Primitive(
    "pad",
    _pad_shape,
    lambda x, widths, value: np.pad(x, widths, constant_values=value) if widths else x,
    _pad_vjp,
    family=_FAMILY,
    doc="x with (before, after) elements of a constant value added along each axis.",
)


def agreed_shape(name: str, xs: Sequence[Any], free: int | None = None) -> Shape:
    """The shape of all tensors, with what each knows; axis `free` may differ and comes out None."""
    shapes = [x.shape for x in xs]
    if not shapes or any(len(shape) != len(shapes[0]) for shape in shapes):
        raise ValueError(f"{name}: needs tensors of one rank, not shapes {shapes}.")
    known = [{size for size in sizes if size is not None} for sizes in zip(*shapes)]
    if any(len(sizes) > 1 for i, sizes in enumerate(known) if i != free):
        raise ValueError(f"{name}: shapes {shapes} do not fit together.")
    return tuple(None if i == free or not sizes else max(sizes) for i, sizes in enumerate(known))


def _concat_shape(*xs: Any, axis: int) -> Spec:
    shape = list(agreed_shape("concat", xs, axis))
    check_axes("concat", (axis,), len(shape))
    sizes = [x.shape[axis] for x in xs]
    shape[axis] = None if None in sizes else sum(sizes)
    return Spec(tuple(shape), same_dtype("concat", *xs))


def _concat_vjp(g: Tensor, y: Tensor, *xs: Tensor, axis: int) -> Sequence[Tensor]:
    sizes = [x.shape[axis] for x in xs]
    if sizes.count(None) > 1 or (None in sizes and 0 in sizes):
        return _split_at_run_time(g, xs, axis)
    bounds = _bounds(sizes)
    whole = (None, None, 1)
    return [
        p.slice(g, index=tuple((*b, 1) if i == axis else whole for i in range(g.ndim)))
        for b in bounds
    ]


def _bounds(sizes: Sequence[Dim]) -> Sequence[tuple[Dim, Dim]]:
    """Start and stop of each part; parts after the one of unknown size are counted from the end."""
    unknown = sizes.index(None) if None in sizes else len(sizes)
    ends = np.cumsum([0, *(size for size in sizes if size is not None)]).tolist()
    left = [-(ends[-1] - end) or None for end in ends]
    front = list(zip(ends, ends[1 : unknown + 1]))
    if unknown == len(sizes):
        return front
    middle = (ends[unknown], left[unknown])
    return [*front, middle, *zip(left[unknown:], left[unknown + 1 :])]


def _split_at_run_time(g: Tensor, xs: Sequence[Tensor], axis: int) -> Sequence[Tensor]:
    parts, start, one = [], p.as_size(0), p.as_size(1)
    for x in xs:
        stop = p.add(start, p.as_size(p.size_of(x, axis)))
        parts.append(p.gather(g, p.arange(start, stop, one, dtype="int32"), axis=axis))
        start = stop
    return parts


concat = Primitive(
    "concat",
    _concat_shape,
    lambda *xs, axis: np.concatenate(xs, axis),
    _concat_vjp,
    family=_FAMILY,
    doc="Tensors one after the other along an axis.",
)


def _stack_shape(*xs: Any, axis: int) -> Spec:
    shape = agreed_shape("stack", xs)
    check_axes("stack", (axis,), len(shape) + 1)
    return Spec((*shape[:axis], len(xs), *shape[axis:]), same_dtype("stack", *xs))


def _stack_parts(*xs: Tensor, axis: int) -> Tensor:
    return p.concat(*(p.expand_dims(x, axis) for x in xs), axis=axis)


def _stack_vjp(g: Tensor, y: Tensor, *xs: Tensor, axis: int) -> Sequence[Tensor]:
    whole = (None, None, 1)
    parts = (
        p.slice(g, index=tuple((k, k + 1, 1) if i == axis else whole for i in range(g.ndim)))
        for k in range(len(xs))
    )
    return [p.reshape_like(part, x) for part, x in zip(parts, xs)]


stack = Primitive(
    "stack",
    _stack_shape,
    lambda *xs, axis: np.stack(xs, axis),
    _stack_vjp,
    _stack_parts,
    family=_FAMILY,
    doc="Tensors of one shape side by side along a new axis.",
)


def _times(size: Dim, count: int) -> Dim:
    return None if size is None else size * count


def _tile_shape(x: Any, reps: Sequence[int]) -> Spec:
    if len(reps) != len(x.shape) or any(count < 0 for count in reps):
        raise ValueError(f"tile: reps {tuple(reps)} are not one count for each axis of {x.shape}.")
    return Spec(tuple(map(_times, x.shape, reps)), x.dtype)


def _tile_vjp(g: Tensor, y: Tensor, x: Tensor, reps: Sequence[int]) -> tuple[Tensor]:
    sizes = [size for i in range(x.ndim) for size in (reps[i], p.size_of(x, i))]
    apart = p.reshape_to_sizes(g, sizes)
    return (p.reduce_sum(apart, axes=tuple(range(0, 2 * x.ndim, 2)), keepdims=False),)


tile = Primitive(
    "tile",
    _tile_shape,
    lambda x, reps: np.tile(x, reps),
    _tile_vjp,
    family=_FAMILY,
    doc="The whole of x, repeated reps[i] times along axis i.",
)


def _repeat_shape(x: Any, repeats: int, axis: int) -> Spec:
    check_axes("repeat", (axis,), len(x.shape))
    if repeats < 0:
        raise ValueError(f"repeat: repeats must be >= 0, not {repeats}.")
    shape = list(x.shape)
    shape[axis] = _times(shape[axis], repeats)
    return Spec(tuple(shape), x.dtype)


def _repeat_vjp(g: Tensor, y: Tensor, x: Tensor, repeats: int, axis: int) -> tuple[Tensor]:
    sizes = [p.size_of(x, i) for i in range(x.ndim)]
    apart = p.reshape_to_sizes(g, [*sizes[: axis + 1], repeats, *sizes[axis + 1 :]])
    return (p.reduce_sum(apart, axes=(axis + 1,), keepdims=False),)


repeat = Primitive(
    "repeat",
    _repeat_shape,
    lambda x, repeats, axis: np.repeat(x, repeats, axis),
    _repeat_vjp,
    family=_FAMILY,
    doc="Each element repeated in place along an axis.",
)
