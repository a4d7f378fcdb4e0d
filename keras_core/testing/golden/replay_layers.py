"""Replays a layer: results, masks, gradients in both phases, updates, states between calls."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import layers
from keras_core.testing.comparison import assert_all_near
from keras_core.testing.golden import GoldenCase

TOLERANCE = 2e-5


class SetMask(layers.Layer):
    """Passes its first input on, with the second as the mask."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return K.identity(inputs[0])

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return inputs[1]


class Replay:
    """A layer with the weights of a case, connected to inputs."""

    def __init__(self, case: GoldenCase) -> None:
        self.case = case
        self.feeds: list[Any] = []
        self.values: list[Any] = []
        self.inputs = [self._input(x, case.arrays(x["key"])) for x in case.record["inputs"]]
        masked = self._masked()
        extra = {
            key: [self._like(array) for array in case[key]]
            for key in ("initial_state", "constants")
            if key in case.record
        }
        config = copy.deepcopy(case.record["config"])
        self.layer = getattr(layers, case.record["class"]).from_config(config)
        outputs = self.layer(masked if len(masked) > 1 else masked[0], **extra)
        self.outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        self.layer.set_weights(case["weights"] if "weights" in case.record else [])
        self.sources = {f"x{i}": x for i, x in enumerate(self.inputs)}
        self.sources.update({f"s{i}": x for i, x in enumerate(extra.get("initial_state", ()))})
        self.sources.update({f"c{i}": x for i, x in enumerate(extra.get("constants", ()))})

    def _input(self, described: Any, value: Any) -> Any:
        x = layers.Input(batch_shape=tuple(described["batch_shape"]), dtype=described["dtype"])
        return self._fed(x, value)

    def _like(self, value: Any) -> Any:
        batch = self.inputs[0].shape[0]
        shape = (batch, *value.shape[1:])
        return self._fed(layers.Input(batch_shape=shape, dtype=value.dtype.name), value)

    def _fed(self, x: Any, value: Any) -> Any:
        self.feeds.append(x)
        self.values.append(value)
        return x

    def _masked(self) -> list[Any]:
        masks = self.case.get("masks") or [None] * len(self.inputs)
        return [
            x if mask is None else SetMask()([x, self._like(mask.astype(bool))])
            for x, mask in zip(self.inputs, masks)
        ]

    def gradients(self) -> list[Any]:
        """Gradients of the recorded weighted sum by inputs, then by trainable weights."""
        if "grads" not in self.case.record:
            return []
        pairs = zip(self.outputs, self.case["random"])
        total = sum(K.sum(K.cast(y, "float32") * K.constant(r)) for y, r in pairs)
        names = self.case.record["grads"]["inputs"]
        sources = [self.sources[name] for name in names] + list(self.layer.trainable_weights)
        found = [g for source in sources for g in K.gradients(total, [source])]
        return [K.zeros_like(x) if g is None else g for g, x in zip(found, sources)]

    def function(self, tensors: Any, updates: Any = ()) -> Any:
        """A callable of (phase, new inputs) that computes tensors."""
        run = K.function([*self.feeds, K.learning_phase()], list(tensors), updates=list(updates))
        return lambda phase, *new: run([*new, *self.values[len(new) :], phase])


def replay_layer(case: GoldenCase) -> None:
    """Compares a layer with what is recorded of it.

    Raises:
        AssertionError: something differs.
    """
    replay = Replay(case)
    _check_phases(replay)
    if "updates" in case.record:
        _check_updates(replay)
    if "stateful_steps" in case.record:
        _check_states(replay)


def _check_phases(replay: Replay) -> None:
    case = replay.case
    gradients = replay.gradients()
    run = replay.function([*replay.outputs, *gradients])
    recorded = {"outputs": case["outputs"], "grads": case.get("grads")}
    _compare(case, run(0), recorded, len(gradients))
    if "stateful_steps" in case.record:
        return
    trained = case["train"]
    _compare(case, run(1), recorded if isinstance(trained, str) else trained, len(gradients))


def _compare(case: GoldenCase, got: Any, recorded: Any, gradients: int) -> None:
    tolerance = case.record.get("tolerance", TOLERANCE)
    outputs = len(got) - gradients
    assert_all_near(got[:outputs], recorded["outputs"], tolerance, "output")
    wanted = recorded.get("grads")
    if wanted:
        expected = [*wanted.get("inputs", {}).values(), *wanted.get("weights", ())]
        assert_all_near(got[outputs:], expected, tolerance, "gradient")


def _check_updates(replay: Replay) -> None:
    case, layer = replay.case, replay.layer
    step = replay.function(replay.outputs, layer.updates)
    # The variance of the fused kernel is another one than that of the plain kernel; both count.
    variants = [case[key] for key in ("updates", "updates_tf2") if key in case.record]
    for number in range(len(variants[0])):
        step(1)
        _assert_one_near(layer.get_weights(), [variant[number] for variant in variants])


def _assert_one_near(got: Any, variants: Any) -> None:
    *others, last = variants
    for variant in others:
        try:
            return assert_all_near(got, variant, TOLERANCE, "weight after an update")
        except AssertionError:
            continue
    assert_all_near(got, last, TOLERANCE, "weight after an update")


def _check_states(replay: Replay) -> None:
    layer = replay.layer
    step = replay.function(replay.outputs, layer.updates)
    layer.reset_states()
    for action in replay.case["stateful_steps"]:
        if action["action"] == "reset_states":
            layer.reset_states()
        elif action["action"] == "reset_states(states)":
            layer.reset_states(states=action["states"])
        else:
            got = step(0, *action["inputs"])
            assert_all_near(got, action["outputs"], TOLERANCE, "output of a step")
            states = [np.asarray(K.get_value(state)) for state in layer.states]
            assert_all_near(states, action["states_after"], TOLERANCE, "state")
