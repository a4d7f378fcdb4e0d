"""Callback, the list that calls them, and the question which of them watch batches."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from keras_core.legacy.calls import RunParams, TakesOldCalls
from keras_core.missing import did_you_mean

if TYPE_CHECKING:
    from keras_core.engine.training import Model

Logs = dict[str, Any]

_BATCH_HOOKS = {
    "train": (
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_batch_begin",
        "on_batch_end",
    ),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


def check_path(who: str, path: Any) -> None:
    """Refuses what is no path of a file.

    Raises:
        TypeError: it is neither text nor a path object.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{who} is {path!r}; give the path of a file.")


_SPELLINGS = {"acc": "accuracy", "accuracy": "acc"}


def other_spelling(name: str) -> str | None:
    """What Keras before 2.3 called a value's name, whatever `compile` said, or the reverse.

    Args:
        name: such as 'val_accuracy' or 'val_acc'; None is returned for names of other values.
    """
    head, line, last = name.rpartition("_")
    other = _SPELLINGS.get(last)
    return f"{head}{line}{other}" if other else None


def both_spellings(logs: Logs | None) -> Logs:
    """The values by name, an accuracy by both."""
    logs = logs or {}
    others = ((other_spelling(name), value) for name, value in logs.items())
    return {**{name: value for name, value in others if name}, **logs}


def refuse_unknown(cls: type, kwargs: Iterable[str]) -> None:
    """Refuses keywords that a callback does not take.

    Raises:
        TypeError: there is one.
    """
    known = [name for name in inspect.signature(cls).parameters if name != "kwargs"]
    for name in kwargs:
        if name not in known:
            raise TypeError(
                f"{cls.__name__} got the unknown keyword {name!r}.{did_you_mean(name, known)} It "
                f"takes {', '.join(known) or 'none'}."
            )


def _refusing_unknown(cls: Any) -> None:
    """Makes the constructor of a class say what the keyword is that it does not take."""
    init = cls.__init__
    parameters = inspect.signature(init).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return

    @functools.wraps(init)
    def checked(self: Any, /, *args: Any, **kwargs: Any) -> None:
        if not parameters.keys() >= kwargs.keys():
            refuse_unknown(cls, kwargs)
        init(self, *args, **kwargs)

    cls.__init__ = checked


