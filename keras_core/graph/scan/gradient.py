"""The gradient of a scan: another scan, run backwards over what the first one collected.

Gradients of invariants are collected at each step and summed after the loop; hoisting then turns
the sum of products into one product over all steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.graph import order
from keras_core.graph.autodiff import gradients
from keras_core.graph.scan.body import Body, is_drawn
from keras_core.graph.spec import Size, Sizes, is_known
from keras_core.graph.tensor import FLOATS, Constant, Placeholder, Tensor


def scan_vjp(
    gs: tuple[Any, ...], ys: tuple[Tensor, ...], *inputs: Tensor, body: Body, reverse: bool
) -> Sequence[Any]:
    """Cotangents of the sequences, the initial states and the invariants."""
    from keras_core.graph.primitives import reduce_sum, zeros_like
    from keras_core.graph.scan.build import everything
    from keras_core.graph.scan.primitive import scan

    count = len(body.states)
    backward = _Backward(body, gs[:count], gs[count:])
    residuals = backward.residuals()
    stacks = _stacks_of(residuals, body, ys, inputs)
    closed = backward.closed(residuals)
    closed = closed.collecting([*closed.collected, *everything(closed)])
    arriving = [g for g in gs[count:] if g is not None]
    final = [(zeros_like(ys[i]) if gs[i] is None else gs[i]) for i in backward.float_states]
    invariants = body.split(inputs)[2]
    results = scan(*arriving, *stacks, *final, *invariants, body=closed, reverse=not reverse)
    finals, collected = results[: len(final)], iter(results[len(final) :])
    return [
        *_spread(backward.for_sequences, lambda g: next(collected)),
        *_spread_states(count, backward.float_states, finals),
        *_spread(
            backward.for_invariants,
            lambda g: reduce_sum(next(collected), axes=(0,), keepdims=False),
        ),
    ]


class _Backward:
    """One step backwards, expressed in the tensors of the forward body."""

    def __init__(self, body: Body, state_gs: Sequence[Any], output_gs: Sequence[Any]) -> None:
        self.body = body
        self.uneven = _uneven(body)
        self.float_states = [i for i, x in enumerate(body.states) if x.dtype in FLOATS]
        wanted = [y for y, g in zip(body.collected, output_gs) if g is not None]
        self.arriving = [Placeholder(y.sizes, y.dtype) for y in wanted]
        states = [body.states[i] for i in self.float_states]
        news = [body.new_states[i] for i in self.float_states]
        self.states = [Placeholder(_sizes_of_both(*xs), xs[0].dtype) for xs in zip(states, news)]
        sources = [*body.sequences, *states, *body.invariants]
        found = gradients([*news, *wanted], sources, [*self.states, *self.arriving])
        first, second = len(body.sequences), len(body.sequences) + len(states)
        self.for_sequences = found[:first]
        self.for_states = [_or_zeros(g, x) for g, x in zip(found[first:second], states)]
        self.for_invariants = found[second:]

    @property
    def results(self) -> list[Tensor]:
        kept = [g for g in [*self.for_sequences, *self.for_invariants] if g is not None]
        return [*self.for_states, *kept]

    def residuals(self) -> list[Tensor]:
        """Values of the forward body that the backward step reads; at least one sequence in all.

        What may have another size at each step cannot be stacked, so it is computed again.
        """
        forward = {y.key for node in self.body.nodes for y in node.outputs() if self._is_kept(y)}
        forward |= {x.key for x in (*self.body.sequences, *self.body.states)}
        found: dict[Any, Tensor] = {}
        for node in order.topological(self.results, stop=lambda t: t.key in forward):
            for x in node.inputs:
                if x.key in forward:
                    found.setdefault(x.key, x)
        for x in self.results:
            if x.key in forward:
                found.setdefault(x.key, x)
        if not found and not self.arriving:
            return [self.body.sequences[0]]
        return list(found.values())

    def _is_kept(self, y: Tensor) -> bool:
        return is_drawn(y.node) or self.uneven.isdisjoint(y.sizes)  # type: ignore[arg-type]

    def closed(self, residuals: Sequence[Tensor]) -> Body:
        from keras_core.graph.rewrite import Rewriter

        stand_ins = [Placeholder(x.sizes, x.dtype) for x in residuals]
        new = Rewriter(dict(zip(residuals, stand_ins)))(self.results)
        count = len(self.states)
        return Body(
            sequences=(*self.arriving, *stand_ins),
            states=tuple(self.states),
            invariants=self.body.invariants,
            new_states=tuple(new[:count]),
            collected=tuple(new[count:]),
        )


def _sizes_of_both(state: Tensor, new: Tensor) -> Sizes:
    """The sizes that a state has before and after the step; None where they may differ."""
    return tuple(a if a == b or is_known(a) else None for a, b in zip(state.sizes, new.sizes))


def _uneven(body: Body) -> set[Size]:
    """Sizes that may differ from step to step: those that values decide, and what follows them."""
    outside = {size for x in body.inputs for size in x.sizes}
    fixed = {*body.invariants}
    uneven: set[Size] = set()

    def varies(x: Tensor) -> bool:
        decides = not x.ndim and not isinstance(x, Constant) and x not in fixed
        own = decides and x.spec.held not in outside and not is_known(x.spec.held)
        return own or not uneven.isdisjoint(x.sizes)

    for node in body.nodes:
        if node.primitive.loop or any(map(varies, node.inputs)):
            sizes = {n for spec in node.specs for n in spec.sizes if type(n) is Size}
            uneven |= {n for n in sizes - outside if n.uid == node.uid or n.axis is None}
    return uneven


def _stacks_of(
    residuals: Sequence[Tensor], body: Body, ys: Sequence[Tensor], inputs: Sequence[Tensor]
) -> list[Tensor]:
    """The residuals at all steps: sequences themselves, or what the forward scan collects."""
    count = len(body.states)
    stacks = {x.key: ys[count + i] for i, x in enumerate(body.collected)}
    stacks.update(zip(body.sequences, body.split(inputs)[0]))
    return [stacks[x.key] for x in residuals]


def _or_zeros(g: Any, like: Tensor) -> Tensor:
    from keras_core.graph.primitives import zeros_like

    return zeros_like(like) if g is None else g


def _spread(found: Sequence[Any], take: Any) -> list[Any]:
    return [None if g is None else take(g) for g in found]


def _spread_states(count: int, places: Sequence[int], finals: Sequence[Tensor]) -> list[Any]:
    cotangents: list[Any] = [None] * count
    for i, g in zip(places, finals):
        cotangents[i] = g
    return cotangents
