"""Maximum and average over windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_core.export.onnx._windows import Frame
from keras_core.export.onnx.tracing import Lowering, Site


def _pool(kind: str, **options: Any) -> Lowering:
    def lower(site: Site, x: str) -> str:
        frame = Frame(site, site.params["size"], site.inputs[0].shape)
        window = {**frame.strides, **frame.padding, **options}
        return frame.left(site.add(kind, frame.entered(x), **window))

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "avg_pool": _pool("AveragePool", count_include_pad=0),
    "max_pool": _pool("MaxPool"),
}
