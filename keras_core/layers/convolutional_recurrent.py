"""Recurrent layers over sequences of images, whose products are convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core import backend as K
from keras_core import missing
from keras_core.engine.base_layer import InputSpec
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape, are_known
from keras_core.layers._axes import channel_axis, convolved_shape, input_channels
from keras_core.layers._convention import (
    Around,
    Pairs,
    WindowLayer,
    differs,
    half_around,
    reaches,
)
from keras_core.layers._options import (
    Function,
    PerAxis,
    Training,
    add_part,
    check_positive,
    checked_fraction,
    checked_padding,
    checked_sizes,
    options_config,
    pick,
    set_options,
)
from keras_core.layers.recurrent._cells import CellResult, DropoutCell, Masks, masked
from keras_core.layers.recurrent.lstm import forget_bias_initializer, lstm_states
from keras_core.layers.recurrent.old import (  # noqa: F401  (found here by these names too)
    ConvRecurrent2D,
    Recurrent,
)
from keras_core.layers.recurrent.rnn import RNN, CellRNN
from keras_core.layers.recurrent.stacked import state_sizes

_OPTIONS = (
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "data_format",
    "dilation_rate",
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
)


class ConvRNN2D(RNN):
    """Runs a convolutional cell over the steps of a sequence of images.

    A cell is one for RNN that also has `filters`, `kernel_size`, `strides`, `padding`,
    `dilation_rate`, `data_format` and `kernel_shape`, whose `state_size` counts channels, and
    whose `input_conv(x, kernel, padding=...)` takes a step's image to the size of the states.

    Input shape `(batch, steps, rows, columns, channels)`, or a list of the inputs, the initial
    states and the constants. Output shape `(batch, new_rows, new_columns, filters)`, or with the
    steps after the batch with return_sequences, followed by the last states with return_state.

    Args:
        cell: the cell; cells cannot be stacked here.
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last states are returned after the output.
        go_backwards: whether the steps are taken from the last to the first.
        stateful: whether a batch goes on from the last states of the batch before.
        unroll: not supported.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        TypeError: if unroll is True, or several cells are given.
        ValueError: if the cell has no `call` or no `state_size`.
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        if unroll:
            raise TypeError(f"{type(self).__name__} cannot unroll its loop. Write unroll=False.")
        if isinstance(cell, (list, tuple)):
            raise TypeError(
                f"{type(self).__name__} takes one cell and cannot stack {len(cell)}. "
                "Write one layer for each of them."
            )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            **kwargs,
        )
        self.input_spec: list[InputSpec] = [InputSpec(ndim=5)]

    def get_initial_state(self, inputs: Tensor) -> list[Tensor]:
        """States of zeros for a batch.

        Args:
            inputs: the sequences `(batch, steps, rows, columns, channels)`.

        Returns:
            A list of Tensors, one a state, of the size the cell's convolution gives.
        """
        # The convolution finds the size even where that of the images is not known.
        zero_image = K.sum(K.zeros_like(inputs[:, :1]), axis=1)
        sizes = state_sizes(self.cell)
        states = {size: self._zero_state(zero_image, size) for size in sizes}
        return [states[size] for size in sizes]

    def _zero_state(self, zero_image: Tensor, channels: int) -> Tensor:
        kernel = K.constant(0.0, shape=(*self.cell.kernel_shape[:-1], channels))
        return self.cell.input_conv(zero_image, kernel, padding=self.cell.padding)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape[0] if isinstance(input_shape, list) else input_shape)
        state_shapes = self._state_shapes(shape)
        steps = shape[1:2] if self.return_sequences else ()
        output_shape = state_shapes[0][:1] + steps + state_shapes[0][1:]
        return [output_shape, *state_shapes] if self.return_state else output_shape

    def _state_shapes(self, sequence_shape: Shape) -> list[Shape]:
        """Shapes of the states, for the shape of the sequences."""
        step_shape = sequence_shape[:1] + sequence_shape[2:]
        return [convolved_shape(self.cell, 2, step_shape, size) for size in state_sizes(self.cell)]

    def _state_specs(self) -> list[InputSpec]:
        shapes = self._state_shapes((None,) * 5)
        return [InputSpec(shape=shape) for shape in shapes]

    def _kept_shapes(self) -> list[tuple[int, ...]]:
        sequence_shape = self.input_spec[0].shape or (None,) * 5
        shapes = self._state_shapes(sequence_shape)
        known = [shape for shape in shapes if are_known(shape)]
        if len(known) < len(shapes):
            raise ValueError(
                f"{self.name} is stateful, so its batch size and the size of its images have to "
                f"be known, but its inputs have shape {sequence_shape}. Give all of "
                "batch_input_shape, only the number of steps may be None."
            )
        return known


