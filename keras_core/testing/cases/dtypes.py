"""Types other than float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras_core.testing.case import Case, Input, bools, case, fixed, integers

_INTEGERS = ("uint8", "int8", "int16", "int64")
_PLACES = fixed([2, 0], "int64", batch=None)


def _drawn(dtype: str, *shape: int) -> Input:
    """Small numbers whose sums and products any type can hold."""
    return bools(*shape) if dtype == "bool" else _small(dtype, *shape)


def _small(dtype: str, *shape: int, **options: Any) -> Input:
    return integers(*shape, low=1, high=6, dtype=dtype, **options)


def _of_any(dtype: str) -> Iterator[Case]:
    """What moves values of a type without computing with them."""
    x, y = _drawn(dtype, 3, 4), _drawn(dtype, 3, 4)
    options: dict[str, Any] = {"label": dtype, "gradient": False}
    yield case("reshape", x, shape=(-1, 2, 2), **options)
    yield case("transpose", x, perm=(1, 0), empty=False, **options)
    yield case("concat", x, y, axis=1, **options)
    yield case("stack", x, y, axis=1, **options)
    yield case("slice", x, index=((None, None, 1), (3, 0, -2)), **options)
    yield case("reverse", x, axes=(1,), **options)
    yield case("gather", x, _PLACES, axis=1, **options)
    yield case("where", bools(3, 1), x, y, **options)
    yield case("equal", x, y, **options)
    yield case("cast", x, dtype="float32", **options)
    yield case("cast", x, dtype="float64", label=f"{dtype}_to_double", gradient=False)


def _of_integers(dtype: str) -> Iterator[Case]:
    x, row = _small(dtype, 3, 4), _small(dtype, 4, batch=None)
    options: dict[str, Any] = {"label": dtype, "gradient": False}
    yield from (case(name, x, row, **options) for name in ("add", "multiply", "maximum", "less"))
    yield case("reduce_sum", x, axes=(1,), keepdims=False, **options)
    yield case("reduce_max", x, axes=(1,), keepdims=True, **options)
    yield case("argmax", x, axis=1, **options)
    yield case("cast", x, dtype="int32", label=f"{dtype}_to_int", gradient=False)
    yield case("one_hot", x, depth=4, dtype="float32", **options)


CASES: tuple[Case, ...] = (
    *(one for dtype in (*_INTEGERS, "bool") for one in _of_any(dtype)),
    *(one for dtype in _INTEGERS for one in _of_integers(dtype)),
)
