"""Reductions, running sums and products, order statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import torch

from keras_core.graph import PRIMITIVES
from keras_core.plugins.authoring import FLOATS
from keras_torch.dtypes import dtype_of
from keras_torch.kernel import Kernel, Lowering, Site


def _where(site: Site) -> str:
    """The axes and whether they stay, as arguments."""
    return f"{tuple(site.params['axes'])!r}, {site.params['keepdims']!r}"


def _lower_sum(site: Site) -> Kernel:
    """PyTorch sums over all axes where none is named."""
    if not site.params["axes"]:
        return Kernel("{0}", view=(0,))
    if site.spec.dtype == "bool":
        return Kernel(f"{{any}}({{0}}, {_where(site)})", {"any": torch.any})
    names = {"sum": torch.sum, "dtype": dtype_of(site.spec.dtype)}
    more = "" if site.spec.dtype in FLOATS else ", dtype={dtype}"
    into = f"{{sum}}({{0}}, {_where(site)}{more}, out={{out}})"
    return Kernel(f"{{sum}}({{0}}, {_where(site)}{more})", names, into=into)


def _lower_mean(site: Site) -> Kernel:
    if not site.params["axes"]:
        return Kernel("{0}", view=(0,))
    return Kernel(f"{{mean}}({{0}}, {_where(site)})", {"mean": torch.mean})


def _extreme(function: Callable[..., torch.Tensor]) -> Lowering:
    """A reduction that PyTorch refuses over no elements."""

    def lower(site: Site) -> Kernel:
        axes, x = site.params["axes"], site.inputs[0]
        if not axes:
            return Kernel("{0}", view=(0,))
        if all(x.shape[axis] for axis in axes):
            return Kernel(f"{{fn}}({{0}}, {_where(site)})", {"fn": function})
        names = {"fn": _Extreme(function, site.node.primitive.name)}
        return Kernel(f"{{fn}}({{0}}, {_where(site)})", names)

    return lower


class _Extreme:
    """`amax` or `amin`, also over no elements."""

    def __init__(self, function: Callable[..., torch.Tensor], name: str) -> None:
        self.function, self.name = function, name

    def __call__(self, x: torch.Tensor, axes: tuple[int, ...], keepdims: bool) -> torch.Tensor:
        if all(x.shape[axis] for axis in axes):
            return self.function(x, axes, keepdims)
        reference: Any = PRIMITIVES[self.name].reference
        found = reference(x.detach().cpu().numpy(), axes, keepdims)
        return torch.as_tensor(found, dtype=x.dtype, device=x.device)


def _lower_prod(site: Site) -> Kernel:
    text, names = "{0}", {"prod": torch.prod, "dtype": dtype_of(site.spec.dtype)}
    if not site.params["axes"]:
        return Kernel(text, view=(0,))
    for axis in sorted(site.params["axes"], reverse=True):
        text = f"{{prod}}({text}, {axis}, {site.params['keepdims']!r}, dtype={{dtype}})"
    return Kernel(text, names)


def _logic(function: Callable[..., torch.Tensor]) -> Lowering:
    def lower(site: Site) -> Kernel:
        if not site.params["axes"]:
            return Kernel("{0}", view=(0,))
        return Kernel(f"{{fn}}({{0}}, {_where(site)})", {"fn": function})

    return lower


def _position(function: Callable[..., torch.Tensor]) -> Lowering:
    def lower(site: Site) -> Kernel:
        x = "{0}.byte()" if site.inputs[0].dtype == "bool" else "{0}"
        return Kernel(f"{{fn}}({x}, {site.params['axis']})", {"fn": function})

    return lower


def _running(function: Callable[..., torch.Tensor], start: int) -> Lowering:
    def lower(site: Site) -> Kernel:
        axis, options = site.params["axis"], site.params
        names = {"run": _Running(function, start)}
        reverse, exclusive = options.get("reverse", False), options.get("exclusive", False)
        return Kernel(f"{{run}}({{0}}, {axis}, {reverse!r}, {exclusive!r})", names)

    return lower


class _Running:
    """A running sum or product, also from the end, also without the element itself."""

    def __init__(self, function: Callable[..., torch.Tensor], start: int) -> None:
        self.function, self.start = function, start

    def __call__(self, x: torch.Tensor, axis: int, reverse: bool, exclusive: bool) -> torch.Tensor:
        x = x.flip(axis) if reverse else x
        size = x.shape[axis]
        if exclusive and size:
            first = torch.full_like(x.narrow(axis, 0, 1), self.start)
            x = torch.cat((first, x.narrow(axis, 0, size - 1)), axis)
        total = self.function(x, axis, dtype=x.dtype)
        return total.flip(axis) if reverse else total


def _lower_sum_like(site: Site) -> Kernel:
    return Kernel("{0}.sum_to_size({1}.shape)", view=(0,))


def _lower_top_k(site: Site) -> Kernel:
    return Kernel(f"{{run}}({{0}}, {site.params['k']})", {"run": _top_k})


def _top_k(x: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of equal elements the first one comes first, which `torch.topk` does not promise."""
    values, indices = torch.sort(x, dim=-1, descending=True, stable=True)
    return values.narrow(-1, 0, k), indices.narrow(-1, 0, k).int()


LOWERINGS: Mapping[str, Lowering] = {
    "argmax": _position(torch.argmax),
    "argmin": _position(torch.argmin),
    "cumprod": _running(torch.cumprod, 1),
    "cumsum": _running(torch.cumsum, 0),
    "reduce_all": _logic(torch.all),
    "reduce_any": _logic(torch.any),
    "reduce_max": _extreme(torch.amax),
    "reduce_mean": _lower_mean,
    "reduce_min": _extreme(torch.amin),
    "reduce_prod": _lower_prod,
    "reduce_sum": _lower_sum,
    "sum_like": _lower_sum_like,
    "top_k": _lower_top_k,
}
