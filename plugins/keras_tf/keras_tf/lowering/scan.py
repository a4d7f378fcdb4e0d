"""Loops: `tf.while_loop` over the steps, for XLA where that pays."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from threading import RLock
from typing import Any

import tensorflow as tf

from keras_core.plugins.authoring import Body
from keras_tf.lowering._sizes import Size, sizes_of
from keras_tf.lowering.random import next_state
from keras_tf.tracing import Lowering, RandomState, Site, Trace
from keras_tf.xla import is_worth_jitting

Tensors = list[tf.Tensor]

# XLA keeps what it has compiled for ever, so loops that do the same share a function, also those
# of different models.
_JITTED: dict[Hashable, Any] = {}
_making = RLock()


def _lower_scan(site: Site, *tensors: tf.Tensor) -> Tensors:
    assert site.trace.state is not None  # a scan counts as random
    if site.trace.jit_loops and is_worth_jitting(site.node):
        return _jitted(site)(*tensors, *site.trace.state)
    return _run(site.trace, site.params["body"], site.params["reverse"], tensors)


def _jitted(site: Site) -> Any:
    """A function of the inputs of a scan and of the parts of the random state."""
    body, reverse, lowerings = site.params["body"], site.params["reverse"], site.trace.lowerings
    key = (body.signature, reverse, site.inputs[0].shape[0], site.trace.state.streams.shape[0])
    with _making:
        if key not in _JITTED:
            _JITTED[key] = _new_jitted(site, body, reverse, lowerings)
        return _JITTED[key]


def _new_jitted(site: Site, body: Body, reverse: bool, lowerings: Mapping[str, Lowering]) -> Any:
    def run(*fed: tf.Tensor) -> Tensors:
        *tensors, seed, step, streams = fed
        return _run(Trace(lowerings, RandomState(seed, step, streams)), body, reverse, tensors)

    state = [tf.TensorSpec(x.shape, x.dtype) for x in site.trace.state]
    specs = [*(tf.TensorSpec(x.shape, x.dtype) for x in site.inputs), *state]
    with tf.init_scope():
        function = tf.function(run, autograph=False, jit_compile=True)
        return function.get_concrete_function(*specs)


def _run(trace: Trace, body: Body, reverse: bool, tensors: Sequence[tf.Tensor]) -> Tensors:
    sequences, states, invariants = body.split(tensors)
    steps = sizes_of(sequences[0])[0]
    if isinstance(steps, int) and steps == 0:
        return [*states, *(_nothing(tensor) for tensor in body.collected)]
    return _Loop(trace, body, sequences, invariants).run(states, steps, reverse)


def _nothing(tensor: Any) -> tf.Tensor:
    return tf.zeros([0, *(size or 0 for size in tensor.shape)], tensor.dtype)


class _Loop:
    """One scan in one trace."""

    def __init__(
        self, trace: Trace, body: Body, sequences: Sequence[tf.Tensor], invariants: Tensors
    ) -> None:
        self.trace = trace
        self.body = body
        self.sequences = sequences
        self.invariants = invariants

    def run(self, states: Tensors, steps: Size, reverse: bool) -> Tensors:
        """The final states, then what is collected."""

        def step(count: tf.Tensor, states: Any, stacks: Any) -> tuple[tf.Tensor, Any, Any]:
            t = steps - 1 - count if reverse else count
            new_states, rows = self._step(t, states)
            return count + 1, new_states, [s.write(t, row) for s, row in zip(stacks, rows)]

        stacks = [self._stack(x, steps) for x in self.body.collected]
        invariants = (
            tf.TensorShape([]),
            [tf.TensorShape(x.shape) for x in self.body.states],
            [tf.TensorShape(None) for _ in stacks],
        )
        _, finals, filled = tf.while_loop(
            lambda count, *_: count < steps,
            step,
            (tf.constant(0), list(states), stacks),
            shape_invariants=invariants,
            maximum_iterations=steps,
        )
        return [*finals, *(stack.stack() for stack in filled)]

    def _step(self, t: tf.Tensor, states: Tensors) -> tuple[Tensors, Tensors]:
        """The states after step t, and the rows that it adds."""
        body = self.body
        trace = replace(self.trace, state=next_state(self.trace.state, t), waits_for=[])
        slices = [x[t] for x in self.sequences]
        fed = zip(body.inputs, [*slices, *states, *self.invariants])
        results = trace.run(body.results, {x.key: value for x, value in fed})
        for state, new in zip(body.states, results):
            new.set_shape(state.shape)
        return results[: len(states)], results[len(states) :]

    @staticmethod
    def _stack(tensor: Any, steps: Size) -> tf.TensorArray:
        return tf.TensorArray(tensor.dtype, size=steps, element_shape=tensor.shape)


LOWERINGS: Mapping[str, Lowering] = {"scan": _lower_scan}
