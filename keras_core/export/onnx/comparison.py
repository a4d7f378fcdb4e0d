"""Comparisons and logic."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.export.onnx.elementwise import plain
from keras_core.export.onnx.tracing import Lowering

LOWERINGS: Mapping[str, Lowering] = {
    "equal": plain("Equal"),
    "greater": plain("Greater"),
    "greater_equal": plain("GreaterOrEqual"),
    "less": plain("Less"),
    "less_equal": plain("LessOrEqual"),
    "logical_and": plain("And"),
    "logical_not": plain("Not"),
    "logical_or": plain("Or"),
    "not_equal": lambda site, a, b: site.add("Not", site.add("Equal", a, b)),
}
