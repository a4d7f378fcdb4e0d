"""How images of the graph and windows that slide over them look to PyTorch.

PyTorch wants channels on axis 1. Images with channels last are seen so through a permuted view,
whose memory its kernels know as the format `channels_last`; nothing is copied. What has one spatial
axis gets a second one of size 1, since PyTorch copies such data into another order itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from keras_core.plugins.authoring import Counts, Pairs, Window

_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


class Images:
    """Images of one format and number of spatial axes.

    Args:
        spatial: how many spatial axes there are.
        data_format: 'channels_last' or 'channels_first'.
    """

    def __init__(self, spatial: int, data_format: str) -> None:
        self.is_flat = spatial == 1
        self.axes = max(spatial, 2)
        self.last = data_format == "channels_last"
        inner = range(1, self.axes + 1)
        self._enter = (0, self.axes + 1, *inner)
        self._leave = (0, *(axis + 1 for axis in inner), 1)

    def entered(self, x: torch.Tensor) -> torch.Tensor:
        """A view with channels on axis 1 and at least two spatial axes."""
        if self.is_flat:
            x = x.unsqueeze(1 if self.last else 2)
        return x.permute(self._enter) if self.last else x

    def left(self, x: torch.Tensor) -> torch.Tensor:
        """The inverse."""
        x = x.permute(self._leave) if self.last else x
        return x.squeeze(1 if self.last else 2) if self.is_flat else x

    def shape(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The shape in which PyTorch sees an image of these sizes."""
        batch, *others = sizes
        channels = others.pop(-1 if self.last else 0)
        return (batch, channels, *([1] if self.is_flat else []), *others)

    def empty(self, like: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
        """A tensor without values in PyTorch's order, in the memory format of such images."""
        if self.last:
            return like.new_empty(shape).contiguous(memory_format=_FORMATS[len(shape)])
        return like.new_empty(shape)


class Sliding:
    """A window of given size over images as PyTorch sees them.

    Args:
        window: the window, over one to three spatial axes.
    """

    def __init__(self, window: Window) -> None:
        more = 2 - len(window.size)
        one = (1,) * max(more, 0)
        padding: Any = window.padding
        if padding != "same":
            padding = ((0, 0),) * len(one) + tuple(padding)
        self.window = Window(
            one + tuple(window.size),
            one + tuple(window.strides),
            padding,
            one + tuple(window.dilation),
        )
        self._pads: dict[Counts, Pairs] = {}

    def pads(self, sizes: Sequence[int]) -> Pairs:
        """(before, after) for each spatial axis of the given sizes."""
        if self.window.padding != "same":
            return self.window.padding  # type: ignore[return-value]
        key = tuple(sizes)
        if key not in self._pads:
            self._pads[key] = self.window.pads(key)
        return self._pads[key]

    def even(self, sizes: Sequence[int], most: Sequence[int] | None = None) -> list[int] | None:
        """The padding, if it is the same on both sides of each axis, and not above `most`."""
        pads = self.pads(sizes)
        if any(before != after for before, after in pads):
            return None
        found = [before for before, _ in pads]
        return None if most and any(n > m for n, m in zip(found, most)) else found

    def padded(self, x: torch.Tensor, value: float = 0) -> torch.Tensor:
        """Images with the padding around them."""
        pads = self.pads(x.shape[2:])
        widths = [n for pair in reversed(pads) for n in pair]
        return torch.constant_pad_nd(x, widths, value) if any(widths) else x

    def around(self, shape: Sequence[int]) -> list[int]:
        """The shape with the padding."""
        pads = self.pads(shape[2:])
        return [*shape[:2], *(n + sum(pair) for n, pair in zip(shape[2:], pads))]

    def cropped(self, x: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
        """What lies within the padding, of the given sizes."""
        for axis, ((before, _), size) in enumerate(zip(self.pads(sizes), sizes)):
            if x.shape[axis + 2] != size:
                x = x.narrow(axis + 2, before, size)
        return x
