"""Choices, views of the same value, printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from keras_core.graph import PRIMITIVES
from keras_torch.kernel import Kernel, Lowering, Site

_SAME = Kernel("{0}", view=(0,))
_WHERE = Kernel(
    "{where}({0}, {1}, {2})",
    {"where": torch.where},
    into="{where}({0}, {1}, {2}, out={out})",
    inplace=(1, 2),
)


def _lower_print(site: Site) -> Kernel:
    names = {"show": _shown, "text": site.params["message"]}
    return Kernel("{show}({0}, {text})", names, view=(0,))


def _shown(x: torch.Tensor, message: str) -> torch.Tensor:
    reference: Any = PRIMITIVES["print"].reference
    reference(x.detach().cpu().numpy(), message)
    return x


def _lower_stop_gradient(site: Site) -> Kernel:
    return Kernel("{0}.detach()", view=(0,)) if site.pure else _SAME


LOWERINGS: Mapping[str, Lowering] = {
    "identity": lambda site: _SAME,
    "print": _lower_print,
    "select": lambda site: Kernel("{1} if {0} else {2}", view=(1, 2)),
    "stop_gradient": _lower_stop_gradient,
    "where": lambda site: _WHERE,
}
