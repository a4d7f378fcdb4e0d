"""The module `keras.initializations` of Keras 1: functions that make a weight of a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core import backend as K
from keras_core import initializers as today
from keras_core import missing
from keras_core.graph import Variable

Function = Callable[..., Any]


def _function(kind: Function, options: Callable[[float], dict[str, float]] | None = None) -> Any:
    """A function that makes a variable by an initializer of today.

    Args:
        kind: makes the initializer.
        options: the initializer's options for a scale; None where Keras 1 took no scale.
    """

    def made(shape: Sequence[int], scale: Any = None, name: Any = None, **kwargs: Any) -> Variable:
        given = {} if options is None or scale is None else options(scale)
        return _variable(kind(**given), shape, name)

    def unscaled(shape: Sequence[int], name: Any = None, **kwargs: Any) -> Variable:
        return _variable(kind(), shape, name)

    return unscaled if options is None else made


def _variable(initializer: Function, shape: Sequence[int], name: str | None) -> Variable:
    return K.variable(initializer(tuple(shape)), name=name)


_SCALED: dict[str, tuple[Function, Callable[[float], dict[str, float]]]] = {
    "uniform": (today.RandomUniform, lambda scale: {"minval": -scale, "maxval": scale}),
    "normal": (today.RandomNormal, lambda scale: {"stddev": scale}),
    "identity": (today.Identity, lambda scale: {"gain": scale}),
    "orthogonal": (today.Orthogonal, lambda scale: {"gain": scale}),
}
_UNSCALED: dict[str, Function] = {
    "zero": today.Zeros,
    "one": today.Ones,
    **{
        name: getattr(today, name)
        for name in ("glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_uniform")
    },
}
_FUNCTIONS = {
    **{name: _function(kind, options) for name, (kind, options) in _SCALED.items()},
    **{name: _function(kind) for name, kind in _UNSCALED.items()},
}
globals().update(_FUNCTIONS)


def get(identifier: Any, **kwargs: Any) -> Any:
    """Finds a function of this module.

    Args:
        identifier: its name; a function, which is returned; anything else is an initializer of
            today.
    """
    known = _FUNCTIONS.get(identifier) if isinstance(identifier, str) else None
    return known or today.get(identifier)


__all__ = [*_FUNCTIONS, "get"]
missing.explain_attributes(globals())
