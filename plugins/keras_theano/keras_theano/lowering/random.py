"""Draws, made by NumPy on the host as the NumPy backend makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph import PRIMITIVES
from keras_theano.compiler.draws import HostDraw, Sizes

_DIRECT = ("float32", "float64")


def _draw(name: str, method: str) -> HostDraw:
    plain = _plain(name)

    def draw(rng: np.random.Generator, sizes: Sizes, dtype: str) -> np.ndarray:
        if dtype not in _DIRECT:
            return plain.draw(rng, sizes, dtype)
        return getattr(rng, method)(sizes, dtype)

    return HostDraw(draw)


def _plain(name: str) -> HostDraw:
    reference: Any = PRIMITIVES[name].reference
    return HostDraw(lambda rng, sizes, dtype: reference(rng, shape=sizes, dtype=dtype, stream=0))


LOWERINGS: Mapping[str, Any] = {
    "random_normal": _draw("random_normal", "standard_normal"),
    "random_truncated_normal": _plain("random_truncated_normal"),
    "random_uniform": _draw("random_uniform", "random"),
}
