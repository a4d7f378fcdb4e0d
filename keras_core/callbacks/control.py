"""Callbacks that steer a run: stop it, save the model, change the learning rate, call functions."""

from __future__ import annotations

import os
import string
from typing import Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core.callbacks.base import (
    Callback,
    Logs,
    both_spellings,
    check_path,
    ignore,
    refuse_unknown,
)
from keras_core.errors import NoSuchNameError
from keras_core.utils.generic_utils import checked_number, did_you_mean
from keras_core.utils.io_utils import check_folder
from keras_core.warned import warn


def _comparison(name: str, mode: str, monitor: str) -> tuple[Callable[[float, float], bool], float]:
    """Which of two values is better, and the worst there is.

    `'auto'` takes a higher value as better for accuracies and F-measures.
    """
    if not isinstance(monitor, str):
        raise TypeError(
            f"{name}: monitor is {monitor!r}; give the name of one value, such as 'val_loss'."
        )
    if mode not in ("auto", "min", "max"):
        warn(
            f"{name}: mode {mode!r} is unknown (auto, min, max); auto is used.",
        )
        mode = "auto"
    rising = "acc" in monitor or monitor.startswith("fmeasure")
    if mode == "max" or (mode == "auto" and rising):
        return np.greater, -np.inf
    return np.less, np.inf


def _checked_template(filepath: Any) -> Any:
    """The path of a file, in which names may stand in braces.

    Raises:
        TypeError: it is no path.
        ValueError: its braces do not fit together.
    """
    check_path("ModelCheckpoint: filepath", filepath)
    try:
        list(string.Formatter().parse(str(filepath)))
    except ValueError as error:
        raise ValueError(
            f"ModelCheckpoint: filepath {str(filepath)!r} has braces that do not fit together "
            f"({error}); write for instance 'weights.{{epoch:02d}}.h5'."
        ) from None
    return filepath


def _warn_absent(name: str, monitor: str, logs: Logs) -> None:
    unvalidated = monitor.startswith("val_") and not any(key.startswith("val_") for key in logs)
    hint = " There is no validation; give fit validation_data or validation_split."
    warn(
        f"{name} has nothing to do: {monitor!r} is not among the values of the epoch, which are "
        f"{', '.join(logs) or 'none'}.{hint if unvalidated else did_you_mean(monitor, logs)}",
        RuntimeWarning,
    )


class TerminateOnNaN(Callback):
    """Stops training when the loss of a batch is not finite.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.zeros((4, 1)), np.full((4, 1), np.nan)
        >>> stop = callbacks.TerminateOnNaN()
        >>> len(model.fit(x, y, epochs=5, verbose=0, callbacks=[stop]).epoch)
        Batch 0: Invalid loss, terminating training
        1
    """

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class ModelCheckpoint(Callback):
    """Saves the model after epochs.

    Args:
        filepath: path of the file, in which `{epoch:02d}` (from 1) and the names of values such as
            `{val_loss:.2f}` may stand.
        monitor: name of the value that decides which model is best.
        verbose: 1 tells what is done.
        save_best_only: True saves only when the value is better than ever before.
        save_weights_only: True saves weights, False the whole model.
        mode: `'min'`, `'max'` or `'auto'`, whether less or more is better.
        period: number of epochs between two savings.

    Raises:
        FileNotFoundError: before an epoch, when the folder is missing.
        KeyError: at the end of an epoch, when `filepath` names a value that there is not.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> best = callbacks.ModelCheckpoint("best.h5", monitor="loss", save_best_only=True)
        >>> x, y = np.ones((4, 1)), np.zeros((4, 1))
        >>> _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[best])
        >>> models.load_model("best.h5").input_shape
        (None, 1)
    """

    _kept = ("epochs_since_last_save", "best")

    best: float
    monitor_op: Callable[[float, float], bool]

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        period: int = 1,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.verbose = verbose
        self.filepath: Any = _checked_template(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.period: int = checked_number("ModelCheckpoint: period", period)
        self.epochs_since_last_save: int = 0
        self.monitor_op, self.best = _comparison("ModelCheckpoint", mode, monitor)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        # A folder whose name depends on the epoch may still be made.
        fixed = os.path.dirname(str(self.filepath)).partition("{")[0]
        if fixed == os.path.dirname(str(self.filepath)):
            check_folder(self.filepath)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save < self.period:
            return
        self.epochs_since_last_save = 0
        path = self._path(epoch, logs)
        if not self.save_best_only:
            self._tell(f"\nEpoch {epoch + 1:05d}: saving model to {path}")
            self._save(path)
            return
        value = both_spellings(logs).get(self.monitor)
        if value is None:
            _warn_absent("ModelCheckpoint", self.monitor, logs)
        else:
            self._save_if_best(epoch, path, value)

    def _path(self, epoch: int, logs: Logs) -> str:
        try:
            return str(self.filepath).format(epoch=epoch + 1, **both_spellings(logs))
        except (KeyError, IndexError) as error:
            name = error.args[0]
            raise NoSuchNameError(
                f"ModelCheckpoint: filepath {str(self.filepath)!r} names {name!r}, but there are "
                f"only epoch, {', '.join(logs)}.{did_you_mean(name, logs)}"
            ) from None

    def _save_if_best(self, epoch: int, path: str, value: float) -> None:
        if not self.monitor_op(value, self.best):
            self._tell(
                f"\nEpoch {epoch + 1:05d}: {self.monitor} did not improve from {self.best:.5f}"
            )
            return
        self._tell(
            f"\nEpoch {epoch + 1:05d}: {self.monitor} improved from {self.best:.5f} to "
            f"{value:.5f}, saving model to {path}"
        )
        self.best = value
        self._save(path)

    def _save(self, path: str) -> None:
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)

    def _tell(self, text: str) -> None:
        if self.verbose > 0:
            print(text)


