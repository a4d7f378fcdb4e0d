"""Pooling and its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras_core.testing.case import Case, apart, case, fixed, uniform

_VALID, _VALID_2 = ((0, 0),), ((0, 0), (0, 0))

# label: x, its result, parameters
_GEOMETRIES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "1d": ((2, 6, 2), (2, 3, 2), {"size": (2,), "strides": (2,), "padding": _VALID}),
    "2d": ((2, 4, 5, 2), (2, 2, 2, 2), {"size": (2, 2), "strides": (2, 2), "padding": _VALID_2}),
    "2d_overlapping": (
        (1, 4, 4, 2),
        (1, 2, 3, 2),
        {"size": (3, 2), "strides": (1, 1), "padding": _VALID_2},
    ),
    "2d_same": (
        (1, 5, 4, 2),
        (1, 3, 2, 2),
        {"size": (3, 3), "strides": (2, 2), "padding": "same"},
    ),
    "2d_padded": (
        (1, 3, 3, 1),
        (1, 3, 2, 1),
        {"size": (2, 2), "strides": (1, 2), "padding": ((0, 1), (1, 0))},
    ),
    "2d_gaps": (
        (1, 5, 5, 1),
        (1, 2, 2, 1),
        {"size": (2, 1), "strides": (3, 3), "padding": _VALID_2},
    ),
    "2d_first": (
        (2, 2, 4, 3),
        (2, 2, 2, 2),
        {"size": (2, 2), "strides": (2, 1), "padding": _VALID_2, "data_format": "channels_first"},
    ),
    "3d": (
        (1, 3, 4, 2, 1),
        (1, 1, 2, 1, 1),
        {"size": (2, 2, 2), "strides": (2, 2, 2), "padding": ((0, 0),) * 3},
    ),
}
_TIES = fixed([[[1.0], [1.0], [0.0], [2.0], [2.0], [2.0]]])


def _cases() -> Iterator[Case]:
    for label, (x, result, given) in _GEOMETRIES.items():
        params = {"data_format": "channels_last", **given}
        of_g = uniform(*result)
        yield case("max_pool", apart(*x), label=label, **params)
        yield case("max_pool_grad", apart(*x), of_g, label=label, **params)
        yield case("max_pool_select", apart(*x), uniform(*x), label=label, **params)
        yield case("max_pool_shared", apart(*x), label=label, **params)
        yield case("avg_pool", uniform(*x), label=label, **params)
        yield case("avg_pool_grad", of_g, label=label, empty=False, shape=x, **params)
    tied: dict[str, Any] = {
        "size": (3,),
        "strides": (3,),
        "padding": _VALID,
        "data_format": "channels_last",
    }
    tied.update(label="ties", gradient=False)
    yield case("max_pool_grad", _TIES, uniform(1, 2, 1), **tied)
    yield case("max_pool_select", _TIES, uniform(1, 6, 1), **tied)


CASES: tuple[Case, ...] = tuple(_cases())
