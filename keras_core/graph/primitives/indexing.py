"""Parts of tensors by position, and the places they came from."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive
from keras_core.graph.primitives._lifting import WHOLE, lift_entries, lift_to_shape, steps_first
from keras_core.graph.primitives._rules import (
    check_axes,
    filled,
    integer_only,
    same_dtype,
    scalar_only,
    sizes_given,
)
from keras_core.graph.spec import (
    Dim,
    NamedDim,
    Shape,
    Sizes,
    Spec,
    checked_dtype,
    clash,
    is_known,
    shown,
)
from keras_core.graph.tensor import Tensor

_FAMILY = "indexing"
Range = tuple[Dim, Dim, int]
Index = tuple[Range, ...]


# Slices with fixed bounds


def _sliced_size(size: NamedDim, part: Range) -> NamedDim:
    if part == WHOLE:
        return size
    if not is_known(size):
        return None if part[:2] != (0, 0) else 0
    return len(range(*builtins.slice(*part).indices(size)))


def _sliced_sizes(sizes: Sizes, index: Index) -> Sizes:
    if len(index) != len(sizes) or any(step == 0 for _, _, step in index):
        raise ValueError(
            f"slice: {index} is not one (start, stop, step) for each axis of shape {shown(sizes)}."
        )
    return tuple(map(_sliced_size, sizes, index))


def _slice_shape(x: Spec, index: Index) -> Spec:
    held = x.held[_slices(index)[0]] if type(x.held) is tuple and len(index) == 1 else None
    return Spec(_sliced_sizes(x.sizes, index), x.dtype, held)


def _slices(index: Index) -> tuple[builtins.slice, ...]:
    return tuple(builtins.slice(*part) for part in index)


def _slice_vjp(g: Tensor, y: Tensor, x: Tensor, index: Index) -> tuple[Tensor]:
    return (p.unslice(g, *p.dims_of(x), shape=x.shape, index=index),)


slice = Primitive(
    "slice",
    _slice_shape,
    lambda x, index: x[_slices(index)],
    _slice_vjp,
    lift=lift_entries("index", WHOLE),
    family=_FAMILY,
    doc="A part of x: one (start, stop, step) an axis, as in Python; None for the whole range.",
    edges=(
        "Bounds count from the end where negative, and are cut to the size where too large.",
        "A negative step runs backwards; a step of 0 is refused.",
    ),
)


def _unslice_shape(g: Spec, *dims: Spec, shape: Shape, index: Index) -> Spec:
    sizes = sizes_given("unslice", shape, dims)
    part = _sliced_sizes(sizes, index)
    if len(part) != g.ndim or any(map(clash, part, g.sizes)):
        raise ValueError(f"unslice: {index} of shape {tuple(shape)} is not the shape {g.shape}.")
    return Spec(sizes, g.dtype)


def _unslice(g: Any, *dims: Any, shape: Shape, index: Index) -> Any:
    result = np.zeros(filled(shape, dims), g.dtype)
    result[_slices(index)] = g
    return result


def _unslice_vjp(
    c: Tensor, y: Tensor, g: Tensor, *dims: Tensor, shape: Shape, index: Index
) -> tuple[Tensor]:
    return (p.slice(c, index=index),)


unslice = Primitive(
    "unslice",
    _unslice_shape,
    _unslice,
    _unslice_vjp,
    lift=lift_to_shape,
    dims=True,
    family=_FAMILY,
    doc="Zeros of a shape, with g where the slice was taken.",
    edges=("The result is zeros where the slice did not reach.",),
)


# Slices that start where tensors say


def _dynamic_slice_shape(x: Spec, *starts: Spec, sizes: Sequence[int]) -> Spec:
    scalar_only("dynamic_slice", *starts)
    if not len(starts) == len(sizes) == x.ndim:
        raise ValueError(
            f"dynamic_slice: needs a start and a size for each axis of shape {x.shape}, "
            f"not {len(starts)} starts and sizes {tuple(sizes)}."
        )
    if any(n is not None and not 0 <= size <= n for n, size in zip(x.shape, sizes)):
        raise ValueError(f"dynamic_slice: sizes {tuple(sizes)} do not fit into shape {x.shape}.")
    return Spec(sizes, x.dtype)


def _window(starts: Sequence[Any], sizes: Sequence[int]) -> tuple[builtins.slice, ...]:
    return tuple(builtins.slice(int(a), int(a) + size) for a, size in zip(starts, sizes))


def _dynamic_slice_vjp(
    g: Tensor, y: Tensor, x: Tensor, *starts: Tensor, sizes: Sequence[int]
) -> tuple[Tensor]:
    return (p.dynamic_unslice(g, *starts, *p.dims_of(x), shape=x.shape),)


dynamic_slice = Primitive(
    "dynamic_slice",
    _dynamic_slice_shape,
    lambda x, *starts, sizes: x[_window(starts, sizes)],
    _dynamic_slice_vjp,
    indexed=True,
    family=_FAMILY,
    doc="A block of fixed sizes that starts where int32 scalars, one an axis, say (all >= 0).",
    edges=("The block has to lie inside of x as a whole; what comes otherwise is not defined.",),
)


def _dynamic_unslice_shape(g: Spec, *starts: Spec, shape: Shape) -> Spec:
    sizes = sizes_given("dynamic_unslice", shape, starts[g.ndim :])
    scalar_only("dynamic_unslice", *starts)
    if len(sizes) != g.ndim:
        raise ValueError(f"dynamic_unslice: {g.shape} is no block of the shape {tuple(shape)}.")
    return Spec(sizes, g.dtype)


def _dynamic_unslice(g: Any, *starts: Any, shape: Shape) -> Any:
    result = np.zeros(filled(shape, starts[g.ndim :]), g.dtype)
    result[_window(starts[: g.ndim], g.shape)] = g
    return result


def _dynamic_unslice_vjp(
    c: Tensor, y: Tensor, g: Tensor, *starts: Tensor, shape: Shape
) -> tuple[Tensor]:
    if None in g.shape:
        raise ValueError(f"dynamic_unslice: a block of shape {g.shape} has unknown sizes.")
    return (p.dynamic_slice(c, *starts[: g.ndim], sizes=g.shape),)


dynamic_unslice = Primitive(
    "dynamic_unslice",
    _dynamic_unslice_shape,
    _dynamic_unslice,
    _dynamic_unslice_vjp,
    indexed=True,
    dims=True,
    family=_FAMILY,
    doc="Zeros of a shape, with g where the dynamic slice was taken.",
    edges=(
        "One start for each axis of g comes first, then the run-time sizes.",
        "The block has to lie inside of the shape; what comes otherwise is not defined.",
    ),
)


# Look-up by index


def _gather_shape(x: Spec, indices: Spec, axis: int) -> Spec:
    check_axes("gather", (axis,), x.ndim)
    integer_only("gather", indices)
    return Spec((*x.sizes[:axis], *indices.sizes, *x.sizes[axis + 1 :]), x.dtype)


def _gather_vjp(g: Tensor, y: Tensor, x: Tensor, indices: Tensor, axis: int) -> tuple[Tensor, None]:
    return p.gather_grad(g, indices, *p.dims_of(x), axis=axis, shape=x.shape), None


def _lift_gather(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (x, x_steps), (indices, index_steps) = inputs
    axis = node.params["axis"]
    if x_steps and index_steps:
        return None
    if x_steps:
        return p.gather(x, indices, axis=axis + 1)
    return steps_first(p.gather(x, indices, axis=axis), axis)


gather = Primitive(
    "gather",
    _gather_shape,
    lambda x, indices, axis: np.take(x, indices, axis),
    _gather_vjp,
    lift=_lift_gather,
    indexed=True,
    family=_FAMILY,
    doc="The entries of x along an axis that the indices name; their shape replaces the axis.",
    edges=(
        "An index out of range, as any below 0, raises when the program runs; where an engine "
        "cannot raise then, it gives NaN, of integers the least one, of bools False.",
    ),
)


def _gather_grad_shape(g: Spec, indices: Spec, *dims: Spec, axis: int, shape: Shape) -> Spec:
    check_axes("gather_grad", (axis,), len(shape))
    integer_only("gather_grad", indices)
    sizes = sizes_given("gather_grad", shape, dims)
    if g.ndim != indices.ndim + len(sizes) - 1:
        raise ValueError(
            f"gather_grad: {g.shape} was not looked up in shape {tuple(shape)} by indices "
            f"of shape {indices.shape}."
        )
    return Spec(sizes, g.dtype)


def _gather_grad(g: Any, indices: Any, *dims: Any, axis: int, shape: Shape) -> Any:
    result = np.zeros(filled(shape, dims), g.dtype)
    np.add.at(result, (builtins.slice(None),) * axis + (indices,), g)
    return result


def _gather_grad_vjp(
    c: Tensor, y: Tensor, g: Tensor, indices: Tensor, *dims: Tensor, axis: int, shape: Shape
) -> tuple[Tensor, None]:
    return p.gather(c, indices, axis=axis), None


gather_grad = Primitive(
    "gather_grad",
    _gather_grad_shape,
    _gather_grad,
    _gather_grad_vjp,
    indexed=True,
    dims=True,
    family=_FAMILY,
    doc="Zeros of a shape, with each part of g added where it was looked up.",
    edges=(
        "Where an index occurs more than once, all its parts are added up.",
        "An index out of range, as any below 0, raises when the program runs; where an engine "
        "cannot raise then, its part of g is dropped.",
    ),
)


# Indices as tensors


def _one_hot_shape(indices: Spec, depth: int, dtype: str) -> Spec:
    integer_only("one_hot", indices)
    return Spec((*indices.sizes, depth), checked_dtype(dtype))


def _one_hot(indices: Any, depth: int, dtype: str) -> Any:
    return (np.asarray(indices)[..., None] == np.arange(depth)).astype(dtype)


def _lift_one_hot(node: Node, inputs: Sequence[Lifted]) -> Tensor:
    return node.primitive(inputs[0][0], **node.params)


one_hot = Primitive(
    "one_hot",
    _one_hot_shape,
    _one_hot,
    lift=_lift_one_hot,
    differentiable=False,
    family=_FAMILY,
    doc="1 at the index along a new last axis, else 0; nothing for an index out of range.",
    edges=("Negative indices are out of range.",),
)


def _arange_shape(start: Spec, stop: Spec, step: Spec, dtype: str) -> Spec:
    scalar_only("arange", start, stop, step)
    same_dtype("arange", start, stop, step)
    return Spec((None,), checked_dtype(dtype))


arange = Primitive(
    "arange",
    _arange_shape,
    lambda start, stop, step, dtype: np.arange(start, stop, step).astype(dtype),
    differentiable=False,
    family=_FAMILY,
    doc="start, start + step, … before stop.",
    edges=("Of size 0 where stop is not after start in the direction of step.",),
)
