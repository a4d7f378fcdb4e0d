"""Draws, made of the bits of a counter-based generator.

TensorFlow's own distributions give other numbers under XLA; the bits of Philox are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erf, sqrt
from typing import Callable

import numpy as np
import tensorflow as tf

from keras_core.plugins.authoring import has_own_seed
from keras_tf.lowering._sizes import as_vector, filled
from keras_tf.tracing import Lowering, RandomState, Site

_PHILOX = 1
_WITHIN_TWO_DEVIATIONS = erf(sqrt(2))


def next_state(state: RandomState, index: tf.Tensor) -> RandomState:
    """The state of one step of a loop, apart from those of all steps in all other calls."""
    odd = tf.constant(mixed(1) | 1, tf.int64)
    return state._replace(step=state.step * odd + tf.cast(index, tf.int64) + 1)


def mixed(number: int) -> int:
    """A number spread over the range of int64 (the finalizer of SplitMix64)."""
    mask = (1 << 64) - 1
    number = (number + 0x9E3779B97F4A7C15) & mask
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & mask
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & mask
    number ^= number >> 31
    return number - (1 << 64) if number >> 63 else number


def _bits(site: Site, shape: object, dtype: tf.DType) -> tf.Tensor:
    state, stream = site.trace.state, site.params["stream"]
    assert state is not None
    key = tf.constant(mixed(stream), tf.int64) if stream >= 0 else state.streams[-1 - stream]
    if not has_own_seed(stream):
        key = tf.bitwise.bitwise_xor(key, state.seed)
    # The low word of the counter counts the blocks of one draw.
    counter = tf.stack([tf.zeros([], tf.int64), state.step])
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=shape,
        key=tf.bitcast(tf.reshape(key, [1]), tf.uint64),
        counter=tf.bitcast(counter, tf.uint64),
        alg=_PHILOX,
        dtype=dtype,
    )


def _uniform(site: Site, shape: object, dtype: str, offset: float = 0.0) -> tf.Tensor:
    """Multiples of what the dtype can tell apart below 1, plus a part of that step."""
    kept = np.finfo(dtype).nmant + 1
    width, carrier = (64, tf.uint64) if dtype == "float64" else (32, tf.uint32)
    bits = _bits(site, shape, carrier)
    shifted = tf.bitwise.right_shift(bits, tf.constant(width - kept, carrier))
    # The numbers are small enough for signed integers, which are cast faster.
    signed = tf.bitcast(shifted, tf.int64 if width == 64 else tf.int32)
    return (tf.cast(signed, dtype) + tf.cast(offset, dtype)) * tf.cast(2.0**-kept, dtype)


def _normal(part: float) -> Callable[[Site, object, str], tf.Tensor]:
    """Normal draws by inversion, out of the middle `part` of the distribution."""

    def draw(site: Site, shape: object, dtype: str) -> tf.Tensor:
        exact = "float64" if dtype == "float64" else "float32"
        centred = 2 * _uniform(site, shape, exact, 0.5) - 1
        values = tf.math.erfinv(centred * tf.cast(part, exact)) * tf.cast(sqrt(2), exact)
        return tf.cast(values, dtype)

    return draw


def _lower(draw: Callable[..., tf.Tensor]) -> Lowering:
    def lower(site: Site, *dims: tf.Tensor) -> tf.Tensor:
        shape = as_vector(filled(site.params["shape"], dims))
        shape = tf.convert_to_tensor(shape, tf.int32)
        return draw(site, shape, site.params["dtype"])

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "random_normal": _lower(_normal(1.0)),
    "random_truncated_normal": _lower(_normal(_WITHIN_TWO_DEVIATIONS)),
    "random_uniform": _lower(_uniform),
}
