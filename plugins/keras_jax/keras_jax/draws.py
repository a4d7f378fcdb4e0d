"""Random numbers: each depends on the seed, the step and the node's stream alone.

They are those of SplitMix64, which starts for each draw at a place that these three are mixed to.
It is made of a few operations on each element, which XLA joins with what uses the numbers; JAX's
own generator is a loop of its own there. All three may be traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erf, prod, sqrt
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_core.plugins import Draws
from keras_core.plugins.authoring import has_own_seed

_ODD = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1
_INTEGERS = (int, np.integer)
_WITHIN_TWO_DEVIATIONS = erf(sqrt(2))


def numbers_of(draws: Draws) -> Any:
    """Seed, step and streams as one vector; to be called where there are numbers of 64 bits."""
    numbers = (*draws[:2], *draws.streams)
    if all(isinstance(number, _INTEGERS) for number in numbers):
        return np.array([int(number) & _MASK for number in numbers], np.uint64)
    return jnp.stack([_unsigned(number) for number in numbers])


def _unsigned(number: Any) -> Any:
    if isinstance(number, _INTEGERS):
        return jnp.asarray(np.uint64(int(number) & _MASK))
    return jnp.asarray(number).astype(np.uint64)


class State(NamedTuple):
    """What nodes depend on while a program runs, or one step of a loop in it, beside their inputs.

    Attributes:
        seed: of the run.
        step: the number of the call.
        streams: of the nodes whose parameter `stream` is below 0.
        eager: whether nothing is traced, so that loops may be Python's.
        derives: whether the program has gradients of kernels of convolutions.
    """

    seed: Any
    step: Any
    streams: Any
    eager: bool = False
    derives: bool = False

    @classmethod
    def of(cls, numbers: Any, eager: bool = False, derives: bool = False) -> State:
        """The state in the vector of `numbers_of`; without draws for a program that has none."""
        if numbers is None:
            return cls(None, None, None, eager, derives)
        numbers = jnp.asarray(numbers)
        return cls(numbers[0], numbers[1], numbers[2:], eager, derives)

    def inside(self, t: Any) -> State:
        """The state of step `t` of a loop, apart from those of all steps in all other calls."""
        return self._replace(step=_mixed(self.step + _ODD) + t.astype(np.uint64))

    def key(self, stream: int) -> Any:
        """Where the numbers of a node start."""
        if stream >= 0:
            seed = jnp.uint64(0) if has_own_seed(stream) else self.seed
            return self._key(seed, np.uint64(stream))
        number = self.streams[-1 - stream]
        return self._key(jnp.where(has_own_seed(number), jnp.uint64(0), self.seed), number)

    def _key(self, seed: Any, stream: Any) -> Any:
        return _mixed(_mixed(_mixed(seed + _ODD) ^ self.step) ^ stream)


def _mixed(number: Any) -> Any:
    """A number spread over the range of uint64 (the finalizer of SplitMix64)."""
    number = (number ^ (number >> np.uint64(30))) * _FIRST
    number = (number ^ (number >> np.uint64(27))) * _SECOND
    return number ^ (number >> np.uint64(31))


def _bits(key: Any, shape: Sequence[int]) -> Any:
    """Random bits: numbers of uint64."""
    count = lax.iota(np.uint64, prod(shape)).reshape(shape)
    return _mixed(key + (count + np.uint64(1)) * _ODD)


def _leading(bits: Any, kept: int, dtype: Any) -> Any:
    """The first bits of each number, as a float."""
    return (bits >> np.uint64(64 - kept)).astype(np.int64 if kept > 31 else np.int32).astype(dtype)


def uniform(key: Any, shape: Sequence[int], dtype: str) -> Any:
    """Multiples of what the dtype can tell apart below 1."""
    kept = jnp.finfo(dtype).nmant + 1
    return _leading(_bits(key, shape), kept, dtype) * np.asarray(2.0**-kept, dtype)


def normal(key: Any, shape: Sequence[int], dtype: str) -> Any:
    """By inversion."""
    return _inverted(key, shape, dtype, 1.0).astype(dtype)


def truncated_normal(key: Any, shape: Sequence[int], dtype: str) -> Any:
    """By inversion, out of the middle of the distribution."""
    drawn = _inverted(key, shape, dtype, _WITHIN_TWO_DEVIATIONS)
    return jnp.clip(drawn, -2, 2).astype(dtype)


def _inverted(key: Any, shape: Sequence[int], dtype: str, part: float) -> Any:
    """The normal deviates of numbers within (-part, part), never the ends."""
    exact = np.dtype("float64" if dtype == "float64" else "float32")
    kept = jnp.finfo(exact).nmant  # one bit is for the half that keeps off the ends
    halves = _leading(_bits(key, shape), kept, exact) + exact.type(0.5)
    centred = halves * exact.type(2.0 ** (1 - kept)) - exact.type(1)
    return lax.erf_inv(centred * exact.type(part)) * exact.type(sqrt(2))
