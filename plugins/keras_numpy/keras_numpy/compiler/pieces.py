"""Finds updates of variables that ranks may share out, each doing some rows of them.

What is found depends on the graph and on the shapes of variables, and not on how the work is
grouped or on how many rows a batch has: ranks whose batches differ exchange the same rows. Code
that does all rows of such an update is right as well, since the rows of its own are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from keras_core.graph import Constant, Node, Tensor, Update, Variable
from keras_core.plugins.authoring import current, shares_updates
from keras_numpy.compiler.schedule import SHARED

if TYPE_CHECKING:
    from keras_numpy.compiler.frame import Frame


class Pieces(NamedTuple):
    """What ranks share out.

    Attributes:
        read: variables that are updated and that others read.
        own: variables of which the updates alone read anything, a row for the same row.
        nodes: what works on their rows.
    """

    read: list[Variable]
    own: list[Variable]
    nodes: Collection[Node]


NOTHING = Pieces([], [], ())


def updates_in_pieces(frame: Frame) -> Pieces:
    """What of a program's updates ranks share out.

    Plain descent is not worth it: a weight's rows take as long to exchange as to update. So there
    has to be something that need not be exchanged, such as a moment.
    """
    if not shares_updates():
        return NOTHING
    alike = _alike(frame)
    rows = {u: _rows(frame, u) for u in frame.updates if _is_large(u) and u.value.node in alike}
    while True:
        nodes = set().union(*rows.values())
        outside = {node for node in nodes if not _readers(frame, node, rows) <= nodes}
        kept = {u: own for u, own in rows.items() if own and outside.isdisjoint(own)}
        if len(kept) == len(rows):
            break
        rows = kept
    own = [u.variable for u in rows if frame.readers_of(u.variable) <= nodes]
    reading = set().union(*(frame.readers_of(variable) for variable in own))
    read = [u.variable for u in rows if u.variable not in own and not reading.isdisjoint(rows[u])]
    return Pieces(read, own, nodes) if own else NOTHING


def _is_large(update: Update) -> bool:
    shape = update.variable.shape
    fits = update.value.spec == update.variable.spec
    return fits and prod(shape) >= SHARED and shape[0] >= current().size


def _rows(frame: Frame, update: Update) -> set[Node]:
    """The nodes that make the new value, each row of it of the same rows; none if they do not."""
    found: set[Node] = set()
    left: list[Tensor] = [update.value]
    while left:
        x = left.pop()
        node = x.node
        if node not in found and x.shape == update.variable.shape and _is_by_element(frame, node):
            found.add(node)  # type: ignore[arg-type]
            left += node.inputs  # type: ignore[union-attr]
    return found if update.value.node in found else set()


def _is_by_element(frame: Frame, node: Node | None) -> bool:
    return node in frame.kernels and frame.kernels[node].elementwise


def _readers(frame: Frame, node: Node, updates: Iterable[Update]) -> set[Node | None]:
    """Who reads a result; None stands for outputs and for updates other than these."""
    (result,) = node.outputs()
    others = [u.value for u in frame.updates if u not in updates]
    needed = any(frame.root_of(x) == frame.root_of(result) for x in [*frame.outputs, *others])
    return {*frame.readers_of(result), *([None] if needed else [])}


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
