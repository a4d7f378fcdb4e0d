"""What convolution and pooling share: ONNX's operations want channels first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.export.onnx.tracing import Site
from keras_core.graph.spec import Shape
from keras_core.graph.windows import Window, spatial_of


class Frame:
    """The window of one node, in the form that ONNX's operations take.

    Args:
        site: of a node with the parameters of a window.
        size: the window's size along each spatial axis.
        shape: of the tensor that the window slides over.
    """

    def __init__(self, site: Site, size: Sequence[int], shape: Shape) -> None:
        params = site.params
        dilation = params.get("dilation", (1,) * len(size))
        self.window = Window(tuple(size), params["strides"], params["padding"], dilation)
        self.spatial: Shape = spatial_of(shape, params["data_format"])  # type: ignore[assignment]
        self._writer = site.writer
        self._rank = len(shape)
        self._is_last = params["data_format"] == "channels_last"

    def entered(self, x: str) -> str:
        """A value of the program with channels first."""
        perm = [0, self._rank - 1, *range(1, self._rank - 1)]
        return self._writer.transpose(x, perm) if self._is_last else x

    def left(self, x: str) -> str:
        """The inverse of `entered`."""
        perm = [0, *range(2, self._rank), 1]
        return self._writer.transpose(x, perm) if self._is_last else x

    @property
    def strides(self) -> dict[str, Any]:
        return {"kernel_shape": list(self.window.size), "strides": list(self.window.strides)}

    @property
    def padding(self) -> dict[str, Any]:
        """The pads in numbers, where these do not depend on sizes that are unknown."""
        # A window that takes steps of one needs equal padding, however many there are.
        pairs = zip(self.spatial, self.window.strides)
        sizes = [1 if size is None and stride == 1 else size for size, stride in pairs]
        if self.window.padding == "same" and None in sizes:
            return {"auto_pad": "SAME_UPPER"}
        return {"pads": flat(self.window.pads(sizes))}  # type: ignore[arg-type]


def flat(pads: Sequence[tuple[int, int]]) -> list[int]:
    """Pairs (before, after) in ONNX's order: all before, then all after."""
    return [pad[end] for end in (0, 1) for pad in pads]
