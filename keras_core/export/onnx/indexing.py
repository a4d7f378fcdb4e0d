"""Parts of tensors by position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import numpy as np

from keras_core.export.onnx.tracing import Lowering, Site
from keras_core.graph.primitives._lifting import WHOLE

Range = tuple[Optional[int], Optional[int], int]
_ENDS = np.iinfo("int64")


def slice_along(site: Site, x: str, parts: Mapping[int, Range]) -> str:
    """The part of `x` that ranges, by axis, leave, as in Python."""
    if not parts:
        return x
    bounds = [_bounds(part) for part in parts.values()]
    starts, stops, steps = (site.writer.integers(column) for column in zip(*bounds))
    return site.add("Slice", x, starts, stops, site.writer.integers(list(parts)), steps)


def _bounds(part: Range) -> tuple[int, int, int]:
    """A range with numbers for what is open."""
    start, stop, step = part
    first, last = (0, _ENDS.max) if step > 0 else (_ENDS.max, _ENDS.min)
    return int(first if start is None else start), int(last if stop is None else stop), step


def _lower_slice(site: Site, x: str) -> str:
    index = enumerate(site.params["index"])
    return slice_along(site, x, {axis: part for axis, part in index if part != WHOLE})


def _lower_dynamic_slice(site: Site, x: str, *starts: str) -> str:
    first = site.writer.sizes(starts)
    last = site.add("Add", first, site.writer.integers(site.params["sizes"]))
    return site.add("Slice", x, first, last, site.writer.integers(range(len(starts))))


def _lower_gather(site: Site, x: str, indices: str) -> str:
    if site.inputs[1].dtype != "int64":
        indices = site.writer.cast(indices, "int64")
    return site.add("Gather", x, indices, axis=site.params["axis"])


def _lower_one_hot(site: Site, indices: str) -> str:
    """By comparison, for ONNX's own operation counts negative indices from the end."""
    apart = site.add("Unsqueeze", indices, site.writer.integers([-1]))
    places = site.writer.constant(range(site.params["depth"]), site.inputs[0].dtype)
    return site.writer.cast(site.add("Equal", apart, places), site.params["dtype"])


def _lower_arange(site: Site, start: str, stop: str, step: str) -> str:
    return site.writer.cast(site.add("Range", start, stop, step), site.params["dtype"])


LOWERINGS: Mapping[str, Lowering] = {
    "arange": _lower_arange,
    "dynamic_slice": _lower_dynamic_slice,
    "gather": _lower_gather,
    "one_hot": _lower_one_hot,
    "slice": _lower_slice,
}
