"""What loops of steps gain: a step of `fit` in them and by itself, for models of three kinds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import layers, models
from keras_core.plugins import Backend, current_backend

_BATCH, _STEPS, _EPOCHS, _CLASSES = 16, 64, 3, 10

Make = Callable[[], "list[Any]"]
MODELS: dict[str, tuple[tuple[int, ...], Make]] = {
    "dense": ((64,), lambda: [layers.Dense(128, activation="relu")]),
    "convolutional": (
        (16, 16, 8),
        lambda: [
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
        ],
    ),
    "recurrent": ((16, 8), lambda: [layers.LSTM(32)]),
}


def told() -> Iterator[str]:
    """Lines of a table for the backend in use."""
    yield "a step of fit    single, ms  in a loop, ms  in a loop / single"
    for kind in MODELS:
        (single, _), (looped, has_loop) = (_timed(kind, allowed) for allowed in (False, True))
        if has_loop:
            numbers = f"{looped * 1e3:>13.3f}  {looped / single:>18.2f}"
        else:
            numbers = f"{'-':>13}  {'no loop: None':>18}"
        yield f"{kind:15}  {single * 1e3:>10.3f}  {numbers}"


def _timed(kind: str, allowed: bool) -> tuple[float, bool]:
    """Seconds of the best epoch's steps, and whether there was a loop."""
    shape, make = MODELS[kind]
    K.clear_session()
    with _loops(current_backend(), allowed) as made:
        model = models.Sequential(
            [layers.InputLayer(shape), *make(), layers.Dense(_CLASSES, activation="softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        x = np.random.default_rng(0).normal(size=(_BATCH * _STEPS, *shape)).astype("float32")
        data = x, np.arange(len(x)) % _CLASSES
        # The first epoch compiles.
        seconds = [_epoch(model, *data) for _ in range(1 + _EPOCHS)][1:]
    return min(seconds) / _STEPS, any(made)


def _epoch(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    started = time.perf_counter()
    model.fit(x, y, batch_size=_BATCH, verbose=0)
    model.get_weights()  # an engine may return before it has done its work
    return time.perf_counter() - started


@contextmanager
def _loops(backend: Backend, allowed: bool) -> Iterator[list[bool]]:
    """Lets a backend make loops of steps, or none; gives whether it made some."""
    made: list[bool] = []
    loop_of, template_of = backend.compile_loop, backend.template

    def noted(loop: Any) -> Any:
        made.append(loop is not None)
        return loop

    hooks: dict[str, Any] = {"compile_loop": lambda x: noted(loop_of(x) if allowed else None)}
    if template_of is not None:
        hooks["template"] = lambda x, loop: (
            noted(template_of(x, loop) if allowed else None) if loop else template_of(x, loop)
        )
    backend.__dict__.update(hooks)
    try:
        yield made
    finally:
        for name in hooks:
            del backend.__dict__[name]
