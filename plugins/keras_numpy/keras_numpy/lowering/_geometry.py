"""The fixed geometry of one convolution or pooling: sizes known, arrays seen channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from keras_core.plugins.authoring import (
    Window,
    channels_back,
    channels_last,
    channels_of,
    spatial_of,
)

Slices = tuple[slice, ...]


class Geometry:
    """How a window slides over a tensor of known shape.

    Args:
        shape: of the tensor, in the order of `data_format`.
        window: what slides.
        data_format: 'channels_last' or 'channels_first'.
    """

    def __init__(self, shape: Sequence[Any], window: Window, data_format: str) -> None:
        self.window, self.data_format = window, data_format
        self.batch = shape[0]
        sizes: Any = spatial_of(tuple(shape), data_format)
        self.sizes: tuple[int, ...] = sizes
        self.channels: Any = channels_of(tuple(shape), data_format)
        self.pads = window.pads(self.sizes)
        self.counts = window.counts(self.sizes)
        self.is_padded = any(before or after for before, after in self.pads)
        around = zip(self.sizes, self.pads)
        self.space = tuple(n + before + after for n, (before, after) in around)
        self.inside: Slices = tuple(
            slice(before, before + n) for n, (before, _) in zip(self.sizes, self.pads)
        )
        self.taps: list[Slices] = [met for _, met in window.offsets(self.sizes)]

    def seen(self, x: np.ndarray) -> np.ndarray:
        """A channels-last view."""
        return channels_last(x, self.data_format)

    def back(self, x: np.ndarray) -> np.ndarray:
        """A view in the order of the data format of a channels-last array."""
        return channels_back(x, self.data_format)

    def padded(self, x: np.ndarray, value: float = 0) -> np.ndarray:
        """A channels-last array with the padding around it; itself where there is none."""
        if not self.is_padded:
            return x
        space = np.full((len(x), *self.space, x.shape[-1]), value, x.dtype)
        space[(slice(None), *self.inside)] = x
        return space

    def cropped(self, space: np.ndarray) -> np.ndarray:
        return space[(slice(None), *self.inside)]

    def windows(self, space: np.ndarray) -> np.ndarray:
        """A view (batch, counts…, window…, channels) of a padded channels-last array."""
        inner = space.strides[1:-1]
        steps = [s * step for s, step in zip(inner, self.window.strides)]
        jumps = [s * apart for s, apart in zip(inner, self.window.dilation)]
        shape = (len(space), *self.counts, *self.window.size, space.shape[-1])
        strides = (space.strides[0], *steps, *jumps, space.strides[-1])
        return as_strided(space, shape, strides, writeable=False)
