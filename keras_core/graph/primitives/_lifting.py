"""Lifts nodes of a loop's body to all steps at once: the ways that several primitives share.

A lift takes the node and its inputs as pairs (tensor, whether its axis 0 are the steps), at least
one of which has the steps, and gives the node's value at all steps, with them as axis 0, or None
where it cannot.
"""

from __future__ import annotations

from collections.abc import Sequence

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lift, Lifted, Node
from keras_core.graph.tensor import Tensor


def shifted(axes: Sequence[int], by: bool = True) -> tuple[int, ...]:
    """The axes of a tensor that got the steps as axis 0."""
    return tuple(axis + int(by) for axis in axes)


def steps_first(x: Tensor, axis: int) -> Tensor:
    """`x`, whose steps are this axis, with them as axis 0."""
    if axis == 0:
        return x
    return p.transpose(x, perm=(axis, *(i for i in range(x.ndim) if i != axis)))


def _all_with_steps(inputs: Sequence[Lifted]) -> bool:
    return all(has_steps for _, has_steps in inputs)


def lift_elementwise(node: Node, inputs: Sequence[Lifted]) -> Tensor:
    """Operands broadcast; one whose step has fewer axes gets axes of size 1 after the steps."""
    rank = node.specs[0].ndim
    operands = [with_rank(x, rank) if has_steps else x for x, has_steps in inputs]
    return node.primitive(*operands, **node.params)


def with_rank(x: Tensor, rank: int) -> Tensor:
    """A tensor with steps whose step has `rank` axes, the new ones in front, of size 1."""
    missing = rank - (x.ndim - 1)
    if missing <= 0:
        return x
    sizes = [p.size_of(x, i) for i in range(x.ndim)]
    return p.reshape_to_sizes(x, [sizes[0], *(1,) * missing, *sizes[1:]])


def lift_alike(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """For tensors of one shape, which do not broadcast."""
    together = _all_with_steps(inputs)
    return node.primitive(*(x for x, _ in inputs), **node.params) if together else None


def lift_axis(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """For the parameter `axis`, in tensors that all have the steps."""
    if not _all_with_steps(inputs):
        return None
    params = {**node.params, "axis": node.params["axis"] + 1}
    return node.primitive(*(x for x, _ in inputs), **params)


def lift_axes(node: Node, inputs: Sequence[Lifted]) -> Tensor:
    """For one tensor and the parameter `axes`."""
    return node.primitive(inputs[0][0], **{**node.params, "axes": shifted(node.params["axes"])})


def lift_entries(name: str, entry: object) -> Lift:
    """For one tensor and a parameter that has an entry an axis: `entry` stands for the steps."""

    def lift(node: Node, inputs: Sequence[Lifted]) -> Tensor:
        return node.primitive(inputs[0][0], **{**node.params, name: (entry, *node.params[name])})

    return lift


def lift_to_shape(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """For one tensor with steps, and the parameter `shape` with its run-time sizes, without."""
    (x, has_steps), *dims = inputs
    if not has_steps or any(with_steps for _, with_steps in dims):
        return None
    shape, first = p.split_sizes([p.size_of(x, 0)])
    params = {**node.params, "shape": (*shape, *node.params["shape"])}
    if "index" in params:
        params["index"] = (WHOLE, *params["index"])
    return node.primitive(x, *first, *(dim for dim, _ in dims), **params)


WHOLE = (None, None, 1)
"""The range of a slice that leaves its axis as it is."""


def lift_batch(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """For one or more tensors whose axis 0 is a batch: the steps' batches become one."""
    if not _all_with_steps(inputs):
        return None
    merged = [steps_in_batch(x) for x, _ in inputs]
    return steps_out_of_batch(node.primitive(*merged, **node.params), inputs[0][0])


def steps_in_batch(x: Tensor) -> Tensor:
    """`(steps, batch, ...)` as `(steps * batch, ...)`."""
    sizes = [p.size_of(x, i) for i in range(x.ndim)]
    return p.reshape_to_sizes(x, [p.product_of_sizes(sizes[:2]), *sizes[2:]])


def steps_out_of_batch(y: Tensor, like: Tensor) -> Tensor:
    """`(steps * batch, ...)` as `(steps, batch, ...)`, the first two sizes as in `like`."""
    rest = (p.size_of(y, i) for i in range(1, y.ndim))
    return p.reshape_to_sizes(y, [p.size_of(like, 0), p.size_of(like, 1), *rest])


def lift_batch_to_shape(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """For a tensor with steps, others without, and the parameter `shape` with the batch in front.

    The run-time sizes of `shape` are the last inputs.
    """
    (x, has_steps), *others = inputs
    if not has_steps or any(with_steps for _, with_steps in others):
        return None
    shape = node.params["shape"]
    without = [tensor for tensor, _ in others]
    split = len(without) - shape.count(None)
    dims = iter(without[split:])
    sizes = [next(dims) if size is None else size for size in shape]
    merged = steps_in_batch(x)
    given, first = p.split_sizes([p.size_of(merged, 0), *sizes[1:]])
    params = {**node.params, "shape": given}
    return steps_out_of_batch(node.primitive(merged, *without[:split], *first, **params), x)
