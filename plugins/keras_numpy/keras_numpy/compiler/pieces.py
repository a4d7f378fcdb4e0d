"""Finds updates of variables that ranks may share out, each doing some rows of them.

What is found depends on the graph and on the shapes of variables, and not on how the work is
grouped or on how many rows a batch has: ranks whose batches differ exchange the same rows. Code
that does all rows of such an update is right as well, since the rows of its own are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

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
    large = [u for u in frame.updates if _is_large(u) and u.value.node in alike]
    rows = {u: its for u in large if (its := _rows(frame, u))}
    while True:
        nodes = set().union(*rows.values())
        outside = {node for node in nodes if not _readers(frame, node.outputs()[0], rows) <= nodes}
        own = [u for u in rows if _readers(frame, u.variable, rows) <= nodes]
        reading = set().union(*(frame.readers_of(u.variable) for u in own))
        kept = {
            u: its
            for u, its in rows.items()
            if outside.isdisjoint(its) and (u in own or not reading.isdisjoint(its))
        }
        if len(kept) == len(rows):
            break
        rows = kept
    read = [u.variable for u in rows if u not in own]
    return Pieces(read, [u.variable for u in own], nodes) if own else NOTHING


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


def _readers(frame: Frame, x: Tensor, updates: Iterable[Update]) -> set[Node | None]:
    """Who reads a tensor; None stands for outputs and for updates other than these."""
    others = [u.value for u in frame.updates if u not in updates]
    needed = any(frame.root_of(y) == frame.root_of(x) for y in (*frame.outputs, *others))
    return {*frame.readers_of(x), *([None] if needed else [])}


def _alike(frame: Frame) -> set[Node]:
    """The nodes whose results are the same on all ranks: what sums over ranks make, and what
    depends on such and on variables that have no values of the rank's own."""
    varying: set[Any] = set()
    while True:
        alike: set[Node] = set()
        for node in frame.nodes:
            made = not node.primitive.random and all(
                _is_alike(frame, x, alike, varying) for x in node.inputs
            )
            if made or node.primitive.name == "all_reduce":
                alike.add(node)
        more = {
            frame.root_of(variable)
            for variable, value in frame.updates
            if not _is_alike(frame, value, alike, varying)
        }
        if more <= varying:
            return alike
        varying |= more


def _is_alike(frame: Frame, x: Tensor, alike: Collection[Node], varying: Collection[Any]) -> bool:
    if x.node is not None:
        return x.node in alike
    is_fixed = isinstance(x, Variable) and frame.root_of(x) not in varying
    return is_fixed or isinstance(x, Constant)
