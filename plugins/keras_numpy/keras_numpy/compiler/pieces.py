"""Finds groups that update variables, of which each rank may do some rows alone."""

from __future__ import annotations

from collections.abc import Collection
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from keras_core.graph import Constant, Node, Tensor, Variable
from keras_core.plugins.authoring import current, shares_updates
from keras_numpy.compiler.schedule import SHARED, Group

if TYPE_CHECKING:
    from keras_numpy.compiler.frame import Frame


class Updated(NamedTuple):
    """The names of the arrays that a group updates.

    Attributes:
        read: those that others read too.
        own: those that it alone reads.
    """

    read: list[str]
    own: list[str]


def updated_in_pieces(frame: Frame, group: Group, local: Collection[Node]) -> Updated | None:
    """What a group updates, if ranks may share that out; None where they may not, or need not.

    Args:
        frame: where the group stands; its results have their places.
        group: nodes that work on rows.
        local: those of them whose result nobody else needs.
    """
    if not shares_updates() or group.shape[0] < current().size or prod(group.shape) < SHARED:
        return None
    variables = {frame.refs[variable]: variable for variable, _ in frame.updates}
    made = {node: frame.refs[(node, 0)] for node in group.nodes if node not in local}
    if not (variables.keys() >= set(made.values()) and _alike(frame).issuperset(group.nodes)):
        return None
    read = {name for node, name in made.items() if _is_read(frame, group, node, name)}
    read |= {name for name in made.values() if _has_readers(frame, group, variables[name])}
    return Updated(sorted(read), sorted(set(made.values()) - read))


def _is_read(frame: Frame, group: Group, node: Node, name: str) -> bool:
    """Whether others than the group read a result, which lies in the memory of that name."""
    result = node.outputs()[0]
    copied = any(
        value.key == result.key and frame.refs[variable] != name
        for variable, value in frame.updates
    )
    return copied or _has_readers(frame, group, result)


def _has_readers(frame: Frame, group: Group, x: Tensor) -> bool:
    returned = any(frame.root_of(y) == frame.root_of(x) for y in frame.outputs)
    return returned or not frame.readers_of(x) <= set(group.nodes)


def _alike(frame: Frame) -> set[Node]:
    """The nodes whose results are the same on all ranks: what sums over ranks make, and what
    depends on such and on variables that have no values of the rank's own."""
    varying: set[Tensor] = set()
    while True:
        alike: set[Node] = set()
        for node in frame.nodes:
            made = not node.primitive.random and all(
                _is_alike(x, alike, varying) for x in node.inputs
            )
            if made or node.primitive.name == "all_reduce":
                alike.add(node)
        more = {v for v, value in frame.updates if not _is_alike(value, alike, varying)}
        if more <= varying:
            return alike
        varying |= more


def _is_alike(x: Tensor, alike: Collection[Node], varying: Collection[Tensor]) -> bool:
    if x.node is not None:
        return x.node in alike
    return isinstance(x, Constant) or (isinstance(x, Variable) and x not in varying)
