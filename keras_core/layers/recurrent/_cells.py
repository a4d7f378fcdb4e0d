"""What the cells share: dropout masks that last a sequence, and products with several gates."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.layers._options import add_part
from keras_core.utils.generic_utils import to_list, unpack_singleton


def masked(tensor, mask):
    """The tensor with a dropout mask applied, if there is one."""
    return tensor if mask is None else tensor * mask


def fraction(rate):
    """A dropout rate, forced into [0, 1]."""
    return min(1.0, max(0.0, rate))


def _generate_dropout_mask(ones, rate, training=None, count=1):
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


class DropoutCell(Layer):
    """A cell that drops inputs (`dropout`) and states (`recurrent_dropout`), both rates in [0, 1).

    A layer that runs the cell over a sequence holds one set of masks for all its steps; a cell
    that is called on its own draws new ones.

    Source: A theoretically grounded application of dropout in recurrent neural networks,
    Y. Gal and Z. Ghahramani, 2016.
    """

    gates = 1
    _held_masks = None

    @contextmanager
    def masks_held(self, inputs, states, training=None):
        """Draws the masks once for all calls of the cell inside the block."""
        self._held_masks = self._draw_masks(inputs, states, training)
        try:
            yield
        finally:
            self._held_masks = None

    def _masks(self, inputs, states, training):
        """Masks for the inputs and for the state: a list each, of one mask or of one a gate."""
        return self._held_masks or self._draw_masks(inputs, states, training)

    def _draw_masks(self, inputs, states, training):
        return (
            self._draw(inputs, self.dropout, training),
            self._draw(states[0], self.recurrent_dropout, training),
        )

    def _draw(self, like, rate, training):
        if not 0 < rate < 1:
            return [None]
        ones = K.ones_like(like)
        count = self._mask_count()
        return to_list(_generate_dropout_mask(ones, rate, training=training, count=count))

    def _mask_count(self):
        return self.gates


class GatedCell(DropoutCell):
    """A cell of `gates` dense maps of its inputs and of its state, side by side in one kernel.

    Subclasses set `units`, `use_bias`, `implementation` and the options of the three weights.
    """

    implementation = 2

    def build(self, input_shape):
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"{self.name} needs to know the number of features of its inputs, the last axis, "
                f"but got inputs of shape {tuple(input_shape)}. Give that axis a size."
            )
        width = self.units * self.gates
        add_part(self, "kernel", (features, width))
        add_part(self, "recurrent_kernel", (self.units, width))
        self.bias = None
        if self.use_bias:
            self._build_bias(width)
        self.built = True

    def _build_bias(self, width):
        add_part(self, "bias", (width,))

    def _mask_count(self):
        return self.gates if self.implementation == 1 else 1

    def _split(self, tensor):
        """The parts of the gates, along the last axis."""
        ends = range(self.units, tensor.shape[-1] + 1, self.units)
        return [tensor[:, end - self.units : end] for end in ends]

    def _project(self, tensor, masks, kernel):
        """The product with the kernel: one for all gates, or one a gate where masks differ."""
        if len(masks) == 1:
            return K.dot(masked(tensor, masks[0]), kernel)
        parts = self._split(kernel)
        return K.concatenate([K.dot(tensor * mask, part) for mask, part in zip(masks, parts)])

    def _project_inputs(self, inputs, masks, bias):
        """The inputs' share of all gates. No state in it, so that it can leave the loop."""
        product = self._project(inputs, masks, self.kernel)
        return product if bias is None else product + bias


def modern_implementation(implementation, layer_name):
    """The implementation that stands for one written in an old file: 0 is 1 since Keras 2.0.9."""
    if implementation != 0:
        return implementation
    warnings.warn(
        f"{layer_name} has no implementation=0 any more and takes implementation=1. "
        "Write implementation=1 or implementation=2.",
        stacklevel=3,
    )
    return 1
