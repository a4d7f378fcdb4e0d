"""The fully connected recurrent layer."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor
from keras_core.layers._options import (
    Training,
    check_positive,
    checked_fraction,
    options_config,
    pick,
    set_options,
)
from keras_core.layers.recurrent._cells import CellResult, GatedCell
from keras_core.layers.recurrent.rnn import LAYER_OPTIONS, CellRNN

_OPTIONS = (
    "units",
    "activation",
    "use_bias",
    "kernel_initializer",
    "recurrent_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
    "dropout",
    "recurrent_dropout",
)


class SimpleRNNCell(GatedCell):
    """One step of SimpleRNN: `h = activation(x·kernel + bias + h·recurrent_kernel)`.

    Args:
        units: number of outputs, which are the state.
        activation: name or function applied to the sum; None applies none.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        dropout: fraction of the inputs that is dropped in training, in [0, 1).
        recurrent_dropout: fraction of the state that is dropped in training, in [0, 1).
        kwargs: options of every layer: name, trainable, dtype...

    Example:
        >>> layer = layers.RNN(layers.SimpleRNNCell(16))
        >>> layer(layers.Input((20, 8))).shape
        (None, 16)
    """

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        recurrent_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        recurrent_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        dropout = checked_fraction(self, "dropout", dropout)
        recurrent_dropout = checked_fraction(self, "recurrent_dropout", recurrent_dropout)
        set_options(self, _OPTIONS, locals())
        check_positive(self, "units")
        self.state_size = units
        self.output_size: int = units

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training = None
    ) -> CellResult:
        input_masks, state_masks = self._masks(inputs, states, training)
        total = self._project_inputs(inputs, input_masks, self.bias)
        output = self.activation(
            total + self._project(states[0], state_masks, self.recurrent_kernel)
        )
        return output, [output]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **options_config(self, _OPTIONS)}


class SimpleRNN(CellRNN, cell_options=_OPTIONS):
    """Fully connected recurrent layer whose output is fed back to its input.

    `h = activation(x·kernel + bias + h·recurrent_kernel)`. Input shape
    `(batch, steps, features)`; output shape `(batch, units)`, or `(batch, steps, units)` with
    return_sequences, followed by the state `(batch, units)` with return_state.

    Args:
        units: number of outputs.
        activation: name or function applied to the sum; None applies none.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        dropout: fraction of the inputs that is dropped in training, in [0, 1).
        recurrent_dropout: fraction of the state that is dropped in training, in [0, 1).
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last state is returned after the output.
        go_backwards: whether the steps are taken from the last to the first; outputs then come
            in that order.
        stateful: whether a batch goes on from the last states of the batch before.
        unroll: whether the loop is written out, which needs a known number of steps.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if an option is out of its range.

    Example:
        >>> layers.SimpleRNN(16)(layers.Input((20, 8))).shape
        (None, 16)
        >>> layers.SimpleRNN(16, return_sequences=True)(layers.Input((20, 8))).shape
        (None, 20, 16)
    """

    units: int

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        recurrent_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        recurrent_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        if "implementation" in kwargs:
            kwargs.pop("implementation")
            warnings.warn("SimpleRNN has no implementation to choose. Leave it out.", stacklevel=2)
        cell = SimpleRNNCell(**pick(locals(), _OPTIONS), dtype=kwargs.get("dtype"))
        super().__init__(cell, **pick(locals(), LAYER_OPTIONS), **kwargs)
