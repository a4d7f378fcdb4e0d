"""Arrays of NumPy as tensors on a device, and back."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import torch


def entering(device: torch.device) -> Callable[[np.ndarray], torch.Tensor]:
    """A function that makes a tensor of an array; on a CPU it shares the array's memory."""
    return entered if device.type == "cpu" else lambda array: entered(array).to(device)


def entered(array: Any) -> torch.Tensor:
    """A tensor of the memory of an array, of a copy where PyTorch cannot take that."""
    if isinstance(array, torch.Tensor):
        return array.detach()
    if array.flags.writeable:
        try:
            return torch.from_numpy(array)
        except (TypeError, ValueError):  # strides that run backwards, or another order of bytes
            pass
    return torch.from_numpy(np.array(array, array.dtype.newbyteorder("="), order="C"))


def leaving(device: torch.device) -> Callable[[torch.Tensor], Any]:
    """A function that makes of a tensor what NumPy can read; nothing waits for the device."""
    return torch.Tensor.numpy if device.type == "cpu" else Late


class Late:
    """A tensor on a device, fetched when somebody reads it."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        array = self._tensor.cpu().numpy()
        return array if dtype is None else array.astype(dtype)