class ConvLSTM2DCell(WindowLayer, DropoutCell):
    """One step of ConvLSTM2D: LSTMCell's formula with convolutions for products.

    The inputs' convolution has the given strides, padding and dilation; the state's has none of
    them and keeps its size.

    Args:
        filters: number of output channels.
        kernel_size: length of the windows along rows and columns, an integer or two.
        strides: step of the inputs' window, an integer or two.
        padding: "valid" or "same", of the inputs' convolution.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        dilation_rate: distance between two entries of the inputs' window, an integer or two.
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
        kwargs: options of every layer: name, trainable, dtype...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, or options contradict each other.

    Example:
        >>> cell = layers.ConvLSTM2DCell(8, 3)
        >>> cell.build((None, 32, 32, 3))
        >>> [w.shape for w in cell.get_weights()]
        [(3, 3, 3, 32), (3, 3, 8, 32), (32,)]
    """

    gates = 4
    filters: int
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str
    dilation_rate: tuple[int, ...]

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = (1, 1),
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "hard_sigmoid",
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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        kernel_size = checked_sizes(self, "kernel_size", kernel_size, 2)
        strides = checked_sizes(self, "strides", strides, 2)
        padding = checked_padding(self, padding)
        data_format = K.normalize_data_format(data_format)
        dilation_rate = checked_sizes(self, "dilation_rate", dilation_rate, 2)
        dropout = checked_fraction(self, "dropout", dropout)
        recurrent_dropout = checked_fraction(self, "recurrent_dropout", recurrent_dropout)
        set_options(self, _OPTIONS, locals())
        check_positive(self, "filters")
        self.state_size: tuple[int, int] = (filters, filters)

    def build(self, input_shape: Shape) -> None:
        axis = channel_axis(2, self.data_format)
        channels = input_channels(self.name, input_shape, axis)
        width = self.filters * self.gates
        self.kernel_shape: tuple[int, ...] = (*self.kernel_size, channels, width)
        add_part(self, "kernel", self.kernel_shape)
        add_part(self, "recurrent_kernel", (*self.kernel_size, self.filters, width))
        self.bias: Variable | None = None
        if self.use_bias:
            add_part(self, "bias", (width,), self._bias_start())
        self.built = True

    def _bias_start(self) -> Function:
        if not self.unit_forget_bias:
            return self.bias_initializer
        filters = self.filters
        return forget_bias_initializer(self.bias_initializer, filters, filters, 2 * filters)

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training = None
    ) -> CellResult:
        output, memory = states
        input_masks, state_masks = self._masks(inputs, states, training)
        total = self._project(inputs, input_masks, self.kernel, self._convolve_inputs)
        if self.use_bias:
            total = K.bias_add(total, self.bias, data_format=self.data_format)
        total = total + self._project(
            output, state_masks, self.recurrent_kernel, self.recurrent_conv
        )
        gates = self._split(total, channel_axis(2, self.data_format))
        output, memory = lstm_states(gates, memory, self.activation, self.recurrent_activation)
        return output, [output, memory]

    def input_conv(
        self, x: Tensor, w: Tensor, b: Tensor | None = None, padding: Around = "valid"
    ) -> Tensor:
        """The convolution of a step's images, with the cell's strides and dilation.

        Args:
            x: images `(batch, rows, columns, channels)`.
            w: Kernel `(rows, columns, channels, filters)`.
            b: bias `(filters,)`, or None.
            padding: "valid" or "same".
        """
        outputs = K.conv2d(
            x,
            w,
            strides=self.strides,
            padding=padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return outputs if b is None else K.bias_add(outputs, b, data_format=self.data_format)

    def recurrent_conv(self, x: Tensor, w: Tensor) -> Tensor:
        """The convolution of the output fed back, which keeps its size.

        Args:
            x: state `(batch, rows, columns, filters)`.
            w: Kernel `(rows, columns, filters, filters)`.
        """
        return K.conv2d(
            x, w, strides=(1, 1), padding=self._recurrent_around(), data_format=self.data_format
        )

    def _recurrent_around(self) -> Around:
        return self._recurrent_pairs() if self.convention == "theano" else "same"

    def _recurrent_pairs(self) -> Pairs:
        return tuple(half_around(size - 1) for size in self.kernel_size)

    def _reaches(self) -> tuple[int, ...]:
        return reaches(self.kernel_size, self.dilation_rate)

    def _depends_on_convention(self) -> bool:
        recurrent = [
            differs(pair, size - 1, 1)
            for pair, size in zip(self._recurrent_pairs(), self.kernel_size)
        ]
        return any(recurrent) or super()._depends_on_convention()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **options_config(self, _OPTIONS)}

    def _convolve_inputs(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        return self.input_conv(inputs, kernel, padding=self._around())

    def _project(
        self,
        tensor: Tensor,
        masks: Masks,
        kernel: Tensor,
        convolve: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        """The convolution with the kernel: one for all gates, or one a gate where masks differ."""
        if len(masks) == 1:
            return convolve(masked(tensor, masks[0]), kernel)
        pairs = zip(masks, self._split(kernel, 3))
        products = [convolve(tensor * mask, part) for mask, part in pairs]
        return K.concatenate(products, axis=channel_axis(2, self.data_format))

    def _split(self, tensor: Tensor, axis: int) -> list[Tensor]:
        """The parts of the gates along an axis of a tensor of rank 4."""
        before = (slice(None),) * axis
        starts = range(0, self.filters * self.gates, self.filters)
        return [tensor[(*before, slice(start, start + self.filters))] for start in starts]


class ConvLSTM2D(ConvRNN2D, CellRNN, cell_options=_OPTIONS):
    """Long short-term memory over sequences of images, with convolutions for products.

    Input shape `(batch, steps, rows, columns, channels)`; output shape
    `(batch, new_rows, new_columns, filters)`, or with the steps after the batch with
    return_sequences, followed by the two states, output and memory, with return_state
    (channels_last).

    Args:
        filters: number of output channels.
        kernel_size: length of the windows along rows and columns, an integer or two.
        strides: step of the inputs' window, an integer or two.
        padding: "valid" or "same", of the inputs' convolution.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        dilation_rate: distance between two entries of the inputs' window, an integer or two.
        activation: name or function of the candidate and of the memory; None applies none.
        recurrent_activation: name or function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        unit_forget_bias: whether the forget gate's bias starts at one.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each
            update, or None.
        return_sequences: whether the outputs of all steps are returned, or the last one.
        go_backwards: whether the steps are taken from the last to the first.
        stateful: whether a batch goes on from the last states of the batch before.
        dropout: fraction of the inputs that is dropped in training, in [0, 1).
        recurrent_dropout: fraction of the output fed back that is dropped in training, in [0, 1).
        kwargs: return_state, and options of every layer: name, trainable, dtype, input_shape...;
            and convention: "tensorflow", or "theano" for its ways of padding "same", which
            the convolution of the states follows too.

    Raises:
        ValueError: if an option is out of its range, or options contradict each other.

    Source: Convolutional LSTM network: a machine learning approach for precipitation nowcasting,
    X. Shi et al., 2015; without the paper's peepholes.

    Example:
        >>> frames = layers.Input((10, 32, 32, 3))
        >>> layers.ConvLSTM2D(8, 3, padding="same")(frames).shape
        (None, 32, 32, 8)
        >>> layers.ConvLSTM2D(8, 3, padding="same", return_sequences=True)(frames).shape
        (None, 10, 32, 32, 8)
    """

    filters: int
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str
    dilation_rate: tuple[int, ...]

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = (1, 1),
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "hard_sigmoid",
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
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        cell = ConvLSTM2DCell(
            **pick(locals(), _OPTIONS),
            dtype=kwargs.get("dtype"),
            convention=kwargs.pop("convention", "tensorflow"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )

    @property
    def convention(self) -> str:
        """The engine whose convention padding "same" follows."""
        return self.cell.convention

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.cell._convention_config()}


missing.explain_attributes(globals())
