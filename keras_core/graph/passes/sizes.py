"""Finds which sizes are equal though not known, and drops what is only there in case they differ.

Each axis of unknown size gets a name; equal names mean equal sizes. A batch axis keeps its name
from the input to the loss, so that the gradients of broadcasting operations need no sum at run
time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Callable

from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.scan.body import with_body
from keras_core.graph.tensor import Constant, Tensor

# An int, or a hashable name of a size that is not known.
Named = tuple[Any, ...]

_fresh = count()


def resolve_sizes(program: Program) -> Program:
    """The program without sums and broadcasts between axes of equal size; also inside of scans."""
    return program.rewritten(_resolver(Sizes()))


def _resolver(sizes: Sizes) -> Callable[[Node], Sequence[Tensor] | None]:
    def rule(node: Node) -> Sequence[Tensor] | None:
        if node.primitive.name == "scan":
            inside = _resolver(_sizes_inside(node, sizes))
            return with_body(node, node.params["body"].rewritten(inside))
        rewrite = _REWRITES.get(node.primitive.name)
        result = None if rewrite is None else rewrite(node, sizes)
        return None if result is None else [result]

    return rule


class Sizes:
    """Named sizes of tensors, worked out from the leaves up.

    Args:
        given: what is known of leaves, such as the placeholders of a scan's body.
    """

    def __init__(self, given: Mapping[Any, Named] | None = None) -> None:
        self._known: dict[Any, Named] = dict(given or {})

    def of(self, tensor: Tensor) -> Named:
        """A size or a name for each axis."""
        if None not in tensor.shape:
            return tensor.shape
        if tensor.key not in self._known:
            self._learn(tensor)
        return self._known[tensor.key]

    def _learn(self, tensor: Tensor) -> None:
        if tensor.node is None:
            self._known[tensor.key] = _filled(tensor.shape, [None] * tensor.ndim)
            return
        node = tensor.node
        for index, (spec, names) in enumerate(zip(node.specs, self._outputs(node))):
            self._known.setdefault((node, index), _filled(spec.shape, names))

    def _outputs(self, node: Node) -> list[Sequence[Any]]:
        """A name, or None for a new one, for each axis of each output."""
        if node.primitive.name == "scan":
            return _scan_sizes(node, self)
        rule = RULES.get(node.primitive.name) or _BY_FAMILY.get(node.primitive.family)
        if rule is None and node.primitive.dims:
            rule = _from_dims
        if rule is None:
            return [[None] * len(spec.shape) for spec in node.specs]
        return [rule(node, self)]


def _filled(shape: Sequence[Any], names: Sequence[Any]) -> Named:
    """Static sizes where known, else the names, else new names."""
    return tuple(
        size if size is not None else (("size", next(_fresh)) if name is None else name)
        for size, name in zip(shape, names)
    )


# How primitives pass sizes on


def _broadcast(node: Node, sizes: Sizes) -> list[Any]:
    rank = len(node.specs[0].shape)
    aligned = [(1,) * (rank - x.ndim) + sizes.of(x) for x in node.inputs]
    return [_one_of(names) for names in zip(*aligned)] if aligned else [None] * rank


def _one_of(names: Sequence[Any]) -> Any:
    """The one size that is not 1, if there is only one."""
    found = {name for name in names if name != 1}
    return found.pop() if len(found) == 1 else None


def _like_first(node: Node, sizes: Sizes) -> Sequence[Any]:
    return sizes.of(node.inputs[0])


def _like_second(node: Node, sizes: Sizes) -> Sequence[Any]:
    return sizes.of(node.inputs[1])


def _transposed(node: Node, sizes: Sizes) -> list[Any]:
    names = sizes.of(node.inputs[0])
    return [names[i] for i in node.params["perm"]]


def _reduced(node: Node, sizes: Sizes) -> list[Any]:
    axes = node.params["axes"] if "axes" in node.params else (node.params["axis"],)
    names = sizes.of(node.inputs[0])
    if node.params.get("keepdims"):
        return [1 if i in axes else name for i, name in enumerate(names)]
    return [name for i, name in enumerate(names) if i not in axes]


def _sliced(node: Node, sizes: Sizes) -> list[Any]:
    names = sizes.of(node.inputs[0])
    whole = [part == (None, None, 1) for part in node.params["index"]]
    return [name if kept else None for name, kept in zip(names, whole)]


def _tiled(node: Node, sizes: Sizes) -> list[Any]:
    names = zip(sizes.of(node.inputs[0]), node.params["reps"])
    return [name if count == 1 else None for name, count in names]


def _repeated(node: Node, sizes: Sizes) -> list[Any]:
    names = sizes.of(node.inputs[0])
    return [None if i == node.params["axis"] else name for i, name in enumerate(names)]


def _padded(node: Node, sizes: Sizes) -> list[Any]:
    names = zip(sizes.of(node.inputs[0]), node.params["widths"])
    return [name if widths == (0, 0) else None for name, widths in names]


def _joined(node: Node, sizes: Sizes) -> list[Any]:
    axis = node.params["axis"]
    columns = zip(*(sizes.of(x) for x in node.inputs))
    return [None if i == axis else names[0] for i, names in enumerate(columns)]


def _product(node: Node, sizes: Sizes) -> list[Any]:
    a, b = (sizes.of(x) for x in node.inputs)
    contract, batch = node.params["contract"], node.params["batch"]
    free_a = [s for i, s in enumerate(a) if i not in contract[0] and i not in batch[0]]
    free_b = [s for i, s in enumerate(b) if i not in contract[1] and i not in batch[1]]
    return [*(a[i] for i in batch[0]), *free_a, *free_b]


def _looked_up(node: Node, sizes: Sizes) -> list[Any]:
    x, indices = (sizes.of(t) for t in node.inputs)
    axis = node.params["axis"]
    return [*x[:axis], *indices, *x[axis + 1 :]]


def _batch_only(node: Node, sizes: Sizes) -> list[Any]:
    rest = len(node.specs[0].shape) - 1
    return [sizes.of(node.inputs[0])[0], *[None] * rest]


def _from_dims(node: Node, sizes: Sizes) -> list[Any]:
    """Sizes that stand in the parameter `shape` or among the last inputs."""
    shape = node.params["shape"]
    unknown = shape.count(None)
    dims = iter(node.inputs[len(node.inputs) - unknown :] if unknown else ())
    names = [size if size is not None else _value_of(next(dims), sizes) for size in shape]
    if node.primitive.name == "reshape" and -1 in shape:
        names[shape.index(-1)] = _left_over(node, sizes)
    return names


def _left_over(node: Node, sizes: Sizes) -> Any:
    """What -1 stands for: the input's one unknown size, where the known ones agree."""
    names = list(sizes.of(node.inputs[0]))
    for size in node.params["shape"]:
        if size != -1 and size in names:
            names.remove(size)
        elif size not in (-1, 1):
            return None
    rest = [name for name in names if name != 1]
    return rest[0] if len(rest) == 1 else None