class EarlyStopping(Callback):
    """Stops training when a value no longer gets better.

    Args:
        monitor: name of the value.
        min_delta: least change that counts as better.
        patience: number of epochs without a better value after which training stops.
        verbose: 1 tells when training stopped.
        mode: `'min'`, `'max'` or `'auto'`, whether less or more is better.
        baseline: value to be better than from the beginning, or None.
        restore_best_weights: True ends with the weights of the best epoch, whatever ended
            training.

    Example:
        >>> model = models.Sequential([layers.Dense(1, use_bias=False, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.zeros((4, 1)), np.ones((4, 1))  # nothing to learn
        >>> stop = callbacks.EarlyStopping(monitor="loss", patience=2)
        >>> len(model.fit(x, y, epochs=50, verbose=0, callbacks=[stop]).epoch)
        3
    """

    _kept = ("wait", "stopped_epoch", "best", "best_weights", "_at_best")

    best: float
    monitor_op: Callable[[float, float], bool]
    stopped_epoch: int
    wait: int

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.baseline = baseline
        if baseline is not None:
            checked_number("EarlyStopping: baseline", baseline)
        self.patience: int = checked_number("EarlyStopping: patience", patience)
        self.verbose = verbose
        self.restore_best_weights = restore_best_weights
        self.wait = 0
        self.stopped_epoch = 0
        self.best_weights: Any = None
        self.monitor_op, self._worst = _comparison("EarlyStopping", mode, monitor)
        delta = abs(checked_number("EarlyStopping: min_delta", min_delta))
        self.min_delta: float = delta * (1 if self._worst < 0 else -1)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best_weights = None
        self._at_best = False
        self.best = self._worst if self.baseline is None else self.baseline

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._at_best = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.get_monitor_value(logs)
        if value is None:
            return
        if self.monitor_op(value - self.min_delta, self.best):
            self.best = value
            self.wait = 0
            self._at_best = True
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self._stop(epoch)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")
        if not self._at_best:
            self._restore()

    def get_monitor_value(self, logs: Logs | None) -> Any:
        """The monitored value, or None, with a warning, where it is absent."""
        value = both_spellings(logs).get(self.monitor)
        if value is None:
            _warn_absent("EarlyStopping", self.monitor, logs or {})
        return value

    def _stop(self, epoch: int) -> None:
        self.stopped_epoch = epoch
        self.model.stop_training = True
        self._restore()

    def _restore(self) -> None:
        # There are none when no epoch has come up to the baseline.
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print("Restoring model weights from the end of the best epoch")
            self.model.set_weights(self.best_weights)
            self._at_best = True


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of every epoch.

    Args:
        schedule: function of the epoch's index (from 0) and, if it takes two arguments, the present
            rate, that gives the new rate as a float.
        verbose: 1 tells every rate.

    Raises:
        TypeError: `schedule` is no function.
        ValueError: the optimizer has no learning rate, or `schedule` gives something else than a
            float.

    Example:
        >>> schedule = callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile(optimizers.SGD(lr=1.0), "mse")
        >>> x, y = np.zeros((4, 1)), np.zeros((4, 1))
        >>> _ = model.fit(x, y, epochs=3, verbose=0, callbacks=[schedule])
        >>> K.get_value(model.optimizer.lr).tolist()
        0.125
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(
                f"LearningRateScheduler: schedule is {schedule!r}; give a function of the epoch, "
                "such as lambda epoch: 0.1 / (epoch + 1). A fixed rate goes to the optimizer."
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        if not hasattr(optimizer, "lr"):
            raise ValueError(
                f"LearningRateScheduler needs an optimizer with an attribute lr; "
                f"{type(optimizer).__name__} has none."
            )
        rate = self._scheduled(epoch, float(K.get_value(optimizer.lr)))
        if not isinstance(rate, (float, np.float32, np.float64)):
            raise ValueError(
                f"LearningRateScheduler: schedule({epoch}) is {rate!r}; it has to give a float."
            )
        K.set_value(optimizer.lr, rate)
        if self.verbose > 0:
            print(
                f"\nEpoch {epoch + 1:05d}: LearningRateScheduler setting learning rate to {rate}."
            )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["lr"] = float(K.get_value(self.model.optimizer.lr))

    def _scheduled(self, epoch: int, rate: float) -> Any:
        try:
            return self.schedule(epoch, rate)
        except TypeError:  # a schedule of the epoch alone
            return self.schedule(epoch)


class ReduceLROnPlateau(Callback):
    """Lowers the learning rate when a value no longer gets better.

    Args:
        monitor: name of the value.
        factor: what the rate is multiplied by, less than 1.
        patience: number of epochs without a better value after which the rate is lowered.
        verbose: 1 tells when the rate changes.
        mode: `'min'`, `'max'` or `'auto'`, whether less or more is better.
        min_delta: least change that counts as better; `epsilon` is its old name.
        cooldown: number of epochs to wait after a change before counting again.
        min_lr: least rate.

    Raises:
        ValueError: `factor` is negative, or 1 or more.
        TypeError: an unknown keyword is given, or something that is no number.

    Example:
        >>> model = models.Sequential([layers.Dense(1, use_bias=False, input_shape=(1,))])
        >>> model.compile(optimizers.SGD(lr=1.0), "mse")
        >>> x, y = np.zeros((4, 1)), np.ones((4, 1))  # nothing to learn
        >>> reduce = callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1)
        >>> _ = model.fit(x, y, epochs=4, verbose=0, callbacks=[reduce])
        >>> K.get_value(model.optimizer.lr).tolist()
        0.125
    """

    _kept = ("best", "cooldown_counter", "wait")

    best: float
    monitor_op: Callable[[float, float], bool]
    cooldown_counter: int
    wait: int

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if checked_number("ReduceLROnPlateau: factor", factor, least=0) >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: factor is {factor}; it has to be less than 1.")
        refuse_unknown(ReduceLROnPlateau, kwargs)
        self.monitor = monitor
        self.factor = factor
        self.min_lr: float = checked_number("ReduceLROnPlateau: min_lr", min_lr)
        self.min_delta: float = checked_number("ReduceLROnPlateau: min_delta", min_delta)
        self.patience: int = checked_number("ReduceLROnPlateau: patience", patience)
        self.verbose = verbose
        self.cooldown: int = checked_number("ReduceLROnPlateau: cooldown", cooldown)
        self.mode = mode
        self._reset()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def in_cooldown(self) -> bool:
        """Whether a change is so recent that epochs are not counted."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        logs["lr"] = float(K.get_value(self.model.optimizer.lr))
        value = both_spellings(logs).get(self.monitor)
        if value is None:
            _warn_absent("ReduceLROnPlateau", self.monitor, logs)
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.monitor_op(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reset(self) -> None:
        better, self.best = _comparison("ReduceLROnPlateau", self.mode, self.monitor)
        sign = 1 if better is np.greater else -1
        self.monitor_op = lambda value, best: better(value, best + sign * self.min_delta)
        self.cooldown_counter = 0
        self.wait = 0

    def _reduce(self, epoch: int) -> None:
        rate = self.model.optimizer.lr
        old = K.get_value(rate)
        new = max(float(old) * self.factor, self.min_lr)
        # A rate at `min_lr` may lie above it by a rounding, which is no change to tell of.
        if old.dtype.type(new) >= old:
            return
        K.set_value(rate, new)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin, on_epoch_end: functions of `epoch, logs`, or None.
        on_batch_begin, on_batch_end: functions of `batch, logs`, or None.
        on_train_begin, on_train_end: functions of `logs`, or None.
        **kwargs: attributes of the callback, such as other hooks.

    Raises:
        TypeError: a hook that there is not, or that is no function.

    Example:
        >>> epochs = []
        >>> note = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch))
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.zeros((4, 1)), np.zeros((4, 1))
        >>> _ = model.fit(x, y, epochs=3, verbose=0, callbacks=[note])
        >>> epochs
        [0, 1, 2]
    """

    def __init__(
        self,
        on_epoch_begin: Callable[[int, Logs], Any] | None = None,
        on_epoch_end: Callable[[int, Logs], Any] | None = None,
        on_batch_begin: Callable[[int, Logs], Any] | None = None,
        on_batch_end: Callable[[int, Logs], Any] | None = None,
        on_train_begin: Callable[[Logs], Any] | None = None,
        on_train_end: Callable[[Logs], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        unknown = [name for name in kwargs if name.startswith("on_") and not hasattr(self, name)]
        if unknown:
            known = (name for name in dir(Callback) if name.startswith("on_"))
            raise TypeError(
                f"LambdaCallback: {unknown[0]!r} is never called.{did_you_mean(unknown[0], known)}"
            )
        self.__dict__.update(kwargs)
        hooks: dict[str, Any] = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
        }
        for name, hook in {**hooks, **kwargs}.items():
            if name.startswith("on_") and hook is not None and not callable(hook):
                raise TypeError(f"LambdaCallback: {name} is {hook!r}; give a function.")
        self.__dict__.update({name: hook or ignore for name, hook in hooks.items()})
