"""Orders nodes and groups elementwise work on large arrays into blocks.

A group runs block by block, so that what its nodes hand to each other stays in cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Callable, Union

from keras_core.graph.primitive import Node

# Elements an array must have for its chain to be worth a loop, and elements a block.
LARGE = 65536
BLOCK = 16384
# Elements that a result must have, and that all nodes of a group must compute, for the blocks to be
# shared out to threads; and elements of such a block: longer calls wait less for each other.
SHARED = 1 << 18
SHARED_WORK = 1 << 20
SHARED_BLOCK = 65536


@dataclass
class Group:
    """Elementwise nodes of one result shape."""

    shape: tuple
    nodes: list[Node] = field(default_factory=list)


Item = Union[Node, Group]


def schedule(nodes: Sequence[Node], elementwise: Callable[[Node], bool]) -> list[Item]:
    """Nodes in an order that respects their inputs, with groups where two or more nodes can join.

    Args:
        nodes: each after its inputs.
        elementwise: tells whether a node's kernel may run on blocks.
    """
    items: list[Item] = []
    open_group: Group | None = None
    inside: set[Node] = set()
    for node in nodes:
        if elementwise(node) and _is_large(node):
            shape = node.specs[0].shape
            if open_group is None or open_group.shape != shape:
                items += _closed(open_group)
                open_group, inside = Group(shape), set()
            open_group.nodes.append(node)
            inside.add(node)
        elif any(x.node in inside for x in node.inputs):
            items += _closed(open_group)
            open_group, inside = None, set()
            items.append(node)
        else:
            items.append(node)
    return items + _closed(open_group)


def _is_large(node: Node) -> bool:
    size = 1
    for length in node.specs[0].shape:
        if length is None:
            return False
        size *= length
    return size >= LARGE


def _closed(group: Group | None) -> list[Item]:
    if group is None:
        return []
    return [group] if len(group.nodes) > 1 or is_shared(group) else list(group.nodes)


def is_shared(group: Group) -> bool:
    """Whether there is enough to do for several threads."""
    size = prod(group.shape)
    return size >= SHARED and size * len(group.nodes) >= SHARED_WORK


def nodes_of(item: Item) -> list[Node]:
    return item.nodes if isinstance(item, Group) else [item]


def block_rows(group: Group) -> int:
    """Rows (of axis 0) of a block."""
    row = 1
    for length in group.shape[1:]:
        row *= length
    return max(1, (SHARED_BLOCK if is_shared(group) else BLOCK) // max(row, 1))


def positions(items: Sequence[Item]) -> dict[Node, tuple[int, int]]:
    """For each node the number of its item, and its place in that."""
    return {node: (i, j) for i, item in enumerate(items) for j, node in enumerate(nodes_of(item))}
