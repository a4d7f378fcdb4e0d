"""Reductions, running sums, order statistics."""

from __future__ import annotations

from keras_core.testing.case import Case, apart, bools, case, fixed, integers, positive, uniform

_AXES = {"last": (1,), "first": (0,), "all": (0, 1), "none": ()}
_FLOATS = {
    "reduce_sum": uniform(3, 4),
    "reduce_mean": uniform(3, 4),
    "reduce_prod": positive(3, 4),
    "reduce_max": apart(3, 4),
    "reduce_min": apart(3, 4),
    "logsumexp": uniform(3, 4),
}
_RUNNING = ("cumsum", "cumprod")

_REDUCTIONS: tuple[Case, ...] = tuple(
    case(
        name,
        x,
        label=f"{axes}{'_kept' if keepdims else ''}",
        empty=0 not in _AXES[axes] or name in ("reduce_sum", "reduce_prod"),
        axes=_AXES[axes],
        keepdims=keepdims,
    )
    for name, x in _FLOATS.items()
    for axes in _AXES
    for keepdims in (False, True)
)

_MORE: tuple[Case, ...] = (
    case("reduce_sum", uniform(2, 3, 4), label="middle", axes=(1,), keepdims=False),
    case("reduce_mean", uniform(2, 3, 4), label="outer", empty=False, axes=(0, 2), keepdims=False),
    case("reduce_max", apart(2, 3, 4), label="middle", axes=(1,), keepdims=False),
    case(
        "reduce_prod",
        fixed([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]]),
        label="zeros",
        second=False,
        axes=(1,),
        keepdims=False,
    ),
    case("reduce_sum", integers(3, 4), label="integers", gradient=False, axes=(1,), keepdims=False),
    case("reduce_max", integers(3, 4), label="integers", gradient=False, axes=(1,), keepdims=False),
    case("reduce_all", bools(5, 2), gradient=False, axes=(1,), keepdims=False),
    case("reduce_any", bools(5, 2), gradient=False, axes=(1,), keepdims=True),
    case(
        "logsumexp",
        fixed([[1e4, 1e4], [-1e4, -2e4]]),
        label="large",
        gradient=False,
        axes=(1,),
        keepdims=False,
    ),
    case("sum_like", uniform(3, 4), uniform(3, 4), gradient=False),
    case("sum_like", uniform(3, 4), uniform(4, batch=None), label="row", gradient=False),
    case("sum_like", uniform(2, 3, 4), uniform(3, 1, batch=None), label="column", gradient=False),
)

_POSITIONS: tuple[Case, ...] = tuple(
    case(name, x, label=label, gradient=False, axis=1)
    for name in ("argmax", "argmin")
    for label, x in {"": apart(3, 4), "ties": integers(5, 6, low=0, high=2)}.items()
)

_RUNS: tuple[Case, ...] = tuple(
    case(
        name,
        positive(3, 4),
        label=f"{axis}{'_reverse' if reverse else ''}{'_exclusive' if exclusive else ''}",
        axis=axis,
        reverse=reverse,
        exclusive=exclusive,
    )
    for name in _RUNNING
    for axis in (0, 1)
    for reverse in (False, True)
    for exclusive in (False, True)
)

_LARGEST: tuple[Case, ...] = (
    case("top_k", apart(3, 5), k=2),
    case("top_k", apart(2, 2, 3), label="all", k=3),
    case("top_k", apart(4), label="vector", empty=False, k=1),
    case("top_k", fixed([[1.0, 3.0, 3.0, 1.0]]), label="ties", gradient=False, k=3),
)

CASES = _REDUCTIONS + _MORE + _POSITIONS + _RUNS + _LARGEST
