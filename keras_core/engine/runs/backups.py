"""What a run that was broken off needs to go on, kept in the file of a BackupAndRestore."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import ranks
from keras_core.callbacks.backup import BackupAndRestore
from keras_core.callbacks.base import CallbackList
from keras_core.engine.additions import unique
from keras_core.engine.compilation.compiled import Compiled
from keras_core.engine.feeding.sources import Source
from keras_core.graph import Variable
from keras_core.saving import targets, trees
from keras_core.saving.training import variables_of


class Backups:
    """The backups of a training run; nothing is done where no callback asks for any.

    Args:
        model: the model.
        callbacks: those of the run.
        source: what to train on.
        validation: what to validate on, or None.
        epoch: number of the first epoch.

    Raises:
        NotImplementedError: a backup is asked for, and the optimizer's state belongs to an engine.

    Attributes:
        epoch: number of the epoch that the run is in.
        done: number of batches that were done of it.
    """

    def __init__(
        self,
        model: Compiled,
        callbacks: CallbackList,
        source: Source,
        validation: Source | None,
        epoch: int,
    ) -> None:
        self.model = model
        self.callbacks = callbacks
        self.source = source
        self.validation = validation
        self.epoch, self.done, self.validations = epoch, 0, 0
        self.keepers = [x for x in callbacks if isinstance(x, BackupAndRestore)]
        if self.keepers:
            model.optimizer.check_gives_state("BackupAndRestore")
        for each in (source, validation) if self.keepers else ():
            if each is not None:
                each.make_resumable()
        self._found = self._read()
        if self._found:
            self._place_sources(self._found)

    def _read(self) -> dict[str, Any] | None:
        if not self.keepers:
            return None
        found = ranks.of_first("BackupAndRestore", self._read_here)
        if found is None:
            return None
        self._check(*found)
        return found[1]

    def _read_here(self) -> tuple[str, dict[str, Any]] | None:
        paths = [keeper.path for keeper in self.keepers if os.path.exists(keeper.path)]
        return (paths[0], _read(paths[0])) if paths else None

    def _check(self, path: str, state: dict[str, Any]) -> None:
        wanted = [list(v.shape) for v in self._variables()]
        shapes = [list(x.shape) for x in state["variables"]]
        if shapes != wanted or (state["done"] and state["steps"] != self.source.steps):
            raise ValueError(
                f"BackupAndRestore: {path} is of another run: its weights have the shapes "
                f"{shapes} and its epochs {state['steps']} steps, but model {self.model.name} has "
                f"{wanted} and {self.source.steps} steps. Start the run as it was, or remove the "
                "file."
            )

    def _place_sources(self, state: dict[str, Any]) -> None:
        self.epoch, self.done = state["epoch"], state["done"]
        self.validations = state["validations"]
        self.source.resume(state["source"], state["finished"], self.done)
        if self.validation is not None and state["validation"] is not None:
            self.validation.resume(state["validation"], self.validations, 0)
        self.callbacks.set_params({**self.callbacks.params, "resumes": True})

    def begin(self) -> None:
        """Called when training begins: what is not in the midst of an epoch is put back now."""
        self._first = self.epoch if self._found is None else self.epoch - self._found["finished"]
        if self._found is None:
            self.save()
        elif not self.done:
            self._restore()

    def begin_epoch(self) -> None:
        """Called when callbacks know of an epoch: what was in the midst of it is put back now."""
        if self._found is not None:
            self._restore()

    def _restore(self) -> None:
        state, self._found = self._found, None
        assert state is not None
        K.batch_set_value(list(zip(self._variables(), state["variables"])))
        for key, number in state["calls"].items():
            mode, _, weighted = key.partition(" ")
            self.model._step_program(mode, bool(weighted)).function.calls = number
        for key, callback in _named(self.callbacks):
            if key in state["callbacks"]:
                callback.set_state(state["callbacks"][key])
        version, numbers, left = state["python"]
        random.setstate((version, tuple(numbers), left))
        np.random.set_state(state["numpy"])

    def report(self) -> list[BatchBackups]:
        """What is to be told of batches, after the callbacks."""
        every = [x.every for x in self.keepers if isinstance(x.every, int)]
        return [BatchBackups(self, every)] if every else []

    def end_epoch(self) -> None:
        """Called when an epoch has ended for all."""
        self.epoch, self.done = self.epoch + 1, 0
        self.save()

    def save(self) -> None:
        """Writes the state of the run."""
        if not self.keepers:
            return
        ranks.once("BackupAndRestore", partial(self._write, self._state()))

    def _write(self, state: dict[str, Any]) -> None:
        for keeper in self.keepers:
            targets.write(
                keeper.path,
                lambda store: trees.save_tree(store, state),
                True,
                "BackupAndRestore",
            )

    def remove(self) -> None:
        """Removes the files, when there is nothing left to go on with."""
        if self.keepers:
            ranks.once("BackupAndRestore", self._remove)

    def _remove(self) -> None:
        for keeper in self.keepers:
            if os.path.exists(keeper.path):
                os.remove(os.path.realpath(keeper.path))

    def _state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "done": self.done,
            "finished": self.epoch - self._first,
            "steps": self.source.steps,
            "source": self.source.state(),
            "validations": self.validations,
            "validation": self.validation and self.validation.state(),
            "variables": K.batch_get_value(self._variables()),
            "calls": self.model._programs.calls(),
            "callbacks": {key: callback.get_state() for key, callback in _named(self.callbacks)},
            "python": random.getstate(),
            "numpy": np.random.get_state(legacy=False),
        }

    def _variables(self) -> list[Variable]:
        """All that training or a callback may change: weights, optimizer, metrics, states."""
        step = self.model._step_program("train").function
        updated = [update.variable for update in step.updates]
        return unique([*variables_of(self.model), *updated])


class BatchBackups:
    """Keeps the state after every so many batches.

    Args:
        backups: what keeps it.
        every: numbers of batches.
    """

    def __init__(self, backups: Backups, every: Sequence[int]) -> None:
        self.backups = backups
        self.every = every

    def end(self, index: int, size: int, outputs: Any) -> None:
        self.backups.done = index + 1
        if any((index + 1) % number == 0 for number in self.every):
            self.backups.save()


def _named(callbacks: CallbackList) -> Iterator[tuple[str, Any]]:
    """Callbacks that have a state, by names that are theirs in every run."""
    counts: Counter[str] = Counter()
    for callback in callbacks:
        name = type(callback).__name__
        counts[name] += 1
        if hasattr(callback, "get_state") and hasattr(callback, "set_state"):
            yield f"{name} {counts[name]}", callback


def _read(path: str) -> dict[str, Any]:
    limit = os.path.getsize(path)
    return targets.read(path, lambda store: trees.load_tree(store, limit), "BackupAndRestore")
