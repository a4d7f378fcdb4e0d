"""What the uses of each tensor send back, and under which condition it holds.

Behind a `select`, a cotangent belongs to one of the two branches. It goes through that branch as it
is, and only where the branches meet again, or at a leaf, the condition decides. So the branch that
is not taken adds nothing: no zeros are carried through it, which would cost as much as the branch
and make NaN of what is infinite there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from keras_core.graph.accumulate import accumulate
from keras_core.graph.primitive import Node
from keras_core.graph.tensor import FLOATS, Tensor


class Guard(NamedTuple):
    """A scalar condition and the value of it for which a cotangent holds."""

    condition: Tensor
    holds: bool

    @property
    def key(self) -> Any:
        """Equal for equal conditions. The learning phase is one, whoever made its node."""
        node = self.condition.node
        return node.primitive if node is not None and node.primitive.phase else self.condition.key

    def is_as(self, other: Guard | None) -> bool:
        return other is not None and (self.key, self.holds) == (other.key, other.holds)


class Received(NamedTuple):
    """The sums of what a node's outputs received, None for one that received nothing."""

    sums: list[Tensor | None]
    guard: Guard | None


Piece = tuple[Optional[Guard], Tensor]
# An input of a node, what it is sent, and where that holds.
Passed = tuple[Tensor, Optional[Tensor], Optional[Guard]]


class Cotangents:
    """The cotangents of tensors on the way from results back to targets."""

    def __init__(self) -> None:
        self._pieces: dict[Any, list[Piece]] = {}

    def add(self, x: Tensor, cotangent: Tensor, guard: Guard | None = None) -> None:
        if x.dtype in FLOATS:
            self._pieces.setdefault(x.key, []).append((guard, cotangent))

    def total(self, x: Tensor) -> Tensor | None:
        """The whole cotangent of a tensor, which holds unconditionally."""
        pieces = self._pieces.get(x.key)
        return _joined(pieces, x) if pieces else None

    def settle(self, x: Tensor) -> None:
        """Sums up what a tensor received, so that this is done once."""
        total = self.total(x)
        if total is not None:
            self._pieces[x.key] = [(None, total)]

    def received(self, outputs: Sequence[Tensor]) -> Received | None:
        """What a node's outputs received; None if that is nothing."""
        pieces = [self._pieces.get(y.key, []) for y in outputs]
        every = [guard for those in pieces for guard, _ in those]
        if not every:
            return None
        first = every[0]
        if first is None or not all(map(first.is_as, every)):
            return Received([_joined(p, y) if p else None for p, y in zip(pieces, outputs)], None)
        return Received([accumulate([g for _, g in p]) if p else None for p in pieces], first)


def chosen(node: Node, g: Tensor | None, guard: Guard | None) -> list[Passed] | None:
    """The cotangents of both branches of a choice, each under the condition that it is taken.

    Returns:
        What is passed to each branch that the cotangent may reach; None for other nodes, and where
        a branch has not the sizes of the result, so that only the one that is taken fits it.
    """
    if not node.primitive.choice or g is None:
        return None
    condition, *branches = node.inputs
    if any(branch.sizes != node.specs[0].sizes for branch in branches):
        return None
    ways = [(branches[0], Guard(condition, True)), (branches[1], Guard(condition, False))]
    if guard is not None and guard.key == ways[0][1].key:
        return [(branch, g, guard) for branch, way in ways if way.is_as(guard)]
    if guard is not None:
        g = _joined([(guard, g)], node.outputs()[0])
    return [(branch, g, way) for branch, way in ways]


def _joined(pieces: Sequence[Piece], x: Tensor) -> Tensor:
    """The sum of all pieces, each where its guard holds."""
    whole = [g for guard, g in pieces if guard is None]
    for guard in {guard.key: guard for guard, _ in pieces if guard is not None}.values():
        whole = [_where_it_holds(guard, pieces, whole, x)]
    return accumulate(whole)


def _where_it_holds(
    guard: Guard, pieces: Sequence[Piece], whole: Sequence[Tensor], x: Tensor
) -> Tensor:
    """The sum of `whole` and of the pieces of a condition."""
    from keras_core.graph.primitives import select, zeros_like

    base = [accumulate(whole)] if whole else []
    sides = []
    for holds in (True, False):
        side = Guard(guard.condition, holds)
        terms = [*base, *(g for one, g in pieces if side.is_as(one))]
        sides.append(accumulate(terms) if terms else zeros_like(x))
    return select(guard.condition, *sides)
