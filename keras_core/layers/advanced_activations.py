"""Activations with parameters of their own, as layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import missing
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.families import ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Dim, Shape, are_known
from keras_core.layers._options import (
    Function,
    add_part,
    checked_number,
    options_config,
    set_options,
)
from keras_core.utils.generic_utils import to_list

__all__ = ["ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"]

missing.explain_attributes(globals())


_ALPHA_OPTIONS = ("alpha_initializer", "alpha_regularizer", "alpha_constraint")


class _Elementwise(Layer):
    """An activation: the output has the shape and the mask of the input."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class LeakyReLU(_Elementwise):
    """Lets a fraction of the negative part through: `x` where `x >= 0`, else `alpha * x`.

    (Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.)

    Args:
        alpha: slope of the negative part, a float of at least 0.

    Input shape: any. Output shape: as the input.

    Example:
        >>> K.eval(layers.LeakyReLU(alpha=0.5)(K.constant([[-4.0, 2.0]]))).tolist()
        [[-2.0, 2.0]]
    """

    def __init__(self, alpha: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha: np.ndarray = K.cast_to_floatx(checked_number(self, "alpha", alpha))

    def call(self, inputs: Tensor) -> Tensor:
        return K.relu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": float(self.alpha)}


class PReLU(_Elementwise):
    """A leaky rectifier with learned slopes: `x` where `x >= 0`, else `alpha * x`.

    (He et al., "Delving Deep into Rectifiers", 2015.)

    Args:
        alpha_initializer: initializer of the slopes.
        alpha_regularizer: regularizer of the slopes, or None.
        alpha_constraint: constraint of the slopes, or None.
        shared_axes: axes along which one slope is shared, counted from 1 (0 is the batch): [1, 2]
            gives one slope a channel for an input `(batch, height, width, channels)`.

    Input shape: any, with sizes known except on the shared axes. Output shape: as the input.

    Example:
        >>> layer = layers.PReLU(alpha_initializer="zeros", shared_axes=[1, 2])
        >>> layer(layers.Input((28, 28, 16))).shape
        (None, 28, 28, 16)
        >>> layer.alpha.shape  # one slope a channel
        (1, 1, 16)
    """

    alpha_initializer: Function
    alpha_regularizer: Function | None
    alpha_constraint: Function | None
    alpha: Variable

    def __init__(
        self,
        alpha_initializer: InitializerLike = "zeros",
        alpha_regularizer: RegularizerLike = None,
        alpha_constraint: ConstraintLike = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        set_options(self, _ALPHA_OPTIONS, locals())
        self.shared_axes: list[Any] | None = (
            None if shared_axes is None else to_list(shared_axes, allow_tuple=True)
        )

    def build(self, input_shape: Shape) -> None:
        shared = self.shared_axes or []
        self.param_broadcast: list[bool] = [axis in shared for axis in range(1, len(input_shape))]
        own_axes = {
            axis: input_shape[axis] for axis in range(1, len(input_shape)) if axis not in shared
        }
        add_part(self, "alpha", self._alpha_shape(own_axes, input_shape))
        self.input_spec: InputSpec = InputSpec(ndim=len(input_shape), axes=own_axes)
        self.built = True

    def _alpha_shape(self, own_axes: Mapping[int, Dim], input_shape: Shape) -> tuple[int, ...]:
        shape = tuple(own_axes.get(axis, 1) for axis in range(1, len(input_shape)))
        if not are_known(shape):
            unknown = [axis for axis, size in own_axes.items() if size is None]
            raise ValueError(
                f"PReLU layer {self.name!r}: axes {unknown} of the input shape "
                f"{tuple(input_shape)} have no size, so the slopes have no shape. "
                f"Share the slopes along them: PReLU(shared_axes={unknown})."
            )
        return shape

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        return K.relu(inputs) - self.alpha * K.relu(-inputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **options_config(self, _ALPHA_OPTIONS),
            "shared_axes": self.shared_axes,
        }


class ELU(_Elementwise):
    """The exponential linear unit: `x` where `x >= 0`, else `alpha * (exp(x) - 1)`.

    (Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2015.)

    Args:
        alpha: what the negative part saturates at, with the sign turned.

    Input shape: any. Output shape: as the input.

    Example:
        >>> print(K.eval(layers.ELU(alpha=0.5)(K.constant([[-1.0, 2.0]]))).round(3))
        [[-0.316  2.   ]]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha: np.ndarray = K.cast_to_floatx(checked_number(self, "alpha", alpha))

    def call(self, inputs: Tensor) -> Tensor:
        return K.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": float(self.alpha)}


class ThresholdedReLU(_Elementwise):
    """Lets through what lies above a threshold: `x` where `x > theta`, else 0.

    (Konda et al., "Zero-Bias Autoencoders and the Benefits of Co-Adapting Features", 2014.)

    Args:
        theta: the threshold, a float of at least 0.

    Input shape: any. Output shape: as the input.

    Example:
        >>> K.eval(layers.ThresholdedReLU(theta=1.0)(K.constant([[0.5, 1.5, -3.0]]))).tolist()
        [[0.0, 1.5, 0.0]]
    """

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta: np.ndarray = K.cast_to_floatx(checked_number(self, "theta", theta))

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        return K.switch(K.greater(inputs, self.theta), inputs, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "theta": float(self.theta)}


class Softmax(_Elementwise):
    """Turns the elements along an axis into probabilities: `exp(x) / sum(exp(x))`.

    Args:
        axis: the axis that sums to one.

    Input shape: any. Output shape: as the input.

    Example:
        >>> K.eval(layers.Softmax()(K.constant([[1.0, 1.0, 1.0, 1.0]]))).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        return K.softmax(inputs, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


class ReLU(_Elementwise):
    """The rectifier with a ceiling, a slope below the threshold and the threshold itself.

    `max_value` where `x >= max_value`, `x` where `threshold < x < max_value`, else
    `negative_slope * (x - threshold)`.

    Args:
        max_value: the ceiling, a float of at least 0, or None for none.
        negative_slope: slope below the threshold, a float of at least 0.
        threshold: where the activation starts.

    Input shape: any. Output shape: as the input.

    Raises:
        ValueError: if `max_value` or `negative_slope` is negative.

    Example:
        >>> K.eval(layers.ReLU(max_value=6.0)(K.constant([[-1.0, 3.0, 9.0]]))).tolist()
        [[0.0, 3.0, 6.0]]
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None:
            checked_number(self, "max_value", max_value, least=0)
        checked_number(self, "negative_slope", negative_slope, least=0)
        checked_number(self, "threshold", threshold)
        self.max_value: Any | None = None if max_value is None else K.cast_to_floatx(max_value)
        self.negative_slope: np.ndarray = K.cast_to_floatx(negative_slope)
        self.threshold: np.ndarray = K.cast_to_floatx(threshold)

    def call(self, inputs: Tensor) -> Tensor:
        return K.relu(
            inputs,
            alpha=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": None if self.max_value is None else float(self.max_value),
            "negative_slope": float(self.negative_slope),
            "threshold": float(self.threshold),
        }
