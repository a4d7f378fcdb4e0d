"""The compiled loops: over images, rows of results, and the stretches of memory of a window.

Images are rows of numbers with channels last; where windows lie in them is told by offsets, so
that there may be any number of axes.
"""

from __future__ import annotations

import numpy as np

from keras_numba.compiled import compiled
from keras_numba.tile import by_channel, products


@compiled
def slide(space, kernel, out, rows, taps, reach, step, length, filters):
    """A convolution: kernel (taps, reach, filters), out (images, rows, length, filters)."""
    size = space.itemsize
    for image in range(len(space)):
        x, y = space[image].ctypes.data, out[image].ctypes.data
        for row in range(len(rows)):
            to = y + row * length * filters * size
            for tap in range(len(taps)):
                products(
                    space,
                    x + (rows[row] + taps[tap]) * size,
                    step,
                    1,
                    kernel.ctypes.data + tap * reach * filters * size,
                    filters,
                    reach,
                    to,
                    filters,
                    tap,
                    length,
                    filters,
                )


@compiled
def slide_by_channel(space, kernel, out, rows, taps, channels, step, length, beside):
    """The same of one filter a channel: kernel (taps, across, channels)."""
    size = space.itemsize
    across = len(kernel) // (len(taps) * channels)
    for image in range(len(space)):
        x, y = space[image].ctypes.data, out[image].ctypes.data
        for row in range(len(rows)):
            to = y + row * length * channels * size
            for tap in range(len(taps)):
                by_channel(
                    space,
                    x + (rows[row] + taps[tap]) * size,
                    step,
                    beside,
                    kernel.ctypes.data + tap * across * channels * size,
                    channels,
                    across,
                    to,
                    channels,
                    tap,
                    length,
                    channels,
                )


@compiled
def add_products(space, given, out, rows, taps, reach, step, length, filters):
    """The kernel's gradient, added to out (taps, reach, filters)."""
    size = space.itemsize
    for image in range(len(space)):
        x, g = space[image].ctypes.data, given[image].ctypes.data
        for row in range(len(rows)):
            for tap in range(len(taps)):
                products(
                    space,
                    x + (rows[row] + taps[tap]) * size,
                    1,
                    step,
                    g + row * length * filters * size,
                    filters,
                    length,
                    out.ctypes.data + tap * reach * filters * size,
                    filters,
                    1,
                    reach,
                    filters,
                )


@compiled
def add_products_by_channel(space, given, out, rows, taps, channels, step, length, beside):
    """The same of one filter a channel: out (taps, across, channels)."""
    size = space.itemsize
    across = len(out) // (len(taps) * channels)
    for image in range(len(space)):
        x, g = space[image].ctypes.data, given[image].ctypes.data
        for row in range(len(rows)):
            for tap in range(len(taps)):
                by_channel(
                    space,
                    x + (rows[row] + taps[tap]) * size,
                    beside,
                    step,
                    g + row * length * channels * size,
                    channels,
                    length,
                    out.ctypes.data + tap * across * channels * size,
                    channels,
                    1,
                    across,
                    channels,
                )


@compiled
def maximum(space, out, rows, taps, step, length, channels):
    """The maximum of each window and channel; NaN where there is one among them."""
    for image in range(len(space)):
        x, y = space[image], out[image]
        for row in range(len(rows)):
            for i in range(length):
                start = rows[row] + i * step
                to = y[(row * length + i) * channels :][:channels]
                to[:] = x[start + taps[0] :][:channels]
                for tap in taps[1:]:
                    met = x[start + tap :][:channels]
                    for channel in range(channels):
                        value, best = met[channel], to[channel]
                        to[channel] = value if value > best or value != value else best


@compiled
def give_to_maximum(space, given, out, rows, taps, step, length, channels):
    """The gradient: each window gives to the first place that has its maximum."""
    best, rest = np.empty(channels, space.dtype), np.empty(channels, space.dtype)
    nothing = space.dtype.type(0)
    for image in range(len(space)):
        x, g, y = space[image], given[image], out[image]
        for row in range(len(rows)):
            for i in range(length):
                start = rows[row] + i * step
                rest[:] = g[(row * length + i) * channels :][:channels]
                best[:] = x[start + taps[0] :][:channels]
                for tap in taps[1:]:
                    met = x[start + tap :][:channels]
                    for channel in range(channels):
                        value, most = met[channel], best[channel]
                        best[channel] = value if value > most or value != value else most
                for tap in taps:
                    met, to = x[start + tap :][:channels], y[start + tap :][:channels]
                    for channel in range(channels):
                        value = met[channel]
                        is_met = value == best[channel] or value != value
                        to[channel] += rest[channel] if is_met else nothing
                        rest[channel] = nothing if is_met else rest[channel]