def _value_of(dim: Tensor, sizes: Sizes) -> Any:
    """The size that an int32 scalar holds."""
    if isinstance(dim, Constant):
        return int(dim.value)
    node = dim.node
    if node is not None and node.primitive.name == "dim":
        return sizes.of(node.inputs[0])[node.params["axis"]]
    return ("value", dim.key)


Rule = Callable[[Node, Sizes], Sequence[Any]]

_BY_FAMILY: dict[str, Rule] = {"elementwise": _broadcast, "comparison": _broadcast}

RULES: dict[str, Rule] = {
    "argmax": _reduced,
    "argmin": _reduced,
    "avg_pool": _batch_only,
    "batch_normalization": _like_first,
    "concat": _joined,
    "conv": _batch_only,
    "cumprod": _like_first,
    "cumsum": _like_first,
    "dot": _product,
    "gather": _looked_up,
    "identity": _like_first,
    "log_softmax": _like_first,
    "logsumexp": _reduced,
    "max_pool": _batch_only,
    "max_pool_grad": _like_first,
    "max_pool_select": _batch_only,
    "one_hot": lambda node, sizes: [*sizes.of(node.inputs[0]), None],
    "pad": _padded,
    "print": _like_first,
    "reduce_all": _reduced,
    "reduce_any": _reduced,
    "reduce_max": _reduced,
    "reduce_mean": _reduced,
    "reduce_min": _reduced,
    "reduce_prod": _reduced,
    "reduce_sum": _reduced,
    "repeat": _repeated,
    "reverse": _like_first,
    "slice": _sliced,
    "softmax": _like_first,
    "softmax_cross_entropy": _reduced,
    "stop_gradient": _like_first,
    "sum_like": _like_second,
    "tile": _tiled,
    "transpose": _transposed,
    "where": _broadcast,
}


