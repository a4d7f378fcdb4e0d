"""Convolutions in the precision of their numbers.

cuDNN does those of float32 in TF32, which has 10 bits of mantissa, unless it is told otherwise,
while products of matrices have all bits. Here a convolution has the precision that
`torch.set_float32_matmul_precision` gives products: all bits by default.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Callable

import torch

# cuDNN reads its settings, which are the process's, as a kernel is launched.
_changed = Lock()


def exactly(function: Callable[..., Any]) -> Callable[..., Any]:
    """A convolution of PyTorch that takes no TF32 unless products take it too."""

    @functools.wraps(function)
    def run(x: torch.Tensor, *others: Any) -> Any:
        if not x.is_cuda or torch.compiler.is_compiling():
            return function(x, *others)
        with exact_on(x.device):
            return function(x, *others)

    return run


@contextmanager
def exact_on(device: torch.device) -> Iterator[None]:
    """Lets no convolution on a device take TF32 unless products take it too."""
    if device.type != "cuda" or torch.get_float32_matmul_precision() != "highest":
        yield
        return
    place, name, value = _setting()
    with _changed:
        before = getattr(place, name)
        setattr(place, name, value)
        try:
            yield
        finally:
            setattr(place, name, before)


def _setting() -> tuple[Any, str, Any]:
    """Where the precision of convolutions is set, and what forbids TF32; new since PyTorch 2.9."""
    cudnn = torch.backends.cudnn
    conv = getattr(cudnn, "conv", None)
    return (cudnn, "allow_tf32", False) if conv is None else (conv, "fp32_precision", "ieee")
