"""Orders nodes and groups work on large arrays into blocks of rows.

A group runs block by block, so that what its nodes hand to each other stays in cache, and what
several of them read is read once. Nodes are of one group where one reads what the other makes or
both read one array, unless something that is no part of the group must be done in between: that is
counted in stages, so that groups never wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import prod
from typing import Any, Union

from keras_core.graph import Node, Tensor

# Elements an array must have for its chain to be worth a loop, and elements a block.
LARGE = 65536
BLOCK = 16384
# Elements that a result must have, and that all nodes of a group must compute, for the blocks to be
# shared out to threads; and elements of such a block: longer calls wait less for each other.
SHARED = 1 << 18
SHARED_WORK = 1 << 20
SHARED_BLOCK = 65536
# Elements of a block in a group that convolves, for which longer products are worth more; and how
# many blocks there must be, if there are as many rows, for all threads to have work.
HEAVY_BLOCK = 1 << 17
HEAVY_BLOCKS = 8

Shape = tuple[int, ...]
Edges = Mapping[Any, Collection[Any]]


@dataclass
class Group:
    """Nodes that work on rows of arrays of one shape.

    Attributes:
        shape: of the arrays.
        nodes: in their order.
        heavy: whether one of them does far more than a few operations an element.
    """

    shape: tuple
    nodes: list[Node] = field(default_factory=list)
    heavy: bool = False


Item = Union[Node, Group]


@dataclass
class Facts:
    """What is known of the nodes to be ordered.

    Attributes:
        homes: for nodes that may run on blocks of rows, the shape of the arrays that are cut.
        heavy: those of them that do far more than a few operations an element.
        ends: those of them whose result is there when all blocks are done.
        sources: nodes whose result each group may make for itself, block by block.
        results: nodes whose result must be there at the end.
        readers: the nodes that read a node's results.
        writes: the readers of what a node is to write its result over.
        writers: the node that writes over a variable, by key.
    """

    homes: Mapping[Node, Shape]
    heavy: Collection[Node] = ()
    ends: Collection[Node] = ()
    sources: Collection[Node] = ()
    results: Collection[Node] = ()
    readers: Mapping[Node, Sequence[Node]] = field(default_factory=dict)
    writes: Mapping[Node, Collection[Node]] = field(default_factory=dict)
    writers: Mapping[Any, Node] = field(default_factory=dict)


def schedule(nodes: Sequence[Node], facts: Facts) -> list[Item]:
    """Nodes in an order that respects their inputs, with groups where two or more nodes can join.

    Args:
        nodes: each after its inputs.
        facts: what is known of them.
    """
    if not facts.homes:
        return list(nodes)
    groups = _groups(nodes, facts)
    together = {node: group for group in groups for node in group}
    leader = {node: together.get(node, [node])[-1] for node in nodes}
    heads = [node for node in nodes if leader[node] is node]
    reads = {head: {leader[n] for n in _makers(together.get(head, [head]))} for head in heads}
    follows: dict[Any, set[Any]] = {}
    for node, readers in facts.writes.items():
        follows.setdefault(leader[node], set()).update(leader[reader] for reader in readers)
    return [
        _item(together[head], facts) if head in together else head
        for head in ordered(heads, reads, follows)
    ]


def _item(members: Sequence[Node], facts: Facts) -> Item:
    inside = set(members)
    reads = {node: {x.node for x in node.inputs if x.node in inside} for node in members}
    follows = {node: inside & set(facts.writes[node]) for node in members if node in facts.writes}
    heavy = any(node in facts.heavy for node in members)
    return Group(facts.homes[members[0]], ordered(members, reads, follows), heavy)


def _makers(nodes: Iterable[Node]) -> list[Node]:
    """The nodes whose results these read."""
    return [x.node for node in nodes for x in node.inputs if x.node is not None]


def ordered(things: Sequence[Any], reads: Edges, follows: Edges) -> list[Any]:
    """The things in their order, but each after all that it reads, and, if possible, after all
    that it follows."""
    place = {thing: i for i, thing in enumerate(things)}
    needs = {thing: set(reads[thing]) - {thing} for thing in things}
    wishes = {thing: set(follows.get(thing, ())) - {thing} for thing in things}
    after: dict[Any, list[Any]] = {thing: [] for thing in things}
    for thing in things:
        for other in needs[thing] | wishes[thing]:
            after[other].append(thing)
    ready = [place[thing] for thing in things if not needs[thing] and not wishes[thing]]
    blocked = [place[thing] for thing in things if not needs[thing] and wishes[thing]]
    heapify(ready)
    done: dict[Any, None] = {}
    while ready or blocked:
        thing = things[heappop(ready or blocked)]
        if thing in done:
            continue
        done[thing] = None
        for other in after[thing]:
            needs[other].discard(thing)
            wishes[other].discard(thing)
            if other not in done and not needs[other]:
                heappush(blocked if wishes[other] else ready, place[other])
    return list(done)


def _groups(nodes: Sequence[Node], facts: Facts) -> list[list[Node]]:
    """The members of each group that is worth a loop, in the order of the nodes."""
    stages = _stages(nodes, facts)
    _sink(nodes, stages, facts)
    sets = _Sets()
    for node in nodes:
        if node in facts.homes:
            for bond in _bonds(node, facts):
                sets.join(node, (stages[node], facts.homes[node], bond))
    members: dict[Any, list[Node]] = {}
    for node in nodes:
        if node in facts.homes:
            members.setdefault(sets.find(node), []).append(node)
    return [group for group in members.values() if _is_worth_a_loop(group, facts)]


def _stages(nodes: Sequence[Node], facts: Facts) -> dict[Node, int]:
    """How many groups, one after the other, stand before a node at least."""
    stages: dict[Node, int] = {}
    for node in nodes:
        made = [stages[maker] + _leaves(maker, node, facts) for maker in _makers([node])]
        stages[node] = max(made, default=0)
    return stages


def _leaves(maker: Node, reader: Node, facts: Facts) -> bool:
    """Whether the reader cannot be in the maker's group."""
    home = facts.homes.get(maker)
    return home is not None and (maker in facts.ends or facts.homes.get(reader) != home)


