"""Layers that Keras 2 dropped and has nothing for, which files of Keras 1 still name.

They are found by their names in configurations alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import backend as K
from keras_core import initializers
from keras_core.engine.base_layer import Layer
from keras_core.families import InitializerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape, are_known
from keras_core.layers._convention import ConventionLayer

_SRELU_OPTIONS = ("t_left_init", "a_left_init", "t_right_init", "a_right_init")


def _each_place(input_shape: Shape, shared_axes: Sequence[int] | None) -> tuple[int, ...]:
    """The shape of parameters of which each place of a sample has its own.

    Raises:
        ValueError: if a size is not known, and its axis not shared.
    """
    axes = enumerate(input_shape[1:], 1)
    shape = tuple(1 if axis in (shared_axes or ()) else size for axis, size in axes)
    if not are_known(shape):
        raise ValueError(
            f"SReLU and ParametricSoftplus have parameters for each place of a sample, whose sizes "
            f"must be known; got an input of shape {input_shape}."
        )
    return shape


class SReLU(ConventionLayer):
    """The identity between two learned thresholds, and learned slopes beyond them.

    `t_left + a_left * (x - t_left)` below `t_left`, `x` up to `t = t_left + |t_right|`, and
    `t + a_right * (x - t)` above.

    Args:
        t_left_init, a_left_init: initializers of the left threshold and slope.
        t_right_init, a_right_init: initializers of the right ones.
        shared_axes: axes along which places share their parameters, or None.
        kwargs: convention, "tensorflow" or "theano", and options of every layer.

    On Theano, what a negative `a_left` makes positive was held below `t` as well.

    Source: Deep learning with S-shaped rectified linear activation units, X. Jin et al., 2015,
    arXiv:1512.07030.
    """

    t_left: Variable
    a_left: Variable
    t_right: Variable
    a_right: Variable

    def __init__(
        self,
        t_left_init: InitializerLike = "zeros",
        a_left_init: InitializerLike = "glorot_uniform",
        t_right_init: InitializerLike = "glorot_uniform",
        a_right_init: InitializerLike = "ones",
        shared_axes: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shared_axes = shared_axes
        self.supports_masking = True
        given = (t_left_init, a_left_init, t_right_init, a_right_init)
        for name, value in zip(_SRELU_OPTIONS, given):
            setattr(self, name, initializers.get(value))

    def build(self, input_shape: Shape) -> None:
        shape = _each_place(input_shape, self.shared_axes)
        for option in _SRELU_OPTIONS:
            name = option[: -len("_init")]
            weight = self.add_weight(name=name, shape=shape, initializer=getattr(self, option))
            setattr(self, name, weight)
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        left, right = self.t_left, self.t_left + K.abs(self.t_right)
        below, above = K.minimum(x - left, 0.0), K.maximum(x - right, 0.0)
        middle = K.minimum(K.maximum(x - left, 0.0), right - left) + self.a_left * below
        if self.convention == "theano":
            middle = K.minimum(middle, right - left)
        return left + middle + self.a_right * above

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        options = {name: initializers.serialize(getattr(self, name)) for name in _SRELU_OPTIONS}
        return {**super().get_config(), **options, "shared_axes": self.shared_axes}


class ParametricSoftplus(Layer):
    """`alpha * log(1 + exp(beta * x))`, with both factors learned.

    Args:
        alpha_init, beta_init: float, how the factors start.
        shared_axes: axes along which places share their factors, or None.
    """

    def __init__(
        self,
        alpha_init: float = 0.2,
        beta_init: float = 5.0,
        shared_axes: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shared_axes = shared_axes
        self.supports_masking = True
        self.alpha_init = float(alpha_init)
        self.beta_init = float(beta_init)

    def build(self, input_shape: Shape) -> None:
        shape = _each_place(input_shape, self.shared_axes)
        starts = {"alphas": self.alpha_init, "betas": self.beta_init}
        self.alphas, self.betas = (
            self.add_weight(name=name, shape=shape, initializer=initializers.Constant(start))
            for name, start in starts.items()
        )
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        return K.softplus(self.betas * x) * self.alphas

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        options = {"alpha_init": self.alpha_init, "beta_init": self.beta_init}
        return {**super().get_config(), **options, "shared_axes": self.shared_axes}


CLASSES = {"SReLU": SReLU, "ParametricSoftplus": ParametricSoftplus}
