"""Reductions over axes, running sums and products, order statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive, Simplification, made_by
from keras_core.graph.primitives._lifting import lift_axes, lift_axis
from keras_core.graph.primitives._rules import (
    bool_only,
    check_axes,
    float_only,
    quiet,
    rank_of_at_least,
    summed_axes,
    unbroadcast,
)
from keras_core.graph.primitives.convolution import summed_kernel_grads
from keras_core.graph.primitives.linalg import summed_product
from keras_core.graph.spec import Sizes, Spec
from keras_core.graph.tensor import Tensor
from keras_core.graph.work import product

_FAMILY = "reduction"
Axes = tuple[int, ...]


def reduced_sizes(sizes: Sizes, axes: Axes, keepdims: bool) -> Sizes:
    """What is left of `sizes` when `axes` are reduced: size 1, or nothing."""
    if keepdims:
        return tuple(1 if i in axes else size for i, size in enumerate(sizes))
    return tuple(size for i, size in enumerate(sizes) if i not in axes)


def with_axes(reduced: Tensor, x: Tensor, axes: Axes, keepdims: bool) -> Tensor:
    """`reduced` in a shape that broadcasts to `x`: axes that a reduction dropped get size 1."""
    if keepdims or sorted(axes) == list(range(len(axes))):
        return reduced
    return p.reshape_to_sizes(reduced, [1 if i in axes else p.size_of(x, i) for i in range(x.ndim)])


def _summed_products(node: Node) -> int | None:
    """How many products a sum adds up: all elements, where those are products."""
    x = node.inputs[0]
    while any(made_by(move, x) for move in (p.reshape, p.transpose, p.ensure_shape)):
        x = x.node.inputs[0]  # type: ignore[union-attr]
    return product(x.shape) if made_by(p.multiply, x) or made_by(p.square, x) else 0


def _reduction(
    name: str,
    doc: str,
    reference: Callable[..., Any],
    vjp: Callable[..., Sequence[Tensor | None]] | None,
    check: Callable[..., None] | None = None,
    decomposition: Callable[..., Tensor] | None = None,
    simplify: Simplification | None = None,
    multiply_adds: Callable[[Node], int | None] | None = None,
    edges: tuple[str, ...] = (),
) -> Primitive:
    """A primitive `name(x; axes, keepdims)`; `reference(x, axis=axes, keepdims=keepdims)`."""

    def shape(x: Spec, axes: Axes, keepdims: bool) -> Spec:
        check_axes(name, axes, x.ndim)
        if check is not None:
            check(name, x)
        return Spec(reduced_sizes(x.sizes, axes, keepdims), x.dtype)

    @quiet
    def run(x: Any, axes: Axes, keepdims: bool) -> Any:
        return reference(np.asarray(x), axis=axes, keepdims=keepdims)

    return Primitive(
        name,
        shape,
        run,
        vjp,
        decomposition,
        lift=lift_axes,
        simplify=simplify,
        multiply_adds=multiply_adds,
        differentiable=vjp is not None,
        family=_FAMILY,
        doc=doc,
        edges=edges,
    )


def _sum(x: Any, **where: Any) -> Any:
    return np.sum(x, dtype=x.dtype, **where)


def _prod(x: Any, **where: Any) -> Any:
    return np.prod(x, dtype=x.dtype, **where)


@quiet
def _max(x: Any, **where: Any) -> Any:
    """-inf (the least integer) over no elements."""
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return np.max(x, initial=lowest, **where)


@quiet
def _min(x: Any, **where: Any) -> Any:
    """inf (the largest integer) over no elements."""
    highest = np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).max
    return np.min(x, initial=highest, **where)


def _spread(g: Tensor, x: Tensor, axes: Axes, keepdims: bool) -> Tensor:
    return p.broadcast_like(with_axes(g, x, axes, keepdims), x)


def _sum_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Axes, keepdims: bool) -> tuple[Tensor]:
    return (_spread(g, x, axes, keepdims),)


def _mean_parts(x: Tensor, axes: Axes, keepdims: bool) -> Tensor:
    return p.divide(p.reduce_sum(x, axes=axes, keepdims=keepdims), p.count_along(x, axes))


def _mean_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Axes, keepdims: bool) -> tuple[Tensor]:
    return (_spread(p.divide(g, p.count_along(x, axes)), x, axes, keepdims),)


@quiet
def _mean(x: Any, axis: Axes, keepdims: bool) -> Any:
    count = np.prod([x.shape[i] for i in axis], dtype=np.int64).astype(x.dtype)
    return _sum(x, axis=axis, keepdims=keepdims) / count


def _extreme_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Axes, keepdims: bool) -> tuple[Tensor]:
    """All elements that equal the extreme share its gradient."""
    hit = p.cast(p.equal(x, with_axes(y, x, axes, keepdims)), dtype=x.dtype)
    hits = p.reduce_sum(hit, axes=axes, keepdims=True)
    return (p.multiply(hit, p.divide(with_axes(g, x, axes, keepdims), hits)),)


def _prod_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Axes, keepdims: bool) -> tuple[Tensor]:
    """Each element's factor is the product of all others, right where some are zero."""
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    order = kept + axes
    moved = p.transpose(x, perm=order)
    sizes = [p.size_of(x, i) for i in kept]
    flat = p.reshape_to_sizes(moved, [*sizes, p.product_of_sizes([p.size_of(x, i) for i in axes])])
    others = _product_of_others(flat, len(kept))
    back = tuple(int(i) for i in np.argsort(order))
    factors = p.transpose(p.reshape_like(others, moved), perm=back)
    return (p.multiply(with_axes(g, x, axes, keepdims), factors),)


