"""Convolution, and its gradient by the input, which is the transposed convolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keras_core.export.onnx._windows import Frame, flat
from keras_core.export.onnx.tracing import Lowering, Site, filled
from keras_core.graph.spec import are_known
from keras_core.graph.windows import spatial_of


def _frame(site: Site, shape: Any) -> Frame:
    """The kernel's window on a tensor of a shape."""
    return Frame(site, site.inputs[1].shape[:-2], shape)  # type: ignore[arg-type]


def _options(site: Site, frame: Frame) -> dict[str, Any]:
    dilations = list(frame.window.dilation)
    return {**frame.strides, "dilations": dilations, "group": site.params["groups"]}


def _kernel(site: Site, kernel: str) -> str:
    """A kernel (window…, channels / groups, filters) as (filters, channels / groups, window…)."""
    rank = site.inputs[1].ndim
    return site.writer.transpose(kernel, [rank - 1, rank - 2, *range(rank - 2)])


def _lower_conv(site: Site, x: str, kernel: str) -> str:
    frame = _frame(site, site.inputs[0].shape)
    options = {**_options(site, frame), **frame.padding}
    return frame.left(site.add("Conv", frame.entered(x), _kernel(site, kernel), **options))


def _lower_input_grad(site: Site, g: str, kernel: str, *dims: str) -> str:
    frame = _frame(site, site.spec.shape)
    inputs, options = (frame.entered(g), _kernel(site, kernel)), _options(site, frame)
    given = spatial_of(site.inputs[0].shape, site.params["data_format"])
    if None not in (*frame.spatial, *given):
        y = site.add("ConvTranspose", *inputs, **options, **_cut(frame, given))
        return frame.left(y)
    behind = [stride - 1 for stride in frame.window.strides]
    whole = site.add("ConvTranspose", *inputs, **options, output_padding=behind)
    sizes: Any = tuple(filled(site.params["shape"], dims))
    wanted = site.writer.sizes(spatial_of(sizes, site.params["data_format"]))  # type: ignore[arg-type]
    return frame.left(_part(site, frame, whole, wanted, behind))


def _cut(frame: Frame, given: Sequence[Any]) -> dict[str, Any]:
    """What is cut off around the whole result, and what is added behind it."""
    assert are_known(frame.spatial)
    window, pads = frame.window, frame.window.pads(frame.spatial)
    whole = [(n - 1) * window.strides[axis] + window.extent(axis) for axis, n in enumerate(given)]
    around = [size + sum(pad) for size, pad in zip(frame.spatial, pads)]
    missing = [wanted - size for wanted, size in zip(around, whole)]
    return {"pads": flat(pads), "output_padding": missing}


def _part(site: Site, frame: Frame, whole: str, wanted: str, behind: Sequence[int]) -> str:
    """The part of the wanted sizes, where sizes are known at run time alone."""
    writer, pads = site.writer, frame.window.padding
    if isinstance(pads, str):
        length = site.add("Sub", site.add("Shape", whole, start=2), writer.integers(behind))
        over = site.add("Max", site.add("Sub", length, wanted), writer.integers([0]))
        first = site.add("Div", over, writer.integers([2]))
    else:
        first = writer.integers([before for before, _ in pads])
    last = site.add("Add", first, wanted)
    return site.add("Slice", whole, first, last, writer.integers(range(2, 2 + len(behind))))


LOWERINGS: Mapping[str, Lowering] = {
    "conv": _lower_conv,
    "conv_input_grad": _lower_input_grad,
}
