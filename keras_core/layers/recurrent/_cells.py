"""What the cells share: dropout masks that last a sequence, and products with several gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Callable, Optional

from keras_core import backend as K
from keras_core import initializers
from keras_core.engine.base_layer import Layer
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.layers._options import Function, Training, add_part
from keras_core.legacy.calls import is_told
from keras_core.utils.generic_utils import to_list, unpack_singleton
from keras_core.warned import warn

# What a dropout multiplies with: one mask, or one a gate; None where nothing is dropped.
Masks = list[Optional[Tensor]]

# What a cell's call gives: its output, and its new states.
CellResult = tuple[Tensor, list[Tensor]]


class RecurrentOptions:
    """The options that cells and the layers that run them have in common, for type checkers."""

    use_bias: bool
    activation: Callable[..., Tensor]
    recurrent_activation: Callable[..., Tensor]
    kernel_initializer: Function
    recurrent_initializer: Function
    bias_initializer: Function
    kernel_regularizer: Function | None
    recurrent_regularizer: Function | None
    bias_regularizer: Function | None
    kernel_constraint: Function | None
    recurrent_constraint: Function | None
    bias_constraint: Function | None
    unit_forget_bias: bool
    dropout: float
    recurrent_dropout: float
    implementation: int


def masked(tensor: Tensor, mask: Tensor | None) -> Tensor:
    """The tensor with a dropout mask applied, if there is one."""
    return tensor if mask is None else tensor * mask


def _generate_dropout_mask(ones: Tensor, rate: float, training: Any = None, count: int = 1) -> Any:
    """Draws dropout masks; a name that cells written for Keras 2 import.

    Args:
        ones: tensor of ones, of the shape of a mask.
        rate: the fraction that is dropped.
        training: True or False, or None for the learning phase.
        count: how many masks to draw.

    Returns:
        A tensor, or a list of `count` of them where that is more than 1.
    """
    masks = [K.in_train_phase(K.dropout(ones, rate), ones, training=training) for _ in range(count)]
    return unpack_singleton(masks)


class DropoutCell(Layer, RecurrentOptions):
    """A cell that drops inputs (`dropout`) and states (`recurrent_dropout`), both rates in [0, 1).

    A layer that runs the cell over a sequence holds one set of masks for all its steps; a cell
    that is called on its own draws new ones.

    Source: A theoretically grounded application of dropout in recurrent neural networks,
    Y. Gal and Z. Ghahramani, 2016.
    """

    gates = 1
    state_size: Any
    kernel: Variable
    recurrent_kernel: Variable
    bias: Variable | None
    _held_masks: tuple[Masks, Masks] | None = None

    @contextmanager
    def masks_held(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training = None
    ) -> Iterator[None]:
        """Draws the masks once for all calls of the cell inside the block."""
        self._held_masks = self._draw_masks(inputs, states, training)
        try:
            yield
        finally:
            self._held_masks = None

    def _masks(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training
    ) -> tuple[Masks, Masks]:
        """Masks for the inputs and for the state: a list each, of one mask or of one a gate."""
        return self._held_masks or self._draw_masks(inputs, states, training)

    def _draw_masks(
        self, inputs: Tensor, states: Sequence[Tensor], training: Training
    ) -> tuple[Masks, Masks]:
        return (
            self._draw(inputs, self.dropout, training),
            self._draw(states[0], self.recurrent_dropout, training),
        )

    def _draw(self, like: Tensor, rate: float, training: Training) -> Masks:
        if not 0 < rate < 1:
            return [None]
        ones = K.ones_like(like)
        count = self._mask_count()
        return to_list(_generate_dropout_mask(ones, rate, training=training, count=count))

    def _mask_count(self) -> int:
        return self.gates


class GatedCell(DropoutCell):
    """A cell of `gates` dense maps of its inputs and of its state, side by side in one kernel.

    Subclasses set `units`, `use_bias`, `implementation` and the options of the three weights.
    """

    implementation = 2
    units: int
    output_size: int

    def build(self, input_shape: Shape) -> None:
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"{self.name} needs to know the number of features of its inputs, the last axis, "
                f"but got inputs of shape {tuple(input_shape)}. Give that axis a size."
            )
        add_kernels(self, features)
        self.bias: Variable | None = None
        if self.use_bias:
            self._build_bias(self.units * self.gates)
        self.built = True

    def _build_bias(self, width: int) -> None:
        add_part(self, "bias", (width,))

    def _mask_count(self) -> int:
        return 1 if self.implementation == 2 else self.gates

    def _split(self, tensor: Tensor, gates: int | None = None) -> list[Tensor]:
        """The parts of the gates, by default of all of them, along the last axis."""
        starts = range(0, self.units * (gates or self.gates), self.units)
        return [tensor[:, start : start + self.units] for start in starts]

    def _project(self, tensor: Tensor, masks: Masks, kernel: Tensor) -> Tensor:
        """The product with the kernel: one for all gates, or one a gate where masks differ."""
        if len(masks) == 1:
            return K.dot(masked(tensor, masks[0]), kernel)
        parts = self._split(kernel, len(masks))
        return K.concatenate([K.dot(tensor * mask, part) for mask, part in zip(masks, parts)])

    def _project_inputs(self, inputs: Tensor, masks: Masks, bias: Tensor | None) -> Tensor:
        """The inputs' share of all gates. No state in it, so that it can leave the loop."""
        product = self._project(inputs, masks, self.kernel)
        return product if bias is None else product + bias


def add_kernels(layer: Any, features: int) -> None:
    """Adds the kernels of the inputs and of the state, each with all gates side by side."""
    width, gates = layer.units * layer.gates, layer.gates
    first, second = layer.kernel_initializer, layer.recurrent_initializer
    add_part(layer, "kernel", (features, width), _of_each_gate(first, gates))
    add_part(layer, "recurrent_kernel", (layer.units, width), _of_each_gate(second, gates))


def _of_each_gate(initializer: Function, gates: int) -> Function:
    """The initializer of gates side by side: the same, but an identity is that of each gate."""
    if not isinstance(initializer, initializers.Identity):
        return initializer

    def identities(shape: tuple[int, int], dtype: str | None = None) -> Tensor:
        one = initializer((shape[0], shape[1] // gates), dtype=dtype)
        return K.concatenate([one] * gates)

    return identities


def warn_of_implementation_0(implementation: int, layer_name: str) -> None:
    """Says that 0 does what 1 does, since Keras 2.0.9."""
    if implementation == 0 and not is_told():
        warn(
            f"{layer_name} has no implementation=0 any more and takes implementation=1. "
            "Write implementation=1 or implementation=2.",
        )
