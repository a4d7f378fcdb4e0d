"""Rows: whether a program treats the samples of a batch each by itself.

Where it does, a batch can be filled up with any rows, whose results nobody reads. For each tensor
it is known along which axis its rows are those of the inputs; what has no rule here is taken to mix
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any, Callable

from keras_core.graph.primitive import Node
from keras_core.graph.primitives._lifting import WHOLE
from keras_core.graph.program import Program
from keras_core.graph.scan.body import Body, is_drawn


class Mixed(Exception):
    """A node may let one row depend on another, or on how many there are."""


# What stands in place of an axis for a number that is the number of rows. Tensors that are the same
# for all rows have None.
_COUNT = -1


def are_apart(program: Program) -> bool:
    """Whether each row of the outputs depends on the same row of the inputs alone.

    Args:
        program: an optimised program.
    """
    if program.updates or not program.inputs or any(x.ndim == 0 for x in program.inputs):
        return False
    try:
        rows = _followed(program.nodes, {x.key: 0 for x in program.inputs})
    except Mixed:
        return False
    return all(rows.get(y.key) == 0 and y.ndim for y in program.outputs)


def _followed(nodes: Sequence[Node], known: Mapping[Any, int | None]) -> dict[Any, int | None]:
    """Where the rows of all results are.

    Raises:
        Mixed: a node mixes them.
    """
    rows = dict(known)
    for node in nodes:
        given = [rows.get(x.key) for x in node.inputs]
        found = _of_node(node, given)
        rows.update(((node, i), axis) for i, axis in enumerate(found))
    return rows


def _of_node(node: Node, given: Sequence[int | None]) -> Sequence[int | None]:
    if not node.primitive.pure or is_drawn(node):
        raise Mixed
    if all(axis is None for axis in given):
        return [None] * len(node.specs)
    rule = _broadcast if node.primitive.elementwise else _RULES.get(node.primitive.name)
    if rule is None or (_COUNT in given and node.primitive.name not in _SIZED):
        raise Mixed
    found = rule(node, given)
    return found if isinstance(found, list) else [found] * len(node.specs)


Rule = Callable[[Node, Sequence[Any]], Any]


def _only(given: Sequence[Any]) -> int:
    """Where the rows of the first input are; the others have none."""
    if given[0] is None or any(axis is not None for axis in given[1:]):
        raise Mixed
    return given[0]


def _apart_from(axis: int, others: Sequence[int]) -> int:
    """An axis that is none of those over which something is done."""
    if axis in others:
        raise Mixed
    return axis


def _broadcast(node: Node, given: Sequence[Any]) -> int:
    """Axes count from the last one; an input without rows has none there, or one of size 1."""
    rank = node.specs[0].ndim
    places = {axis - x.ndim for x, axis in zip(node.inputs, given) if axis is not None}
    if len(places) != 1:
        raise Mixed
    (place,) = places
    for x, axis in zip(node.inputs, given):
        if axis is None and x.ndim >= -place and x.shape[place] != 1:
            raise Mixed
    return place + rank


def _along(node: Node, given: Sequence[Any]) -> int:
    return _apart_from(_only(given), (node.params["axis"],))


def _over(node: Node, given: Sequence[Any]) -> int:
    return _apart_from(_only(given), node.params["axes"])


def _found(node: Node, given: Sequence[Any]) -> int:
    """One number in place of an axis."""
    axis = _along(node, given)
    return axis - (node.params["axis"] < axis)


def _reduced(node: Node, given: Sequence[Any]) -> int:
    axis, axes = _over(node, given), node.params["axes"]
    return axis if node.params["keepdims"] else axis - sum(other < axis for other in axes)


def _window(node: Node, given: Sequence[Any]) -> int:
    """Windows slide over all axes but the first one."""
    first, *others = given
    if first != 0 or any(axis not in (None, _COUNT) for axis in others):
        raise Mixed
    return 0


def _dot(node: Node, given: Sequence[Any]) -> int:
    places = []
    for side, axis in enumerate(given):
        if axis is not None:
            places.append(_place_in_product(node, side, axis))
    if len(set(places)) != 1 or (None in given and places[0] < len(node.params["batch"][0])):
        raise Mixed
    return places[0]


def _place_in_product(node: Node, side: int, axis: int) -> int:
    """Axes of a product: those of both, those of the first one alone, those of the second one."""
    contract, batch = node.params["contract"], node.params["batch"]
    _apart_from(axis, contract[side])
    if axis in batch[side]:
        return batch[side].index(axis)
    used = [{*contract[i], *batch[i]} for i in range(2)]
    before = sum(i not in used[side] for i in range(axis))
    first = sum(i not in used[0] for i in range(node.inputs[0].ndim)) if side else 0
    return len(batch[0]) + first + before


def _reshape(node: Node, given: Sequence[Any]) -> int:
    """Rows stay apart where as many elements as before come before their axis, and after it."""
    axis, *others = given
    if axis is None or any(axis not in (None, _COUNT) for axis in others):
        raise Mixed
    before, after = node.inputs[0].sizes, node.specs[0].sizes
    if axis == 0 and after and before[0] is not None and before[0] == after[0]:
        return 0
    if axis == 0 and node.params["shape"][:1] == (None,) and others[0] == _COUNT:
        return 0
    parts = before[:axis], before[axis + 1 :]
    for place, size in enumerate(after):
        if not isinstance(size, int) and _alike_products(
            parts, (after[:place], after[place + 1 :])
        ):
            return place
    raise Mixed


def _alike_products(parts: Any, others: Any) -> bool:
    """Whether all sizes are numbers, and these parts have as many elements as the others."""
    sizes = [size for part in (*parts, *others) for size in part]
    return all(isinstance(size, int) for size in sizes) and [*map(prod, parts)] == [
        *map(prod, others)
    ]


def _broadcast_to(node: Node, given: Sequence[Any]) -> int:
    first, *dims = given
    if first is not None:
        if any(axis not in (None, _COUNT) for axis in dims):
            raise Mixed
        return first - node.inputs[0].ndim + node.specs[0].ndim
    places = [i for i, size in enumerate(node.params["shape"]) if size is None]
    counts = [place for place, axis in zip(places, dims) if axis == _COUNT]
    if len(counts) != 1 or any(axis not in (None, _COUNT) for axis in dims):
        raise Mixed
    return counts[0]


def _concat(node: Node, given: Sequence[Any]) -> int:
    (axis,) = set(given) if len(set(given)) == 1 else (None,)
    if axis is None:
        raise Mixed
    return _apart_from(axis, (node.params["axis"],))


def _stack(node: Node, given: Sequence[Any]) -> int:
    (axis,) = set(given) if len(set(given)) == 1 else (None,)
    if axis is None:
        raise Mixed
    return axis + (node.params["axis"] <= axis)


def _untouched(name: str, whole: Any) -> Rule:
    """A rule for what has a parameter an axis, one of which leaves the axis as it is."""

    def rule(node: Node, given: Sequence[Any]) -> int:
        axis = _only(given)
        if node.params[name][axis] != whole:
            raise Mixed
        return axis

    return rule


def _gather(node: Node, given: Sequence[Any]) -> int:
    axis = node.params["axis"]
    if given[0] is None:
        return axis + given[1]
    row = _apart_from(_only(given), (axis,))
    return row if row < axis else row - 1 + node.inputs[1].ndim


def _dim(node: Node, given: Sequence[Any]) -> int | None:
    return _COUNT if node.params["axis"] == given[0] else None


def _scan(node: Node, given: Sequence[Any]) -> list[Any]:
    """The body's rows; a state has them where it begins with them."""
    body: Body = node.params["body"]
    sequences, states, invariants = body.split(given)
    if 0 in sequences:
        raise Mixed
    slices = [axis if axis is None else axis - 1 for axis in sequences]
    inner = [*slices, *states, *invariants]
    rows = _followed(body.nodes, {x.key: axis for x, axis in zip(body.inputs, inner)})
    if [rows.get(x.key) for x in body.new_states] != states:
        raise Mixed
    collected = [rows.get(x.key) for x in body.collected]
    return [*states, *(axis if axis is None else axis + 1 for axis in collected)]