def _sink(nodes: Sequence[Node], stages: dict[Node, int], facts: Facts) -> None:
    """Moves to the group that reads the result whatever reads nothing that dies meanwhile."""
    movable: set[Node] = set()
    for node in nodes:
        is_inner = node in facts.homes and node not in facts.ends and node not in facts.results
        if is_inner and all(_lasts(x, movable, facts) for x in node.inputs):
            movable.add(node)
    for node in reversed(nodes):
        readers = facts.readers.get(node, ())
        if node not in movable or not readers:
            continue
        goal = min(stages[reader] for reader in readers)
        same = all(facts.homes.get(reader) == facts.homes[node] for reader in readers)
        writers = [facts.writers[x.key] for x in node.inputs if x.key in facts.writers]
        if same and all(stages[writer] >= goal for writer in writers):
            stages[node] = goal


def _lasts(x: Tensor, movable: Collection[Node], facts: Facts) -> bool:
    return x.node is None or x.node in movable or x.node in facts.sources or not is_large(x.shape)


def _bonds(node: Node, facts: Facts) -> list[Any]:
    """What makes nodes of one stage and shape a group: what they read, and what they make."""
    own = [] if node in facts.ends else [(node, 0)]
    return own + [x.key for x in node.inputs if is_large(x.shape)]


def _is_worth_a_loop(members: Sequence[Node], facts: Facts) -> bool:
    if len(members) > 1:
        return True
    alone = members[0] not in facts.heavy
    if alone and is_shared(Group(facts.homes[members[0]], list(members))):
        return True
    return any(x.node in facts.sources for x in members[0].inputs)


class _Sets:
    """Sets of things that were joined."""

    def __init__(self) -> None:
        self._above: dict[Any, Any] = {}

    def find(self, thing: Any) -> Any:
        while (above := self._above.setdefault(thing, thing)) != thing:
            self._above[thing] = self._above[above]
            thing = above
        return thing

    def join(self, one: Any, other: Any) -> None:
        self._above[self.find(one)] = self.find(other)


def is_large(shape: Sequence[int | None]) -> bool:
    size = 1
    for length in shape:
        if length is None:
            return False
        size *= length
    return size >= LARGE


def is_shared(group: Group) -> bool:
    """Whether there is enough to do for several threads."""
    size = prod(group.shape)
    return size >= SHARED and (group.heavy or size * len(group.nodes) >= SHARED_WORK)


def nodes_of(item: Item) -> list[Node]:
    return item.nodes if isinstance(item, Group) else [item]


def block_rows(group: Group) -> int:
    """Rows (of axis 0) of a block."""
    if group.heavy:
        most = -(-group.shape[0] // HEAVY_BLOCKS)
        return min(most, rows_of_blocks(group.shape, HEAVY_BLOCK))
    return rows_of_blocks(group.shape, SHARED_BLOCK if is_shared(group) else BLOCK)


def rows_of_blocks(shape: Sequence[int], elements: int) -> int:
    return max(1, elements // max(prod(shape[1:]), 1))


def positions(items: Sequence[Item]) -> dict[Node, tuple[int, int]]:
    """For each node the number of its item, and its place in that."""
    return {node: (i, j) for i, item in enumerate(items) for j, node in enumerate(nodes_of(item))}
