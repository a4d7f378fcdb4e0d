"""What a recurrent cell is, and several cells stacked to one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from keras_core import backend as K
from keras_core import foreign, slots
from keras_core.engine.base_layer import Layer
from keras_core.engine.weight_owner import building
from keras_core.graph import Tensor
from keras_core.graph.spec import Shape
from keras_core.layers._options import Tensors, Training
from keras_core.layers.recurrent._cells import CellResult
from keras_core.utils.generic_utils import has_arg, to_list

if TYPE_CHECKING:
    from typing_extensions import Self


def state_sizes(cell: Any) -> list[int]:
    """The sizes of a cell's states, as a list."""
    return to_list(cell.state_size, allow_tuple=True)


def output_size(cell: Any) -> int:
    """The size of a cell's output: that of its first state, unless the cell says otherwise."""
    size = getattr(cell, "output_size", None)
    return state_sizes(cell)[0] if size is None else size


def check_cell(cell: Any, layer_name: str) -> None:
    """Refuses what cannot be used as a cell.

    Raises:
        ValueError: if `call` or `state_size` is missing.
    """
    foreign.refuse(cell)
    for needed in ("call", "state_size"):
        if not hasattr(cell, needed):
            raise ValueError(
                f"{layer_name} got the cell {cell!r} without `{needed}`. A cell has "
                "call(inputs, states) and state_size, an integer or a list of them."
                + _instead_of(cell)
            )


def _instead_of(cell: Any) -> str:
    """What may be meant by something that is no cell; text that begins with a space."""
    if isinstance(cell, type):
        return f" {cell.__name__} is a class; give an object of it, such as {cell.__name__}(32)."
    inner = type(getattr(cell, "cell", None)).__name__
    return f" The cell of this layer is {inner}(...)." if inner != "NoneType" else ""


def build_cell(cell: Any, step_shape: Shape, constant_shapes: Sequence[Shape]) -> None:
    """Builds a cell that is a layer, unless it is built."""
    if isinstance(cell, Layer) and not cell.built:
        cell.build([step_shape, *constant_shapes] if constant_shapes else step_shape)
        cell.built = True


class StackedRNNCells(Layer):
    """Cells stacked to one: the output of each is the input of the next.

    Its states are those of all cells in order.

    Args:
        cells: the cells, the first one nearest to the inputs.
        kwargs: options of every layer: name, trainable, dtype; also `reverse_state_order`, which
            orders the states from the last cell to the first, as Keras before 2.1.3 did.

    Raises:
        ValueError: if one of the cells has no `call` or no `state_size`.

    Example:
        >>> cells = layers.StackedRNNCells([layers.LSTMCell(16), layers.LSTMCell(4)])
        >>> layers.RNN(cells)(layers.Input((20, 8))).shape
        (None, 4)
        >>> cells.state_size
        (16, 16, 4, 4)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        reverse_state_order = kwargs.pop("reverse_state_order", False)
        for cell in cells:
            check_cell(cell, "StackedRNNCells")
        super().__init__(**kwargs)
        self.cells: list[Any] = list(cells)
        self.reverse_state_order = reverse_state_order
        if reverse_state_order:
            warnings.warn(
                "reverse_state_order=True orders the states from the last cell to the first, as "
                "old files need it. Leave it out in new models.",
                stacklevel=2,
            )

    @property
    def state_size(self) -> tuple[int, ...]:
        """Sizes of the states of all cells, a tuple of integers."""
        return tuple(size for cell in self._state_order() for size in state_sizes(cell))

    @property
    def output_size(self) -> int:
        """Size of the last cell's output."""
        return output_size(self.cells[-1])

    def _state_order(self) -> list[Any]:
        return self.cells[::-1] if self.reverse_state_order else self.cells

    def _states_by_cell(self, states: Sequence[Tensor]) -> list[list[Tensor]]:
        """The states of each cell, in the order of the cells."""
        remaining, nested = list(states), []
        for cell in self._state_order():
            count = len(state_sizes(cell))
            nested.append(remaining[:count])
            remaining = remaining[count:]
        return nested[::-1] if self.reverse_state_order else nested

    def build(self, input_shape: Any) -> None:
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        step_shape, constant_shapes = shapes[0], shapes[1:]
        with building():
            for cell in self.cells:
                takes_constants = has_arg(cell.call, "constants")
                build_cell(cell, step_shape, constant_shapes if takes_constants else [])
                step_shape = (step_shape[0], output_size(cell))
        self.built = True

    def get_losses_for(self, inputs: Any = None) -> list[Any]:
        """The losses that depend on these inputs; by default those that depend on none."""
        return super().get_losses_for(inputs)

    def call(
        self,
        inputs: Tensor,
        states: Sequence[Tensor],
        constants: Tensors | None = None,
        training: Training = None,
        **kwargs: Any,
    ) -> CellResult:
        arguments = {**kwargs, "constants": constants, "training": training}
        given = {name: value for name, value in arguments.items() if value is not None}
        new_states = []
        for cell, cell_states in zip(self.cells, self._states_by_cell(states)):
            taken = {name: value for name, value in given.items() if has_arg(cell.call, name)}
            inputs, cell_states = cell.call(inputs, cell_states, **taken)
            new_states.append(list(cell_states))
        ordered = new_states[::-1] if self.reverse_state_order else new_states
        return inputs, [state for cell_states in ordered for state in cell_states]

    @contextmanager
    def masks_held(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training = None
    ) -> Iterator[None]:
        """Draws the dropout masks of all cells once for all calls inside the block."""
        with ExitStack() as stack:
            for cell, cell_states in zip(self.cells, self._states_by_cell(states)):
                if hasattr(cell, "masks_held"):
                    stack.enter_context(cell.masks_held(inputs, cell_states, training))
                # The next cell's inputs only lend their shape to its masks.
                inputs = K.tile(inputs[:, :1], (1, output_size(cell)))
            yield

    def get_config(self) -> dict[str, Any]:
        cells = [
            {"class_name": type(cell).__name__, "config": cell.get_config()} for cell in self.cells
        ]
        config = {**super().get_config(), "cells": cells}
        return {**config, "reverse_state_order": True} if self.reverse_state_order else config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        config = dict(config)
        deserialize = slots.family("layers").deserialize
        cells = [deserialize(cell, custom_objects) for cell in config.pop("cells")]
        return cls(cells, **config)
