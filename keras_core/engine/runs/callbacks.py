"""The callbacks of a run, set up."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from keras_core import foreign
from keras_core.callbacks.base import Callback, CallbackList
from keras_core.callbacks.loggers import BaseLogger, History, ProgbarLogger
from keras_core.engine.compilation.compiled import Compiled
from keras_core.engine.feeding.sources import Source
from keras_core.engine.options import Callbacks, Options
from keras_core.plugins import features


def training_callbacks(
    model: Compiled, source: Source, options: Options, validates: bool
) -> tuple[CallbackList, History]:
    """The callbacks of a training run, those of plugins and the History among them.

    Raises:
        TypeError: one callback instead of a list, a class instead of an object, or a hook that
            takes other arguments.
        AttributeError: something in the list is no callback.
    """
    _check(options.callbacks)
    _check_hooks(options.callbacks)
    history = model.history = History()
    accumulating = model.metrics_names[1:]
    first: list[Any] = [BaseLogger(stateful_metrics=accumulating)]
    if options.verbose:
        unit = "steps" if source.samples is None else "samples"
        first.append(ProgbarLogger(unit, accumulating))
    added = features.callbacks(model, "train")
    callbacks = CallbackList([*first, *(options.callbacks or ()), *added, history])
    callbacks.set_model(model._get_callback_model())
    named = validates or source.names_validation
    callbacks.set_params(
        {
            **source.described,
            "epochs": options.epochs,
            "verbose": options.verbose,
            "do_validation": validates,
            "metrics": [
                *options.labels,
                *(validation_labels(options.labels) if named else ()),
            ],
        }
    )
    return callbacks, history


def validation_labels(labels: Sequence[str]) -> list[str]:
    """Names of the values of a validation."""
    return [f"val_{label}" for label in labels]


def callbacks_of(model: Compiled, mode: str, source: Source, options: Options) -> CallbackList:
    """The callbacks of an evaluation ('test') or prediction ('predict'), those of plugins included.

    Raises:
        TypeError: one callback instead of a list.
        AttributeError: something in the list is no callback.
    """
    if isinstance(options.callbacks, CallbackList):
        return options.callbacks
    _check(options.callbacks)
    callbacks = CallbackList([*(options.callbacks or ()), *features.callbacks(model, mode)])
    params = {**source.described, "verbose": options.verbose}
    if mode == "test":
        params["metrics"] = model.metrics_names
    callbacks.set_model(model)
    callbacks.set_params(params)
    return callbacks


def _check(callbacks: Callbacks) -> None:
    if callbacks is None or isinstance(callbacks, CallbackList):
        return
    if not isinstance(callbacks, (list, tuple)):
        foreign.refuse(callbacks, AttributeError)
        raise TypeError(
            f"callbacks is {_named(callbacks)} and no list; give a list of objects: "
            "callbacks=[...]."
        )
    for callback in callbacks:
        foreign.refuse(callback, AttributeError)
        if inspect.isclass(callback):
            raise TypeError(
                f"callbacks has {_named(callback)}; give an object of it: {callback.__name__}()."
            )
        if not hasattr(callback, "set_params") or not hasattr(callback, "set_model"):
            raise AttributeError(
                f"{callback!r} in callbacks is no callback; derive it from "
                "keras_core.callbacks.Callback and give an instance, or give a function to "
                "LambdaCallback: LambdaCallback(on_epoch_end=...)."
            )


# What hooks are called with; those of batches and epochs with a number besides.
_HOOKS = ("on_train_begin", "on_train_end")
_NUMBERED = ("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end")


def _check_hooks(callbacks: Callbacks) -> None:
    """Refuses hooks that do not take what training calls them with.

    Raises:
        TypeError: it takes fewer or more arguments.
    """
    for callback in callbacks or ():
        for hook in (*_HOOKS, *_NUMBERED):
            _check_hook(callback, hook)


def _check_hook(callback: Any, hook: str) -> None:
    method = getattr(callback, hook, None)
    if getattr(method, "__module__", None) == Callback.__module__ or not callable(method):
        return
    number = ["epoch" if "epoch" in hook else "batch"] if hook in _NUMBERED else []
    try:
        inspect.signature(method).bind(*number, "logs")
    except ValueError:
        return  # written in C, it does not tell
    except TypeError as error:
        raise TypeError(
            f"{type(callback).__name__}.{hook} is called with {' and '.join([*number, 'logs'])}, "
            f"but does not take these: {error}. Add logs=None: "
            f"def {hook}({', '.join(['self', *number, 'logs=None'])})."
        ) from None


def _named(value: Any) -> str:
    is_class = inspect.isclass(value)
    return f"the class {value.__name__}" if is_class else f"of type {type(value).__name__}"
