"""Errors of a running function, with the layer and the user's line that built the failing node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keras_core.graph import Node

_BUILT = ", built by "


def place_of(node: Node) -> str:
    return f"{node.primitive.name}{_BUILT}{node.origin}"


def mark(results: Sequence[Any], inputs: Sequence[Any], node: Node) -> None:
    """Notes on the expressions of a node where they come from; Theano's rewriting keeps that."""
    trace = [[(node.origin.file or "", node.origin.line, place_of(node), "")]]
    waiting, done = list(results), set(inputs)
    while waiting:
        variable = waiting.pop()
        if variable not in done and variable.owner is not None:
            done.add(variable)
            variable.tag.trace = trace
            waiting.extend(variable.owner.inputs)


def explained(error: Exception, function: Any) -> Exception:
    """The error of a Theano function, told in terms of the model."""
    text = str(error).partition("\nApply node that caused the error")[0]  # Theano's own account
    node = None if _BUILT in text else _failed(error, function)
    place = None if node is None else next(_places(node), None)
    if place is not None:
        text = f"{text} (in {place})"
    if isinstance(error, MemoryError):
        return MemoryError(text)
    try:
        return type(error)(text)
    except TypeError:
        return RuntimeError(text)


def _failed(error: Exception, function: Any) -> Any:
    """Theano's node that failed, None where that is unknown."""
    machine = function.fn
    if hasattr(machine, "position_of_error"):
        return machine.nodes[machine.position_of_error]
    return getattr(error, "__op_instance__", None)


def _places(apply: Any) -> Iterator[str]:
    """Places of a node, then of what it reads: rewriting loses some."""
    waiting, seen = [apply], set()  # type: ignore[var-annotated]
    while waiting:
        node = waiting.pop(0)
        for output in node.outputs:
            for frames in getattr(output.tag, "trace", None) or ():
                yield from (frame[2] for frame in frames if _BUILT in frame[2])
        waiting.extend(_unseen_owners(node, seen))


def _unseen_owners(apply: Any, seen: set[Any]) -> Iterator[Any]:
    for variable in apply.inputs:
        if variable.owner is not None and variable.owner not in seen:
            seen.add(variable.owner)
            yield variable.owner