def _product_of_others(x: Tensor, axis: int) -> Tensor:
    before = p.cumprod(x, axis=axis, reverse=False, exclusive=True)
    return p.multiply(before, p.cumprod(x, axis=axis, reverse=True, exclusive=True))


def _simplify_sum(node: Node) -> Tensor | None:
    """Sums over no axes go, sums of sums join, summed batch axes of a product are contracted."""
    axes, keepdims = node.params["axes"], node.params["keepdims"]
    if not axes:
        return node.inputs[0]
    inner = made_by(reduce_sum, node.inputs[0])
    if inner is not None and not keepdims and not inner.params["keepdims"]:
        return _joined_sums(inner, axes)
    if keepdims:
        return None
    product, kernels = (made_by(q, node.inputs[0]) for q in (p.dot, p.conv_kernel_grads))
    if kernels is not None and axes == (0,):
        return summed_kernel_grads(kernels)
    return None if product is None else summed_product(product, axes)


def _joined_sums(inner: Node, axes: Axes) -> Tensor:
    x = inner.inputs[0]
    left = [axis for axis in range(x.ndim) if axis not in inner.params["axes"]]
    joined = sorted([*inner.params["axes"], *(left[axis] for axis in axes)])
    return p.reduce_sum(x, axes=tuple(joined), keepdims=False)


reduce_sum = _reduction(
    "reduce_sum",
    "Sum over axes.",
    _sum,
    _sum_vjp,
    simplify=_simplify_sum,
    multiply_adds=_summed_products,
    edges=(
        "0 over no elements.",
        "Sums in the dtype of x: large integers wrap around.",
    ),
)
reduce_prod = _reduction(
    "reduce_prod",
    "Product over axes.",
    _prod,
    _prod_vjp,
    edges=(
        "1 over no elements.",
        "The gradient is right where factors are 0.",
        "Multiplies in the dtype of x: large integers wrap around.",
    ),
)
reduce_max = _reduction(
    "reduce_max",
    "Maximum over axes; ties share the gradient.",
    _max,
    _extreme_vjp,
    edges=(
        "-inf, or the least integer, over no elements.",
        "NaN where there is one.",
    ),
)
reduce_min = _reduction(
    "reduce_min",
    "Minimum over axes; ties share the gradient.",
    _min,
    _extreme_vjp,
    edges=(
        "inf, or the largest integer, over no elements.",
        "NaN where there is one.",
    ),
)
reduce_mean = _reduction(
    "reduce_mean",
    "Mean over axes; NaN over none.",
    _mean,
    _mean_vjp,
    check=float_only,
    decomposition=_mean_parts,
)
reduce_all = _reduction(
    "reduce_all",
    "Whether all hold.",
    np.all,
    None,
    check=bool_only,
    edges=("True over no elements.",),
)
reduce_any = _reduction(
    "reduce_any",
    "Whether any holds.",
    np.any,
    None,
    check=bool_only,
    edges=("False over no elements.",),
)


