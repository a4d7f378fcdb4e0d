"""Sizes, and rearrangements that keep the values of elements."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.export.onnx.indexing import slice_along
from keras_core.export.onnx.tracing import Lowering, Site, filled


def _lower_dim(site: Site, x: str) -> str:
    axis = site.params["axis"]
    size = site.writer.reshape(site.add("Shape", x, start=axis, end=axis + 1), [])
    return site.writer.cast(size, "int32")


def _lower_reshape(site: Site, x: str, *dims: str) -> str:
    """In numbers where they tell the shape: one size may be left to be worked out."""
    shape = [-1 if size is None else size for size in site.spec.shape]
    if shape.count(-1) <= 1 and not (-1 in shape and 0 in shape):
        return site.writer.reshape(x, shape)
    sizes = site.writer.sizes(filled(site.params["shape"], dims))
    return site.add("Reshape", x, sizes, allowzero=int(-1 not in site.params["shape"]))


def _lower_broadcast_to(site: Site, x: str, *dims: str) -> str:
    return site.add("Expand", x, site.writer.sizes(filled(site.params["shape"], dims)))


def _lower_pad(site: Site, x: str) -> str:
    widths = site.params["widths"]
    if not any(map(any, widths)):
        return x
    ends = [width[end] for end in (0, 1) for width in widths]
    return site.add("Pad", x, site.writer.integers(ends), site.scalar(site.params["value"]))


def _lower_repeat(site: Site, x: str) -> str:
    axis, repeats = site.params["axis"], site.params["repeats"]
    if site.spec.dtype == "float32" and repeats > 0 and 0 not in site.spec.shape:
        return _resized(site, x, axis, repeats)
    size = site.inputs[0].shape[axis]
    if size is None:
        raise site.refuse(f"entries of an axis of unknown size are repeated in {site.spec.dtype}.")
    places = [place for place in range(size) for _ in range(repeats)]
    return site.add("Gather", x, site.writer.integers(places), axis=axis)


def _resized(site: Site, x: str, axis: int, repeats: int) -> str:
    scales = [repeats if i == axis else 1 for i in range(len(site.spec.shape))]
    return site.add(
        "Resize",
        x,
        "",
        site.writer.constant(scales, "float32"),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


LOWERINGS: Mapping[str, Lowering] = {
    "broadcast_to": _lower_broadcast_to,
    "concat": lambda site, *xs: site.writer.concat(xs, site.params["axis"]),
    "dim": _lower_dim,
    "ensure_shape": lambda site, x: x,
    "pad": _lower_pad,
    "repeat": _lower_repeat,
    "reshape": _lower_reshape,
    "reverse": lambda site, x: slice_along(
        site, x, dict.fromkeys(site.params["axes"], (None, None, -1))
    ),
    "shape_of": lambda site, x: site.writer.cast(site.add("Shape", x), "int32"),
    "tile": lambda site, x: site.add("Tile", x, site.writer.integers(site.params["reps"])),
    "transpose": lambda site, x: site.writer.transpose(x, site.params["perm"]),
}
