"""RNN, the layer that runs a cell over the steps of a sequence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import regularizers, slots
from keras_core.attempt import take_numbers
from keras_core.engine.base_layer import InputSpec, Layer, open_signature
from keras_core.families import RegularizerLike
from keras_core.graph import Tensor
from keras_core.graph.spec import Shape
from keras_core.layers._options import Tensors, Training, checked_flag, options_config
from keras_core.layers.recurrent._cells import RecurrentOptions
from keras_core.layers.recurrent.stacked import (
    StackedRNNCells,
    build_cell,
    check_cell,
    output_size,
    state_sizes,
)
from keras_core.utils.generic_utils import has_arg, to_list

if TYPE_CHECKING:
    from typing_extensions import Self


_LOOP_OPTIONS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")

# What a layer offers besides the options of its cell.
LAYER_OPTIONS = ("activity_regularizer", *_LOOP_OPTIONS)


class RNN(Layer):
    """Runs a cell over the steps of a sequence.

    A cell is an object with `state_size` (an integer or a sequence of them, one a state),
    optionally `output_size` (the first state's size by default) and
    `call(inputs_of_a_step, states)` that returns `(output, new_states)`; it may take `training`
    and `constants` too. A cell that is a Layer also has `build`, weights and a config.

    Input shape `(batch, steps, features)`, or a list of the inputs, the initial states and the
    constants. Output shape `(batch, output_size)`, or `(batch, steps, output_size)` with
    return_sequences, followed by the last states with return_state. A mask `(batch, steps)` skips
    steps: the states, and the output, stay what they were.

    Args:
        cell: the cell, or a list of cells to be stacked.
        return_sequences: whether the outputs of all steps are returned, or the last one.
        return_state: whether the last states are returned after the output.
        go_backwards: whether the steps are taken from the last to the first; outputs then come
            in that order.
        stateful: whether a batch goes on from the last states of the batch before. The batch
            size must be known then (`batch_input_shape`), and `reset_states` starts anew.
        unroll: whether the loop is written out, which needs a known number of steps.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if the cell has no `call` or no `state_size`.

    Example:
        >>> class Minimal(layers.Layer):
        ...     state_size = 1
        ...     def call(self, inputs, states):
        ...         return states[0] + inputs, [states[0] + inputs]
        >>> K.eval(layers.RNN(Minimal())(K.constant([[[1.0], [2.0], [4.0]]]))).tolist()
        [[7.0]]
    """

    input_spec: list[InputSpec]

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
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell(cell, type(self).__name__)
        super().__init__(**kwargs)
        self.cell = cell
        self.unroll: bool = checked_flag(self, "unroll", unroll)
        self._set_loop_options(return_sequences, return_state, go_backwards, stateful)
        self.supports_masking = True
        self.input_spec = [InputSpec(ndim=3)]

    def _set_loop_options(
        self, return_sequences: bool, return_state: bool, go_backwards: bool, stateful: bool
    ) -> None:
        self.return_sequences: bool = checked_flag(self, "return_sequences", return_sequences)
        self.return_state: bool = checked_flag(self, "return_state", return_state)
        self.go_backwards: bool = checked_flag(self, "go_backwards", go_backwards)
        self.stateful: bool = checked_flag(self, "stateful", stateful)
        self.state_spec: Any = None
        self.constants_spec: Any = None
        self._states: Any = None
        self._num_constants = 0

    # States

    @property
    def states(self) -> list[Any]:
        """The states kept from batch to batch, a Variable each; before the first one, None each."""
        if self._states is None:
            return [None] * len(state_sizes(self.cell))
        return self._states

    @states.setter
    def states(self, states: Any) -> None:
        self._states = states

    def get_initial_state(self, inputs: Tensor) -> list[Tensor]:
        """States of zeros for a batch.

        Args:
            inputs: the sequences `(batch, steps, features)`.

        Returns:
            A list of Tensors `(batch, state_size)`.
        """
        # Zeros made of the inputs know the batch size; one entry of each sample is enough.
        zero = K.sum(K.zeros_like(inputs[:, :1, :1]), axis=1)
        return [K.tile(zero, (1, size)) for size in state_sizes(self.cell)]

    def reset_states(self, states: Any = None) -> None:
        """Sets the states of a stateful layer.

        Args:
            states: an array for each state, or one array where there is one state; None sets
                zeros.

        Raises:
            AttributeError: if the layer is not stateful.
            ValueError: if the batch size is not known, or the states do not fit.
        """
        if not self.stateful:
            raise AttributeError(
                f"{self.name} keeps no states. Create it with stateful=True to reset them."
            )
        shapes = self._kept_shapes()
        for shape in shapes:
            take_numbers(shape, lambda: f"Layer {self.name}")
        values = (
            [np.zeros(shape) for shape in shapes]
            if states is None
            else self._fitting(states, shapes)
        )
        if self._states is None:
            self._states = [K.zeros(shape, dtype=self.dtype) for shape in shapes]
        K.batch_set_value(list(zip(self._states, values)))

    def _kept_shapes(self) -> list[tuple[int, ...]]:
        """Full shapes of the states of a stateful layer."""
        batch = self._batch_size()
        return [(batch, *spec.shape[1:]) for spec in self.state_spec]

    def _batch_size(self) -> int:
        """The batch size of a stateful layer."""
        batch = self.input_spec[0].shape and self.input_spec[0].shape[0]
        if not batch:
            raise ValueError(
                f"{self.name} is stateful, so its batch size has to be known. Give it with the "
                "input: batch_input_shape=(batch, ...) in the first layer of a Sequential, "
                "Input(batch_shape=(batch, ...)) otherwise."
            )
        return batch

    def _fitting(self, states: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
        states = to_list(states, allow_tuple=True)
        seen = [np.shape(state) for state in states]
        if seen != shapes:
            raise ValueError(
                f"{self.name} has states of shapes {shapes}, but reset_states got arrays of "
                f"shapes {seen}."
            )
        return states

    # Building

    @property
    def losses(self) -> list[Any]:
        """Penalties on the cell's weights, then those that the layer itself added."""
        of_the_cell = [loss for loss in super().losses if loss not in self._losses]
        return of_the_cell + self._losses

    def get_losses_for(self, inputs: Any = None) -> list[Any]:
        """The losses that depend on these inputs; by default those that depend on none."""
        return super().get_losses_for(inputs)

    def build(self, input_shape: Any) -> None:
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        sequence_shape = tuple(shapes[0])
        self.input_spec[0] = self._sequence_spec(sequence_shape)
        self.state_spec = self._state_specs()
        self._build_cell(sequence_shape[:1] + sequence_shape[2:], self._constant_shapes(shapes))
        if self.stateful:
            self.reset_states()
        self.built = True

    def _sequence_spec(self, sequence_shape: Shape) -> InputSpec:
        batch = sequence_shape[0] if self.stateful else None
        return InputSpec(shape=(batch, None, *sequence_shape[2:]))

    def _state_specs(self) -> list[InputSpec]:
        return [InputSpec(shape=(None, size)) for size in state_sizes(self.cell)]

    def _constant_shapes(self, shapes: list[Shape]) -> list[Shape]:
        count = self._num_constants or 0
        if len(shapes) > count:
            return list(shapes[len(shapes) - count :])
        return [spec.shape for spec in self.constants_spec]

    def _build_cell(self, step_shape: Shape, constant_shapes: Sequence[Shape]) -> None:
        build_cell(self.cell, step_shape, constant_shapes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        steps = shape[1:2] if self.return_sequences else ()
        output_shape = (shape[0], *steps, output_size(self.cell))
        if not self.return_state:
            return output_shape
        return [output_shape] + [(shape[0], size) for size in state_sizes(self.cell)]

    def compute_mask(self, inputs: Any, mask: Any) -> Any:
        output_mask = _first(mask) if self.return_sequences else None
        return [output_mask] + [None for _ in self.states] if self.return_state else output_mask

    # Calling

    def __call__(
        self,
        inputs: Any,
        initial_state: Tensors | None = None,
        constants: Tensors | None = None,
        **kwargs: Any,
    ) -> Tensor | Any:
        """Applies the layer; initial states and constants may be Keras tensors or others.

        Args:
            inputs: the sequences, or a list of them, the initial states and the constants.
            initial_state: a Tensor or a list of them, one a state; None starts from zeros, or,
                in a stateful layer, from the states of the last batch.
            constants: a Tensor or a list of them, given to each call of the cell.
            kwargs: further arguments of `call`: mask, training.

        Returns:
            The output, or a list of the output and the states.

        Raises:
            ValueError: if Keras tensors and others are mixed in initial_state and constants.
        """
        inputs, initial_state, constants = self._standardize(inputs, initial_state, constants)
        extra = initial_state + constants
        self._set_constants(constants)
        if not extra:
            return super().__call__(inputs, **kwargs)
        if not self._all_or_none_keras(extra):
            given = {"initial_state": initial_state, "constants": constants}
            kwargs.update((name, tensors) for name, tensors in given.items() if tensors)
            return super().__call__(inputs, **kwargs)
        sequence_spec = self.input_spec
        self.input_spec = list(sequence_spec) + [InputSpec(shape=K.int_shape(x)) for x in extra]
        try:
            return super().__call__([inputs, *extra], **kwargs)
        finally:
            self.input_spec = self.input_spec[: len(sequence_spec)]

    def _set_constants(self, constants: list[Tensor]) -> None:
        if constants and not has_arg(self.cell.call, "constants"):
            raise ValueError(
                f"{self.name} got constants, but its cell {type(self.cell).__name__} takes none: "
                "give the cell's call an argument named constants."
            )
        self._num_constants = len(constants)
        self.constants_spec = [InputSpec(shape=K.int_shape(x)) for x in constants]

    def _all_or_none_keras(self, tensors: Iterable[Tensor]) -> bool:
        kinds = {K.is_keras_tensor(tensor) for tensor in tensors}
        if len(kinds) > 1:
            raise ValueError(
                f"{self.name} got initial states or constants of which some are outputs of layers "
                "and others are not. Make all of them outputs of layers, for example with "
                "Input(tensor=...)."
            )
        return kinds.pop()

    @open_signature
    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Training = None,
        initial_state: Tensors | None = None,
        constants: Tensors | None = None,
    ) -> Tensor | Any:
        sequence, states, constants = self._standardize(inputs, initial_state, constants)
        states = self._checked(states) or self._default_states(sequence)
        self._check_steps(sequence)
        with self._dropout_masks_held(sequence, states, training):
            last_output, outputs, new_states = K.rnn(
                self._step_function(len(constants), training),
                sequence,
                states,
                constants=constants,
                go_backwards=self.go_backwards,
                mask=_first(mask),
                unroll=self.unroll,
                input_length=K.int_shape(sequence)[1],
            )
        return self._finish(inputs, last_output, outputs, list(new_states))

    def _finish(
        self, inputs: Tensor, last_output: Tensor, outputs: Tensor, new_states: list[Tensor]
    ) -> Tensor | Any:
        if self.stateful:
            pairs = zip(self.states, new_states)
            self.add_update([K.update(kept, new) for kept, new in pairs], inputs)
        output = outputs if self.return_sequences else last_output
        return [output, *new_states] if self.return_state else output

    def _standardize(
        self, inputs: Any, initial_state: Tensors | None, constants: Tensors | None
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Splits the inputs from the initial states and constants that came along in their list."""
        initial_state, constants = _tensors(initial_state), _tensors(constants)
        if not isinstance(inputs, (list, tuple)):
            return inputs, initial_state, constants
        if len(inputs) > 1 and (initial_state or constants):
            raise ValueError(
                f"{self.name} got initial states or constants both in the list of inputs and as "
                "arguments. Write either layer([x, state]) or layer(x, initial_state=state)."
            )
        end = len(inputs) - (self._num_constants or 0) if len(inputs) > 1 else 1
        return (
            inputs[0],
            initial_state or list(inputs[1:end]),
            constants or list(inputs[end:]),
        )

    def _default_states(self, sequence: Tensor) -> list[Any]:
        return self.states if self.stateful else self.get_initial_state(sequence)

    def _checked(self, states: list[Tensor]) -> list[Tensor]:
        shapes = [K.int_shape(state) for state in states]
        wanted = [tuple(spec.shape) for spec in self.state_spec]
        if states and not (len(shapes) == len(wanted) and all(map(_compatible, shapes, wanted))):
            raise ValueError(
                f"{self.name} has {len(wanted)} states of shapes {wanted}, but initial_state has "
                f"shapes {shapes}."
            )
        return [_as_float(state) for state in states]

    def _check_steps(self, sequence: Tensor) -> None:
        if self.unroll and K.int_shape(sequence)[1] is None:
            raise ValueError(
                f"{self.name} cannot unroll a loop of unknown length: its inputs have shape "
                f"{K.int_shape(sequence)}. Give the number of steps in the input's shape, or write "
                "unroll=False."
            )

    def _step_function(self, constant_count: int, training: Training) -> Callable[..., Any]:
        arguments = {"training": training} if has_arg(self.cell.call, "training") else {}
        if not constant_count:
            return lambda inputs, states: self.cell.call(inputs, states, **arguments)

        def step(inputs: Tensor, states: Sequence[Tensor]) -> Any:
            states, constants = states[:-constant_count], states[-constant_count:]
            return self.cell.call(inputs, states, constants=constants, **arguments)

        return step

    def _dropout_masks_held(
        self, sequence: Tensor, states: Sequence[Tensor], training: Training
    ) -> AbstractContextManager[Any]:
        hold = getattr(self.cell, "masks_held", None)
        return hold(sequence[:, 0], states, training) if hold else nullcontext()

    # Config

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            **options_config(self, _LOOP_OPTIONS),
            "cell": {"class_name": type(self.cell).__name__, "config": self.cell.get_config()},
        }
        if self._num_constants:
            config["num_constants"] = self._num_constants
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        config = dict(config)
        constant_count = config.pop("num_constants", 0)
        cell = slots.family("layers").deserialize(config.pop("cell"), custom_objects)
        layer = cls(cell, **config)
        layer._num_constants = constant_count
        return layer


class CellRNN(RNN, RecurrentOptions):
    """An RNN over one kind of cell, which shows the options of its cell as its own.

    Subclasses name these options: `class LSTM(CellRNN, cell_options=("units", ...))`.
    """

    _cell_options: tuple[str, ...]

    def __init_subclass__(cls, cell_options: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._cell_options = tuple(cell_options) or cls._cell_options
        for option in cell_options:
            shown = property(attrgetter("cell." + option), doc=f"The cell's `{option}`.")
            setattr(cls, option, shown)

    def __init__(
        self, cell: Any, activity_regularizer: RegularizerLike = None, **kwargs: Any
    ) -> None:
        super().__init__(cell, **kwargs)
        self.activity_regularizer: Callable[..., Any] | None = regularizers.get(
            activity_regularizer
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("cell")
        return {**config, **options_config(self, (*self._cell_options, "activity_regularizer"))}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:  # type: ignore[override]
        return cls(**_current_config(config, "implementation" in cls._cell_options))


def _current_config(config: dict[str, Any], has_implementation: bool) -> dict[str, Any]:
    """The config of an old file in today's terms, where implementation 0 is now 1, or unknown."""
    config = dict(config)
    implementation = config.pop("implementation", None)
    if has_implementation and implementation is not None:
        config["implementation"] = implementation or 1
    return config


def _tensors(value: Any) -> list[Tensor]:
    return [] if value is None else to_list(value, allow_tuple=True)


def _first(mask: Any) -> Tensor | None:
    return mask[0] if isinstance(mask, (list, tuple)) else mask


def _compatible(shape: Shape, wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(
        a is None or b is None or a == b for a, b in zip(shape, wanted)
    )


def _as_float(state):
    """The state, as floats where it has integers, for cells compute floats."""
    return state if K.dtype(state).startswith("float") else K.cast(state, K.floatx())


def _standardize_args(inputs, initial_state, constants, num_constants):
    """Parts a list of inputs; a name that recurrent layers written for Keras 2 import.

    Args:
        inputs: tensor, or list of the sequence, the initial states and the constants.
        initial_state: tensor, list of tensors, or None.
        constants: tensor, list of tensors, or None.
        num_constants: how many tensors at the end of the list are constants, or None.

    Returns:
        The sequence, the list of initial states or None, the list of constants or None.
    """
    initial_state, constants = _tensors(initial_state), _tensors(constants)
    if isinstance(inputs, (list, tuple)):
        inputs, *rest = inputs
        end = len(rest) - (num_constants or 0)
        initial_state, constants = initial_state or rest[:end], constants or rest[end:]
    return inputs, initial_state or None, constants or None
