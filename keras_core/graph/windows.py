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


def counted(name: str, sizes: Sizes, window: Window, data_format: str) -> Sizes:
    """The spatial sizes of the result, None where one is not known, unless it is the input's.

    Args:
        name: who asks, for messages.
        sizes: of all axes of the input.
        window: what slides over it.
        data_format: where its channels are.

    Raises:
        ValueError: the window is larger than the padded space.
    """
    spatial = spatial_of(sizes, data_format)
    for axis, size in enumerate(spatial):
        if _is_too_small(size, window, axis):
            raise ValueError(_no_room(name, sizes, window, axis, data_format))
    return tuple(_counted_axis(size, window, axis) for axis, size in enumerate(spatial))


def _is_too_small(size: NamedDim, window: Window, axis: int) -> bool:
    if not is_known(size) or window.padding == "same":
        return False
    around = sum(window.padding[axis])  # type: ignore[arg-type]
    return bool(size) and size + around < window.extent(axis)


def _no_room(name: str, sizes: Sizes, window: Window, axis: int, data_format: str) -> str:
    around = sum(window.padding[axis])  # type: ignore[arg-type]
    padded = f" and {around} of padding" if around else ""
    at = axis + (2 if data_format == "channels_first" else 1)
    extents = [window.extent(i) for i in range(len(window.size))]
    return (
        f"{name}: a window of {window.extent(axis)} does not fit into axis {at} of shape "
        f"{shown(sizes)}, of size {sizes[at]}{padded}; use a smaller window or padding='same'."
        + _hint_of_format(sizes, extents, data_format)
    )


def _hint_of_format(sizes: Sizes, extents: Sequence[int], data_format: str) -> str:
    """Asks whether the channels are on the other side, where the window would fit then."""
    if data_format == "channels_last" and seems_channels_first(sizes, extents):
        return (
            " If axis 1 holds the channels, write data_format='channels_first', or move it to the "
            "end: np.moveaxis(x, 1, -1)."
        )
    if data_format == "channels_first" and seems_channels_first(
        (sizes[0], sizes[-1], *sizes[1:-1]), extents
    ):
        return " If the last axis holds the channels, write data_format='channels_last'."
    return ""


# Images have as many channels at most: grey, colours, and what is transparent.
_CHANNELS = 4


def seems_channels_first(sizes: Sizes, extents: Sequence[int]) -> bool:
    """Whether axis 1 has as few elements as channels, and a window fits into the other axes.

    Args:
        sizes: of all axes.
        extents: of the window, for each spatial axis.
    """
    if not is_known(sizes[1]) or sizes[1] > _CHANNELS:
        return False
    return all(not is_known(n) or n >= extent for n, extent in zip(sizes[2:], extents))


def _counted_axis(size: NamedDim, window: Window, axis: int) -> NamedDim:
    if not is_known(size):
        return size if _keeps_size(window, axis) else None
    known: int = size
    if window.padding == "same":
        return -(-known // window.strides[axis])
    padded = known + sum(window.padding[axis])  # type: ignore[arg-type]
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
