"""The everyday layers: dense, activation, dropout, and those that only move elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core import backend as K
from keras_core import missing, regularizers
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.layers._lambda import Lambda
from keras_core.layers._options import (
    KERNEL_AND_BIAS,
    KernelLayer,
    Training,
    add_part,
    check_positive,
    checked_flag,
    checked_fraction,
    options_config,
    set_options,
)
from keras_core.layers._reshaping import Flatten, Permute, RepeatVector, Reshape
from keras_core.layers.noise import checked_noise_shape
from keras_core.layers.noise import noise_shape as shape_of_noise

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Dense",
    "Dropout",
    "Flatten",
    "Lambda",
    "Masking",
    "Permute",
    "RepeatVector",
    "Reshape",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]

missing.explain_attributes(globals())


class Masking(Layer):
    """Marks the steps to skip: those whose features all equal a value.

    The layers that follow get the mask; the features of skipped steps become 0.

    Args:
        mask_value: the value that marks a step.

    Input shape: `(batch, steps, ..., features)`. Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.Masking(input_shape=(None, 1)), layers.LSTM(2)])
        >>> short = np.array([[[1.0], [2.0]]])
        >>> padded = np.array([[[1.0], [2.0], [0.0], [0.0]]])
        >>> np.allclose(model.predict(short), model.predict(padded), atol=1e-6)
        True
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.mask_value = mask_value

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor | None:
        return self._kept(inputs, keepdims=False)

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * K.cast(self._kept(inputs, keepdims=True), K.dtype(inputs))

    def _kept(self, inputs: Tensor, keepdims: bool) -> Tensor:
        return K.any(K.not_equal(inputs, self.mask_value), axis=-1, keepdims=keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": self.mask_value}


class Dropout(Layer):
    """Sets a random fraction of the inputs to 0 in training, and scales up the rest to make up.

    (Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.)

    Args:
        rate: fraction of elements to drop, in [0, 1]; at 0 and 1 nothing changes.
        noise_shape: shape of the draw, for instance `(batch, 1, features)` to drop a feature in
            all steps together; None draws for each element, a None in it takes the input's size.
        seed: integer seed of the draw, or None.

    Input shape: any. Output shape: as the input.

    Raises:
        TypeError: if `rate` is no number.
        ValueError: if it is outside of [0, 1].

    Example:
        >>> model = models.Sequential([layers.Dropout(0.5, input_shape=(3,))])
        >>> model.predict(np.array([[1.0, 2.0, 3.0]])).tolist()  # drops in training alone
        [[1.0, 2.0, 3.0]]
        >>> train = K.function([model.input, K.learning_phase()], [model.output])
        >>> sorted(set(train([np.ones((100, 3)), 1])[0].ravel().tolist()))
        [0.0, 2.0]
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
        self.supports_masking = True

    def call(self, inputs: Tensor, training: Training = None) -> Tensor:
        if not 0.0 < self.rate < 1.0:
            return inputs

        def dropped() -> Tensor:
            return K.dropout(inputs, self.rate, self._get_noise_shape(inputs), seed=self.seed)

        return K.in_train_phase(dropped, inputs, training=training)

    def _get_noise_shape(self, inputs: Tensor) -> Any:
        if self.noise_shape is None:
            return None
        return shape_of_noise(inputs, self.noise_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rate": self.rate,
            "noise_shape": self.noise_shape,
            "seed": self.seed,
        }


class _SpatialDropout(Dropout):
    """A Dropout that drops whole feature maps; `rank` is the number of spatial axes."""

    rank = 1

    def __init__(self, rate: float, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)
        self.data_format: str = K.normalize_data_format(data_format)
        self.input_spec: InputSpec = InputSpec(ndim=self.rank + 2)

    def _get_noise_shape(self, inputs: Tensor) -> Any:
        ones = (1,) * self.rank
        if self.data_format == "channels_first":
            return shape_of_noise(inputs, (None, None, *ones))
        return shape_of_noise(inputs, (None, *ones, None))

    @property
    def _beside_config(self) -> dict[str, Any]:
        """What the configuration of Keras 2 leaves out, where it says something."""
        is_default = self.data_format == K.image_data_format()
        return {} if is_default else {"data_format": self.data_format}


class SpatialDropout1D(_SpatialDropout):
    """Drops whole feature maps of a sequence: one draw a sample and channel, for all steps.

    (Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.)

    Args:
        rate: fraction of feature maps to drop, in [0, 1).

    Input shape: `(batch, steps, channels)`. Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.SpatialDropout1D(0.2, input_shape=(20, 8))])
        >>> model.output_shape  # in training a feature is dropped in all steps
        (None, 20, 8)
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(rate, data_format="channels_last", **kwargs)

    @property
    def _beside_config(self) -> dict[str, Any]:
        return {}  # a sequence has one data format only


