"""Builds a scan from a Python function of one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core.graph import order
from keras_core.graph.primitive import Node, keeping_promise
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.scan.body import Body
from keras_core.graph.tensor import Constant, Placeholder, Tensor

Step = Callable[[list[Tensor], list[Tensor]], tuple[Sequence[Tensor], Sequence[Tensor]]]


def scan(
    step: Step, sequences: Sequence[Tensor], states: Sequence[Tensor], reverse: bool = False
) -> tuple[list[Tensor], list[Tensor]]:
    """Runs a step function over the first axis of sequences.

    Args:
        step: `step(slices, states) -> (outputs, new_states)`; tensors from outside may be used
            freely in it.
        sequences: at least one tensor of shape `(steps, ...)`.
        states: initial states; new states must have their shapes and dtypes.
        reverse: True to run from the last step to the first.

    Returns:
        The final states, and the outputs of all steps stacked to `(steps, ...)`.

    Raises:
        ValueError: there is no sequence, or a new state differs from its state.
    """
    from keras_core.graph.scan.primitive import scan as scan_primitive

    sequences, states = ([keeping_promise(x) for x in xs] for xs in (sequences, states))
    slices = [Placeholder(x.sizes[1:], x.dtype) for x in sequences]
    before = [Placeholder(x.shape, x.dtype) for x in states]
    mark = Placeholder((), "bool").uid
    outputs, after = ([keeping_promise(x) for x in xs] for xs in step(list(slices), list(before)))
    _check_states(before, after)
    body, outer = _closed(slices, before, after, outputs, mark)
    inputs = [*sequences, *states, *outer]
    closing = dict(zip(outer, body.invariants))
    settled = body.settled(inputs, [x.sizes for x in states], lambda r: Rewriter({**closing, **r}))
    body = settled.collecting([*settled.collected, *everything(settled)])
    results = scan_primitive(*inputs, body=body, reverse=reverse)
    count = len(states)
    places = {x.key: i for i, x in reversed(list(enumerate(body.collected)))}
    stacked = [results[count + places[x.key]] for x in body.collected[: len(outputs)]]
    return list(results[:count]), stacked


def _check_states(before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    if len(before) != len(after):
        raise ValueError(f"scan: {len(before)} states go in and {len(after)} come out of the step.")
    for i, (old, new) in enumerate(zip(before, after)):
        fits = old.ndim == new.ndim and all(
            a is None or b is None or a == b for a, b in zip(old.shape, new.shape)
        )
        if not fits or old.dtype != new.dtype:
            raise ValueError(
                f"scan: state {i} is {old.dtype}{list(old.shape)} before the step and "
                f"{new.dtype}{list(new.shape)} after it; both must be the same."
            )


def _closed(
    slices: list[Placeholder],
    before: list[Placeholder],
    after: list[Tensor],
    outputs: list[Tensor],
    mark: int,
) -> tuple[Body, list[Tensor]]:
    """The body with placeholders for all that does not change from step to step, and the latter.

    Its results have yet to be rewritten to read the placeholders.
    """
    own = set(slices) | set(before)
    results = [*after, *outputs]
    inner = _inner_nodes(results, own, mark)
    outer = _outer_tensors(results, inner, own)
    stand_ins = [Placeholder(x.sizes, x.dtype, x.name) for x in outer]
    body = Body(tuple(slices), tuple(before), tuple(stand_ins), tuple(after), tuple(outputs))
    return body, outer


def everything(body: Body) -> list[Tensor]:
    """The states and all results of the body's nodes: what a gradient may want of each step."""
    return [*body.states, *(y for node in body.nodes for y in node.outputs())]


def _inner_nodes(results: Sequence[Tensor], own: set[Any], mark: int) -> set[Node]:
    """Nodes that differ from step to step: they read a slice or a state, or draw anew."""
    inner: set[Node] = set()
    for node in order.topological(results):
        drawn = node.primitive.random and node.uid > mark
        if drawn or any(x in own or x.node in inner for x in node.inputs):
            inner.add(node)
    return inner


def _outer_tensors(results: Sequence[Tensor], inner: set[Node], own: set[Any]) -> list[Tensor]:
    used = [x for node in order.topological(results) if node in inner for x in node.inputs]
    outer: dict[Any, Tensor] = {}
    for x in [*used, *results]:
        if x.node not in inner and x not in own and not isinstance(x, Constant):
            outer.setdefault(x.key, x)
    return list(outer.values())
