"""Comparisons and logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import torch

from keras_torch.kernel import Kernel, Lowering, places


def _compared(function: Callable[..., Any], count: int = 2) -> Lowering:
    arguments = places(count)
    into = f"{{fn}}({arguments}, out={{out}})"
    kernel = Kernel(f"{{fn}}({arguments})", {"fn": function}, into=into)
    return lambda site: kernel


LOWERINGS: Mapping[str, Lowering] = {
    "equal": _compared(torch.eq),
    "greater": _compared(torch.gt),
    "greater_equal": _compared(torch.ge),
    "less": _compared(torch.lt),
    "less_equal": _compared(torch.le),
    "logical_and": _compared(torch.logical_and),
    "logical_not": _compared(torch.logical_not, 1),
    "logical_or": _compared(torch.logical_or),
    "not_equal": _compared(torch.ne),
}
