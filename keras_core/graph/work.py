"""Work: how many products a graph sums up, by the rules of its primitives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.provenance import origin_scope
from keras_core.graph.spec import Dim
from keras_core.graph.tensor import Tensor


def product(sizes: Iterable[Dim]) -> Dim:
    """The product of sizes; None where it follows from one that is not known."""
    result, unknown = 1, False
    for size in sizes:
        unknown = unknown or size is None
        result *= 1 if size is None else size
    return None if unknown and result else result


def total(counts: Iterable[Dim]) -> Dim:
    """The sum of counts; None where one is not known."""
    counts = list(counts)
    return None if None in counts else sum(counts)  # type: ignore[arg-type]


def multiply_adds(nodes: Iterable[Node]) -> Dim:
    """How many products nodes add up, each run once.

    Returns:
        int; None where it depends on a size, or a function of an engine, that is not known.
    """
    return total(map(_of_node, nodes))


def _of_node(node: Node) -> Dim:
    primitive = node.primitive
    if primitive.multiply_adds is not None:
        return primitive.multiply_adds(node)
    if primitive.decomposition is None:
        return 0
    given = {x.key for x in node.inputs}
    return multiply_adds(order.topological(_parts(node), stop=lambda x: x.key in given))


def _parts(node: Node) -> Sequence[Tensor]:
    with origin_scope(node.origin):
        parts = node.primitive.decomposition(*node.inputs, **node.params)  # type: ignore[misc]
    return parts if isinstance(parts, tuple) else (parts,)
