"""`tf.data.Dataset` as batches of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import tensorflow as tf


class DatasetBatches:
    """The batches of a data set; each iteration is an epoch.

    Args:
        dataset: a `tf.data.Dataset` of batches: `x`, `(x, y)` or `(x, y, sample_weight)`.
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[Any]:
        return iter(self.dataset.as_numpy_iterator())

    def __len__(self) -> int:
        """The number of batches.

        A data set that cannot tell it is read through once to be counted; say the number by
        `tf.data.experimental.assert_cardinality` to save that.

        Raises:
            ValueError: the data set has no end.
        """
        if self._cardinality == tf.data.INFINITE_CARDINALITY:
            raise ValueError(
                "The tf.data.Dataset repeats without end: give the number of batches in an epoch "
                "(steps_per_epoch in fit, validation_steps, steps), or leave out its repeat()."
            )
        return self._cardinality

    @cached_property
    def _cardinality(self) -> int:
        known = int(self.dataset.cardinality())
        if known == tf.data.UNKNOWN_CARDINALITY:
            return int(self.dataset.reduce(tf.constant(0, tf.int64), lambda n, *_: n + 1))
        return known
