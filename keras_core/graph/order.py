"""Orders nodes so that each stands after those it reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable

from keras_core.graph.primitive import Node
from keras_core.graph.tensor import Tensor


def topological(
    tensors: Iterable[Tensor], stop: Callable[[Tensor], bool] = lambda tensor: False
) -> list[Node]:
    """The nodes that compute `tensors`, inputs before users; not behind where `stop` holds."""
    done: set[Node] = set()
    order: list[Node] = []
    stack = [t.node for t in reversed(list(tensors)) if t.node is not None and not stop(t)]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        waiting = [
            x.node for x in node.inputs if x.node is not None and x.node not in done and not stop(x)
        ]
        if waiting:
            stack.extend(reversed(waiting))
        else:
            stack.pop()
            done.add(node)
            order.append(node)
    return order


def leaves(
    tensors: Iterable[Tensor], stop: Callable[[Tensor], bool] = lambda tensor: False
) -> list[Tensor]:
    """The placeholders, variables and constants that `tensors` are computed from, each once.

    Where `stop` holds, nothing behind is looked at.
    """
    tensors = list(tensors)
    found: dict[Tensor, None] = {}
    for tensor in [x for node in topological(tensors, stop) for x in node.inputs] + tensors:
        if tensor.node is None:
            found.setdefault(tensor, None)
    return list(found)
