"""The gradient of a convolution for what its kernel slides over, as transposed convolutions use it.

What neighbouring positions of the window give lies next to each other in memory along the last
spatial axis. There it is gathered, so that rows of a matrix are copied in long runs and one product
meets all taps of the axis; over the other axes the products are added up. Where there are many more
filters than channels, adding them up over the last axis too costs less than gathering.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import gcd, prod
from typing import Callable

import numpy as np
from numpy.lib.stride_tricks import as_strided

from keras_numpy.lowering._geometry import Geometry, Slices

# What a run of numbers that are added up costs beyond each of them; measured, in numbers moved.
_OVERHEAD = 64


@dataclass(frozen=True)
class _Phase:
    """Every s-th element of the last axis, s being the stride: the same taps meet all of them.

    Attributes:
        place: where they are.
        count: how many.
        taps: the places in the window that meet them, the last one first.
        width: how many those are.
        low: the position of the window from which the last tap meets the first element.
        apart: how far the positions of two taps in a row are from each other.
    """

    place: slice
    count: int
    taps: slice
    width: int
    low: int
    apart: int


class InputGrad:
    """For one geometry; kernels are (window…, depth, filters), laid out as a matrix.

    Args:
        geometry: how the window slides.
        depth: channels of the result.
        filters: channels of what is given.
        multiply: writes the product of two matrices into a third one.
    """

    def __init__(
        self,
        geometry: Geometry,
        depth: int,
        filters: int,
        multiply: Callable[[np.ndarray, np.ndarray, np.ndarray], None],
    ) -> None:
        self.geometry, self.depth, self.filters = geometry, depth, filters
        self._multiply = multiply
        gathers = self._gathering_is_cheaper()
        self.phases = list(_phases(geometry)) if gathers else [_everything(geometry)]
        self.added = len(geometry.sizes) - gathers
        self.taps = sorted(_taps(geometry, self.added), key=lambda tap: not self._covers(tap[1]))

    def _gathering_is_cheaper(self) -> bool:
        """By numbers that are copied and added up, a few at a time where there are few channels."""
        *leading, last = self.geometry.window.size
        rows = self.geometry.batch * prod(self.geometry.counts)
        added = prod(leading) * (2 * self.depth + _OVERHEAD)
        kernel = prod(leading) * last * self.depth * self.filters
        return 2 * (rows * last * self.filters + kernel) + rows * added < rows * added * last

    def matrices(self, kernel: np.ndarray) -> list[np.ndarray]:
        """For each phase (taps that are added up · depth, taps that are gathered · filters)."""
        size = self.geometry.window.size
        added, gathered = prod(size[: self.added]), prod(size[self.added :])
        parts = kernel.reshape(added, gathered, self.depth, self.filters).swapaxes(1, 2)
        rows = added * self.depth
        return [parts[:, :, phase.taps].reshape(rows, -1) for phase in self.phases]

    def give(self, g: np.ndarray, matrices: list[np.ndarray], out: np.ndarray) -> None:
        """Writes the gradient for some images.

        Args:
            g: (images, places, filters).
            matrices: of the kernel.
            out: (images, sizes…, depth).
        """
        g = g.reshape(len(g), *self.geometry.counts, self.filters)
        for phase, matrix in zip(self.phases, matrices):
            self._give_phase(phase, g, matrix, out[..., phase.place, :])

    def _give_phase(
        self, phase: _Phase, g: np.ndarray, matrix: np.ndarray, out: np.ndarray
    ) -> None:
        if not phase.width or not self.taps:
            out[...] = 0
            return
        rows = self._gathered(phase, g)
        if out.flags.c_contiguous and self._is_a_product(rows, out):
            self._multiply(rows, matrix.T, out.reshape(len(rows), self.depth))
            return
        given = np.empty((len(rows), len(matrix)), out.dtype)
        self._multiply(rows, matrix.T, given)
        self._add(given.reshape(*g.shape[:-2], phase.count, len(matrix)), out)

    def _is_a_product(self, rows: np.ndarray, out: np.ndarray) -> bool:
        """Whether each row gives to one element of the result, and there is nothing to add up."""
        alone = len(self.taps) == 1 and self._covers(self.taps[0][1])
        return alone and len(rows) * self.depth == out.size

    def _gathered(self, phase: _Phase, g: np.ndarray) -> np.ndarray:
        """What each element of the phase meets, as rows of a matrix."""
        before = max(0, -phase.low)
        last = phase.low + phase.count - 1 + (phase.width - 1) * phase.apart
        space = _with_zeros(g, before, max(0, last + 1 - g.shape[-2]))
        space = space[..., phase.low + before :, :]
        step, one = space.strides[-2:]
        shape = (*g.shape[:-2], phase.count, phase.width, self.filters)
        strides = (*space.strides[:-2], step, step * phase.apart, one)
        windows = as_strided(space, shape, strides, writeable=False)
        return windows.reshape(-1, phase.width * self.filters)

    def _add(self, given: np.ndarray, out: np.ndarray) -> None:
        """given (images, counts of the added axes…, others…, added taps · depth) to out."""
        if not self._covers(self.taps[0][1]):
            out[...] = 0
        for number, (tap, place, met) in enumerate(self.taps):
            source = given[(slice(None), *met, ..., _channels(tap, self.depth))]
            target = out[(slice(None), *place)]
            if number or not self._covers(place):
                np.add(target, source, target)
            else:
                np.copyto(target, source)

    def _covers(self, place: Slices) -> bool:
        """Whether these are all elements of the axes over which is added up."""
        return all(p == slice(0, size, 1) for p, size in zip(place, self.geometry.sizes))


def _channels(tap: int, depth: int) -> slice:
    return slice(tap * depth, (tap + 1) * depth)


def _with_zeros(g: np.ndarray, before: int, after: int) -> np.ndarray:
    """g with zeros around its last axis but one; itself where there are none to add."""
    if not before and not after:
        return g
    *leading, count, filters = g.shape
    space = np.empty((*leading, before + count + after, filters), g.dtype)
    space[..., :before, :] = 0
    space[..., before : before + count, :] = g
    space[..., before + count :, :] = 0
    return space


def _phases(geometry: Geometry) -> Iterator[_Phase]:
    size, stride = geometry.window.size[-1], geometry.window.strides[-1]
    dilation, before = geometry.window.dilation[-1], geometry.pads[-1][0]
    every = stride // gcd(stride, dilation)
    for first in range(min(stride, geometry.sizes[-1])):
        met = [tap for tap in range(size) if (first + before - tap * dilation) % stride == 0]
        last = met[-1] if met else 0
        yield _Phase(
            place=slice(first, None, stride),
            count=-(-(geometry.sizes[-1] - first) // stride),
            taps=slice(last, None, -every),
            width=len(met),
            low=(first + before - last * dilation) // stride,
            apart=dilation * every // stride,
        )


def _everything(geometry: Geometry) -> _Phase:
    """One phase, in which each element is met by one tap."""
    return _Phase(slice(None), geometry.counts[-1], slice(0, None, -1), 1, 0, 1)


def _taps(geometry: Geometry, axes: int) -> Iterator[tuple[int, Slices, Slices]]:
    """The number of each place in the window along the first axes; which elements it meets; and
    from which positions of the window. Places that meet none are left out."""
    sizes = geometry.window.size[:axes]
    each = [[_meeting(geometry, axis, at) for at in range(n)] for axis, n in enumerate(sizes)]
    for number, met in enumerate(product(*each)):
        if all(place.start < place.stop for place, _ in met):
            yield number, tuple(place for place, _ in met), tuple(where for _, where in met)


def _meeting(geometry: Geometry, axis: int, at: int) -> tuple[slice, slice]:
    """Which elements a place in the window meets along an axis, and from which positions."""
    stride, size = geometry.window.strides[axis], geometry.sizes[axis]
    start = at * geometry.window.dilation[axis] - geometry.pads[axis][0]
    first = max(0, -(start // stride))
    stop = min(geometry.counts[axis], (size - 1 - start) // stride + 1)
    begin = start + first * stride
    return slice(begin, max(begin, start + (stop - 1) * stride + 1), stride), slice(first, stop)