def _alike(node: Node, given: Sequence[Any]) -> int:
    return _only(given)


def _transposed(node: Node, given: Sequence[Any]) -> int:
    return node.params["perm"].index(_only(given))


_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(("identity", "stop_gradient", "ensure_shape", "one_hot"), _alike),
        **dict.fromkeys(("where", "select", "batch_normalization"), _broadcast),
        **dict.fromkeys(("softmax", "log_softmax", "cumsum", "cumprod", "repeat"), _along),
        **dict.fromkeys(("l2_normalize", "reverse"), _over),
        **dict.fromkeys(("argmax", "argmin"), _found),
        **dict.fromkeys(
            ("logsumexp", "reduce_all", "reduce_any", "reduce_max", "reduce_mean"), _reduced
        ),
        **dict.fromkeys(("reduce_min", "reduce_prod", "reduce_sum"), _reduced),
        **dict.fromkeys(("conv", "conv_input_grad", "avg_pool", "max_pool"), _window),
        "broadcast_to": _broadcast_to,
        "concat": _concat,
        "dim": _dim,
        "dot": _dot,
        "gather": _gather,
        "pad": _untouched("widths", (0, 0)),
        "reshape": _reshape,
        "scan": _scan,
        "slice": _untouched("index", WHOLE),
        "stack": _stack,
        "tile": _untouched("reps", 1),
        "transpose": _transposed,
    }
)

# What may be told how many rows there are, to make as many.
_SIZED = frozenset({"broadcast_to", "conv_input_grad", "reshape"})
