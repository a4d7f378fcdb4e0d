"""Reductions over axes, running sums, order statistics."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.export.onnx.tracing import Lowering, Site


def _reduce(kind: str) -> Lowering:
    def lower(site: Site, x: str) -> str:
        axes, keepdims = site.params["axes"], site.params["keepdims"]
        # No axes would stand for all of them.
        return site.add(kind, x, site.writer.integers(axes), keepdims=int(keepdims)) if axes else x

    return lower


def _reduce_logic(kind: str) -> Lowering:
    """Of truth values, as numbers 0 and 1."""
    reduce = _reduce(kind)

    def lower(site: Site, x: str) -> str:
        return site.writer.cast(reduce(site, site.writer.cast(x, "int32")), "bool")

    return lower


def _position(kind: str) -> Lowering:
    return lambda site, x: site.add(kind, x, axis=site.params["axis"], keepdims=0)


def _lower_cumsum(site: Site, x: str) -> str:
    flags = {name: int(site.params.get(name, False)) for name in ("reverse", "exclusive")}
    return site.add("CumSum", x, site.scalar(site.params["axis"], "int64"), **flags)


def _lower_top_k(site: Site, x: str) -> list[str]:
    k = site.writer.integers([site.params["k"]])
    values, indices = site.writer.add_several("TopK", 2, x, k, axis=-1)
    return [values, site.writer.cast(indices, "int32")]


LOWERINGS: Mapping[str, Lowering] = {
    "argmax": _position("ArgMax"),
    "argmin": _position("ArgMin"),
    "cumsum": _lower_cumsum,
    "reduce_all": _reduce_logic("ReduceMin"),
    "reduce_any": _reduce_logic("ReduceMax"),
    "reduce_max": _reduce("ReduceMax"),
    "reduce_mean": _reduce("ReduceMean"),
    "reduce_min": _reduce("ReduceMin"),
    "reduce_prod": _reduce("ReduceProd"),
    "reduce_sum": _reduce("ReduceSum"),
    "top_k": _lower_top_k,
}
