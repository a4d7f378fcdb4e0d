"""Convolutions, and their gradients, which JAX makes by transposing the convolution.

XLA runs most convolutions on CPUs at the speed of products; what it does not is done otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_core.graph import Node
from keras_core.plugins.authoring import Window, channels_of, spatial_of
from keras_jax.engine import is_on_cpu
from keras_jax.lowering._common import filled, of_arrays, precision
from keras_jax.tracing import Lowering, Run

# Of images that are not padded, XLA copies all windows, unless what follows makes the result small
# at once, as pooling does. More bytes than these are new memory in each run: a convolution whose
# result is kept took twice as long, and the gradient of its kernel as well.
_MANY_BYTES = 1 << 23

# More places are too many slices.
_MOST_PLACES = 25


def _conv(
    x: Any,
    kernel: Any,
    strides: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    data_format: str,
    is_kept: bool = True,
) -> Any:
    """The convolution.

    Args:
        x, kernel, strides, padding, dilation, groups, data_format: inputs and parameters of a node.
        is_kept: whether something needs the result later on, or it is derived.
    """
    window = Window(kernel.shape[:-2], strides, padding, dilation)
    spatial = spatial_of(x.shape, data_format)
    by_xla = partial(_by_xla, x, kernel, window, groups, data_format)
    if not is_on_cpu() or groups > 1 or not x.size:
        return by_xla(window.pads(spatial))
    if _is_product(window, spatial):
        return _by_product(x, kernel, window, data_format)
    if is_kept and _copies_much(x, window, spatial):
        more = by_xla([(0, 1), (0, 0)])
        axis = 2 if data_format == "channels_first" else 1
        return lax.slice_in_dim(more, 0, window.counts(spatial)[0], axis=axis)
    return by_xla(window.pads(spatial))


def _by_xla(
    x: Any, kernel: Any, window: Window, groups: int, data_format: str, pads: Sequence[Any]
) -> Any:
    space = "DHW"[-(x.ndim - 2) :]
    layout = f"NC{space}" if data_format == "channels_first" else f"N{space}C"
    return lax.conv_general_dilated(
        x,
        kernel,
        window.strides,
        pads,
        rhs_dilation=window.dilation,
        dimension_numbers=(layout, f"{space}IO", layout),
        feature_group_count=groups,
        precision=precision(),
        preferred_element_type=x.dtype,
    )


def _is_product(window: Window, spatial: Any) -> bool:
    """Whether the windows are of one element, or larger than the image.

    A product is faster there: two to seven times for the gradient of a kernel of one element; and
    five to ten times for small images, which XLA takes for the kernel.
    """
    places = prod(window.size)
    beyond = all(a > b for a, b in zip(window.size, spatial))
    return places == 1 or (beyond and places <= _MOST_PLACES)


def _by_product(x: Any, kernel: Any, window: Window, data_format: str) -> Any:
    """All windows as rows of a matrix, times the kernel."""
    first = data_format == "channels_first"
    last = jnp.moveaxis(x, 1, -1) if first else x
    spatial = last.shape[1:-1]
    around = [(0, 0, 0), *((*pair, 0) for pair in window.pads(spatial)), (0, 0, 0)]
    padded = lax.pad(last, np.zeros((), x.dtype), around)
    met = [padded[(slice(None), *part)] for _, part in window.offsets(spatial)]
    windows = jnp.concatenate(met, -1)
    rows, columns = windows.reshape(-1, windows.shape[-1]), kernel.reshape(-1, kernel.shape[-1])
    y = lax.dot(rows, columns, precision=precision(), preferred_element_type=x.dtype)
    y = y.reshape(*windows.shape[:-1], kernel.shape[-1])
    return jnp.moveaxis(y, -1, 1) if first else y


def _copies_much(x: Any, window: Window, spatial: Any) -> bool:
    """Whether a row of padding, and so of results, spares XLA many copies of elements."""
    copies = prod(window.size) * prod(window.counts(spatial))
    is_bare = len(spatial) == 2 and not any(map(sum, window.pads(spatial)))
    return is_bare and x.nbytes // prod(spatial) * copies > _MANY_BYTES


def _conv_input_grad(g: Any, kernel: Any, *dims: Any, shape: Any, **params: Any) -> Any:
    x = jax.ShapeDtypeStruct(filled(shape, dims), g.dtype)
    return jax.linear_transpose(lambda x: _conv(x, kernel, **params), x)(g)[0]


def _conv_kernel_grad(x: Any, g: Any, kernel_size: Any, **params: Any) -> Any:
    channels, filters = (channels_of(t.shape, params["data_format"]) for t in (x, g))
    shape = (*kernel_size, channels // params["groups"], filters)
    kernel = jax.ShapeDtypeStruct(shape, x.dtype)
    return jax.linear_transpose(partial(_conv, x, **params), kernel)(g)[0]


def _lower_conv(node: Node) -> Run:
    return lambda arrays, state: [_conv(*arrays, **node.params, is_kept=state.derives)]


_FUNCTIONS = {
    "conv_input_grad": _conv_input_grad,
    "conv_kernel_grad": _conv_kernel_grad,
}

LOWERINGS: Mapping[str, Lowering] = {
    "conv": _lower_conv,
    **{name: of_arrays(function) for name, function in _FUNCTIONS.items()},
}
