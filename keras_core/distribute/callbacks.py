"""Callbacks of Horovod's scripts, where each rank has data of its own."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import ranks
from keras_core.callbacks.base import Callback
from keras_core.distribute.horovod import broadcast_global_variables
from keras_core.saving.training import variables_of

__all__ = [
    "BroadcastGlobalVariablesCallback",
    "LearningRateScheduleCallback",
    "LearningRateWarmupCallback",
    "MetricAverageCallback",
]


class BroadcastGlobalVariablesCallback(Callback):
    """Gives all ranks one rank's weights and state of the optimizer when training begins.

    Args:
        root_rank: the rank.
        device: without effect.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> first = distribute.BroadcastGlobalVariablesCallback(0)
        >>> x, y = np.zeros((8, 2)), np.zeros((8, 1))
        >>> history = model.fit(x, y, verbose=0, callbacks=[first])
        >>> history.history["loss"]
        [0.0]
    """

    def __init__(self, root_rank: int, device: str = "") -> None:
        super().__init__()
        self.root_rank = root_rank

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.model._step_program("train")  # which makes the optimizer's state
        broadcast_global_variables(self.root_rank, variables_of(self.model))


class MetricAverageCallback(Callback):
    """Averages the values of an epoch over all ranks; to stand before callbacks that read them.

    Args:
        device: without effect.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> first = distribute.MetricAverageCallback()
        >>> x, y = np.zeros((8, 2)), np.zeros((8, 1))
        >>> history = model.fit(x, y, verbose=0, callbacks=[first])
        >>> history.history["loss"]
        [0.0]
    """

    def __init__(self, device: str = "") -> None:
        super().__init__()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        names = sorted(name for name, value in logs.items() if np.ndim(value) == 0)
        world = ranks.current()
        (total,) = world.sums([np.array([float(logs[name]) for name in names])])
        logs.update(zip(names, (total / world.size).tolist()))


class LearningRateScheduleCallback(Callback):
    """Multiplies the learning rate with which training began.

    Args:
        multiplier: number, or function of the epoch, a float between two epochs where the rate
            changes with each batch.
        start_epoch: epoch from which on it does so.
        end_epoch: epoch from which on it does so no more, or None.
        staircase: True changes the rate once an epoch, False with each batch.
        momentum_correction: taken for Horovod's scripts; without effect.
        steps_per_epoch: number of batches in an epoch, where it is not known.
        initial_lr: the learning rate to multiply; that of the optimizer by default.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> first = distribute.LearningRateScheduleCallback(0.5)
        >>> x, y = np.zeros((8, 2)), np.zeros((8, 1))
        >>> history = model.fit(x, y, verbose=0, callbacks=[first])
        >>> round(history.history["lr"][0], 6)
        0.005
    """

    def __init__(
        self,
        multiplier: float | Callable[[float], float],
        start_epoch: int = 0,
        end_epoch: int | None = None,
        staircase: bool = True,
        momentum_correction: bool = True,
        steps_per_epoch: int | None = None,
        initial_lr: float | None = None,
    ) -> None:
        super().__init__()
        self.multiplier: Callable[[float], float] = (
            multiplier if callable(multiplier) else lambda epoch: multiplier
        )
        self.start_epoch, self.end_epoch = start_epoch, end_epoch
        self.staircase = staircase
        self.steps_per_epoch = steps_per_epoch
        self.initial_lr = initial_lr
        self.current_epoch = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.initial_lr is None:
            self.initial_lr = float(K.get_value(self.model.optimizer.lr))
        if not self.staircase and self.steps_per_epoch is None:
            self.steps_per_epoch = self._steps()

    def _steps(self) -> int:
        steps: int | None = self.params.get("steps")
        samples: Any = self.params.get("samples")
        if steps is None and samples is None:
            raise ValueError(
                f"{type(self).__name__}: nobody knows how many batches an epoch has; give "
                "steps_per_epoch."
            )
        return steps or -(-samples // (self.params.get("batch_size") or 32))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.current_epoch = epoch
        if self.staircase:
            self._set(epoch)

    def on_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.staircase:
            assert self.steps_per_epoch is not None
            self._set(self.current_epoch + batch / self.steps_per_epoch)

    def _set(self, epoch: float) -> None:
        if epoch >= self.start_epoch and (self.end_epoch is None or epoch < self.end_epoch):
            assert self.initial_lr is not None
            self.model.optimizer.lr = self.initial_lr * self.multiplier(epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["lr"] = float(K.get_value(self.model.optimizer.lr))


class LearningRateWarmupCallback(LearningRateScheduleCallback):
    """Lets the learning rate grow from that of one rank to that of all, in some epochs.

    (Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017.)

    Args:
        warmup_epochs: number of epochs.
        momentum_correction: taken for Horovod's scripts; without effect.
        steps_per_epoch: number of batches in an epoch, where it is not known.
        verbose: 1 tells the rate at the end.
        initial_lr: the learning rate of all ranks; that of the optimizer by default.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> first = distribute.LearningRateWarmupCallback(warmup_epochs=2)
        >>> x, y = np.zeros((8, 2)), np.zeros((8, 1))
        >>> history = model.fit(x, y, verbose=0, callbacks=[first])
        >>> round(history.history["lr"][0], 6)  # one rank
        0.01
    """

    def __init__(
        self,
        warmup_epochs: float = 5,
        momentum_correction: bool = True,
        steps_per_epoch: int | None = None,
        verbose: int = 0,
        initial_lr: float | None = None,
    ) -> None:
        def multiplier(epoch: float) -> float:
            size = ranks.current().size
            done = (epoch + 1.0 / (self.steps_per_epoch or 1)) / warmup_epochs
            return (1.0 + min(1.0, done) * (size - 1)) / size

        super().__init__(
            multiplier,
            staircase=False,
            steps_per_epoch=steps_per_epoch,
            initial_lr=initial_lr,
        )
        self.warmup_epochs, self.verbose = warmup_epochs, verbose
        self.end_epoch = int(np.ceil(warmup_epochs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        if self.verbose and epoch + 1 == self.end_epoch:
            rate = float(K.get_value(self.model.optimizer.lr))
            print(f"\nEpoch {epoch + 1}: the learning rate has grown to {rate:.6g}.")
