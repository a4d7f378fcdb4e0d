"""Random tensors, drawn anew at each evaluation, and variables with random initial values.

An explicit seed makes the draws the same in every run; otherwise NumPy's global generator gives the
seed of each tensor, so that `np.random.seed` and `set_random_seed` repeat a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.backend.convert import cast_to, pair, split_shape
from keras_core.backend.variables import variable
from keras_core.config import floatx
from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.randomness import new_stream
from keras_core.graph.tensor import FLOATS, Tensor, Variable
from keras_core.legacy.calls import refusing_old_names


@refusing_old_names("backend.random_uniform")
def random_uniform(
    shape: Any,
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: str | None = None,
    seed: int | None = None,
) -> Tensor:
    """Draws evenly from an interval.

    Args:
        shape: ints and scalar int tensors, or a vector tensor.
        minval: lower limit.
        maxval: upper limit, not included.
        dtype: floatx by default; integers are drawn for an int dtype.
        seed: int, for draws that no run's seed changes.

    Example:
        >>> draws = K.eval(K.random_uniform((1000,), minval=2.0, maxval=3.0, seed=1))
        >>> bool(draws.min() >= 2.0 and draws.max() < 3.0)
        True
    """
    dtype = dtype or floatx()
    if dtype in FLOATS:
        return _drawn(p.random_uniform, shape, maxval - minval, minval, dtype, seed)
    drawn = _drawn(p.random_uniform, shape, maxval - minval, minval, "float64", seed)
    return cast_to(p.floor(drawn), dtype)


@refusing_old_names("backend.random_normal")
def random_normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: str | None = None,
    seed: int | None = None,
) -> Tensor:
    """Draws from a normal distribution.

    Args:
        shape: ints and scalar int tensors, or a vector tensor.
        mean: of the distribution.
        stddev: its standard deviation.
        dtype: floatx by default.
        seed: int, for draws that no run's seed changes.

    Example:
        >>> K.eval(K.random_normal((2, 3), mean=5.0, stddev=0.0)).tolist()
        [[5.0, 5.0, 5.0], [5.0, 5.0, 5.0]]
    """
    return _drawn(p.random_normal, shape, stddev, mean, dtype, seed)


def truncated_normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: str | None = None,
    seed: int | None = None,
) -> Tensor:
    """Draws from a normal distribution, again where a draw is beyond two standard deviations.

    Args:
        shape: ints and scalar int tensors, or a vector tensor.
        mean: of the whole distribution.
        stddev: standard deviation of the whole distribution.
        dtype: floatx by default.
        seed: int, for draws that no run's seed changes.

    Example:
        >>> draws = K.eval(K.truncated_normal((1000,), mean=0.0, stddev=1.0, seed=1))
        >>> bool(abs(draws).max() <= 2.0)
        True
    """
    return _drawn(p.random_truncated_normal, shape, stddev, mean, dtype, seed)


def random_binomial(
    shape: Any, p: float = 0.0, dtype: str | None = None, seed: int | None = None
) -> Tensor:
    """Draws 1 with a probability, else 0.

    Args:
        shape: ints and scalar int tensors, or a vector tensor.
        p: probability of 1, in [0, 1].
        dtype: floatx by default.
        seed: int, for draws that no run's seed changes.

    Example:
        >>> draws = K.eval(K.random_binomial((1000,), p=0.5, seed=1))
        >>> sorted(set(draws.tolist()))
        [0.0, 1.0]
    """
    return _bernoulli(shape, p, dtype or floatx(), seed)


def random_uniform_variable(
    shape: Sequence[int],
    low: float,
    high: float,
    dtype: str | None = None,
    name: str | None = None,
    seed: int | None = None,
) -> Variable:
    """Makes a variable whose initial value is drawn evenly from an interval.

    Args:
        shape: ints.
        low: lower limit.
        high: upper limit, not included.
        dtype: floatx by default.
        name: of the variable.
        seed: int, for a draw that no run's seed changes.

    Example:
        >>> w = K.random_uniform_variable((2, 3), low=-1.0, high=1.0, seed=1)
        >>> K.is_variable(w), w.shape
        (True, (2, 3))
    """
    return variable(random_uniform(shape, low, high, dtype, seed), dtype, name)


def random_normal_variable(
    shape: Sequence[int],
    mean: float,
    scale: float,
    dtype: str | None = None,
    name: str | None = None,
    seed: int | None = None,
) -> Variable:
    """Makes a variable whose initial value is drawn from a normal distribution.

    Args:
        shape: ints.
        mean: of the distribution.
        scale: its standard deviation.
        dtype: floatx by default.
        name: of the variable.
        seed: int, for a draw that no run's seed changes.

    Example:
        >>> w = K.random_normal_variable((2, 3), mean=0.0, scale=1.0, seed=1)
        >>> K.is_variable(w), w.shape
        (True, (2, 3))
    """
    return variable(random_normal(shape, mean, scale, dtype, seed), dtype, name)


def _drawn(
    draw: Primitive, shape: Any, scale: float, shift: float, dtype: str | None, seed: int | None
) -> Tensor:
    """`draw * scale + shift`, without the steps that change nothing."""
    static, dims = split_shape(shape)
    dtype = dtype or floatx()
    x = draw(*dims, shape=static, dtype=dtype, stream=new_stream(seed))
    if isinstance(scale, Tensor) or scale != 1:
        x = x * scale
    if isinstance(shift, Tensor) or shift != 0:
        x = x + shift
    return x


def _bernoulli(shape: Any, probability: float, dtype: str, seed: int | None) -> Tensor:
    return cast_to(p.less(*pair(random_uniform(shape, seed=seed), probability)), dtype)