def _logsumexp_parts(x: Tensor, axes: Axes, keepdims: bool) -> Tensor:
    highest = p.stop_gradient(p.reduce_max(x, axes=axes, keepdims=True))
    shift = p.where(p.is_finite(highest), highest, p.scalar(0, x.dtype))
    summed = p.reduce_sum(p.exp(p.subtract(x, shift)), axes=axes, keepdims=keepdims)
    return p.add(p.log(summed), shift if keepdims else p.reshape_like(shift, summed))


def _logsumexp_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Axes, keepdims: bool) -> tuple[Tensor]:
    share = p.exp(p.subtract(x, with_axes(y, x, axes, keepdims)))
    return (p.multiply(with_axes(g, x, axes, keepdims), share),)


def _logsumexp(x: Any, axis: Axes, keepdims: bool) -> Any:
    for i in axis:
        x = np.logaddexp.reduce(x, axis=i, keepdims=True)
    return x if keepdims else np.squeeze(x, axis)


logsumexp = _reduction(
    "logsumexp",
    "log(sum(exp(x))) over axes, without overflow.",
    _logsumexp,
    _logsumexp_vjp,
    check=float_only,
    decomposition=_logsumexp_parts,
    edges=("-inf over no elements, and where all are -inf.",),
)


# Positions of extremes


def _position(
    name: str, doc: str, reference: Callable[..., Any], edges: tuple[str, ...]
) -> Primitive:
    def shape(x: Spec, axis: int) -> Spec:
        check_axes(name, (axis,), x.ndim)
        return Spec(reduced_sizes(x.sizes, (axis,), False), "int64")

    return Primitive(
        name,
        shape,
        lambda x, axis: reference(x, axis=axis).astype(np.int64),
        lift=lift_axis,
        differentiable=False,
        family=_FAMILY,
        doc=doc,
        edges=edges,
    )


argmax = _position(
    "argmax",
    "Where the maximum stands along an axis; the first one.",
    np.argmax,
    edges=(
        "int64, whatever the dtype of x.",
        "An axis of size 0 has no such place: refused when the program runs.",
    ),
)
argmin = _position(
    "argmin",
    "Where the minimum stands along an axis; the first one.",
    np.argmin,
    edges=(
        "int64, whatever the dtype of x.",
        "An axis of size 0 has no such place: refused when the program runs.",
    ),
)


# Running sums and products


def _running(
    name: str,
    doc: str,
    reference: Callable[..., Any],
    start: int,
    vjp: Callable[..., Any],
    multiply_adds: Callable[[Node], int | None] | None = None,
    edges: tuple[str, ...] = (),
) -> Primitive:
    def shape(x: Spec, axis: int, reverse: bool = False, exclusive: bool = False) -> Spec:
        check_axes(name, (axis,), x.ndim)
        return Spec(x.sizes, x.dtype)

    def run(x: Any, axis: int, reverse: bool = False, exclusive: bool = False) -> Any:
        ordered = np.flip(x, axis) if reverse else x
        total = reference(ordered, axis=axis, dtype=x.dtype)
        if exclusive:
            total = np.roll(total, 1, axis)
            total[(np.s_[:],) * axis + (np.s_[:1],)] = start
        return np.flip(total, axis) if reverse else total

    return Primitive(
        name,
        shape,
        run,
        vjp,
        lift=lift_axis,
        multiply_adds=multiply_adds,
        family=_FAMILY,
        doc=doc,
        edges=edges,
    )


def _cumsum_vjp(
    g: Tensor, y: Tensor, x: Tensor, axis: int, reverse: bool = False, exclusive: bool = False
) -> tuple[Tensor]:
    return (p.cumsum(g, axis=axis, reverse=not reverse, exclusive=exclusive),)


def _cumprod_vjp(
    g: Tensor, y: Tensor, x: Tensor, axis: int, reverse: bool = False, exclusive: bool = False
) -> tuple[Tensor]:
    """Not defined (NaN) where x is 0."""
    summed = p.cumsum(p.multiply(g, y), axis=axis, reverse=not reverse, exclusive=exclusive)
    return (p.divide(summed, x),)


