"""The bases from which recurrent layers were derived up to Keras 2.0: a layer with a `step`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.graph import Tensor
from keras_core.graph.spec import Shape
from keras_core.layers._axes import convolved_shape
from keras_core.layers._options import PerAxis, Tensors, Training
from keras_core.layers.recurrent.rnn import RNN
from keras_core.utils import conv_utils
from keras_core.utils.generic_utils import has_arg

_LOOP = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


class Recurrent(RNN):
    """Base for recurrent layers of one's own, which say what a step is.

    A subclass sets `units` (or `output_dim`) and `states`, a list with None for each state, makes
    its weights in `build`, and defines `step(inputs, states)`, which returns
    `(output, new_states)`. New layers are better written as a cell for `RNN`.

    Args:
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last states are returned after the output.
        go_backwards: whether the steps are taken from the last to the first.
        stateful: whether a batch goes on from the last states of the batch before.
        unroll: whether the loop is written out, which needs a known number of steps.
        implementation: kept for subclasses that read it.
        kwargs: options of every layer; `input_dim` and `input_length` instead of `input_shape`.

    Example:
        >>> class Minimal(layers.Recurrent):
        ...     units, states = 1, [None]
        ...     def step(self, inputs, states):
        ...         total = states[0] + inputs
        ...         return total, [total]
        >>> K.eval(Minimal()(K.constant([[[1.0], [2.0], [4.0]]]))).tolist()
        [[7.0]]
    """

    def __init__(
        self,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        implementation: int = 0,
        **kwargs: Any,
    ) -> None:
        if "input_dim" in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_length", None), kwargs.pop("input_dim"))
        Layer.__init__(self, **kwargs)
        self.unroll = unroll
        self.implementation = implementation
        self._set_loop_options(return_sequences, return_state, go_backwards, stateful)
        self.supports_masking = True
        self.input_spec: list[InputSpec] = [InputSpec(ndim=3)]
        self.dropout: float = 0
        self.recurrent_dropout: float = 0

    # What a subclass defines

    def build(self, input_shape: Any) -> None:
        shape = tuple(input_shape[0] if isinstance(input_shape, list) else input_shape)
        self.input_spec[0] = self._sequence_spec(shape)
        if self.stateful:
            self.reset_states()
        self.built = True

    def step(self, inputs: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """One step of the loop.

        Args:
            inputs: `(batch, features)`.
            states: the states, then what `get_constants` returned.

        Returns:
            The output of the step, and the list of new states.
        """
        raise NotImplementedError(
            f"{type(self).__name__} says in no method what a step is. Define step(inputs, states)."
        )

    def get_constants(self, inputs: Tensor, training: Training = None) -> list[Tensor]:
        """What each step gets after the states; nothing by default."""
        return []

    def preprocess_input(self, inputs: Tensor, training: Training = None) -> Tensor:
        """What the loop runs over; the inputs by default."""
        return inputs

    def get_initial_state(self, inputs: Tensor) -> list[Tensor]:
        """States of zeros for a batch, each `(batch, units)`."""
        zero = K.sum(K.zeros_like(inputs[:, :1, :1]), axis=1)
        return [K.tile(zero, (1, self._width)) for _ in self.states]

    @property
    def _width(self) -> int:
        return next(getattr(self, name) for name in ("units", "output_dim") if hasattr(self, name))

    # States

    @property
    def states(self) -> list[Any]:
        """The states kept from batch to batch; None each before the first one."""
        return [None] if self._states is None else self._states

    @states.setter
    def states(self, states: Any) -> None:
        self._states = states

    def reset_states(self, states: Any = None) -> None:
        if self.stateful and any(state is None for state in self.states):
            self._states = [K.zeros(shape) for shape in self._kept_shapes()]
        super().reset_states(states)

    def _kept_shapes(self) -> list[tuple[int, ...]]:
        batch = self._batch_size()
        kept = [state for state in self.states if state is not None]
        return [K.int_shape(s) for s in kept] or [(batch, self._width) for _ in self.states]

    # Calling

    def __call__(  # type: ignore[override]
        self, inputs: Any, initial_state: Tensors | None = None, **kwargs: Any
    ) -> Any:
        return super().__call__(inputs, initial_state, **kwargs)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Training = None,
        initial_state: Tensors | None = None,
    ) -> Tensor | Any:
        sequence, states, _ = self._standardize(inputs, initial_state, None)
        self._check_steps(sequence)
        last_output, outputs, new_states = K.rnn(
            self.step,
            _asked(self.preprocess_input, sequence, training),
            states or self._default_states(sequence),
            constants=_asked(self.get_constants, sequence, training),
            go_backwards=self.go_backwards,
            mask=mask[0] if isinstance(mask, list) else mask,
            unroll=self.unroll,
            input_length=K.int_shape(sequence)[1],
        )
        return self._finish(inputs, last_output, outputs, list(new_states))

    def _default_states(self, sequence: Tensor) -> list[Any]:
        if self.stateful:
            return self.states
        keras_1 = getattr(self, "get_initial_states", None)
        return (keras_1 or self.get_initial_state)(sequence)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape[0] if isinstance(input_shape, list) else input_shape)
        steps = shape[1:2] if self.return_sequences else ()
        output = (shape[0], *steps, self._width)
        if not self.return_state:
            return output
        return [output] + [(shape[0], self._width) for _ in self.states]

    def get_config(self) -> dict[str, Any]:
        options = {name: getattr(self, name) for name in (*_LOOP, "implementation")}
        return {**Layer.get_config(self), **options}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        return cls(**config)


def _asked(method: Callable[..., Any], sequence: Tensor, training: Training) -> Any:
    """What a method of a subclass says, which may be written for Keras 1 or for 2."""
    return method(sequence, training) if has_arg(method, "training") else method(sequence)


class ConvRecurrent2D(Recurrent):
    """Base for recurrent layers of images of one's own, whose steps are convolutions.

    Args:
        filters: number of output channels.
        kernel_size: length of the windows along rows and columns, an integer or two.
        strides: step of the window, an integer or two.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: distance between two entries of the window, an integer or two.
        return_sequences, go_backwards, stateful: as in `Recurrent`.
        kwargs: options of `Recurrent` and of every layer.

    Example:
        >>> class Fade(layers.ConvRecurrent2D):
        ...     states = [None]
        ...     def step(self, frame, states):
        ...         seen = frame + 0.5 * states[0]
        ...         return seen, [seen]
        >>> layer = Fade(filters=1, kernel_size=1)
        >>> layer.compute_output_shape((None, 10, 32, 32, 1))
        (None, 32, 32, 1)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = (1, 1),
        return_sequences: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
        self.filters = filters
        self.kernel_size: tuple[int, ...] = conv_utils.normalize_tuple(
            kernel_size, 2, "kernel_size"
        )
        self.strides: tuple[int, ...] = conv_utils.normalize_tuple(strides, 2, "strides")
        self.padding: str = conv_utils.normalize_padding(padding)
        self.data_format: str = K.normalize_data_format(data_format)
        self.dilation_rate: tuple[int, ...] = conv_utils.normalize_tuple(
            dilation_rate, 2, "dilation_rate"
        )
        self.input_spec: list[InputSpec] = [InputSpec(ndim=5)]

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape[0] if isinstance(input_shape, list) else input_shape)
        image: Shape = convolved_shape(self, 2, (shape[0], *shape[2:]), self.filters)
        output = (image[0], *(shape[1:2] if self.return_sequences else ()), *image[1:])
        return [output, *(image for _ in self.states)] if self.return_state else output

    def get_config(self) -> dict[str, Any]:
        names = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
