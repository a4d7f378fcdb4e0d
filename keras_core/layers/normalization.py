"""Batch normalization."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, overload

import numpy as np

from keras_core import backend as K
from keras_core import ranks, sharing
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.families import ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Dim, Shape
from keras_core.layers._options import (
    Function,
    Training,
    add_part,
    checked_flag,
    checked_number,
    options_config,
    set_options,
)

__all__ = ["BatchNormalization"]

_OPTIONS = (
    "beta_initializer",
    "gamma_initializer",
    "moving_mean_initializer",
    "moving_variance_initializer",
    "beta_regularizer",
    "gamma_regularizer",
    "beta_constraint",
    "gamma_constraint",
)


class BatchNormalization(Layer):
    """Brings each channel to mean `beta` and deviation `gamma`.

    In training by the mean and variance of the batch, which also move the averages that are used
    at all other times: `gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`
    (Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift", 2015).

    Args:
        axis: the axis of the channels; 1 for data of format "channels_first".
        momentum: fraction in [0, 1) of the moving averages that a batch leaves as it is.
        epsilon: float added to the variance, so that nothing is divided by zero.
        center: whether beta is added.
        scale: whether gamma multiplies.
        beta_initializer: initializer of beta.
        gamma_initializer: initializer of gamma.
        moving_mean_initializer: initializer of the moving mean.
        moving_variance_initializer: initializer of the moving variance.
        beta_regularizer: regularizer of beta, or None.
        gamma_regularizer: regularizer of gamma, or None.
        beta_constraint: constraint of beta, or None.
        gamma_constraint: constraint of gamma, or None.
        sync: whether several processes that share a run (`keras_core.distribute`) take mean and
            variance of the batch of all; each takes those of its own samples otherwise.

    Input shape: any of rank 2 or more, with a known size on `axis`. Output shape: as the input.

    Raises:
        ValueError: when built on an input whose channel axis has no size.

    Example:
        >>> layer = layers.BatchNormalization()
        >>> layer(layers.Input((28, 28, 8))).shape
        (None, 28, 28, 8)
        >>> [w.shape for w in layer.trainable_weights]  # gamma and beta
        [(8,), (8,)]
        >>> [w.shape for w in layer.non_trainable_weights]  # moving mean and variance
        [(8,), (8,)]
    """

    beta_initializer: Function
    gamma_initializer: Function
    moving_mean_initializer: Function
    moving_variance_initializer: Function
    beta_regularizer: Function | None
    gamma_regularizer: Function | None
    beta_constraint: Function | None
    gamma_constraint: Function | None
    gamma: Variable | None
    beta: Variable | None
    moving_mean: Variable
    moving_variance: Variable

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: InitializerLike = "zeros",
        gamma_initializer: InitializerLike = "ones",
        moving_mean_initializer: InitializerLike = "zeros",
        moving_variance_initializer: InitializerLike = "ones",
        beta_regularizer: RegularizerLike = None,
        gamma_regularizer: RegularizerLike = None,
        beta_constraint: ConstraintLike = None,
        gamma_constraint: ConstraintLike = None,
        sync: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        if not isinstance(axis, (int, np.integer)):
            raise TypeError(
                f"BatchNormalization layer {self.name!r}: `axis` must be an integer, got {axis!r}."
            )
        self.axis = axis
        self.momentum: float = checked_number(self, "momentum", momentum)
        self.epsilon: float = checked_number(self, "epsilon", epsilon)
        self.center: bool = checked_flag(self, "center", center)
        self.scale: bool = checked_flag(self, "scale", scale)
        self.sync: bool = checked_flag(self, "sync", sync)
        set_options(self, _OPTIONS, locals())

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self.input_spec: InputSpec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.gamma = self.beta = None
        if self.scale:
            add_part(self, "gamma", (channels,))
        if self.center:
            add_part(self, "beta", (channels,))
        self.moving_mean = self._add_average("moving_mean", channels)
        self.moving_variance = self._add_average("moving_variance", channels)
        self.built = True

    def _channels(self, input_shape: Shape) -> int:
        rank = len(input_shape)
        channels = input_shape[self.axis] if -rank <= self.axis < rank else None
        if channels is None:
            raise ValueError(
                f"BatchNormalization layer {self.name!r} needs to know the size of axis "
                f"{self.axis}, but the input has shape {tuple(input_shape)}. Give it in "
                "Input(shape=...), or choose another `axis`."
            )
        return channels

    def _add_average(self, name: str | None, channels: int) -> Variable:
        return self.add_weight(
            shape=(channels,),
            name=name,
            initializer=getattr(self, f"{name}_initializer"),
            trainable=False,
        )

    def call(self, inputs: Tensor, training: Training = None) -> Tensor:
        if training in (0, False):
            return self._normalized_by_averages(inputs)
        axes = [axis for axis in range(K.ndim(inputs)) if axis != self.axis % K.ndim(inputs)]
        normalized, mean, variance = self._normalized_by_batch(inputs, axes)
        self._move_averages(inputs, axes, mean, variance)
        return K.in_train_phase(
            normalized, lambda: self._normalized_by_averages(inputs), training=training
        )

    def _normalized_by_batch(
        self, inputs: Tensor, axes: Sequence[int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The inputs normalized by the mean and variance of the batch, and these."""
        if not self._is_synced():
            return K.normalize_batch_in_training(
                inputs, self.gamma, self.beta, axes, epsilon=self.epsilon
            )
        mean = sharing.mean_of_ranks(K.mean(inputs, axes))
        apart = inputs - self._aligned(mean, inputs)
        variance = sharing.mean_of_ranks(K.mean(K.square(apart), axes))
        normalized = apart / K.sqrt(self._aligned(variance, inputs) + self.epsilon)
        if self.gamma is not None:
            normalized = normalized * self._aligned(self.gamma, inputs)
        if self.beta is not None:
            normalized = normalized + self._aligned(self.beta, inputs)
        if axes == [0, 1, 2]:  # as the function that knows this batch alone gives it
            count = self._count(inputs, axes, K.dtype(variance))
            variance = variance * (count / K.maximum(count - 1.0, 1.0))
        return normalized, mean, variance

    def _is_synced(self) -> bool:
        return self.sync and ranks.current().size > 1

    def _move_averages(
        self, inputs: Tensor, axes: Sequence[int], mean: Tensor, variance: Tensor
    ) -> None:
        count = self._count(inputs, axes, K.dtype(variance))
        # Close to the unbiased estimate; epsilon keeps a batch of one sample from dividing by 0.
        variance = variance * (count / (count - (1.0 + self.epsilon)))
        self.add_update(
            [
                K.moving_average_update(self.moving_mean, mean, self.momentum),
                K.moving_average_update(self.moving_variance, variance, self.momentum),
            ],
            inputs,
        )

    def _count(self, inputs: Tensor, axes: Sequence[int], dtype: str) -> float | Tensor:
        """The number of elements of the batch along some axes."""
        count = _elements(inputs, axes, dtype)
        return sharing.sum_of_ranks(K.cast(count, dtype)) if self._is_synced() else count

    def _normalized_by_averages(self, inputs: Tensor) -> Tensor:
        return K.batch_normalization(
            inputs,
            self._aligned(self.moving_mean, inputs),
            self._aligned(self.moving_variance, inputs),
            self._aligned(self.beta, inputs),
            self._aligned(self.gamma, inputs),
            axis=self.axis,
            epsilon=self.epsilon,
        )

    @overload
    def _aligned(self, parameter: Tensor, inputs: Tensor) -> Tensor: ...
    @overload
    def _aligned(self, parameter: Tensor | None, inputs: Tensor) -> Tensor | None: ...
    def _aligned(self, parameter: Tensor | None, inputs: Tensor) -> Tensor | None:
        """Returns a vector over the channels in a shape that broadcasts against the inputs."""
        rank = K.ndim(inputs)
        axis = self.axis % rank
        if parameter is None or axis == rank - 1:
            return parameter
        shape: list[Dim] = [1] * rank
        shape[axis] = K.int_shape(parameter)[0]
        return K.reshape(parameter, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **options_config(self, _OPTIONS),
            **({"sync": True} if self.sync else {}),
        }


def _elements(x: Tensor, axes: Sequence[int], dtype: str) -> float | Tensor:
    """Returns the number of elements along some axes: a float where it is known, else a tensor."""
    sizes = [K.int_shape(x)[axis] for axis in axes]
    known: float | Tensor = float(np.prod([size for size in sizes if size is not None]))
    unknown = [K.shape(x)[axis] for axis, size in zip(axes, sizes) if size is None]
    return reduce(lambda count, size: K.cast(size, dtype) * count, unknown, known)
