"""Optimizers of TensorFlow's own, as functions of values and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras_core.graph import Variable
from keras_tf.variables import new_variable


def is_optimizer(value: Any) -> bool:
    """Whether it is one of `tf.compat.v1.train`, of tf.keras, or made like those."""
    return callable(getattr(value, "apply_gradients", None))


class Step:
    """One step of an optimizer for some variables.

    The optimizer works on variables of TensorFlow that stand for them, and keeps its state with
    those from step to step.

    Args:
        optimizer: the optimizer.
        variables: what it is to change.
    """

    def __init__(self, optimizer: Any, variables: Sequence[Variable]) -> None:
        self.optimizer = optimizer
        self.stand_ins = [
            new_variable(v.get_value(), v.name.partition(":")[0], trainable=True) for v in variables
        ]
        if hasattr(optimizer, "build"):  # others make their state at the first step
            optimizer.build(self.stand_ins)

    def __call__(self, *tensors: tf.Tensor) -> list[tf.Tensor]:
        """The new values, for the present ones and then their gradients."""
        count = len(self.stand_ins)
        for stand_in, value in zip(self.stand_ins, tensors):
            stand_in.assign(value)
        self.optimizer.apply_gradients(list(zip(tensors[count:], self.stand_ins)))
        return [stand_in.read_value() for stand_in in self.stand_ins]