# Scans


def _scan_sizes(node: Node, sizes: Sizes) -> list[Sequence[Any]]:
    body = node.params["body"]
    inside = _sizes_inside(node, sizes)
    steps = sizes.of(node.inputs[0])[0]
    finals = [inside.of(state) for state in body.states]
    return [*finals, *([steps, *inside.of(x)] for x in body.collected)]


def _sizes_inside(node: Node, sizes: Sizes) -> Sizes:
    """The body's sizes. A state has that of its initial value if the step is seen to keep it."""
    body = node.params["body"]
    sequences, states, invariants = body.split(node.inputs)
    given = {x.key: sizes.of(outer)[1:] for x, outer in zip(body.sequences, sequences)}
    given.update({x.key: sizes.of(outer) for x, outer in zip(body.invariants, invariants)})
    assumed = [_filled(x.shape, sizes.of(outer)) for x, outer in zip(body.states, states)]
    while True:
        inside = Sizes({**given, **{x.key: s for x, s in zip(body.states, assumed)}})
        kept = [_kept(old, inside.of(new)) for old, new in zip(assumed, body.new_states)]
        if kept == assumed:
            return inside
        assumed = kept


def _kept(old: Named, new: Named) -> Named:
    """Names that differ after the step become new ones, which later rounds leave alone."""
    return tuple(
        a if a == b or isinstance(a, int) or a[0] == "state" else ("state", next(_fresh))
        for a, b in zip(old, new)
    )


# What equal sizes make needless


def _resolve_sum_like(node: Node, sizes: Sizes) -> Tensor | None:
    """g itself, or its sum over the axes along which x has size 1; None where that is not known."""
    from keras_core.graph.primitives import reduce_sum

    g, x = node.inputs
    have, want = sizes.of(g), sizes.of(x)
    extra = len(have) - len(want)
    axes = list(range(extra))
    for i, size in enumerate(want):
        if size == have[extra + i]:
            continue
        if size != 1:
            return None
        axes.append(extra + i)
    if not axes:
        return g
    if len(axes) == extra:
        return reduce_sum(g, axes=tuple(axes), keepdims=False)
    return _sum_and_reshape(node, g, axes)


def _sum_and_reshape(node: Node, g: Tensor, axes: Sequence[int]) -> Tensor | None:
    from keras_core.graph.primitives import reduce_sum, reshape

    shape = node.specs[0].shape
    if shape.count(None) > 1 or (None in shape and 0 in shape):
        return None
    summed = reduce_sum(g, axes=tuple(axes), keepdims=False)
    sized = tuple(-1 if size is None else size for size in shape)
    return reshape(summed, shape=sized)


def _resolve_broadcast(node: Node, sizes: Sizes) -> Tensor | None:
    x = node.inputs[0]
    return x if list(sizes.of(x)) == list(_from_dims(node, sizes)) else None


_REWRITES: dict[str, Callable[[Node, Sizes], Tensor | None]] = {
    "broadcast_to": _resolve_broadcast,
    "sum_like": _resolve_sum_like,
}
