"""Layers of Keras 1 that Keras 2 keeps for old programs and files, arguments and all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core import activations, constraints, initializers, regularizers
from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.legacy.calls import warn

__all__ = ["Highway", "MaxoutDense"]

_FAMILIES: dict[str, Any] = {
    "init": initializers,
    "W_regularizer": regularizers,
    "b_regularizer": regularizers,
    "activity_regularizer": regularizers,
    "W_constraint": constraints,
    "b_constraint": constraints,
}


class _OldDense(Layer):
    """What the layers here have in common: options under their names in Keras 1, and weights."""

    init: Any
    W_regularizer: Any
    b_regularizer: Any
    activity_regularizer: Any
    W_constraint: Any
    b_constraint: Any

    def _set_options(self, given: dict[str, Any]) -> None:
        for name, family in _FAMILIES.items():
            setattr(self, name, family.get(given[name]))
        self.bias: bool = given["bias"]
        self.input_dim: int | None = given["input_dim"]
        self.initial_weights: Any = given["weights"]
        self.input_spec: InputSpec = InputSpec(ndim=2)

    def _add(self, name: str, shape: tuple[int, ...], initializer: Any = None) -> Variable:
        kind = name[0]
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=self.init if initializer is None else initializer,
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
        )

    def _options(self) -> dict[str, Any]:
        options = {name: f.serialize(getattr(self, name)) for name, f in _FAMILIES.items()}
        return {**options, "bias": self.bias, "input_dim": self.input_dim}


def _with_input(kwargs: dict[str, Any], input_dim: int | None, weights: Any) -> dict[str, Any]:
    shape = {"input_shape": (input_dim,)} if input_dim else {}
    return {**shape, "weights": weights, **kwargs}


class MaxoutDense(_OldDense):
    """The largest of several linear maps, entry by entry: `max_k(inputs·W[k] + b[k])`.

    Args:
        output_dim: number of outputs.
        nb_feature: number of linear maps.
        init: initializer of the maps.
        weights: list of arrays, the initial weights, or None.
        W_regularizer, b_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        W_constraint, b_constraint: projections applied after each update, or None.
        bias: whether a bias is added.
        input_dim: number of inputs, needed in the first layer of a Sequential.

    Input shape: `(batch, input_dim)`. Output shape: `(batch, output_dim)`.

    Source: Maxout networks, I. J. Goodfellow et al., 2013, arXiv:1302.4389.

    Example:
        >>> layer = layers.MaxoutDense(4, nb_feature=3)
        >>> layer(layers.Input((8,))).shape
        (None, 4)
        >>> [w.shape for w in layer.get_weights()]
        [(3, 8, 4), (3, 4)]
    """

    def __init__(
        self,
        output_dim: int,
        nb_feature: int = 4,
        init: InitializerLike = "glorot_uniform",
        weights: Sequence[Any] | None = None,
        W_regularizer: RegularizerLike = None,
        b_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        W_constraint: ConstraintLike = None,
        b_constraint: ConstraintLike = None,
        bias: bool = True,
        input_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        warn(
            "MaxoutDense is a layer of Keras 1. Write Dense layers and the layer Maximum instead.",
            depth=1,
        )
        super().__init__(**_with_input(kwargs, input_dim, weights))
        self.output_dim = output_dim
        self.nb_feature = nb_feature
        self._set_options(locals())

    def build(self, input_shape: Shape) -> None:
        size = input_shape[1]
        assert size is not None
        self.input_spec: InputSpec = InputSpec(dtype=K.floatx(), shape=(None, size))
        self.W = self._add("W", (self.nb_feature, size, self.output_dim))
        self.b: Variable | None = (
            self._add("b", (self.nb_feature, self.output_dim), "zeros") if self.bias else None
        )
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        maps = K.dot(x, self.W)
        return K.max(maps if self.b is None else maps + self.b, axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.output_dim)

    def get_config(self) -> dict[str, Any]:
        options = self._options()
        own = {"output_dim": self.output_dim, "nb_feature": self.nb_feature}
        return {**super().get_config(), **own, **options}


class Highway(_OldDense):
    """A dense layer with a gate that lets its input through unchanged.

    `gate * activation(inputs·W + b) + (1 - gate) * inputs`, where
    `gate = sigmoid(inputs·W_carry + b_carry)`.

    Args:
        init: initializer of both maps.
        activation: name or function; None applies none.
        weights: list of arrays, the initial weights, or None.
        W_regularizer, b_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        W_constraint, b_constraint: projections applied after each update, or None.
        bias: whether biases are added.
        input_dim: number of inputs, needed in the first layer of a Sequential.

    Input shape: `(batch, input_dim)`. Output shape: as the input.

    Source: Highway networks, R. K. Srivastava, K. Greff and J. Schmidhuber, 2015,
    arXiv:1505.00387.

    Example:
        >>> layer = layers.Highway(activation="relu")
        >>> layer(layers.Input((8,))).shape
        (None, 8)
    """

    def __init__(
        self,
        init: InitializerLike = "glorot_uniform",
        activation: ActivationLike = None,
        weights: Sequence[Any] | None = None,
        W_regularizer: RegularizerLike = None,
        b_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        W_constraint: ConstraintLike = None,
        b_constraint: ConstraintLike = None,
        bias: bool = True,
        input_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        note = " transform_bias has no effect: b_carry starts at one." * (
            "transform_bias" in kwargs
        )
        kwargs.pop("transform_bias", None)
        warn(
            "Highway is a layer of Keras 1. Write two Dense layers, Multiply and Add instead."
            + note,
            depth=1,
        )
        super().__init__(**_with_input(kwargs, input_dim, weights))
        self.activation: Callable[..., Any] = activations.get(activation)
        self._set_options(locals())

    def build(self, input_shape: Shape) -> None:
        size = input_shape[1]
        assert size is not None
        self.input_spec: InputSpec = InputSpec(dtype=K.floatx(), shape=(None, size))
        self.W = self._add("W", (size, size))
        self.W_carry: Variable = self._add("W_carry", (size, size))
        self.b: Variable | None = self._add("b", (size,), "zeros") if self.bias else None
        self.b_carry: Variable | None = self._add("b_carry", (size,), "ones") if self.bias else None
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        gate = K.sigmoid(_affine(x, self.W_carry, self.b_carry))
        return self.activation(_affine(x, self.W, self.b)) * gate + (1 - gate) * x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        activation = {"activation": activations.serialize(self.activation)}
        return {**super().get_config(), **activation, **self._options()}


def _affine(x: Tensor, kernel: Variable, bias: Variable | None) -> Tensor:
    product = K.dot(x, kernel)
    return product if bias is None else product + bias
