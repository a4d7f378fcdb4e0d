"""Convolution and its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras_core.testing.case import Case, case, uniform

# label: x, kernel, its result, parameters
_GEOMETRIES: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "1d": ((2, 5, 2), (3, 2, 3), (2, 3, 3), {"padding": ((0, 0),)}),
    "1d_causal_dilated": (
        (1, 6, 2),
        (2, 2, 2),
        (1, 6, 2),
        {"padding": ((2, 0),), "dilation": (2,)},
    ),
    "2d": ((2, 4, 5, 2), (2, 3, 2, 2), (2, 3, 3, 2), {"padding": ((0, 0), (0, 0))}),
    "2d_strided": (
        (1, 5, 4, 2),
        (3, 2, 2, 2),
        (1, 3, 2, 2),
        {"padding": ((1, 1), (0, 0)), "strides": (2, 2)},
    ),
    "2d_leftover": (
        (1, 6, 6, 1),
        (3, 3, 1, 1),
        (1, 2, 2, 1),
        {"padding": ((0, 0), (0, 0)), "strides": (2, 2)},
    ),
    "2d_same": (
        (1, 5, 4, 1),
        (2, 3, 1, 2),
        (1, 3, 2, 2),
        {"padding": "same", "strides": (2, 2)},
    ),
    "2d_gaps": (
        (1, 5, 5, 1),
        (1, 2, 1, 2),
        (1, 2, 2, 2),
        {"padding": ((0, 0), (0, 0)), "strides": (3, 3)},
    ),
    "2d_dilated": (
        (1, 5, 6, 1),
        (2, 2, 1, 2),
        (1, 3, 3, 2),
        {"padding": ((0, 0), (0, 0)), "dilation": (2, 3)},
    ),
    "2d_groups": (
        (2, 3, 3, 4),
        (2, 2, 2, 6),
        (2, 2, 2, 6),
        {"padding": ((0, 0), (0, 0)), "groups": 2},
    ),
    "2d_depthwise": (
        (1, 4, 3, 3),
        (2, 2, 1, 6),
        (1, 4, 3, 6),
        {"padding": ((0, 1), (0, 1)), "groups": 3},
    ),
    "2d_first": (
        (2, 3, 4, 5),
        (2, 3, 3, 2),
        (2, 2, 3, 3),
        {"padding": ((0, 0), (0, 0)), "data_format": "channels_first"},
    ),
    "2d_pointwise": ((2, 2, 3, 3), (1, 1, 3, 2), (2, 2, 3, 2), {"padding": ((0, 0), (0, 0))}),
    "3d": ((1, 3, 3, 3, 1), (2, 2, 2, 1, 2), (1, 2, 2, 2, 2), {"padding": ((0, 0),) * 3}),
    "3d_same_strided": (
        (1, 3, 2, 3, 2),
        (2, 2, 2, 2, 1),
        (1, 2, 1, 2, 1),
        {"padding": "same", "strides": (2, 2, 2)},
    ),
}

_IN_BATCHES = ("1d", "2d_same", "2d_groups", "2d_first", "3d")


def _cases() -> Iterator[Case]:
    for label, (x, kernel, result, given) in _GEOMETRIES.items():
        ones = (1,) * (len(x) - 2)
        usual = {"strides": ones, "dilation": ones, "groups": 1, "data_format": "channels_last"}
        params = {**usual, **given}
        channels = (1,) if "data_format" in given else (len(x) - 1,)
        of_x, of_g = uniform(*x, known=channels), uniform(*result, known=channels)
        of_kernel = uniform(*kernel, known=range(len(kernel)), batch=None)
        yield case("conv", of_x, of_kernel, label=label, **params)
        yield case("conv_input_grad", of_g, of_kernel, label=label, empty=False, shape=x, **params)
        sized = {"kernel_size": kernel[:-2], **params}
        yield case("conv_kernel_grad", of_x, of_g, label=label, **sized)
        if label in _IN_BATCHES:
            known = (0, channels[0] + 1)
            several = [uniform(3, *shape, known=known, batch=1) for shape in (x, result)]
            yield case("conv_kernel_grads", *several, label=label, **sized)


CASES: tuple[Case, ...] = tuple(_cases())
