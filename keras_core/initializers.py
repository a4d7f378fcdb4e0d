"""Initializers: functions of a shape that give the first values of a weight.

A random initializer returns a tensor that is drawn anew each time it is evaluated. An initializer
with a seed raises that seed by one at each call, so that two weights made by one object differ
while two objects with one seed agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import missing, namespaces
from keras_core.families import Family, InitializerLike, Names

if TYPE_CHECKING:
    from typing_extensions import Self

    from keras_core.graph import Tensor

__all__ = [
    "Constant",
    "Identity",
    "Initializer",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "one",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "uniform",
    "zero",
    "zeros",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())


# The standard deviation of a standard normal variable cut off at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer:
    """Base of initializers; a subclass defines `__call__(shape, dtype)`.

    Example:
        >>> class Alternating(initializers.Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.resize([1.0, -1.0], shape)
        >>> layer = layers.Dense(2, kernel_initializer=Alternating(), input_shape=(1,))
        >>> models.Sequential([layer]).get_weights()[0].tolist()
        [[1.0, -1.0]]
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        """Values for a weight.

        Args:
            shape: tuple of int.
            dtype: name of a dtype; `K.floatx()` by default.

        Returns:
            Tensor of that shape and dtype.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define __call__(self, shape, dtype=None)."
        )

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        config = {name: value for name, value in config.items() if name != "dtype"}
        return cls(**config)


class Zeros(Initializer):
    """All values 0.

    Example:
        >>> K.eval(initializers.Zeros()((2, 2))).tolist()
        [[0.0, 0.0], [0.0, 0.0]]
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        return K.constant(0, shape=shape, dtype=dtype)


class Ones(Initializer):
    """All values 1.

    Example:
        >>> K.eval(initializers.Ones()((2, 2))).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        return K.constant(1, shape=shape, dtype=dtype)


class Constant(Initializer):
    """A given value.

    Args:
        value: number, or array of the shape of the weight.

    Example:
        >>> K.eval(initializers.Constant(0.5)((2, 2))).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
        >>> layer = layers.Dense(1, bias_initializer=initializers.Constant(0.5))
    """

    def __init__(self, value: Any = 0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        return K.constant(self.value, shape=shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


class Identity(Initializer):
    """A multiple of the identity matrix, for weights of two axes; zeros beyond the square part.

    Args:
        gain: the value on the diagonal.

    Example:
        >>> K.eval(initializers.Identity(gain=2.0)((2, 2))).tolist()
        [[2.0, 0.0], [0.0, 2.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        if len(shape) != 2:
            raise ValueError(
                f"Identity makes matrices, (rows, columns); "
                f"a weight of shape {shape} was asked for."
            )
        return K.constant(self.gain * np.eye(shape[0], shape[1]), dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}


class _Seeded(Initializer):
    """Base of the random initializers, with a `seed` that is an int or None."""

    seed: int | None

    def _next_seed(self) -> int | None:
        seed = self.seed
        if seed is not None:
            self.seed = seed + 1
        return seed


class RandomNormal(_Seeded):
    """Draws from a normal distribution.

    Args:
        mean: its mean.
        stddev: its standard deviation.
        seed: int, or None.

    Example:
        >>> kernel = K.eval(initializers.RandomNormal(mean=5.0, stddev=0.1, seed=1)((100, 100)))
        >>> round(float(kernel.mean()), 1), round(float(kernel.std()), 1)
        (5.0, 0.1)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        return K.random_normal(shape, self.mean, self.stddev, dtype=dtype, seed=self._next_seed())

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class RandomUniform(_Seeded):
    """Draws from a uniform distribution.

    Args:
        minval: its lower bound.
        maxval: its upper bound.
        seed: int, or None.

    Example:
        >>> kernel = K.eval(initializers.RandomUniform(-0.5, 0.5, seed=1)((100, 100)))
        >>> bool(abs(kernel).max() <= 0.5)
        True
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        return K.random_uniform(
            shape, self.minval, self.maxval, dtype=dtype, seed=self._next_seed()
        )

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class TruncatedNormal(_Seeded):
    """Draws from a normal distribution, again where a value is more than two deviations off.

    Args:
        mean: mean of the normal distribution.
        stddev: its standard deviation before truncation.
        seed: int, or None.

    Example:
        >>> kernel = K.eval(initializers.TruncatedNormal(stddev=0.5, seed=1)((100, 100)))
        >>> bool(abs(kernel).max() <= 2 * 0.5)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        return K.truncated_normal(
            shape, self.mean, self.stddev, dtype=dtype, seed=self._next_seed()
        )

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class VarianceScaling(_Seeded):
    """Draws with the variance scale / n, n being a number of connections of a unit.

    Args:
        scale: positive number.
        mode: `'fan_in'` (n is the number of inputs), `'fan_out'` (of outputs) or `'fan_avg'` (their
            mean).
        distribution: `'normal'` (truncated at two deviations) or `'uniform'`.
        seed: int, or None.

    Raises:
        ValueError: a scale that is not positive, or an unknown mode or distribution.

    Example:
        >>> initializer = initializers.VarianceScaling(scale=2.0, mode="fan_out", seed=1)
        >>> kernel = K.eval(initializer((300, 50)))
        >>> round(float(kernel.var()), 2)  # 2 / 50
        0.04
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "normal",
        seed: int | None = None,
    ) -> None:
        if not scale > 0.0:
            raise ValueError(f"VarianceScaling: `scale` must be positive; got {scale!r}.")
        self.scale = scale
        self.mode: str = _choice("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        self.distribution: str = _choice("distribution", distribution, ("normal", "uniform"))
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        stddev = math.sqrt(self.scale / max(1.0, self._connections(shape)))
        seed = self._next_seed()
        if self.distribution == "normal":
            return K.truncated_normal(
                shape, 0.0, stddev / _TRUNCATED_STDDEV, dtype=dtype, seed=seed
            )
        limit = math.sqrt(3.0) * stddev
        return K.random_uniform(shape, -limit, limit, dtype=dtype, seed=seed)

    def _connections(self, shape: Sequence[int]) -> float:
        fan_in, fan_out = _compute_fans(shape)
        return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]

    def get_config(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
        }


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    lowered = str(value).lower()
    if lowered not in allowed:
        raise ValueError(
            f"VarianceScaling: `{name}` must be one of {', '.join(map(repr, allowed))}; "
            f"got {value!r}."
        )
    return lowered


class Orthogonal(_Seeded):
    """A matrix with orthogonal rows or columns, whichever are fewer.

    A weight of more than two axes is made as a matrix of its last axis by all others.

    Args:
        gain: the singular values of the matrix.
        seed: int, or None.

    Reference: Saxe, McClelland and Ganguli, 2013, arXiv:1312.6120.

    Example:
        >>> kernel = K.eval(initializers.Orthogonal(seed=1)((3, 3)))
        >>> np.allclose(kernel @ kernel.T, np.eye(3), atol=1e-5)
        True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = gain
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal makes weights of 2 axes or more; one of shape {shape} was asked for."
            )
        flat_shape = (int(np.prod(shape[:-1])), shape[-1])
        seed = self._next_seed()
        generator = np.random if seed is None else np.random.RandomState(seed)
        q = _orthogonal_factor(generator.normal(0.0, 1.0, flat_shape))
        return K.constant(self.gain * q.reshape(shape), dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed}


def _orthogonal_factor(matrix: np.ndarray) -> np.ndarray:
    """The singular vectors on the longer side of a matrix, as a matrix of its shape.

    Their signs, which LAPACK leaves to rounding, are set by the vectors on the other side: that
    makes them the same everywhere, and keeps the distribution uniform over all directions.
    """
    u, _, v = np.linalg.svd(matrix, full_matrices=False)
    if u.shape == matrix.shape:
        return u * _signs_of_largest(v)
    return v * _signs_of_largest(u.T)[:, None]


def _signs_of_largest(rows: np.ndarray) -> np.ndarray:
    largest = np.abs(rows).argmax(axis=1)
    return np.sign(rows[np.arange(len(rows)), largest])


def _compute_fans(shape: Sequence[int]) -> tuple[float, float]:
    """Inputs and outputs of a unit in `(*spatial, in, out)`; the root of the size for a vector."""
    if len(shape) < 2:
        root = math.sqrt(float(np.prod(shape)))
        return root, root
    field = float(np.prod(shape[:-2]))
    return shape[-2] * field, shape[-1] * field


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform in [-limit, limit], limit = sqrt(3 / fan_in).

    Reference: LeCun, Bottou, Orr and Müller, 1998, "Efficient BackProp".

    Example:
        >>> kernel = K.eval(initializers.lecun_uniform(seed=1)((300, 100)))
        >>> round(float(kernel.var()), 3), round(1 / 300, 3)
        (0.003, 0.003)
    """
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="uniform", seed=seed)


def glorot_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal with standard deviation sqrt(2 / (fan_in + fan_out)).

    Reference: Glorot and Bengio, 2010, AISTATS.

    Example:
        >>> kernel = K.eval(initializers.glorot_normal(seed=1)((300, 100)))
        >>> round(float(kernel.var()), 3), round(2 / (300 + 100), 3)
        (0.005, 0.005)
    """
    return VarianceScaling(scale=1.0, mode="fan_avg", distribution="normal", seed=seed)


def glorot_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform in [-limit, limit], limit = sqrt(6 / (fan_in + fan_out)).

    Reference: Glorot and Bengio, 2010, AISTATS.

    Example:
        >>> kernel = K.eval(initializers.glorot_uniform(seed=1)((300, 100)))
        >>> round(float(kernel.var()), 3), round(2 / (300 + 100), 3)
        (0.005, 0.005)
    """
    return VarianceScaling(scale=1.0, mode="fan_avg", distribution="uniform", seed=seed)


def he_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal with standard deviation sqrt(2 / fan_in).

    Reference: He, Zhang, Ren and Sun, 2015, arXiv:1502.01852.

    Example:
        >>> kernel = K.eval(initializers.he_normal(seed=1)((300, 100)))
        >>> round(float(kernel.var()), 3), round(2 / 300, 3)
        (0.007, 0.007)
    """
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="normal", seed=seed)


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal with standard deviation sqrt(1 / fan_in).

    Reference: Klambauer, Unterthiner, Mayr and Hochreiter, 2017, arXiv:1706.02515.

    Example:
        >>> kernel = K.eval(initializers.lecun_normal(seed=1)((300, 100)))
        >>> round(float(kernel.var()), 3), round(1 / 300, 3)
        (0.003, 0.003)
    """
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="normal", seed=seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform in [-limit, limit], limit = sqrt(6 / fan_in).

    Reference: He, Zhang, Ren and Sun, 2015, arXiv:1502.01852.

    Example:
        >>> kernel = K.eval(initializers.he_uniform(seed=1)((300, 100)))
        >>> round(float(kernel.var()), 3), round(2 / 300, 3)
        (0.007, 0.007)
    """
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)


zero = zeros = Zeros
one = ones = Ones
constant = Constant
uniform = random_uniform = RandomUniform
normal = random_normal = RandomNormal
truncated_normal = TruncatedNormal
identity = Identity
orthogonal = Orthogonal

_FACTORIES = (
    *(lecun_uniform, glorot_uniform, he_uniform),
    *(lecun_normal, glorot_normal, he_normal),
)

FAMILY = Family("initializer", Names(globals(), __all__, _FACTORIES))


def serialize(initializer: Any) -> Any:
    """The name or configuration of an initializer.

    Example:
        >>> initializers.serialize(initializers.Constant(3.0))["config"]
        {'value': 3.0}
    """
    return FAMILY.serialize(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer that a name or a configuration stands for.

    Args:
        config: name, or dictionary with `class_name` and `config`.
        custom_objects: initializers of one's own, by name.

    Returns:
        A function of a shape.

    Example:
        >>> data = initializers.serialize(initializers.Constant(3.0))
        >>> initializers.deserialize(data).value
        3.0
    """
    return FAMILY.deserialize(config, custom_objects)


def get(identifier: InitializerLike) -> Callable[..., Any]:
    """The initializer that a name, configuration, class or function stands for.

    Raises:
        ValueError: unknown name, or something else altogether.

    Example:
        >>> K.eval(initializers.get("ones")((2,))).tolist()
        [1.0, 1.0]
        >>> initializers.get({"class_name": "Constant", "config": {"value": 3.0}}).value
        3.0
    """
    return FAMILY.get(identifier)
