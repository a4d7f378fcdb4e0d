"""Layers that add or multiply noise in training and do nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.engine.input_spec import shape_tuple
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim, Shape
from keras_core.layers._options import Training, checked_fraction, checked_number

__all__ = ["AlphaDropout", "GaussianDropout", "GaussianNoise"]

# Scale and alpha of the SELU activation; their product is what a SELU saturates at.
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


class _Noise(Layer):
    """A layer whose output has the shape of its input and differs from it in training only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class GaussianNoise(_Noise):
    """Adds noise drawn from a normal distribution around zero: `inputs + N(0, stddev)`.

    Args:
        stddev: standard deviation of the noise, a float of at least 0.

    Input shape: any. Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.GaussianNoise(0.1, input_shape=(3,))])
        >>> model.predict(np.array([[1.0, 2.0, 3.0]])).tolist()  # noise in training alone
        [[1.0, 2.0, 3.0]]
    """

    def __init__(self, stddev: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev: float = checked_number(self, "stddev", stddev)

    def call(self, inputs: Tensor, training: Training = None) -> Tensor:
        def noised() -> Tensor:
            return inputs + K.random_normal(
                shape=K.shape(inputs), mean=0.0, stddev=self.stddev, dtype=K.dtype(inputs)
            )

        return K.in_train_phase(noised, inputs, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev}


class GaussianDropout(_Noise):
    """Multiplies by noise drawn from a normal distribution around one.

    The deviation is `sqrt(rate / (1 - rate))`, that of the factors of a Dropout of that rate
    (Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014).

    Args:
        rate: fraction in [0, 1]; at 0 and 1 the layer changes nothing.

    Input shape: any. Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.GaussianDropout(0.5, input_shape=(3,))])
        >>> model.predict(np.array([[1.0, 2.0, 3.0]])).tolist()  # noise in training alone
        [[1.0, 2.0, 3.0]]
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate: float = checked_fraction(self, "rate", rate)

    def call(self, inputs: Tensor, training: Training = None) -> Tensor:
        if not 0 < self.rate < 1:
            return inputs
        stddev = float(np.sqrt(self.rate / (1.0 - self.rate)))

        def noised() -> Tensor:
            return inputs * K.random_normal(
                shape=K.shape(inputs), mean=1.0, stddev=stddev, dtype=K.dtype(inputs)
            )

        return K.in_train_phase(noised, inputs, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


class AlphaDropout(_Noise):
    """Drops inputs to the saturation value of SELU, then restores mean and variance.

    A dropped element becomes `alpha' = -scale * alpha` of SELU; all are then mapped by
    `a * x + b`, with `a = ((1 - rate) * (1 + rate * alpha'^2)) ** -0.5` and
    `b = -a * alpha' * rate`, so that inputs of mean 0 and variance 1 stay so
    (Klambauer et al., "Self-Normalizing Neural Networks", 2017).

    Args:
        rate: fraction of elements to drop, in [0, 1]; at 0 and 1 nothing changes.
        noise_shape: shape of the draw, for instance `(batch, 1, features)` to drop a feature in
            all steps together; None draws for each element, a None in it takes the input's size.
        seed: integer seed of the draw, or None.

    Input shape: any. Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.AlphaDropout(0.1, input_shape=(3,))])
        >>> model.predict(np.array([[1.0, 2.0, 3.0]])).tolist()  # drops in training alone
        [[1.0, 2.0, 3.0]]
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate: float = checked_fraction(self, "rate", rate)
        self.noise_shape: Sequence[int | None] | None = checked_noise_shape(self, noise_shape)
        self.seed = seed

    def call(self, inputs: Tensor, training: Training = None) -> Tensor:
        if not 0.0 < self.rate < 1.0:
            return inputs
        return K.in_train_phase(lambda: self._dropped(inputs), inputs, training=training)

    def _dropped(self, inputs: Tensor) -> Tensor:
        saturation = -_SELU_SCALE * _SELU_ALPHA
        a = ((1 - self.rate) * (1 + self.rate * saturation**2)) ** -0.5
        b = -a * saturation * self.rate
        draw = K.random_uniform(
            shape=noise_shape(inputs, self.noise_shape), dtype=K.dtype(inputs), seed=self.seed
        )
        kept = K.cast(K.greater_equal(draw, self.rate), K.dtype(inputs))
        return a * (inputs * kept + saturation * (1 - kept)) + b

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "rate": self.rate}
        # Keras 2 leaves these two out, and so loses them; they are written only when set.
        given = {"noise_shape": self.noise_shape, "seed": self.seed}
        return {**config, **{name: v for name, v in given.items() if v is not None}}


def checked_noise_shape(layer: Layer, wanted: Any) -> Any:
    """The shape of a draw as a user gave it, if it is a tuple or list of sizes.

    Raises:
        TypeError: it is something else.
    """
    if wanted is not None:
        shape_tuple(f"{type(layer).__name__} layer {layer.name!r}", "noise_shape", wanted)
    return wanted


def noise_shape(inputs: Tensor, wanted: Sequence[Dim] | None) -> Any:
    """Returns the shape of a noise draw for `inputs`, taking the input's size where it says None.

    Args:
        inputs: the tensor that the noise is for.
        wanted: a tuple of ints and None as long as the input's rank, or None for the whole shape.
    """
    if wanted is None:
        return K.shape(inputs)
    if all(size is not None for size in wanted):
        return tuple(wanted)
    sizes = K.shape(inputs)
    return tuple(sizes[i] if size is None else size for i, size in enumerate(wanted))
