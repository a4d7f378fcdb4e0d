"""Products of matrices that PyTorch's own operation does slowly, or not at all.

On a CPU those of large matrices are done by oneDNN. PyTorch's own go to the BLAS that it was built
with, which is MKL mostly: on processors of other makers that takes twice as long. What oneDNN does
beside the product makes up for that from some size on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

import torch

# Multiplications from which on oneDNN is faster, also where BLAS is at its best.
LARGE = 1 << 21


def is_large(sizes: Sequence[Any], dtype: str, device: str) -> bool:
    """Whether oneDNN is to multiply matrices of m, k and n rows and columns.

    Args:
        sizes: m, k and n; None where one is not known.
        dtype: name of the dtype.
        device: the kind of device.
    """
    if dtype != "float32" or device != "cpu" or None in sizes or prod(sizes) < LARGE:
        return False
    return has_product()


@cache
def has_product() -> bool:
    """Whether PyTorch was built with oneDNN and its operation, which is no public one, is there and
    does what it does here."""
    if not torch.backends.mkldnn.is_available():
        return False
    a, b = torch.ones(2, 3), torch.ones(3, 2)
    try:
        return bool((product(a, b, torch.ones(2)) == 4).all())
    except (AttributeError, RuntimeError, TypeError):
        return False


def product(a: torch.Tensor, b: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """a @ b, plus a number for each column."""
    return torch.ops.mkldnn._linear_pointwise.default(a, b.t(), bias, "none", [], "")


def of_integers(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a @ b of integers, for which other devices than CPUs have no operation."""
    return (a.cpu() @ b.cpu()).to(a.device)
