"""Convolution with one channel a group: products would be tiny, so each tap of the window is
multiplied and added as it is, in blocks that stay in cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable

import numpy as np

from keras_numpy.lowering._geometry import Geometry, Slices
from keras_numpy.threads import add_in_order, each_block

# Bytes of results a block.
BLOCK = 1 << 18


def is_depthwise(geometry: Geometry, groups: int) -> bool:
    return groups == geometry.channels > 1


class Depthwise:
    """One such convolution of known sizes, in each of its three directions.

    Kernels have the shape (window…, 1, filters), data that of their format. Within, all arrays have
    channels last, and where a channel has several filters, these on a further axis.

    Args:
        geometry: of the tensor that the kernel slides over.
        filters: a multiple of its channels.
    """

    def __init__(self, geometry: Geometry, filters: int) -> None:
        self.geometry = geometry
        self.each = filters // geometry.channels
        self.inner = (geometry.channels,) if self.each == 1 else (geometry.channels, self.each)

    def forward(self, x: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        seen, weights = self.geometry.seen(x), self._weights(kernel)

        def images(some: slice, number: int) -> None:
            space, y = self._space(seen[some]), self._results(self.geometry.seen(out)[some])
            for rows, taps in self._blocks():
                total = np.multiply(space[taps[0]], weights[0])
                part = np.empty_like(total)
                for met, weight in zip(taps[1:], weights[1:]):
                    np.multiply(space[met], weight, part)
                    np.add(total, part, total)
                y[:, rows] = total

        self._each_block(len(x), images)

    def input_grad(self, g: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        seen, weights = self.geometry.seen(g), self._weights(kernel)
        target = self.geometry.seen(out)

        def images(some: slice, number: int) -> None:
            cotangent = self._results(seen[some])
            space = np.zeros((len(cotangent), *self.geometry.space, self.inner[0]), out.dtype)
            for rows, taps in self._blocks():
                given = cotangent[:, rows]
                for met, weight in zip(taps, weights):
                    part = given * weight
                    place = space[met]
                    np.add(place, part if self.each == 1 else part.sum(axis=-1), place)
            target[some] = self.geometry.cropped(space)

        self._each_block(len(g), images)

    def kernel_grad(self, x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        seen, cotangent = self.geometry.seen(x), self.geometry.seen(g)
        parts: dict[int, np.ndarray] = {}

        def images(some: slice, number: int) -> None:
            space, given = self._space(seen[some]), self._results(cotangent[some])
            total = np.zeros((len(self.geometry.taps), out.shape[-1]), out.dtype)
            for rows, taps in self._blocks():
                here = given[:, rows]
                ones = np.ones(here.size // max(1, total.shape[-1]), out.dtype)
                for tap, met in enumerate(taps):
                    product = np.multiply(space[met], here).reshape(len(ones), total.shape[-1])
                    total[tap] += np.dot(ones, product)
            parts[number] = total

        self._each_block(len(x), images)
        add_in_order(parts, out.reshape(len(self.geometry.taps), -1))

    def _weights(self, kernel: np.ndarray) -> np.ndarray:
        return kernel.reshape(-1, *self.inner)

    def _results(self, y: np.ndarray) -> np.ndarray:
        """Results (batch, counts…, filters), with the filters of a channel on an axis of theirs."""
        return y if self.each == 1 else y.reshape(*y.shape[:-1], *self.inner)

    def _space(self, x: np.ndarray) -> np.ndarray:
        space = self.geometry.padded(x)
        return space if self.each == 1 else space[..., None]

    def _each_block(self, count: int, run: Callable[[slice, int], None]) -> None:
        """Calls `run(images, number)` for blocks of so many images, on several threads."""
        step = max(1, BLOCK // max(1, self._row_bytes() * self.geometry.counts[0]))
        each_block(run, count, step)

    def _row_bytes(self) -> int:
        """Bytes of one image's results at one place along the first spatial axis, in float32."""
        return 4 * int(np.prod(self.geometry.counts[1:])) * self.inner[0] * self.each

    def _blocks(self) -> Iterator[tuple[slice, list[Slices]]]:
        """Rows of results, and what each tap of the window meets of the space for them."""
        count = self.geometry.counts[0]
        step = max(1, BLOCK // max(1, self._row_bytes()))
        for start in range(0, count, step):
            stop = min(start + step, count)
            yield (
                slice(start, stop),
                [
                    (slice(None), _within(first, start, stop), *others)
                    for first, *others in self.geometry.taps
                ],
            )


def _within(met: slice, start: int, stop: int) -> slice:
    """What the results from `start` up to `stop` meet, of what a tap meets for all of them."""
    step = met.step or 1
    first = met.start or 0
    return slice(first + start * step, first + (stop - 1) * step + 1, step)
