"""Workers of a cluster of TensorFlow's, which `TF_CONFIG` describes."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from keras_core.plugins.authoring import EngineRanks, current

# What is added up in another dtype: in a wider one as on other ways to send, or since TensorFlow's
# operation does not know it.
_SENT_AS = {"float16": "float32", "complex64": "float32", "complex128": "float64"}
_KNOWN = ("float32", "float64", "int32", "int64")

# The jobs whose tasks share work; their order is that of the ranks.
_JOBS = ("chief", "worker")

# What tells this group from those of strategies, and values of the host from sums of programs.
_GROUP_KEY = 0x4B657261
_MOST_KEYS = 2**31 - 1


def world() -> Group | None:
    """The group of all workers, for which their strategy is made if there is none yet.

    Raises:
        RuntimeError: TensorFlow was used before, so that it can join no cluster any more.
    """
    described = json.loads(os.environ.get("TF_CONFIG") or "{}")
    tasks = _tasks(described.get("cluster", {}))
    task = described.get("task", {})
    place = (task.get("type"), int(task.get("index", 0)))
    if len(tasks) < 2 or place not in tasks:
        return None
    return Group(tasks.index(place), len(tasks), _joined(len(tasks)))


def _tasks(cluster: dict[str, Any]) -> list[tuple[str, int]]:
    return [(job, index) for job in _JOBS for index in range(len(cluster.get(job, ())))]


def _joined(count: int) -> Any:
    """Joins the cluster; the strategy that does so, or None where the script has made one."""
    from tensorflow.python.eager import context

    if context.context()._collective_ops_server_def is not None:
        return None
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise RuntimeError(
            f"TF_CONFIG names {count} workers, but TensorFlow was used before they were joined. "
            "Call keras_core.distribute.init(), or make a "
            "tf.distribute.MultiWorkerMirroredStrategy(), in the first line of the script."
        ) from error


class Group(EngineRanks):
    """All workers of a cluster, which add up tensors by operations within their graphs.

    Args:
        rank: number of this worker.
        size: number of workers.
        strategy: what has to live as long as the cluster, if anything.
    """

    def __init__(self, rank: int, size: int, strategy: Any) -> None:
        self._strategy = strategy
        with tf.init_scope(), tf.device("cpu"):
            self._token = tf.Variable(0.0, trainable=False)
            self._counts = tf.Variable(tf.zeros(2, tf.int64), trainable=False)
        super().__init__(rank, size)

    @property
    def messages(self) -> int:
        """Number of messages of `sums` so far, also of those within graphs."""
        return int(self._counts.numpy()[0])

    @property
    def bytes(self) -> int:
        """Number of their bytes."""
        return int(self._counts.numpy()[1])

    def new_sums(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with tf.init_scope(), self.summing(arrays):
            return [np.array(x) for x in self.added([tf.constant(x) for x in arrays])]

    def added(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The sums of tensors, whose shapes may be unknown; in a graph they are a part of it."""
        results: list[Any] = [None] * len(tensors)
        with tf.device("cpu"):
            key, before = _key(tensors), []
            for dtype in dict.fromkeys(map(_sent_as, tensors)):
                places = [i for i, x in enumerate(tensors) if _sent_as(x) == dtype]
                with tf.control_dependencies(before):
                    sums = self._side_by_side([tensors[i] for i in places], dtype, key)
                before = sums[:1]
                for i, total in zip(places, sums):
                    results[i] = total
        return results

    def _side_by_side(
        self, tensors: Sequence[tf.Tensor], dtype: tf.DType, key: Any
    ) -> list[tf.Tensor]:
        """The sums of tensors that are sent as one."""
        sent = [_as_sent(x, dtype) for x in tensors]
        flat = tf.concat([tf.reshape(x, [-1]) for x in sent], 0)
        count = self._counts.assign_add([1, tf.size(flat, tf.int64) * dtype.size])
        with tf.control_dependencies([count]):
            total = self._reduced(flat, key)
        parts = tf.split(total, [tf.size(x) for x in sent])
        back = [tf.reshape(part, tf.shape(x)) for part, x in zip(parts, sent)]
        return [_as_received(y, x.dtype) for x, y in zip(tensors, back)]

    def _reduced(self, flat: tf.Tensor, key: Any) -> tf.Tensor:
        return tf.raw_ops.CollectiveReduceV2(
            input=flat,
            group_size=self.size,
            group_key=_GROUP_KEY,
            instance_key=tf.cast(key, tf.int32),
            ordering_token=[self._token.handle],
            merge_op="Add",
            final_op="Id",
        )

    def total(self, array: np.ndarray) -> np.ndarray:
        with tf.init_scope(), tf.device("cpu"):
            flat = tf.constant(array.reshape(-1))
            return self._reduced(flat, _mixed(1, [flat.shape[0]])).numpy().reshape(array.shape)


def summing(tensors: Sequence[Any]) -> AbstractContextManager[None]:
    """Around a run of a program that adds up tensors, if any."""
    world = current()
    return world.summing(tensors) if tensors and isinstance(world, Group) else nullcontext()


def _sent_as(x: tf.Tensor) -> tf.DType:
    name = _SENT_AS.get(x.dtype.name, x.dtype.name)
    return tf.as_dtype(name if name in _KNOWN else "int64")


def _as_sent(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """The tensor in a dtype that is sent; a complex number is two real ones."""
    return tf.bitcast(x, dtype) if x.dtype.is_complex else tf.cast(x, dtype)


def _as_received(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return tf.bitcast(x, dtype) if dtype.is_complex else tf.cast(x, dtype)


def _key(tensors: Sequence[tf.Tensor]) -> Any:
    """What tells sums of such tensors from others, on each worker alike, whatever it has traced.

    Workers trace the functions of a program for other numbers of rows, and at other times; so it
    depends on shapes at run time and on dtypes, and on no count.
    """
    kinds = repr([(x.dtype.name, x.shape.rank) for x in tensors])
    return _mixed(zlib.crc32(kinds.encode()), [n for x in tensors for n in _sizes(x)])


def _sizes(x: tf.Tensor) -> Iterable[Any]:
    known = x.shape.as_list()
    if None not in known:
        return known
    return [tf.shape(x, tf.int64)[i] if n is None else n for i, n in enumerate(known)]


def _mixed(start: int, numbers: Iterable[Any]) -> Any:
    """A number below 2**31 - 1 that numbers are mixed to, tensors among them."""
    mixed = start % _MOST_KEYS
    for number in numbers:
        mixed = (mixed * 48271 + number + 1) % _MOST_KEYS
    return mixed