class Callback(TakesOldCalls):
    """What is called at the beginning and the end of a run, an epoch and a batch; all do nothing.

    The hooks of training batches call `on_batch_begin` and `on_batch_end`, so that overriding
    either name works. `logs` of a batch has `batch`, `size` and, at its end, the loss and the
    metrics; `logs` of an epoch's end has the epoch's values and those of the validation.

    Attributes:
        params: dict that describes the run (`epochs`, `steps`, `samples`, `verbose`, ...; and
            `resumes` where it goes on from a backup).
        model: the model that runs.
        validation_data: list of the validation arrays during `fit`, else None.
        writes: True for a callback that writes or sends what all processes know that share a run;
            the first of them alone has it then.

    Example:
        >>> class Halve(callbacks.Callback):
        ...     def on_epoch_begin(self, epoch, logs=None):
        ...         K.set_value(self.model.optimizer.lr, 0.5**epoch)
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.zeros((4, 1)), np.zeros((4, 1))
        >>> _ = model.fit(x, y, epochs=3, verbose=0, callbacks=[Halve()])
        >>> K.get_value(model.optimizer.lr).tolist()
        0.25
    """

    _kept: tuple[str, ...] = ()
    writes = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("keras_core."):
            _refusing_unknown(cls)

    def __init__(self) -> None:
        self.validation_data: Any = None
        self.model: Model = None  # type: ignore[assignment]
        self.params: dict[str, Any] = {}

    def set_params(self, params: dict[str, Any]) -> None:
        """Takes the description of the run.

        Example:
            >>> callback = callbacks.Callback()
            >>> callback.set_params({"epochs": 3, "verbose": 0})
            >>> callback.params["epochs"]
            3
        """
        self.params = params

    def set_model(self, model: Model) -> None:
        """Takes the model that runs.

        Example:
            >>> callback, model = callbacks.Callback(), models.Sequential([layers.Dense(1)])
            >>> callback.set_model(model)
            >>> callback.model is model
            True
        """
        self.model = model

    def get_state(self) -> dict[str, Any]:
        """What BackupAndRestore keeps of the callback: lists, dicts, arrays, texts, numbers.

        Example:
            >>> class Steps(callbacks.Callback):
            ...     steps = 0
            ...     def on_train_batch_end(self, batch, logs=None):
            ...         self.steps += 1
            ...     def get_state(self):
            ...         return {"steps": self.steps}
            ...     def set_state(self, state):
            ...         self.steps = state["steps"]
            >>> Steps().get_state()
            {'steps': 0}
        """
        return {name: getattr(self, name) for name in self._kept if hasattr(self, name)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes what `get_state` gave, in a run that goes on, after `on_train_begin`.

        Example:
            >>> class Steps(callbacks.Callback):
            ...     steps = 0
            ...     def set_state(self, state):
            ...         self.steps = state["steps"]
            >>> steps = Steps()
            >>> steps.set_state({"steps": 40})
            >>> steps.steps
            40
        """
        self.__dict__.update(state)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a training batch, by `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a training batch, by `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before an epoch of training; `epoch` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after an epoch of training and its validation.

        Example:
            >>> class Names(callbacks.Callback):
            ...     def on_epoch_end(self, epoch, logs=None):
            ...         print(epoch, sorted(logs))
            >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
            >>> model.compile("sgd", "mse")
            >>> data = (np.zeros((4, 1)), np.zeros((4, 1)))
            >>> _ = model.fit(*data, epochs=2, validation_data=data, verbose=0, callbacks=[Names()])
            0 ['loss', 'val_loss']
            1 ['loss', 'val_loss']
        """

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a training batch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a training batch.

        Example:
            >>> class Sizes(callbacks.Callback):
            ...     def on_train_batch_end(self, batch, logs=None):
            ...         print(batch, logs["size"])
            >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
            >>> model.compile("sgd", "mse")
            >>> x, y = np.zeros((5, 1)), np.zeros((5, 1))
            >>> _ = model.fit(x, y, batch_size=2, verbose=0, callbacks=[Sizes()])
            0 2
            1 2
            2 1
        """
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of evaluation or validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of evaluation or validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of prediction; `logs['outputs']` holds what came out."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called before training."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called after training."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called before evaluation or validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called after evaluation or validation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called before prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called after prediction."""


def ignore(*_: Any) -> None:
    """A hook that does nothing, for callbacks that take their hooks as functions."""


def watches_batches(callback: Any, mode: str, moment: str = "") -> bool:
    """Whether a callback has a batch hook of its own in `mode` ('train', 'test' or 'predict').

    Args:
        callback: the callback.
        mode: what the batches are for.
        moment: `'begin'` or `'end'` asks for the hooks of that moment alone.
    """
    hooks = [hook for hook in _BATCH_HOOKS[mode] if hook.endswith(moment)]
    return any(_overrides(callback, hook) for hook in hooks)


def _overrides(callback: Any, hook: str) -> bool:
    own = getattr(callback, "__dict__", {}).get(hook)
    if own is not None:
        return own is not ignore
    return getattr(type(callback), hook, None) is not getattr(Callback, hook)


class CallbackList:
    """Callbacks called one after the other, in their order.

    Args:
        callbacks: callbacks, or None.
        queue_length: accepted for compatibility, without effect.

    Example:
        >>> seen = []
        >>> first = callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append("first"))
        >>> second = callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append("second"))
        >>> callbacks.CallbackList([first, second]).on_train_begin()
        >>> seen
        ['first', 'second']
    """

    def __init__(self, callbacks: Iterable[Any] | None = None, queue_length: int = 10) -> None:
        self.callbacks: list[Any] = list(callbacks or ())
        self.queue_length = queue_length
        self.params: dict[str, Any] = {}
        self.model: Any = None

    def append(self, callback: Any) -> None:
        """Adds a callback at the end."""
        self.callbacks.append(callback)

    def set_params(self, params: dict[str, Any]) -> None:
        """Gives every callback the description of the run."""
        self.params = params = RunParams(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Gives every callback the model."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.callbacks)

    def __len__(self) -> int:
        return len(self.callbacks)

    def call(self, hook: str, *args: Any) -> None:
        """Calls the hook of that name on every callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(*args)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Same as `on_train_batch_begin`."""
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Same as `on_train_batch_end`."""
        self.on_train_batch_end(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before an epoch."""
        self.call("on_epoch_begin", epoch, _given(logs))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after an epoch."""
        self.call("on_epoch_end", epoch, _given(logs))

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a training batch."""
        self.call("on_train_batch_begin", batch, _given(logs))

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a training batch."""
        self.call("on_train_batch_end", batch, _given(logs))

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of evaluation."""
        self.call("on_test_batch_begin", batch, _given(logs))

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of evaluation."""
        self.call("on_test_batch_end", batch, _given(logs))

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of prediction."""
        self.call("on_predict_batch_begin", batch, _given(logs))

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of prediction."""
        self.call("on_predict_batch_end", batch, _given(logs))

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called before training."""
        self.call("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called after training."""
        self.call("on_train_end", logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called before evaluation."""
        self.call("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called after evaluation."""
        self.call("on_test_end", logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called before prediction."""
        self.call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called after prediction."""
        self.call("on_predict_end", logs)


def _given(logs: Logs | None) -> Logs:
    return {} if logs is None else logs
