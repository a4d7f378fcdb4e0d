"""Activation functions: elementwise but for softmax, of tensors of any dtype that is a float."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from keras_core import backend as K
from keras_core import missing, namespaces
from keras_core.families import ActivationLike, Family, Names
from keras_core.warned import warn

if TYPE_CHECKING:
    from keras_core.graph import Tensor

Value = TypeVar("Value")

__all__ = [
    "deserialize",
    "elu",
    "exponential",
    "get",
    "hard_sigmoid",
    "linear",
    "relu",
    "selu",
    "serialize",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along an axis.

    Args:
        x: tensor of rank 2 or more.
        axis: the axis whose values are to sum to 1.

    Returns:
        Tensor of the shape of `x`.

    Raises:
        ValueError: `x` has one axis or none, or not this one.

    Example:
        >>> K.eval(activations.softmax(K.constant([[1.0, 1.0, 1.0, 1.0]]))).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    if K.ndim(x) < 2:
        raise ValueError(
            f"softmax needs a tensor of rank 2 or more, (batch, classes); "
            f"got shape {K.int_shape(x)}."
        )
    if not -K.ndim(x) <= axis < K.ndim(x):
        raise ValueError(f"softmax: there is no axis {axis} in shape {K.int_shape(x)}.")
    if K.int_shape(x)[axis] == 1:
        warnings.warn(
            "softmax over a single unit is always 1: for two classes take sigmoid, or 2 units.",
            stacklevel=2,
        )
    return K.softmax(x, axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where positive, else alpha (exp(x) - 1).

    Args:
        x: tensor.
        alpha: minus the value that very negative `x` tend to.

    Returns:
        Tensor of the shape of `x`.

    Reference: Clevert, Unterthiner and Hochreiter, 2015, arXiv:1511.07289.

    Example:
        >>> print(K.eval(activations.elu(K.constant([-1.0, 2.0]))).round(3))
        [-0.632  2.   ]
    """
    return K.elu(x, alpha)


def selu(x: Any) -> Tensor:
    """The ELU scaled so that layers with LeCun normal weights keep mean 0 and variance 1.

    Args:
        x: tensor.

    Returns:
        Tensor of the shape of `x`.

    Reference: Klambauer, Unterthiner, Mayr and Hochreiter, 2017, arXiv:1706.02515.

    Example:
        >>> print(K.eval(activations.selu(K.constant([-1.0, 1.0]))).round(3))
        [-1.111  1.051]
    """
    return _SELU_SCALE * K.elu(x, _SELU_ALPHA)


def softplus(x: Any) -> Tensor:
    """log(1 + exp(x)).

    Example:
        >>> print(K.eval(activations.softplus(K.constant([-100.0, 0.0, 100.0]))).round(3))
        [  0.      0.693 100.   ]
    """
    return K.softplus(x)


def softsign(x: Any) -> Tensor:
    """x / (1 + |x|).

    Example:
        >>> K.eval(activations.softsign(K.constant([-1.0, 3.0]))).tolist()
        [-0.5, 0.75]
    """
    return K.softsign(x)


def relu(x: Any, alpha: Any = 0.0, max_value: Any = None, threshold: Any = 0.0) -> Tensor:
    """max(x, 0), with the defaults.

    Args:
        x: tensor.
        alpha: slope below the threshold, so that there the value is alpha (x - threshold): a
            number, or a tensor that broadcasts with `x`.
        max_value: upper bound, likewise, or None.
        threshold: where the identity begins, likewise.

    Returns:
        Tensor of the shape of `x`.

    Example:
        >>> x = K.constant([-2.0, 3.0, 8.0])
        >>> K.eval(activations.relu(x)).tolist()
        [0.0, 3.0, 8.0]
        >>> K.eval(activations.relu(x, alpha=0.5, max_value=6.0)).tolist()
        [-1.0, 3.0, 6.0]
    """
    return K.relu(x, alpha=alpha, max_value=max_value, threshold=threshold)


def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent.

    Example:
        >>> print(K.eval(activations.tanh(K.constant([-100.0, 0.0, 1.0]))).round(3))
        [-1.     0.     0.762]
    """
    return K.tanh(x)


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x)).

    Example:
        >>> K.eval(activations.sigmoid(K.constant([0.0]))).tolist()
        [0.5]
    """
    return K.sigmoid(x)


def hard_sigmoid(x: Any) -> Tensor:
    """0.2 x + 0.5, clipped to [0, 1].

    Example:
        >>> K.eval(activations.hard_sigmoid(K.constant([-3.0, 0.0, 3.0]))).tolist()
        [0.0, 0.5, 1.0]
    """
    return K.hard_sigmoid(x)


def hard_sigmoid_keras3(x: Any) -> Tensor:
    """x / 6 + 0.5, clipped to [0, 1]: what Keras 3 calls hard_sigmoid; for models from there."""
    return K.clip(x / 6.0 + 0.5, 0.0, 1.0)


def exponential(x: Any) -> Tensor:
    """exp(x).

    Example:
        >>> K.eval(activations.exponential(K.constant([0.0]))).tolist()
        [1.0]
    """
    return K.exp(x)


def linear(x: Value) -> Value:
    """x itself.

    Example:
        >>> K.eval(activations.linear(K.constant([-1.0, 2.0]))).tolist()
        [-1.0, 2.0]
    """
    return x


FAMILY = Family("activation function", Names(globals(), [*__all__, "hard_sigmoid_keras3"]))


def serialize(activation: Any) -> Any:
    """The name of an activation function, or the configuration of an activation layer.

    Example:
        >>> activations.serialize(activations.relu)
        'relu'
    """
    return FAMILY.serialize(activation)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation that a name or a configuration stands for.

    Args:
        name: name, or dictionary with `class_name` and `config`.
        custom_objects: activations of one's own, by name.

    Returns:
        A function of a tensor.

    Example:
        >>> activations.deserialize("relu") is activations.relu
        True
    """
    return FAMILY.deserialize(name, custom_objects)


def get(identifier: ActivationLike) -> Callable[..., Any]:
    """The activation that a name, configuration or function stands for; `linear` for None.

    Raises:
        ValueError: unknown name, or something else altogether.

    Example:
        >>> activations.get("relu") is activations.relu
        True
        >>> activations.get(None) is activations.linear
        True
    """
    if identifier is None:
        return linear
    found = FAMILY.get(identifier)
    if hasattr(found, "call") and hasattr(found, "build"):
        name = type(found).__name__
        warn(
            f"The layer {name} was given as an activation, which trains no weights of it. Let it "
            f"be a layer of its own: activation=None, and then {name}(...).",
        )
    return found
