"""Windows over spatial axes, in the order that Theano takes: batch, channels, spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import theano.tensor as T

from keras_core.graph import Node
from keras_core.plugins.authoring import Counts, Pairs, Window, spatial_of
from keras_theano.lowering._common import SizeNeeded, filled_with


class Geometry(NamedTuple):
    """One use of a window.

    Attributes:
        sizes: of the spatial axes.
        window: what slides.
        pads: (before, after) an axis.
    """

    sizes: Counts
    window: Window
    pads: Pairs

    @property
    def padded(self) -> Counts:
        return tuple(n + sum(pads) for n, pads in zip(self.sizes, self.pads))

    @property
    def met(self) -> list[tuple[slice, ...]]:
        """For each place in the window, in row-major order, what it meets in the padded space."""
        return [met for _, met in self.window.offsets(self.sizes)]

    def along(self, axis: int) -> list[slice]:
        """For each place along one axis of the window, what it meets."""
        later = prod(self.window.size[axis + 1 :])
        return [met[axis] for met in self.met[::later][: self.window.size[axis]]]


def geometry(node: Node, shape: Sequence[Any], size: Sequence[Any]) -> Geometry:
    """How a window of the given size slides over a tensor of a shape.

    Raises:
        SizeNeeded: a spatial size is not known.
    """
    params = node.params
    sizes = spatial_of(tuple(shape), params["data_format"])
    if None in sizes or None in size:
        raise SizeNeeded
    dilation = params.get("dilation", (1,) * len(sizes))
    window = Window(tuple(size), params["strides"], params["padding"], dilation)
    return Geometry(sizes, window, tuple(window.pads(sizes)))  # type: ignore[arg-type]


def is_first(node: Any) -> bool:
    return node.params["data_format"] == "channels_first"


def channels_first(x: Any, first: bool) -> Any:
    return x if first else x.dimshuffle(0, x.ndim - 1, *range(1, x.ndim - 1))


def channels_back(x: Any, first: bool) -> Any:
    return x if first else x.dimshuffle(0, *range(2, x.ndim), 1)


def surrounded(x: Any, pads: Pairs, value: float, at: int) -> Any:
    """`x` with padding around its spatial axes, the first of which is axis `at`."""
    if not any(map(any, pads)):
        return x
    whole = [x.shape[i] for i in range(x.ndim)]
    inside = [slice(None)] * x.ndim
    for axis, (before, after) in enumerate(pads, at):
        inside[axis] = slice(before, before + x.shape[axis])
        whole[axis] = before + x.shape[axis] + after
    part = filled_with(value, whole, x.dtype)[tuple(inside)]
    return T.set_subtensor(part, x)


def inner(x: Any, pads: Pairs, sizes: Counts, at: int) -> Any:
    """The inverse of `surrounded`: what stands in the space of these sizes."""
    if not any(map(any, pads)):
        return x
    parts = tuple(slice(before, before + n) for (before, _), n in zip(pads, sizes))
    return x[(*(slice(None),) * at, *parts)]
