"""Processes that `torchrun` started, or that the user has joined to a process group of PyTorch."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from keras_core.plugins.authoring import EngineRanks

# What is added up in a wider dtype, as on other ways to send.
_SENT_AS = {"float16": "float32"}


def world() -> Group | None:
    """The group of all processes, made now if `torchrun` started several; None for one alone."""
    if not dist.is_available():
        return None
    if not dist.is_initialized() and dist.is_torchelastic_launched():
        dist.init_process_group("gloo")
    return Group() if dist.is_initialized() and dist.get_world_size() > 1 else None


class Group(EngineRanks):
    """All processes of PyTorch's default group, which talk by gloo, from the host's memory."""

    def __init__(self) -> None:
        self._group = dist.new_group(backend="gloo")
        atexit.register(_end)  # before the ranks' own, so that it comes after that
        super().__init__(dist.get_rank(), dist.get_world_size())

    def new_sums(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with self.summing(arrays):
            marks = self.marks(arrays, _sent_as(arrays[0]))
            found, *results = self._added([marks, *arrays])
            self.check_marks(marks, found)
        self.messages += len({_sent_as(x) for x in results if x.size})
        self.bytes += sum(x.size * _sent_as(x).itemsize for x in results)
        return results

    def _added(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The sums of arrays; those of one dtype travel side by side."""
        results: list[Any] = [None] * len(arrays)
        for dtype in dict.fromkeys(map(_sent_as, arrays)):
            places = [i for i, x in enumerate(arrays) if _sent_as(x) == dtype]
            flat = np.concatenate([arrays[i].reshape(-1) for i in places], dtype=dtype)
            dist.all_reduce(torch.from_numpy(flat), group=self._group)
            start = 0
            for i in places:
                x = arrays[i]
                total = flat[start : start + x.size].reshape(x.shape)
                results[i] = total.astype(x.dtype, copy=False)
                start += x.size
        return results

    def total(self, array: np.ndarray) -> np.ndarray:
        total = array.copy()
        dist.all_reduce(torch.from_numpy(total), group=self._group)
        return total


def _sent_as(x: np.ndarray) -> np.dtype:
    return np.dtype(_SENT_AS.get(x.dtype.name, x.dtype.name))


def _end() -> None:
    """Ends the threads of gloo, which would end the process if it left them behind."""
    if dist.is_initialized():
        dist.destroy_process_group()
