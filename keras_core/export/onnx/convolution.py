"""Convolution, and its gradient by the input, which is the transposed convolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keras_core.export.onnx._windows import Frame, flat
from keras_core.export.onnx.tracing import Lowering, Site, filled
from keras_core.graph.spec import are_known
from keras_core.graph.windows import spatial_of


def _options(site: Site, frame: Frame) -> dict[str, Any]:
    dilations = list(frame.window.dilation)
    return {**frame.strides, "dilations": dilations, "group": site.params["groups"]}


def _kernel(site: Site, kernel: str) -> str:
    """A kernel (window…, channels / groups, filters) as (filters, channels / groups, window…)."""
    rank = site.inputs[1].ndim
    return site.writer.transpose(kernel, [rank - 1, rank - 2, *range(rank - 2)])


def _lower_conv(site: Site, x: str, kernel: str) -> str:
    frame = Frame(site, site.inputs[1].shape[:-2], site.inputs[0].shape)  # type: ignore[arg-type]
    options = {**_options(site, frame), **frame.padding}
    return frame.left(site.add("Conv", frame.entered(x), _kernel(site, kernel), **options))


def _lower_input_grad(site: Site, g: str, kernel: str, *dims: str) -> str:
    frame = Frame(site, site.inputs[1].shape[:-2], site.spec.shape)  # type: ignore[arg-type]
    given = spatial_of(site.inputs[0].shape, site.params["data_format"])
    inputs = frame.entered(g), _kernel(site, kernel)
    options = _options(site, frame)
    if are_known(frame.spatial) and are_known(given):  # type: ignore[arg-type]
        options.update(_cut(frame, given))
        return frame.left(site.add("ConvTranspose", *inputs, **options))
    sizes = spatial_of(
        tuple(filled(site.params["shape"], dims)),  # type: ignore[arg-type]
        site.params["data_format"],
    )
    return frame.left(_cut_at_run_time(site, frame, inputs, options, sizes))


def _cut(frame: Frame, given: Sequence[Any]) -> dict[str, Any]:
    """What is cut off around the whole result, and what is added behind it."""
    pads = frame.window.pads(frame.spatial)  # type: ignore[arg-type]
    whole = [
        (n - 1) * stride + frame.window.extent(axis)
        for axis, (n, stride) in enumerate(zip(given, frame.window.strides))
    ]
    around = [size + sum(pad) for size, pad in zip(frame.spatial, pads)]  # type: ignore[arg-type]
    missing = [wanted - size for wanted, size in zip(around, whole)]
    return {"pads": flat(pads), "output_padding": missing}


def _cut_at_run_time(
    site: Site, frame: Frame, inputs: Sequence[str], options: dict[str, Any], sizes: Sequence[Any]
) -> str:
    """The whole result, from which the part of the wanted sizes is taken."""
    strides, writer = frame.window.strides, site.writer
    behind = [stride - 1 for stride in strides]
    whole = site.add("ConvTranspose", *inputs, **options, output_padding=behind)
    wanted, axes = writer.sizes(sizes), range(2, 2 + len(strides))
    if frame.window.padding == "same":
        length = site.add("Shape", whole, start=2)
        over = site.add("Sub", site.add("Sub", length, writer.integers(behind)), wanted)
        over = site.add("Max", over, writer.integers([0]))
        first = site.add("Div", over, writer.integers([2]))
    else:
        first = writer.integers([before for before, _ in frame.window.padding])  # type: ignore[misc]
    last = site.add("Add", first, wanted)
    return site.add("Slice", whole, first, last, writer.integers(axes))


LOWERINGS: Mapping[str, Lowering] = {
    "conv": _lower_conv,
    "conv_input_grad": _lower_input_grad,
}
