"""Maximum and average over windows, and their gradients.

XLA scatters slowly on CPUs, so the gradient of a maximum is a sum over the places in the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_core.plugins.authoring import Window, spatial_of
from keras_jax.lowering._common import filled, of_arrays
from keras_jax.tracing import Lowering


class _Frame:
    """A window over an array, with numbers for all axes, spatial or not.

    Args:
        shape: of the array.
        size, strides, padding, data_format: parameters of the node.
    """

    def __init__(
        self, shape: Sequence[int], size: Any, strides: Any, padding: Any, data_format: str
    ) -> None:
        self.shape = tuple(shape)
        self._first = data_format == "channels_first"
        window = Window(size, strides, padding, (1,) * len(size))
        spatial = spatial_of(self.shape, data_format)
        self.size = self._around(size, 1)
        self.strides = self._around(strides, 1)
        self.pads = self._around(window.pads(spatial), (0, 0))  # type: ignore[arg-type]
        counts = iter(window.counts(spatial))  # type: ignore[arg-type]
        places = self._around([True] * len(size), False)
        self.counts = [next(counts) if at else n for at, n in zip(places, self.shape)]

    def _around(self, values: Sequence[Any], other: Any) -> list[Any]:
        """Values of the spatial axes, with that of the others around them."""
        return [other, other, *values] if self._first else [other, *values, other]

    def reduced(self, x: Any, start: float, function: Any) -> Any:
        """What a function of two makes of each window."""
        first = np.asarray(start, x.dtype)
        return lax.reduce_window(
            x, first, function, tuple(self.size), tuple(self.strides), tuple(self.pads)
        )

    def places(self) -> Iterator[tuple[int, ...]]:
        """Each place in the window, by its offsets, in row-major order."""
        return product(*map(range, self.size))

    def padded(self, x: Any, value: float) -> Any:
        return lax.pad(x, np.asarray(value, x.dtype), [(*pair, 0) for pair in self.pads])

    def met(self, padded: Any, place: Sequence[int]) -> Any:
        """What a place of all windows meets in a padded array."""
        stops = [a + (n - 1) * s + 1 for a, n, s in zip(place, self.counts, self.strides)]
        return lax.slice(padded, place, stops, self.strides)

    def spread(self, g: Any, place: Sequence[int]) -> Any:
        """The inverse of `met`, without the padding."""
        around = []
        numbers = zip(place, self.counts, self.strides, self.shape, self.pads)
        for start, count, stride, size, (before, after) in numbers:
            end = size + before + after - (start + (count - 1) * stride + 1)
            around.append((start - before, end - after, stride - 1))
        return lax.pad(g, np.zeros((), g.dtype), around)

    def winners(self, x: Any) -> Any:
        """The number of the place where each window has its first maximum."""
        padded = self.padded(x, -np.inf)
        first, *others = self.places()
        best = self.met(padded, first)
        number = jnp.zeros(best.shape, np.int32)
        for i, place in enumerate(others, 1):
            part = self.met(padded, place)
            number = jnp.where(part > best, np.int32(i), number)
            best = jnp.maximum(part, best)
        return number

    def covered(self, dtype: Any) -> np.ndarray:
        """How many elements, padding apart, each window covers: of sizes that broadcast."""
        result = np.ones((1,) * len(self.shape), dtype)
        numbers = zip(self.size, self.strides, self.counts, self.shape, self.pads)
        for axis, (size, stride, count, n, (before, after)) in enumerate(numbers):
            if size > 1 or before or after:
                starts = np.arange(count) * stride - before
                along = np.minimum(starts + size, n) - np.maximum(starts, 0)
                shape = [-1 if i == axis else 1 for i in range(len(self.shape))]
                result = result * np.maximum(along, 0).astype(dtype).reshape(shape)
        return result


def _max_pool(x: Any, **params: Any) -> Any:
    return _Frame(x.shape, **params).reduced(x, -np.inf, lax.max)


def _max_pool_grad(x: Any, g: Any, **params: Any) -> Any:
    frame = _Frame(x.shape, **params)
    if 0 in g.shape:
        return jnp.zeros_like(x)
    winners, zero = frame.winners(x), jnp.zeros_like(g)
    parts = (
        frame.spread(jnp.where(winners == i, g, zero), place)
        for i, place in enumerate(frame.places())
    )
    return sum(parts, jnp.zeros_like(x))


def _max_pool_select(x: Any, v: Any, **params: Any) -> Any:
    frame = _Frame(x.shape, **params)
    if not prod(frame.counts):
        return jnp.zeros(frame.counts, v.dtype)
    winners, padded = frame.winners(x), frame.padded(v, 0)
    picked = jnp.zeros(winners.shape, v.dtype)
    for i, place in enumerate(frame.places()):
        picked = jnp.where(winners == i, frame.met(padded, place), picked)
    return picked


def _avg_pool(x: Any, **params: Any) -> Any:
    frame = _Frame(x.shape, **params)
    return frame.reduced(x, 0, lax.add) / frame.covered(x.dtype)


def _avg_pool_grad(g: Any, *dims: Any, shape: Any, **params: Any) -> Any:
    x = jax.ShapeDtypeStruct(filled(shape, dims), g.dtype)
    if 0 in g.shape:
        return jnp.zeros(x.shape, x.dtype)
    return jax.linear_transpose(lambda x: _avg_pool(x, **params), x)(g)[0]


_FUNCTIONS = {
    "avg_pool": _avg_pool,
    "avg_pool_grad": _avg_pool_grad,
    "max_pool": _max_pool,
    "max_pool_grad": _max_pool_grad,
    "max_pool_select": _max_pool_select,
}

LOWERINGS: Mapping[str, Lowering] = {
    name: of_arrays(function) for name, function in _FUNCTIONS.items()
}
