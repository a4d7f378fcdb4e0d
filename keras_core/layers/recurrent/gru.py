"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor
from keras_core.layers._options import (
    Training,
    add_part,
    check_positive,
    checked_fraction,
    options_config,
    pick,
    set_options,
)
from keras_core.layers.recurrent._cells import (
    CellResult,
    GatedCell,
    Masks,
    warn_of_implementation_0,
)
from keras_core.layers.recurrent.rnn import LAYER_OPTIONS, CellRNN

_OPTIONS = (
    "units",
    "activation",
    "recurrent_activation",
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
    "implementation",
    "reset_after",
)


class GRUCell(GatedCell):
    """One step of GRU, on the state `h` of the step before.

    With `x_z, x_r, x_g` the parts of `x·kernel + bias` and `U_z, U_r, U_g` those of
    recurrent_kernel: `z = sigmoid(x_z + h·U_z)`, `r = sigmoid(x_r + h·U_r)`,
    `g = tanh(x_g + (r * h)·U_g)` and `h = z * h + (1 - z) * g`, where `recurrent_activation`
    stands for sigmoid and `activation` for tanh. With reset_after the product comes before the
    reset gate: `g = tanh(x_g + r * (h·U_g + recurrent_bias_g))`.

    Args:
        units: number of outputs, which are the state.
        activation: name or function of the candidate; None applies none.
        recurrent_activation: name or function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        dropout: fraction of the inputs that is dropped in training, in [0, 1).
        recurrent_dropout: fraction of the state that is dropped in training, in [0, 1).
        implementation: 2 drops the same entries for all gates, 1 drops others for each gate.
        reset_after: whether the reset gate is applied after the product (as cuDNN does), with a
            bias for the inputs and one for the state, `(2, 3 * units)`.
        kwargs: options of every layer: name, trainable, dtype...

    Example:
        >>> layer = layers.RNN([layers.GRUCell(16), layers.GRUCell(4)])  # one above the other
        >>> layer(layers.Input((20, 8))).shape
        (None, 4)
    """

    gates = 3
    reset_after: bool

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
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
        implementation: int = 2,
        reset_after: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        dropout = checked_fraction(self, "dropout", dropout)
        recurrent_dropout = checked_fraction(self, "recurrent_dropout", recurrent_dropout)
        set_options(self, _OPTIONS, locals())
        check_positive(self, "units")
        self.state_size = units
        self.output_size: int = units

    def _build_bias(self, width: int) -> None:
        add_part(self, "bias", (2, width) if self.reset_after else (width,))

    def _biases(self) -> tuple[Tensor | None, Tensor | None]:
        """The bias of the inputs and that of the state, each of which may be None."""
        if self.bias is not None and self.reset_after:
            return self.bias[0], self.bias[1]
        return self.bias, None

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training = None
    ) -> CellResult:
        state = states[0]
        input_masks, state_masks = self._masks(inputs, states, training)
        input_bias, state_bias = self._biases()
        from_inputs = self._split(self._project_inputs(inputs, input_masks, input_bias))
        if self.reset_after:
            from_state = self._project(state, state_masks, self.recurrent_kernel)
            from_state = from_state if state_bias is None else from_state + state_bias
            output = gru_state(
                from_inputs,
                self._split(from_state),
                state,
                self.activation,
                self.recurrent_activation,
            )
        else:
            output = self._reset_before(from_inputs, state, state_masks)
        return output, [output]

    def _reset_before(self, from_inputs: Sequence[Tensor], state: Tensor, masks: Masks) -> Tensor:
        gate_kernel = self.recurrent_kernel[:, : 2 * self.units]
        candidate_kernel = self.recurrent_kernel[:, 2 * self.units :]
        from_state = self._split(self._project(state, masks[:-1] or masks, gate_kernel), 2)
        update = self.recurrent_activation(from_inputs[0] + from_state[0])
        reset = self.recurrent_activation(from_inputs[1] + from_state[1])
        recalled = self._project(reset * state, masks[-1:], candidate_kernel)
        candidate = self.activation(from_inputs[2] + recalled)
        return update * state + (1 - update) * candidate

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **options_config(self, _OPTIONS)}


def gru_state(
    from_inputs: Sequence[Tensor],
    from_state: Sequence[Tensor],
    state: Tensor,
    activation: Callable[..., Tensor],
    recurrent_activation: Callable[..., Tensor],
) -> Tensor:
    """The new state where the reset gate is applied after the product.

    Args:
        from_inputs: Shares of the inputs in the update gate, the reset gate and the candidate.
        from_state: Shares of the state in the same.
        state: the state before the step.
        activation: function of the candidate.
        recurrent_activation: function of the gates.
    """
    update = recurrent_activation(from_inputs[0] + from_state[0])
    reset = recurrent_activation(from_inputs[1] + from_state[1])
    candidate = activation(from_inputs[2] + reset * from_state[2])
    return update * state + (1 - update) * candidate


class GRU(CellRNN, cell_options=_OPTIONS):
    """Gated recurrent unit.

    The formula is GRUCell's. Input shape `(batch, steps, features)`; output shape
    `(batch, units)`, or `(batch, steps, units)` with return_sequences, followed by the state
    `(batch, units)` with return_state.

    Args:
        units: number of outputs.
        activation: name or function of the candidate; None applies none.
        recurrent_activation: name or function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        dropout: fraction of the inputs that is dropped in training, in [0, 1).
        recurrent_dropout: fraction of the state that is dropped in training, in [0, 1).
        implementation: 2 drops the same entries for all gates, 1 drops others for each gate.
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last state is returned after the output.
        go_backwards: whether the steps are taken from the last to the first; outputs then come
            in that order.
        stateful: whether a batch goes on from the last states of the batch before.
        unroll: whether the loop is written out, which needs a known number of steps.
        reset_after: whether the reset gate is applied after the product (as cuDNN does).
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if an option is out of its range.

    Source: Learning phrase representations using RNN encoder-decoder for statistical machine
    translation, K. Cho et al., 2014; the first version of that paper has reset_after.

    Example:
        >>> words = layers.Input((None, 8))
        >>> layers.GRU(16)(words).shape
        (None, 16)
        >>> layer = layers.GRU(16, return_sequences=True, return_state=True)
        >>> [tensor.shape for tensor in layer(words)]
        [(None, None, 16), (None, 16)]
    """

    units: int
    reset_after: bool

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
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
        implementation: int = 2,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = False,
        **kwargs: Any,
    ) -> None:
        warn_of_implementation_0(implementation, "GRU")
        cell = GRUCell(**pick(locals(), _OPTIONS), dtype=kwargs.get("dtype"))
        super().__init__(cell, **pick(locals(), LAYER_OPTIONS), **kwargs)
