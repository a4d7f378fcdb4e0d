"""Sizes at which an engine's vectors and blocks end: one, odd, and larger than a block."""

from __future__ import annotations

from typing import Any

from keras_core.testing.case import Case, Input, apart, case, uniform

_MATRIX = {"contract": ((1,), (0,)), "batch": ((), ())}
_SUMS = "sums of many numbers"
_REDUCTIONS: dict[str, dict[str, Any]] = {
    "reduce_sum": {"tolerance": 1e-4, "reason": _SUMS},
    "reduce_mean": {},
    "logsumexp": {"half": False},
}


def _large(name: str, *inputs: Input, label: str, **options: Any) -> Case:
    # Finite differences of so many numbers would take long; small cases have them.
    return case(name, *inputs, label=label, gradient=False, **options)


CASES: tuple[Case, ...] = (
    *(_large("add", uniform(n), uniform(n), label=f"of_{n}") for n in (1, 7, 33, 1025, 70001)),
    *(_large("exp", uniform(n), label=f"of_{n}") for n in (1, 7, 33, 1025)),
    _large("multiply", uniform(1, 1, 1), uniform(17, 1, 5), label="ones"),
    _large("subtract", uniform(129, 67), uniform(67, batch=None), label="wide_row"),
    _large("tanh", uniform(3, 5, 7, 2, 3), label="five_axes"),
    *(
        _large(
            "dot",
            uniform(m, k),
            uniform(k, n, batch=None),
            label=f"{m}_{k}_{n}",
            tolerance=1e-4,
            reason=_SUMS,
            **_MATRIX,
        )
        for m, k, n in ((1, 1, 1), (1, 129, 1), (33, 65, 17), (67, 1, 3))
    ),
    *(
        _large(name, uniform(5, 1031), label="long", axes=(1,), keepdims=False, **more)
        for name, more in _REDUCTIONS.items()
    ),
    _large("reduce_max", apart(257, 3), label="tall", empty=False, axes=(0,), keepdims=False),
    _large("softmax", uniform(3, 1031), label="long", axis=1),
    _large("transpose", uniform(67, 35), label="odd", empty=False, perm=(1, 0)),
    _large("concat", uniform(5, 1), uniform(5, 66), uniform(5, 3), label="uneven", axis=1),
    _large("cumsum", uniform(2, 301), label="long", axis=1, reverse=False, exclusive=False),
    _large(
        "conv",
        uniform(1, 17, 13, 3, known=(1, 2, 3)),
        uniform(5, 3, 3, 7, known=(0, 1, 2, 3), batch=None),
        label="odd",
        padding="same",
        strides=(2, 3),
        dilation=(1, 1),
        groups=1,
        data_format="channels_last",
        tolerance=1e-4,
        reason=_SUMS,
    ),
)