cumsum = _running(
    "cumsum",
    "Running sum along an axis; exclusive leaves out the element itself.",
    np.cumsum,
    0,
    _cumsum_vjp,
    _summed_products,
    edges=(
        "With exclusive, the first element along the axis is 0.",
        "With reverse, it runs from the last element to the first, and the order stays.",
    ),
)
cumprod = _running(
    "cumprod",
    "Running product along an axis; exclusive leaves out the element itself.",
    np.cumprod,
    1,
    _cumprod_vjp,
    edges=(
        "With exclusive, the first element along the axis is 1.",
        "With reverse, it runs from the last element to the first, and the order stays.",
        "The gradient is NaN where x is 0.",
    ),
)


# Sum down to the shape of another tensor


def _sum_like_shape(g: Spec, x: Spec) -> Spec:
    if g.ndim < x.ndim:
        raise ValueError(f"sum_like: {g.shape} is not a shape that {x.shape} broadcasts to.")
    return Spec(x.sizes, g.dtype)


def _sum_like(g: Any, x: Any) -> Any:
    missing = g.ndim - x.ndim
    summed = g.sum(axis=tuple(range(missing)), dtype=g.dtype)
    stretched = tuple(i for i in range(x.ndim) if x.shape[i] == 1 != summed.shape[i])
    return summed.sum(axis=stretched, keepdims=True, dtype=g.dtype)


def _sum_like_vjp(c: Tensor, y: Tensor, g: Tensor, x: Tensor) -> tuple[Tensor, None]:
    return p.broadcast_like(c, g), None


def _lift_sum_like(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (g, g_steps), (x, x_steps) = inputs
    return p.sum_like(g, x) if g_steps and x_steps and g.ndim == x.ndim else None


def _simplify_sum_like(node: Node) -> Tensor | None:
    """What `unbroadcast` would have built, had it known the sizes."""
    g, x = node.inputs
    return None if summed_axes(g.sizes, x.sizes) is None else unbroadcast(g, x)


sum_like = Primitive(
    "sum_like",
    _sum_like_shape,
    _sum_like,
    _sum_like_vjp,
    lift=_lift_sum_like,
    simplify=_simplify_sum_like,
    multiply_adds=_summed_products,
    family=_FAMILY,
    doc="g summed over the axes along which x was broadcast; the values of x do not matter.",
    edges=("x broadcasts to the shape of g; axes that x lacks are summed away.",),
)


# The k largest


def _top_k_shape(x: Spec, k: int) -> tuple[Spec, Spec]:
    rank_of_at_least("top_k", x, 1)
    size = x.shape[-1]
    if k < 1 or (size is not None and k > size):
        raise ValueError(f"top_k: cannot take the {k} largest along the last axis of {x.shape}.")
    sizes = (*x.sizes[:-1], k)
    return Spec(sizes, x.dtype), Spec(sizes, "int32")


def _top_k(x: Any, k: int) -> tuple[Any, Any]:
    ascending = np.argsort(np.flip(x, -1), axis=-1, kind="stable")
    indices = (x.shape[-1] - 1 - np.flip(ascending, -1))[..., :k]
    return np.take_along_axis(x, indices, -1), indices.astype(np.int32)


def _top_k_vjp(
    gs: tuple[Tensor | None, ...], ys: tuple[Tensor, ...], x: Tensor, k: int
) -> tuple[Tensor | None]:
    """The gradients of the values go back to their places, row by row of the flattened tensor."""
    if gs[0] is None:
        return (None,)
    row = p.size_of(x, x.ndim - 1)
    rows = p.product_of_sizes([p.size_of(x, i) for i in range(x.ndim - 1)])
    total = p.product_of_sizes([rows, row])
    starts = p.arange(*(p.as_size(v) for v in (0, total, row)), dtype="int32")
    places = p.add(p.reshape(ys[1], shape=(-1, k)), p.reshape(starts, shape=(-1, 1)))
    shape, dims = p.split_sizes([total])
    flat = p.gather_grad(
        p.reshape(gs[0], shape=(-1,)), p.reshape(places, shape=(-1,)), *dims, axis=0, shape=shape
    )
    return (p.reshape_like(flat, x),)


top_k = Primitive(
    "top_k",
    _top_k_shape,
    _top_k,
    _top_k_vjp,
    several=True,
    family=_FAMILY,
    doc="The k largest along the last axis and their indices; the lower index first on ties.",
    edges=(
        "Values in the dtype of x, from the largest down; indices in int32.",
        "k is at least 1 and at most the size of the last axis.",
        "The gradient goes through the values; the indices have none.",
    ),
)
