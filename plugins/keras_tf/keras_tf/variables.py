"""Making of `tf.Variable`s, also while a `tf.function` is traced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

import numpy as np
import tensorflow as tf


def new_variable(value: Any, name: str | None = None, trainable: bool = False) -> tf.Variable:
    """Makes a variable that outlives the function that happens to be traced.

    Args:
        value: initial value, an array.
        name: without the `:0`, which TensorFlow adds itself.
        trainable: whether tapes watch it by themselves.
    """

    return _outside(lambda: tf.Variable(value, trainable=trainable, name=name))


def without_value(shape: Any, dtype: str) -> tf.Variable:
    """Makes a variable of a shape and dtype whose value is gone, to trace functions with.

    TensorFlow's own rewriting reads the shape off the handle.
    """

    def make() -> tf.Variable:
        made = tf.Variable(np.zeros(shape, dtype), trainable=False)
        tf.raw_ops.AssignVariableOp(resource=made.handle, value=tf.zeros([0], dtype))
        return made

    return _outside(make)


def _outside(make: Callable[[], tf.Variable]) -> tf.Variable:
    if not tf.inside_function():
        return make()
    # A function that is traced takes hold of all that its own thread makes, and refuses what it has
    # not seen in its first trace.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()
