"""Windows that slide over spatial axes: the geometry of convolution and pooling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple, Union

import numpy as np

from keras_core.graph.spec import NamedDim, Sizes, clash, is_known, shown

Counts = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
Padding = Union[str, Pairs]

DATA_FORMATS = ("channels_last", "channels_first")


class Window(NamedTuple):
    """What slides: per spatial axis its size, stride and dilation, and what is added around.

    `padding` holds a pair (before, after) an axis, or is `'same'`: as much as makes the result
    ceil(size / stride) long, the odd element after.
    """

    size: Counts
    strides: Counts
    padding: Padding
    dilation: Counts

    def extent(self, axis: int) -> int:
        """From the first to the last element that the window covers."""
        return (self.size[axis] - 1) * self.dilation[axis] + 1

    def pads(self, sizes: Sequence[int]) -> Pairs:
        """(before, after) for each spatial axis of the given sizes."""
        if self.padding != "same":
            return self.padding  # type: ignore[return-value]
        return tuple(
            same_padding(n, self.size[i], self.strides[i], self.dilation[i])
            for i, n in enumerate(sizes)
        )

    def counts(self, sizes: Sequence[int]) -> Counts:
        """At how many positions the window stands along each spatial axis."""
        around = self.pads(sizes)
        return tuple(
            max(0, (n + sum(around[i]) - self.extent(i)) // self.strides[i] + 1)
            for i, n in enumerate(sizes)
        )

    def offsets(self, sizes: Sequence[int]) -> Iterator[tuple[Counts, tuple[slice, ...]]]:
        """Each place in the window, with the slices of what it meets in the padded space."""
        counts = self.counts(sizes)
        for place in product(*map(range, self.size)):
            yield place, tuple(self._met(i, at, counts[i]) for i, at in enumerate(place))

    def _met(self, axis: int, place: int, count: int) -> slice:
        start, step = place * self.dilation[axis], self.strides[axis]
        return slice(start, start + max(0, (count - 1) * step + 1) if count else start, step)


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """(before, after) that make the number of window positions ceil(size / stride)."""
    count = -(-size // stride)
    total = max((count - 1) * stride + (window - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def check_window(name: str, rank: int, window: Window) -> None:
    """Refuses a window that does not fit a tensor of `rank` axes or has impossible numbers."""
    spatial = rank - 2
    lengths = {len(window.size), len(window.strides), len(window.dilation)}
    if isinstance(window.padding, tuple):
        lengths.add(len(window.padding))
    if not 1 <= spatial <= 3 or lengths != {spatial}:
        raise ValueError(f"{name}: {window} does not describe the {spatial} spatial axes.")
    if min(*window.size, *window.strides, *window.dilation) < 1:
        raise ValueError(f"{name}: window sizes, strides and dilations must be >= 1, not {window}.")
    _check_padding(name, window.padding)


def _check_padding(name: str, padding: Padding) -> None:
    pairs = isinstance(padding, tuple) and all(min(pair) >= 0 for pair in padding)
    if not pairs and padding != "same":
        raise ValueError(
            f"{name}: padding must be 'same' or a pair (before, after) >= 0 for each spatial axis, "
            f"not {padding!r}."
        )


def check_data_format(name: str, data_format: str) -> None:
    if data_format not in DATA_FORMATS:
        raise ValueError(f"{name}: data_format must be one of {DATA_FORMATS}, not {data_format!r}.")


def check_sizes(name: str, given: Sizes, expected: Sizes) -> None:
    """Refuses sizes that contradict what the geometry gives."""
    if len(given) != len(expected) or any(map(clash, given, expected)):
        raise ValueError(f"{name}: needs a tensor of shape {shown(expected)}, not {shown(given)}.")


def counted(name: str, spatial: Sizes, window: Window) -> Sizes:
    """The sizes of the result, None where one is not known, unless it is that of the input.

    Raises:
        ValueError: the window is larger than the padded space.
    """
    return tuple(_counted_axis(name, n, spatial, i, window) for i, n in enumerate(spatial))


def _counted_axis(name: str, size: NamedDim, spatial: Sizes, axis: int, window: Window) -> NamedDim:
    if not is_known(size):
        return size if _keeps_size(window, axis) else None
    known: int = size
    if window.padding == "same":
        return -(-known // window.strides[axis])
    padded = known + sum(window.padding[axis])  # type: ignore[arg-type]
    if padded < window.extent(axis) and size:
        raise ValueError(
            f"{name}: a window of {window.extent(axis)} does not fit into spatial axis {axis} of "
            f"sizes {shown(spatial)} (padding {window.padding}); use a smaller window or "
            "padding='same'."
        )
    return max(0, (padded - window.extent(axis)) // window.strides[axis] + 1)


def _keeps_size(window: Window, axis: int) -> bool:
    """Whether the window stands at as many positions as there are elements, however many."""
    if window.strides[axis] != 1:
        return False
    same = window.padding == "same"
    return same or sum(window.padding[axis]) == window.extent(axis) - 1  # type: ignore[arg-type]


def spatial_of(sizes: Sizes, data_format: str) -> Sizes:
    """The sizes of the spatial axes, of those of all axes."""
    return sizes[2:] if data_format == "channels_first" else sizes[1:-1]


def channels_of(sizes: Sizes, data_format: str) -> NamedDim:
    """How many channels there are, of the sizes of all axes."""
    return sizes[1] if data_format == "channels_first" else sizes[-1]


def assembled(batch: NamedDim, spatial: Sizes, channels: NamedDim, data_format: str) -> Sizes:
    """Sizes from their parts, in the order of the data format."""
    if data_format == "channels_first":
        return (batch, channels, *spatial)
    return (batch, *spatial, channels)


def channels_last(x: Any, data_format: str) -> Any:
    """A view of an array of this format, with channels last."""
    return np.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def channels_back(x: Any, data_format: str) -> Any:
    """The inverse of `channels_last`."""
    return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x


def padded(x: Any, window: Window, value: float = 0) -> Any:
    """A channels-last array with the window's padding around its spatial axes."""
    around = window.pads(x.shape[1:-1])
    return np.pad(x, ((0, 0), *around, (0, 0)), constant_values=value)


def cropped(x: Any, window: Window, sizes: Sequence[int]) -> Any:
    """The inverse of `padded`: what stands in the space of the given sizes."""
    around = window.pads(sizes)
    inner = tuple(slice(before, before + n) for (before, _), n in zip(around, sizes))
    return x[(slice(None), *inner)]