class SpatialDropout2D(_SpatialDropout):
    """Drops whole feature maps of an image: one draw a sample and channel, for all pixels.

    (Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.)

    Args:
        rate: fraction of feature maps to drop, in [0, 1).
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, rows, columns, channels)`, or `(batch, channels, rows, columns)`.
    Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.SpatialDropout2D(0.2, input_shape=(28, 28, 8))])
        >>> model.output_shape  # in training a channel is dropped in the whole image
        (None, 28, 28, 8)
    """

    rank = 2


class SpatialDropout3D(_SpatialDropout):
    """Drops whole feature maps of a volume: one draw a sample and channel, for all voxels.

    (Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.)

    Args:
        rate: fraction of feature maps to drop, in [0, 1).
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, depth, rows, columns, channels)`, or
    `(batch, channels, depth, rows, columns)`. Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.SpatialDropout3D(0.2, input_shape=(8, 8, 8, 4))])
        >>> model.output_shape  # in training a channel is dropped in the whole volume
        (None, 8, 8, 8, 4)
    """

    rank = 3


class Activation(Layer):
    """Applies an activation function: `activation(inputs)`.

    Args:
        activation: name of an activation, or a function of a tensor.

    Input shape: any. Output shape: as the input.

    Example:
        >>> layer = layers.Activation("relu")
        >>> K.eval(layer(K.constant([[-1.0, 2.0]]))).tolist()
        [[0.0, 2.0]]
        >>> layers.Activation(K.square)(layers.Input((3,))).shape  # or any function of tensors
        (None, 3)
    """

    activation: Callable[..., Tensor]

    def __init__(self, activation: ActivationLike, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        set_options(self, ("activation",), locals())

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **options_config(self, ("activation",))}


class ActivityRegularization(Layer):
    """Passes its input on, and adds a penalty on it to the loss.

    The penalty is `l1 * sum(|x|) + l2 * sum(x ** 2)`.

    Args:
        l1: factor of the absolute values, a float of at least 0.
        l2: factor of the squares, a float of at least 0.

    Input shape: any. Output shape: as the input.

    Example:
        >>> model = models.Sequential([layers.ActivityRegularization(l2=0.5, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> x = np.array([[1.0, 3.0]])
        >>> model.evaluate(x, x, verbose=0)  # 0.5 * (1 + 9), and no error
        5.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2
        self.activity_regularizer: regularizers.L1L2 = regularizers.L1L2(l1=l1, l2=l2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}


class Dense(KernelLayer):
    """A fully connected layer: `activation(dot(inputs, kernel) + bias)`.

    An input of rank above 2 is multiplied along its last axis.

    Args:
        units: size of the output's last axis, a positive integer.
        activation: name of an activation, or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: initializer of the kernel `(features, units)`.
        bias_initializer: initializer of the bias `(units,)`.
        kernel_regularizer: regularizer of the kernel, or None.
        bias_regularizer: regularizer of the bias, or None.
        activity_regularizer: regularizer of the output, or None.
        kernel_constraint: constraint of the kernel, or None.
        bias_constraint: constraint of the bias, or None.

    Input shape: `(batch, ..., features)`. Output shape: `(batch, ..., units)`.

    Raises:
        ValueError: if `units` is not a positive integer.
        TypeError: when built on an input whose last axis has no size.

    Example:
        >>> layer = layers.Dense(4, activation="relu")
        >>> layer(layers.Input((3,))).shape
        (None, 4)
        >>> [w.shape for w in layer.get_weights()]
        [(3, 4), (4,)]
        >>> layers.Dense(4)(layers.Input((10, 3))).shape  # each step by itself
        (None, 10, 4)
    """

    def __init__(
        self,
        units: int,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        if "input_shape" not in kwargs and "input_dim" in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_dim"),)
        super().__init__(**kwargs)
        self.units = units
        check_positive(self, "units")
        self.use_bias: bool = checked_flag(self, "use_bias", use_bias)
        set_options(self, KERNEL_AND_BIAS, locals())
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        features = input_shape[-1]
        if features is None:
            raise TypeError(
                f"Dense layer {self.name!r} needs to know the size of its input's last axis, but "
                f"the input has shape {tuple(input_shape)}. Give it in Input(shape=...) or as "
                f"Dense({self.units}, input_dim=...)."
            )
        add_part(self, "kernel", (features, self.units))
        self.bias: Variable | None = None
        if self.use_bias:
            add_part(self, "bias", (self.units,))
        self.input_spec: InputSpec = InputSpec(min_ndim=2, axes={-1: features})
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        output = K.dot(inputs, self.kernel)
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format="channels_last")
        return self.activation(output)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            **options_config(self, KERNEL_AND_BIAS),
        }
