"""Convolutions, and their gradients, which JAX makes by transposing the convolution."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
from jax import lax

from keras_core.plugins.authoring import Window, channels_of, spatial_of
from keras_jax.lowering._common import filled, of_arrays, precision
from keras_jax.tracing import Lowering


def _conv(
    x: Any, kernel: Any, strides: Any, padding: Any, dilation: Any, groups: int, data_format: str
) -> Any:
    space = "DHW"[-(x.ndim - 2) :]
    layout = f"NC{space}" if data_format == "channels_first" else f"N{space}C"
    window = Window(kernel.shape[:-2], strides, padding, dilation)
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        window.pads(spatial_of(x.shape, data_format)),
        rhs_dilation=dilation,
        dimension_numbers=(layout, f"{space}IO", layout),
        feature_group_count=groups,
        precision=precision(),
        preferred_element_type=x.dtype,
    )


def _conv_input_grad(g: Any, kernel: Any, *dims: Any, shape: Any, **params: Any) -> Any:
    x = jax.ShapeDtypeStruct(filled(shape, dims), g.dtype)
    return jax.linear_transpose(lambda x: _conv(x, kernel, **params), x)(g)[0]


def _conv_kernel_grad(x: Any, g: Any, kernel_size: Any, **params: Any) -> Any:
    channels, filters = (channels_of(t.shape, params["data_format"]) for t in (x, g))
    shape = (*kernel_size, channels // params["groups"], filters)
    kernel = jax.ShapeDtypeStruct(shape, x.dtype)
    return jax.linear_transpose(partial(_conv, x, **params), kernel)(g)[0]


_FUNCTIONS = {
    "conv": _conv,
    "conv_input_grad": _conv_input_grad,
    "conv_kernel_grad": _conv_kernel_grad,
}

LOWERINGS: Mapping[str, Lowering] = {
    name: of_arrays(function) for name, function in _FUNCTIONS.items()
}
