"""The programs of a model: one for training, evaluation and prediction each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import ranks, sharing
from keras_core.engine.assembling import in_turn, made
from keras_core.engine.compilation.metrics import Measured
from keras_core.graph import rows, substitute
from keras_core.graph.function import fetched
from keras_core.graph.tensor import Update
from keras_core.utils.generic_utils import has_arg


class StepProgram:
    """A function of data arrays that does a step; the learning phase goes in by itself.

    What it returns may be late, so that the next step can begin meanwhile: `fetched` waits for it.

    Args:
        function: of data arrays, and of the learning phase last if it is fed.
        phase: the learning phase.
        is_fed: whether `function` is fed the phase.
    """

    def __init__(self, function: Any, phase: int, is_fed: bool) -> None:
        self.function = function
        self.phase = phase
        self._fed = [phase] if is_fed else []

    def __call__(self, arrays: list[Any]) -> list[Any]:
        return self.function.run(arrays + self._fed)

    def loop(self) -> Any:
        """What does many steps in one call, or None; see `Function.loop`."""
        return self.function.loop(self.phase)

    @cached_property
    def keeps_rows_apart(self) -> bool:
        """Whether no sample of a batch depends on another one."""
        return rows.are_apart(self.function.program(self.phase))


class FilledStep:
    """A step for batches of one size: smaller ones are filled up with their last row.

    Args:
        step: a step that keeps rows apart.
        size: the number of samples of each batch.
    """

    def __init__(self, step: StepProgram, size: int) -> None:
        self._step, self._size = step, size

    def __call__(self, arrays: list[Any]) -> list[Any]:
        count = len(arrays[0])
        if count == self._size:
            return self._step(arrays)
        more = self._size - count
        filled = [np.concatenate([x, np.repeat(x[-1:], more, axis=0)]) for x in arrays]
        return [y[:count] for y in fetched(self._step(filled))]


class Programs:
    """Makes the programs of a model when they are needed.

    Training and evaluation have two each, with and without placeholders for sample weights; where
    all weights are 1 both give the same numbers, and the one without does less.

    Args:
        model: the model; compiled, but for prediction.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._functions: dict[tuple[str, bool], Any] = {}
        self._step_programs: dict[tuple[str, bool], StepProgram] = {}
        self._optimizer_weights: list[Any] | None = None
        self.stateless: dict[Any, Any] = {}

    def step_program(self, mode: str, weighted: bool = False) -> StepProgram:
        """What does a step with data arrays."""
        key = (mode, weighted)
        found = self._step_programs.get(key)
        return found or made(self._step_programs, key, self._new_step, *key)

    def _new_step(self, mode: str, weighted: bool) -> StepProgram:
        function, phase = self.function(mode, weighted), int(mode == "train")
        return StepProgram(function, phase, self.feeds_phase(mode))

    def function(self, mode: str, weighted: bool) -> Any:
        """The compiled function of data arrays, and of the learning phase where it matters."""
        return made(self._functions, (mode, weighted), getattr(self, f"_make_{mode}"), weighted)

    def calls(self) -> dict[str, int]:
        """How often each function was called: by mode, and `' weighted'` with sample weights."""
        return {
            f"{mode} weighted" if weighted else mode: function.calls
            for (mode, weighted), function in self._functions.items()
        }

    def public(self, mode: str) -> Any:
        """The function with all placeholders, once any of its kind has been made."""
        if not any(kind == mode for kind, _ in list(self._functions)):
            return None
        return self.function(mode, weighted=mode != "predict")

    @in_turn
    def drop(self, mode: str) -> None:
        """Forgets the functions of a kind."""
        for table in (self._functions, self._step_programs):
            for key in [key for key in table if key[0] == mode]:
                del table[key]

    def feeds_phase(self, mode: str) -> bool:
        """Whether the learning phase is among what a function is fed."""
        if isinstance(K.learning_phase(), int):
            return False
        if mode == "predict" or self.model._objectives is None:
            return self.model.uses_learning_phase
        total = self.model._objectives.get(weighted=False).total_loss
        return self.model.uses_learning_phase or total._uses_learning_phase

    def _phase(self, mode: str) -> list[Any]:
        return [K.learning_phase()] if self.feeds_phase(mode) else []

    def _make_predict(self, weighted: bool) -> Any:
        model = self.model
        return K.function(
            model._feed_inputs + self._phase("predict"),
            model.outputs,
            updates=model.state_updates,
            name="predict_function",
            jit_compile=model._jit_compile,
        )

    def _make_test(self, weighted: bool) -> Any:
        return self._reporting("test", weighted, self.model.state_updates)

    def _make_train(self, weighted: bool) -> Any:
        _, _, updates = self.step_tensors(weighted)
        return self._reporting("train", weighted, updates)

    def step_tensors(self, weighted: bool = False) -> tuple[list[Any], Any, list[Any]]:
        """What a step of training is fed, its loss, and the updates of model and optimizer."""
        model = self.model
        loss = model._objectives.get(weighted).total_loss
        updates = [
            *sharing.averaged(model._collected_updates),
            *self._optimizer_updates(loss),
        ]
        return model._training_feed.placeholders(weighted), sharing.mean(loss), updates

    def _reporting(self, mode: str, weighted: bool, updates: Sequence[Any]) -> Any:
        """A function that computes the loss and what is reported besides."""
        model = self.model
        objective = model._objectives.get(weighted)
        measured = [*objective.measured, *map(_measured_before, model._added_metrics())]
        function = K.function(
            model._training_feed.placeholders(weighted) + self._phase(mode),
            [sharing.mean(objective.total_loss), *(one.result for one in measured)],
            updates=[*updates, *(update for one in measured for update in one.updates)],
            name=f"{mode}_function",
            jit_compile=model._jit_compile,
        )
        function.draws_apart = ranks.current().size > 1 and mode == "train"
        return function

    def _optimizer_updates(self, loss: Any) -> list[Any]:
        """Updates that make a loss small; those of all losses share the optimizer's weights."""
        model = self.model
        optimizer = model.optimizer
        scope = type(optimizer).__name__
        with K.name_scope("training"), K.name_scope(scope):
            # An optimizer written for Keras 1 wants constraints as well.
            takes_constraints = has_arg(optimizer.get_updates, "constraints")
            others: dict[str, Any] = {"constraints": {}} if takes_constraints else {}
            params = model._collected_trainable_weights
            updates = optimizer.get_updates(loss=loss, params=params, **others)
        if self._optimizer_weights is None:
            self._optimizer_weights = list(optimizer.weights)
            return updates
        first = self._optimizer_weights
        known = {new: old for new, old in zip(optimizer.weights, first) if new is not old}
        if known:
            optimizer.weights = list(first)
        variables, values = zip(*updates)
        return [Update(known.get(v, v), x) for v, x in zip(variables, substitute(values, known))]


def _measured_before(metric: Any) -> Measured:
    """A metric that a layer or the model applied to tensors by itself."""
    latest = {update.variable: update for update in metric.updates}
    return Measured(*sharing.summed(metric._call_result, list(latest.values()), metric.name))
