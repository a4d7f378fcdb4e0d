"""LSTM and GRU with cuDNN's layout of weights, for models that hold CuDNNLSTM or CuDNNGRU layers.

cuDNN stores the matrix of a gate as (outputs, inputs) and has a bias for the inputs and another one
for the state. The numbers are those of LSTM and of GRU(reset_after=True) with converted weights.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

from keras_core import backend as K
from keras_core.activations import sigmoid, tanh
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.families import ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.layers._axes import input_channels
from keras_core.layers._options import (
    Function,
    Tensors,
    Training,
    add_part,
    check_positive,
    options_config,
    set_options,
)
from keras_core.layers.recurrent._cells import add_kernels
from keras_core.layers.recurrent.gru import gru_state
from keras_core.layers.recurrent.lstm import forget_bias_initializer, lstm_states
from keras_core.layers.recurrent.rnn import RNN

if TYPE_CHECKING:
    from typing_extensions import Self


_Cell = namedtuple("_Cell", "state_size")

_OPTIONS = (
    "units",
    "kernel_initializer",
    "recurrent_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
)


class _CuDNNRNN(RNN):
    """What CuDNNLSTM and CuDNNGRU share: weights of `gates` matrices and the loop over them.

    Args:
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last states are returned after the output.
        go_backwards: whether the steps are taken from the last to the first.
        stateful: whether a batch goes on from the last states of the batch before.
        kwargs: options of every layer: name, trainable, dtype, input_shape...
    """

    gates: int
    units: int
    kernel_initializer: Function
    recurrent_initializer: Function
    bias_initializer: Function
    kernel: Variable
    recurrent_kernel: Variable
    bias: Variable
    unroll = False

    def __init__(
        self,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        Layer.__init__(self, **kwargs)
        self._set_loop_options(return_sequences, return_state, go_backwards, stateful)
        self.input_spec: list[InputSpec] = [InputSpec(ndim=3)]

    def _build_cell(self, step_shape: Shape, constant_shapes: Sequence[Shape]) -> None:
        add_kernels(self, input_channels(self.name, step_shape, -1))
        add_part(self, "bias", (2 * self.units * self.gates,), self._bias_start())

    def _bias_start(self) -> Function:
        return self.bias_initializer

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Training = None,
        initial_state: Tensors | None = None,
    ) -> Tensor | Any:
        if mask is not None and not _all_none(mask):
            raise ValueError(
                f"{self.name} ({type(self).__name__}) does not support masks. "
                f"Write {type(self).__name__[5:]} instead, which does."
            )
        sequence, states, _ = self._standardize(inputs, initial_state, None)
        last_output, outputs, new_states = K.rnn(
            self._step_of_sums(),
            sequence,
            self._checked(states) or self._default_states(sequence),
            go_backwards=self.go_backwards,
            input_length=K.int_shape(sequence)[1],
        )
        return self._finish(inputs, last_output, outputs, list(new_states))

    def _step_of_sums(self) -> Callable[..., Any]:
        """The step: both products with their biases, then the gates of the subclass."""
        kernel, recurrent_kernel = map(self._by_columns, (self.kernel, self.recurrent_kernel))
        width = self.units * self.gates
        input_bias, state_bias = self.bias[:width], self.bias[width:]

        def step(inputs: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
            from_inputs = K.dot(inputs, kernel) + input_bias
            from_state = K.dot(states[0], recurrent_kernel) + state_bias
            new_states = self._new_states(from_inputs, from_state, states)
            return new_states[0], new_states

        return step

    def _by_columns(self, kernel: Tensor) -> Tensor:
        """The kernel with a column an output, from cuDNN's storage with a row an output."""
        rows = kernel.shape[0]
        parts = [K.reshape(part, (self.units, rows)) for part in self._split(kernel)]
        return K.concatenate([K.transpose(part) for part in parts])

    def _split(self, tensor: Tensor) -> list[Tensor]:
        starts = range(0, self.units * self.gates, self.units)
        return [tensor[:, start : start + self.units] for start in starts]

    def _new_states(
        self, from_inputs: Tensor, from_state: Tensor, states: Sequence[Tensor]
    ) -> list[Tensor]:
        """The states after a step, the output first."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {
            **Layer.get_config(self),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            **options_config(self, _OPTIONS),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:  # type: ignore[override]
        return cls(**config)


class CuDNNGRU(_CuDNNRNN):
    """GRU with cuDNN's layout of weights; the formula is that of GRU(reset_after=True).

    Input shape `(batch, steps, features)`; output shape `(batch, units)`, or
    `(batch, steps, units)` with return_sequences, followed by the state `(batch, units)` with
    return_state. It runs on every backend; masks are not supported.

    Args:
        units: number of outputs.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last state is returned after the output.
        stateful: whether a batch goes on from the last states of the batch before.
        kwargs: go_backwards, and options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if an option is out of its range, or a mask reaches the layer.

    Example:
        >>> layer = layers.CuDNNGRU(16)  # runs on any device; its weights fit files of GPUs
        >>> layer(layers.Input((20, 8))).shape
        (None, 16)
        >>> [w.shape for w in layer.weights]
        [(8, 48), (16, 48), (96,)]
    """

    gates = 3

    def __init__(
        self,
        units: int,
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
        return_sequences: bool = False,
        return_state: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            **kwargs,
        )
        set_options(self, _OPTIONS, locals())
        check_positive(self, "units")

    @property
    def cell(self) -> _Cell:
        """The size of the state, where a cell would say it."""
        return _Cell(state_size=self.units)

    def _new_states(
        self, from_inputs: Tensor, from_state: Tensor, states: Sequence[Tensor]
    ) -> list[Tensor]:
        gates = self._split(from_inputs), self._split(from_state)
        return [gru_state(*gates, states[0], tanh, sigmoid)]


class CuDNNLSTM(_CuDNNRNN):
    """LSTM with cuDNN's layout of weights; the formula is LSTM's, with two biases.

    Input shape `(batch, steps, features)`; output shape `(batch, units)`, or
    `(batch, steps, units)` with return_sequences, followed by the two states, output and memory,
    `(batch, units)` each, with return_state. It runs on every backend; masks are not supported.

    Args:
        units: number of outputs.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the forget gate's bias of the state starts at one.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last states are returned after the output.
        stateful: whether a batch goes on from the last states of the batch before.
        kwargs: go_backwards, and options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if an option is out of its range, or a mask reaches the layer.

    Example:
        >>> layer = layers.CuDNNLSTM(16)  # runs on any device; its weights fit files of GPUs
        >>> layer(layers.Input((20, 8))).shape
        (None, 16)
        >>> [w.shape for w in layer.weights]
        [(8, 64), (16, 64), (128,)]
    """

    gates = 4
    unit_forget_bias: bool

    def __init__(
        self,
        units: int,
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
        return_sequences: bool = False,
        return_state: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            **kwargs,
        )
        set_options(self, (*_OPTIONS, "unit_forget_bias"), locals())
        check_positive(self, "units")

    @property
    def cell(self) -> _Cell:
        """The sizes of the states, where a cell would say them."""
        return _Cell(state_size=(self.units, self.units))

    def _bias_start(self) -> Function:
        if not self.unit_forget_bias:
            return self.bias_initializer
        units = self.units
        return forget_bias_initializer(self.bias_initializer, 5 * units, units, 2 * units)

    def _new_states(
        self, from_inputs: Tensor, from_state: Tensor, states: Sequence[Tensor]
    ) -> list[Tensor]:
        gates = self._split(from_inputs + from_state)
        return list(lstm_states(gates, states[1], tanh, sigmoid))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}


def _all_none(mask: Any) -> bool:
    return isinstance(mask, (list, tuple)) and all(entry is None for entry in mask)
