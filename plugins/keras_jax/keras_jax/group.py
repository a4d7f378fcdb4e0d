"""Processes that `jax.distributed` has joined."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from keras_core.plugins.authoring import EngineRanks
from keras_jax.engine import precise

# What is added up in a wider dtype, as on other ways to send.
_SENT_AS = {"float16": "float32"}


def world() -> Group | None:
    """The group of all processes; None where there is one alone."""
    joined = getattr(jax.distributed, "is_initialized", _is_joined)()
    return Group() if joined and jax.process_count() > 1 else None


def _is_joined() -> bool:
    """What older releases of JAX do not tell publicly."""
    from jax._src.distributed import global_state

    return global_state.client is not None


class Group(EngineRanks):
    """All processes of JAX, which add up arrays of one device each.

    Sums are programs of their own, over arrays of which each process has a row. JAX wants such
    programs to be the same in all processes, as those of a rank's rows of a batch are not.
    """

    def __init__(self) -> None:
        count = jax.process_count()
        first = {device.process_index: device for device in reversed(jax.devices())}
        self._device = first[jax.process_index()]
        mesh = Mesh(np.array([first[i] for i in range(count)]), ("ranks",))
        self._by_rank = NamedSharding(mesh, PartitionSpec("ranks"))
        self._add = jax.jit(_added, out_shardings=NamedSharding(mesh, PartitionSpec()))
        super().__init__(jax.process_index(), count)

    def new_sums(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.array(x) for x in self.added(arrays)]

    def added(self, arrays: Sequence[Any]) -> list[Any]:
        """The sums of arrays as arrays of this process's device.

        Raises:
            RuntimeError: another process has added something else.
        """
        with self.summing(arrays):
            marks = self.marks(arrays, _sent_as(arrays[0]))
            found, *results = jax.block_until_ready(self._sums([marks, *arrays]))
            self.check_marks(marks, np.asarray(found))
        groups = {_SENT_AS.get(x.dtype.name, x.dtype.name) for x in results if x.size}
        self.messages += len(groups)
        self.bytes += sum(x.size * _sent_as(x).itemsize for x in results)
        return results

    def _sums(self, arrays: Sequence[Any]) -> list[Any]:
        with precise(True):
            rows = [self._row(array) for array in arrays]
            return [total.addressable_data(0) for total in self._add(rows)]

    def _row(self, array: Any) -> Any:
        """The array as this process's row of one that all have together."""
        own = jax.device_put(jnp.asarray(array)[None], self._device)
        shape = (self.size, *own.shape[1:])
        return jax.make_array_from_single_device_arrays(shape, self._by_rank, [own])

    def total(self, array: np.ndarray) -> np.ndarray:
        return np.asarray(self._sums([array])[0])


def _sent_as(x: Any) -> np.dtype:
    return np.dtype(_SENT_AS.get(x.dtype.name, x.dtype.name))


def _added(arrays: Sequence[Any]) -> list[Any]:
    """The sums of arrays over their first axis; those of one dtype travel side by side."""
    results: list[Any] = [None] * len(arrays)
    for dtype in dict.fromkeys(map(_sent_as, arrays)):
        places = [i for i, x in enumerate(arrays) if _sent_as(x) == dtype]
        flat = [arrays[i].reshape(len(arrays[i]), -1).astype(dtype) for i in places]
        total = jnp.concatenate(flat, axis=1).sum(0, dtype=dtype)
        ends = [0, *accumulate(x.shape[1] for x in flat)]
        for i, (start, end) in zip(places, zip(ends, ends[1:])):
            x = arrays[i]
            results[i] = total[start:end].reshape(x.shape[1:]).astype(x.dtype)
    return results
