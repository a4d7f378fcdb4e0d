"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core import backend as K
from keras_core import initializers
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor
from keras_core.graph.spec import Shape
from keras_core.layers._options import (
    Function,
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
    "unit_forget_bias",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
    "dropout",
    "recurrent_dropout",
    "implementation",
)


def forget_bias_initializer(initializer: Function, before: int, units: int, after: int) -> Function:
    """An initializer of a bias whose forget gate starts at one, so that memory lasts at first.

    Args:
        initializer: Initializer of the rest.
        before: length of the bias before the forget gate's part.
        units: length of the forget gate's part.
        after: length of the bias after it.
    """

    def initialize(shape: Shape, dtype: str | None = None) -> Tensor:
        parts = [
            initializer((before,), dtype=dtype),
            initializers.Ones()((units,), dtype=dtype),
            initializer((after,), dtype=dtype),
        ]
        return K.concatenate(parts)

    return initialize


def lstm_states(
    gates: Sequence[Tensor],
    memory: Tensor,
    activation: Callable[..., Tensor],
    recurrent_activation: Callable[..., Tensor],
) -> tuple[Tensor, Tensor]:
    """The new output and memory, from the sums that reach the four gates.

    Args:
        gates: sums of the input gate, the forget gate, the candidate and the output gate.
        memory: the cell state before the step.
        activation: function of the candidate and of the new memory.
        recurrent_activation: function of the three gates.
    """
    into, forget, candidate, out = gates
    kept = recurrent_activation(forget) * memory
    memory = kept + recurrent_activation(into) * activation(candidate)
    return recurrent_activation(out) * activation(memory), memory


class LSTMCell(GatedCell):
    """One step of LSTM, on the output `h` and the memory `c` of the step before.

    With `z = x·kernel + bias + h·recurrent_kernel`, in four parts `i, f, g, o`:
    `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`, where
    `recurrent_activation` stands for sigmoid and `activation` for tanh.

    Args:
        units: number of outputs; the size of both states.
        activation: name or function of the candidate and of the memory; None applies none.
        recurrent_activation: name or function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the forget gate's bias starts at one.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        dropout: fraction of the inputs that is dropped in training, in [0, 1).
        recurrent_dropout: fraction of the output fed back that is dropped in training, in [0, 1).
        implementation: 2 drops the same entries for all gates, 1 drops others for each gate.
        kwargs: options of every layer: name, trainable, dtype...

    Example:
        >>> layer = layers.RNN(layers.LSTMCell(16), return_state=True)
        >>> [tensor.shape for tensor in layer(layers.Input((20, 8)))]
        [(None, 16), (None, 16), (None, 16)]
    """

    gates = 4

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: RegularizerLike = None,
        recurrent_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        recurrent_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        dropout = checked_fraction(self, "dropout", dropout)
        recurrent_dropout = checked_fraction(self, "recurrent_dropout", recurrent_dropout)
        set_options(self, _OPTIONS, locals())
        check_positive(self, "units")
        self.state_size: tuple[int, int] = (units, units)
        self.output_size = units

    def _build_bias(self, width: int) -> None:
        initializer = self.bias_initializer
        if self.unit_forget_bias:
            units = self.units
            initializer = forget_bias_initializer(initializer, units, units, 2 * units)
        add_part(self, "bias", (width,), initializer)

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training = None
    ) -> CellResult:
        output, memory = states
        input_masks, state_masks = self._masks(inputs, states, training)
        total = self._project_inputs(inputs, input_masks, self.bias)
        total = total + self._project(output, state_masks, self.recurrent_kernel)
        output, memory = lstm_states(
            self._split(total), memory, self.activation, self.recurrent_activation
        )
        return output, [output, memory]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **options_config(self, _OPTIONS)}


class LSTM(CellRNN, cell_options=_OPTIONS):
    """Long short-term memory.

    The formula is LSTMCell's. Input shape `(batch, steps, features)`; output shape
    `(batch, units)`, or `(batch, steps, units)` with return_sequences, followed by the two states,
    output and memory, `(batch, units)` each, with return_state.

    Args:
        units: number of outputs.
        activation: name or function of the candidate and of the memory; None applies none.
        recurrent_activation: name or function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the forget gate's bias starts at one.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        dropout: fraction of the inputs that is dropped in training, in [0, 1).
        recurrent_dropout: fraction of the output fed back that is dropped in training, in [0, 1).
        implementation: 2 drops the same entries for all gates, 1 drops others for each gate.
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last states are returned after the output.
        go_backwards: whether the steps are taken from the last to the first; outputs then come
            in that order.
        stateful: whether a batch goes on from the last states of the batch before.
        unroll: whether the loop is written out, which needs a known number of steps.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if an option is out of its range.

    Source: Long short-term memory, S. Hochreiter and J. Schmidhuber, 1997; Learning to forget:
    continual prediction with LSTM, F. A. Gers et al., 2000.

    Example:
        >>> layers.LSTM(16)(layers.Input((20, 8))).shape
        (None, 16)
        >>> layer = layers.LSTM(16, return_sequences=True, return_state=True)
        >>> [tensor.shape for tensor in layer(layers.Input((None, 8)))]
        [(None, None, 16), (None, 16), (None, 16)]
    """

    units: int

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        unit_forget_bias: bool = True,
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
        **kwargs: Any,
    ) -> None:
        warn_of_implementation_0(implementation, "LSTM")
        cell = LSTMCell(**pick(locals(), _OPTIONS), dtype=kwargs.get("dtype"))
        super().__init__(cell, **pick(locals(), LAYER_OPTIONS), **kwargs)
