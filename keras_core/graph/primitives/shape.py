"""Sizes, and rearrangements that keep the values of elements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive, made_by
from keras_core.graph.primitives._lifting import (
    lift_axes,
    lift_axis,
    lift_entries,
    lift_to_shape,
    shifted,
    with_rank,
)
from keras_core.graph.primitives._rules import (
    broadcast_sizes,
    check_axes,
    filled,
    same_dtype,
    sizes_given,
    unbroadcast,
)
from keras_core.graph.primitives._simplifying import input_of_same_sizes
from keras_core.graph.spec import (
    Dim,
    NamedDim,
    Shape,
    Size,
    Sizes,
    Spec,
    agreed,
    clash,
    is_known,
    shown,
)
from keras_core.graph.tensor import Tensor

_FAMILY = "shape"


# Sizes known at run time


def _dim_shape(x: Spec, axis: int) -> Spec:
    check_axes("dim", (axis,), x.ndim)
    return Spec((), "int32", x.sizes[axis])


dim = Primitive(
    "dim",
    _dim_shape,
    lambda x, axis: np.int32(x.shape[axis]),
    differentiable=False,
    family=_FAMILY,
    doc="The size of an axis, as an int32 scalar.",
)


def _shape_of_shape(x: Spec) -> Spec:
    return Spec((x.ndim,), "int32", x.sizes)


shape_of = Primitive(
    "shape_of",
    _shape_of_shape,
    lambda x: np.array(x.shape, dtype=np.int32),
    differentiable=False,
    family=_FAMILY,
    doc="All sizes, as an int32 vector.",
)


# Reshaping


def _reshape_shape(x: Spec, *dims: Spec, shape: Shape) -> Spec:
    sizes = tuple(map(_fixed, sizes_given("reshape", shape, dims)))
    held = x.held if type(x.held) is tuple and sizes == x.sizes else None
    if -1 in sizes:
        return Spec(_inferred(x, sizes), x.dtype, held)
    old, new = _elements(x.sizes), _elements(sizes)
    if None not in (old, new) and old != new:
        raise ValueError(f"reshape: shape {x.shape} has {old} elements, {tuple(shape)} has {new}.")
    return Spec(sizes, x.dtype, _only_value(x) if not sizes else held)


def _fixed(size: NamedDim) -> NamedDim:
    """The size; None for a number that may turn out as -1, and so is none."""
    return None if type(size) is Size and size.axis is None else size


def _only_value(x: Spec) -> Any:
    """What is held of a vector or scalar of one number, as of a scalar."""
    return x.held[0] if type(x.held) is tuple and len(x.held) == 1 else None


def _elements(sizes: Sizes) -> int | None:
    """How many elements a tensor of these sizes has; None where that is unknown."""
    return prod(sizes) if all(map(is_known, sizes)) else None  # type: ignore[arg-type]


def _inferred(x: Spec, sizes: Sizes) -> Sizes:
    """`sizes` with -1 replaced by the size that it stands for, None where that has no name."""
    others = [size for size in sizes if size != -1]
    if len(others) != len(sizes) - 1:
        raise ValueError(
            f"reshape: {shown(sizes)} has more than one size -1; only one can be inferred."
        )
    if all(map(is_known, (*x.sizes, *others))):
        left: NamedDim = _quotient(x.sizes, others)
        if left is None:
            raise ValueError(
                f"reshape: a tensor of shape {x.shape} cannot get the shape {shown(sizes)}."
            )
    else:
        left = _left_over(x.sizes, others)
    return tuple(left if size == -1 else size for size in sizes)


def _quotient(old: Sequence[Any], new: Sequence[Any]) -> int | None:
    """The one size that new ones lack; None if there is none.

    Where there are no elements and a new size is 0, any would do: zeros then cancel each other, as
    equal sizes of any other number do, and what is left over by the others is cut off.
    """
    if 0 in old and 0 in new:
        elements, step = (prod(size for size in sizes if size) for sizes in (old, new))
        return elements // step
    elements, step = prod(old), prod(new)
    return elements // step if step and not elements % step else None


def _left_over(old: Sizes, new: Sequence[NamedDim]) -> NamedDim:
    """The one size that the new ones lack, if all others are alike."""
    names = [size for size in old if not is_known(size)]
    for size in new:
        if not is_known(size):
            if size not in names:
                return None
            names.remove(size)
    counts = [prod(n for n in sizes if is_known(n)) for sizes in (old, new)]
    return names[0] if len(names) == 1 and counts[0] == counts[1] != 0 else None


def _reshape_vjp(g: Tensor, y: Tensor, x: Tensor, *dims: Tensor, shape: Shape) -> tuple[Tensor]:
    return (p.reshape_like(g, x),)


def _lift_reshape(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """A size -1 is worked out for one step, since there may be none from which to infer it."""
    (x, has_steps), *dims = inputs
    if not has_steps or any(with_steps for _, with_steps in dims):
        return None
    run_time = iter(dim for dim, _ in dims)
    sizes = [next(run_time) if size is None else size for size in node.params["shape"]]
    if -1 in node.params["shape"]:
        place = node.params["shape"].index(-1)
        sizes[place] = _size_left(node.specs[0].sizes[place], x, sizes)
    return p.reshape_to_sizes(x, [p.size_of(x, 0), *sizes])


def _size_left(size: NamedDim, x: Tensor, sizes: Sequence[int | Tensor]) -> int | Tensor:
    """What -1 among `sizes` stands for in each step of `x`; `size` is what is known of it."""
    if is_known(size):
        return size
    row = x.sizes[1:]
    if size in row:
        return p.size_of(x, row.index(size) + 1)
    others = p.product_of_sizes([n for n in sizes if isinstance(n, Tensor) or n != -1])
    elements = p.product_of_sizes([p.size_of(x, i) for i in range(1, x.ndim)])
    at_least_one = p.maximum(p.as_size(others), p.as_size(1))
    return p.floor_divide(p.as_size(elements), at_least_one)


def _simplify_reshape(node: Node) -> Tensor | None:
    same = input_of_same_sizes(node)
    if same is not None:
        return same
    inner, shape = made_by(reshape, node.inputs[0]), node.params["shape"]
    if inner is None or None in shape or {-1, 0} <= set(shape):
        return None
    return p.reshape(inner.inputs[0], shape=shape)


def _reshaped(x: np.ndarray, *dims: Any, shape: Shape) -> np.ndarray:
    sizes = filled(shape, dims)
    if 0 in sizes and -1 in sizes:
        sizes = _inferred(Spec(x.shape, x.dtype.name), sizes)  # type: ignore[assignment]
    return np.reshape(x, sizes)


reshape = Primitive(
    "reshape",
    _reshape_shape,
    _reshaped,
    _reshape_vjp,
    lift=_lift_reshape,
    simplify=_simplify_reshape,
    dims=True,
    family=_FAMILY,
    doc="The elements in another shape; one entry may be -1, the size that is left over.",
    edges=(
        "Elements are read and written in row-major order.",
        "One size may be -1, which a run-time size may also turn out to be.",
        "Beside a size 0, -1 stands for what is left once zeros cancel each other.",
    ),
)


def _broadcast_to_shape(x: Spec, *dims: Spec, shape: Shape) -> Spec:
    sizes = sizes_given("broadcast_to", shape, dims)
    result = broadcast_sizes("broadcast_to", x.sizes, sizes)
    if len(result) != len(sizes) or any(map(clash, result, sizes)):
        raise ValueError(f"broadcast_to: shape {x.shape} does not broadcast to {tuple(shape)}.")
    return Spec(sizes, x.dtype)


def _broadcast_to_vjp(
    g: Tensor, y: Tensor, x: Tensor, *dims: Tensor, shape: Shape
) -> tuple[Tensor | None]:
    return (unbroadcast(g, x),)


def _lift_broadcast_to(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (x, has_steps), *dims = inputs
    if not has_steps:
        return None
    return lift_to_shape(node, [(with_rank(x, node.specs[0].ndim), True), *dims])


broadcast_to = Primitive(
    "broadcast_to",
    _broadcast_to_shape,
    lambda x, *dims, shape: np.broadcast_to(x, filled(shape, dims)),
    _broadcast_to_vjp,
    lift=_lift_broadcast_to,
    simplify=input_of_same_sizes,
    dims=True,
    family=_FAMILY,
    doc="x repeated along axes of size 1 and new leading axes.",
    edges=("Axes are matched from the last; new ones come first.",),
)


# Promised sizes


def _ensure_shape_shape(x: Spec, shape: Shape) -> Spec:
    if len(shape) != x.ndim or any(map(clash, x.sizes, shape)):
        raise ValueError(
            f"ensure_shape: a tensor of shape {x.shape} was promised to have {tuple(shape)}."
        )
    return Spec(map(agreed, shape, x.sizes), x.dtype, x.held)


def _ensure_shape(x: Any, shape: Shape) -> Any:
    if any(size not in (None, n) for size, n in zip(shape, x.shape)):
        raise ValueError(f"ensure_shape: a value of shape {x.shape} was promised to have {shape}.")
    return x


def _ensure_shape_parts(x: Tensor, shape: Shape) -> Tensor:
    sizes = [p.dim(x, axis=i) if size is None else size for i, size in enumerate(shape)]
    given, dims = p.split_sizes(sizes)
    return p.reshape(x, *dims, shape=given)


def _ensure_shape_vjp(g: Tensor, y: Tensor, x: Tensor, shape: Shape) -> tuple[Tensor]:
    return (g,)


ensure_shape = Primitive(
    "ensure_shape",
    _ensure_shape_shape,
    _ensure_shape,
    _ensure_shape_vjp,
    _ensure_shape_parts,
    lift=lift_entries("shape", None),
    simplify=input_of_same_sizes,
    family=_FAMILY,
    doc="x, which is promised to have these sizes, None for any; what has others is refused.",
    edges=("Its decomposition, a reshape, refuses wrong numbers of elements alone.",),
)


# Order of axes and elements


def _transpose_shape(x: Spec, perm: Sequence[int]) -> Spec:
    if sorted(perm) != list(range(x.ndim)):
        raise ValueError(f"transpose: {tuple(perm)} does not order the axes of shape {x.shape}.")
    return Spec((x.sizes[i] for i in perm), x.dtype)


def inverse_perm(perm: Sequence[int]) -> tuple[int, ...]:
    """The order of axes that undoes `perm`."""
    return tuple(sorted(range(len(perm)), key=perm.__getitem__))


def _transpose_vjp(g: Tensor, y: Tensor, x: Tensor, perm: Sequence[int]) -> tuple[Tensor]:
    return (p.transpose(g, perm=inverse_perm(perm)),)


def _lift_transpose(node: Node, inputs: Sequence[Lifted]) -> Tensor:
    return p.transpose(inputs[0][0], perm=(0, *shifted(node.params["perm"])))


def _simplify_transpose(node: Node) -> Tensor | None:
    perm = node.params["perm"]
    if perm == tuple(range(len(perm))):
        return node.inputs[0]
    inner = made_by(transpose, node.inputs[0])
    if inner is None:
        return None
    joined = tuple(inner.params["perm"][i] for i in perm)
    if joined == tuple(range(len(joined))):
        return inner.inputs[0]
    return p.transpose(inner.inputs[0], perm=joined)


transpose = Primitive(
    "transpose",
    _transpose_shape,
    lambda x, perm: np.transpose(x, perm),
    _transpose_vjp,
    lift=_lift_transpose,
    simplify=_simplify_transpose,
    family=_FAMILY,
    doc="Axis i of the result is axis perm[i] of x.",
    edges=("perm names each axis once; negative axes are not taken.",),
)


def _reverse_shape(x: Spec, axes: Sequence[int]) -> Spec:
    check_axes("reverse", axes, x.ndim)
    return Spec(x.sizes, x.dtype)


def _reverse_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Sequence[int]) -> tuple[Tensor]:
    return (p.reverse(g, axes=axes),)


reverse = Primitive(
    "reverse",
    _reverse_shape,
    lambda x, axes: np.flip(x, axes),
    _reverse_vjp,
    lift=lift_axes,
    family=_FAMILY,
    doc="The elements in reverse order along axes.",
)


# Padding, joining, repeating

Widths = tuple[tuple[int, int], ...]


def _padded_size(size: NamedDim, width: tuple[int, int]) -> NamedDim:
    if width == (0, 0):
        return size
    return size + sum(width) if is_known(size) else None


def _pad_shape(x: Spec, widths: Widths, value: float) -> Spec:
    if len(widths) != x.ndim or any(before < 0 or after < 0 for before, after in widths):
        raise ValueError(
            f"pad: widths {widths} are not one (before, after) >= 0 for each axis of {x.shape}."
        )
    return Spec(map(_padded_size, x.sizes, widths), x.dtype)


def _pad_vjp(g: Tensor, y: Tensor, x: Tensor, widths: Widths, value: float) -> tuple[Tensor]:
    inside = tuple((before or None, -after or None, 1) for before, after in widths)
    return (p.slice(g, index=inside),)


pad = Primitive(
    "pad",
    _pad_shape,
    lambda x, widths, value: np.pad(x, widths, constant_values=value) if widths else x,
    _pad_vjp,
    lift=lift_entries("widths", (0, 0)),
    family=_FAMILY,
    doc="x with (before, after) elements of a constant value added along each axis.",
)


def agreed_sizes(name: str, xs: Sequence[Spec], free: int | None = None) -> Sizes:
    """The sizes of all tensors, with what each knows; axis `free` may differ and comes out None."""
    shapes = [x.shape for x in xs]
    if not xs or any(x.ndim != xs[0].ndim for x in xs):
        raise ValueError(f"{name}: needs tensors of one rank, not shapes {shapes}.")
    columns = list(enumerate(zip(*(x.sizes for x in xs))))
    if any(len(set(filter(is_known, sizes))) > 1 for i, sizes in columns if i != free):
        raise ValueError(f"{name}: shapes {shapes} do not fit together.")
    return tuple(None if i == free else reduce(agreed, sizes) for i, sizes in columns)


def _concat_shape(*xs: Spec, axis: int) -> Spec:
    sizes = list(agreed_sizes("concat", xs, axis))
    check_axes("concat", (axis,), len(sizes))
    parts = [x.sizes[axis] for x in xs]
    if len(xs) == 1 or all(map(is_known, parts)):
        sizes[axis] = sum(parts) if len(xs) > 1 else parts[0]  # type: ignore[arg-type]
    return Spec(sizes, same_dtype("concat", *xs), _joined_values(xs))


def _joined_values(xs: Sequence[Spec]) -> Any:
    """What is held of vectors one after the other."""
    held = [x.held for x in xs if type(x.held) is tuple]
    return sum(held, ()) if len(held) == len(xs) else None


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
    lift=lift_axis,
    family=_FAMILY,
    doc="Tensors one after the other along an axis.",
    edges=("All have one rank and one dtype, and equal sizes along the other axes.",),
)


def _stack_shape(*xs: Spec, axis: int) -> Spec:
    sizes = agreed_sizes("stack", xs)
    check_axes("stack", (axis,), len(sizes) + 1)
    held = tuple(x.held for x in xs) if not sizes else None
    known = held if held and None not in held else None
    return Spec((*sizes[:axis], len(xs), *sizes[axis:]), same_dtype("stack", *xs), known)


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
    lift=lift_axis,
    family=_FAMILY,
    doc="Tensors of one shape side by side along a new axis.",
    edges=("axis counts in the result, and may be its last.",),
)


def _times(size: NamedDim, count: int) -> NamedDim:
    if count == 1:
        return size
    return size * count if is_known(size) else None


def _tile_shape(x: Spec, reps: Sequence[int]) -> Spec:
    if len(reps) != x.ndim or any(count < 0 for count in reps):
        raise ValueError(f"tile: reps {tuple(reps)} are not one count for each axis of {x.shape}.")
    return Spec(map(_times, x.sizes, reps), x.dtype)


def _tile_vjp(g: Tensor, y: Tensor, x: Tensor, reps: Sequence[int]) -> tuple[Tensor]:
    sizes = [size for i in range(x.ndim) for size in (reps[i], p.size_of(x, i))]
    apart = p.reshape_to_sizes(g, sizes)
    return (p.reduce_sum(apart, axes=tuple(range(0, 2 * x.ndim, 2)), keepdims=False),)


tile = Primitive(
    "tile",
    _tile_shape,
    lambda x, reps: np.tile(x, reps),
    _tile_vjp,
    lift=lift_entries("reps", 1),
    family=_FAMILY,
    doc="The whole of x, repeated reps[i] times along axis i.",
    edges=("0 repetitions give an axis of size 0.",),
)


def _repeat_shape(x: Spec, repeats: int, axis: int) -> Spec:
    check_axes("repeat", (axis,), x.ndim)
    if repeats < 0:
        raise ValueError(f"repeat: repeats must be >= 0, not {repeats}.")
    sizes = list(x.sizes)
    sizes[axis] = _times(sizes[axis], repeats)
    return Spec(sizes, x.dtype)


def _repeat_vjp(g: Tensor, y: Tensor, x: Tensor, repeats: int, axis: int) -> tuple[Tensor]:
    sizes = [p.size_of(x, i) for i in range(x.ndim)]
    apart = p.reshape_to_sizes(g, [*sizes[: axis + 1], repeats, *sizes[axis + 1 :]])
    return (p.reduce_sum(apart, axes=(axis + 1,), keepdims=False),)


repeat = Primitive(
    "repeat",
    _repeat_shape,
    lambda x, repeats, axis: np.repeat(x, repeats, axis),
    _repeat_vjp,
    lift=lift_axis,
    family=_FAMILY,
    doc="Each element repeated in place along an axis.",
    edges=("0 repetitions give an axis of size 0.",),
)
