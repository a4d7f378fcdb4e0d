"""Composites of normalization that ONNX has whole."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.export.onnx.tracing import Lowering

LOWERINGS: Mapping[str, Lowering] = {
    "log_softmax": lambda site, x: site.add("LogSoftmax", x, axis=site.params["axis"]),
    "softmax": lambda site, x: site.add("Softmax", x, axis=site.params["axis"]),
}
