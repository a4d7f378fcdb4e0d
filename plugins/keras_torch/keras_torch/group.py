"""Processes that `torchrun` started, or that the user has joined to a process group of PyTorch."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from keras_core.plugins.authoring import World

# What is added up in a wider dtype, as on other ways to send.
_SENT_AS = {"float16": "float32"}


def world() -> Group | None:
    """The group of all processes, made now if `torchrun` started several; None for one alone."""
    if not dist.is_available():
        return None
    if not dist.is_initialized() and dist.is_torchelastic_launched():
        dist.init_process_group("gloo")
    return Group() if dist.is_initialized() and dist.get_world_size() > 1 else None


class Group(World):
    """All processes of PyTorch's default group, which talk by gloo, from the host's memory.

    Attributes:
        messages: number of messages of `sums` so far.
        bytes: number of their bytes.
    """

    def __init__(self) -> None:
        self._group = dist.new_group(backend="gloo")
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.local_rank = int(os.environ.get("LOCAL_RANK", self.rank))
        self.local_size = int(os.environ.get("LOCAL_WORLD_SIZE", self.size))
        self.messages = self.bytes = 0
        atexit.register(_end)

    def sums(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        results = [np.empty(x.shape, x.dtype) for x in arrays] if into is None else list(into)
        pairs: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for x, y in zip(arrays, results):
            pairs.setdefault(_SENT_AS.get(x.dtype.name, x.dtype.name), []).append((x, y))
        for dtype, of_dtype in pairs.items():
            self._send(dtype, of_dtype)
        return results

    def _send(self, dtype: Any, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """One message of arrays side by side, whose sums are put into their places."""
        flat = np.concatenate([x.reshape(-1) for x, _ in pairs], dtype=dtype)
        if flat.size:
            dist.all_reduce(torch.from_numpy(flat), group=self._group)
            self.messages += 1
            self.bytes += flat.nbytes
        start = 0
        for x, y in pairs:
            y[...] = flat[start : start + x.size].reshape(x.shape)
            start += x.size

    def gathered(self, value: Any) -> list[Any]:
        values = [None] * self.size
        dist.all_gather_object(values, value, group=self._group)
        return values

    def from_rank(self, root: int, value: Any) -> Any:
        values = [value if self.rank == root else None]
        dist.broadcast_object_list(values, src=root, group=self._group)
        return value if self.rank == root else values[0]

    def joined(self, array: np.ndarray) -> np.ndarray:
        return np.concatenate(self.gathered(array))

    def wait(self) -> None:
        dist.barrier(group=self._group)

    def abort(self) -> None:
        """Ends this process, at which torchrun ends the others."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(1)


def _end() -> None:
    """Ends the threads of gloo, which would end the process if it left them behind."""
    if dist.is_initialized():
        dist.destroy_process_group()
