"""Weights of files that other engines, or layers of other kinds, wrote.

Theano convolves where the other engines correlate, so kernels in files written on it are reversed
along their spatial axes. CuDNN layers keep their gates in another form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.legacy.table import ALIASES
from keras_core.utils.cudnn_weights import convert_gates

# How many arrays of a layer are such kernels, by its class; the first of its bases that stands here
# decides. Depthwise and separable convolutions correlated on Theano as well.
_KERNELS_TO_FLIP = {
    "Conv1D": 1,
    "Conv2D": 1,
    "Conv3D": 1,
    "Conv2DTranspose": 1,
    "Conv3DTranspose": 1,
    "DepthwiseConv2D": 0,
    "ConvLSTM2D": 2,
}


def convert_weights(
    layer: Any, weights: Sequence[np.ndarray], engine: str | None = None, reshape: bool = False
) -> list[np.ndarray]:
    """Turns arrays of a file into the form in which the layer keeps its weights.

    Args:
        layer: layer, model or wrapper.
        weights: list of arrays in the order of `layer.weights`.
        engine: str, the engine the file was written on, or None.
        reshape: bool, whether a first array of another shape and equal size is reshaped.

    Returns:
        A list of arrays.

    Raises:
        ValueError: if a form cannot be converted.
    """
    weights = list(weights)
    place = {id(variable): index for index, variable in enumerate(layer.weights)}
    for leaf in leaves(layer):
        indices = [place[id(variable)] for variable in leaf.weights]
        if not indices or max(indices) >= len(weights):
            continue
        arrays = [weights[index] for index in indices]
        converted = _convert_leaf(leaf, arrays, engine, reshape)
        for index, array in zip(indices, converted):
            weights[index] = array
    return weights


def leaves(layer: Any, deep: bool = True) -> list[Any]:
    """The layers inside a model or wrapper, and the layer itself when there are none.

    Args:
        layer: layer, model or wrapper.
        deep: bool; with False, those right inside alone, be they models or not.
    """
    inner = _inner_layers(layer)
    if not inner or not deep:
        return inner or [layer]
    return [leaf for part in inner for leaf in leaves(part)]


def _inner_layers(layer):
    if hasattr(layer, "run_internal_graph"):
        return layer.layers
    if hasattr(layer, "forward_layer"):
        return [layer.forward_layer, layer.backward_layer]
    wrapped = getattr(layer, "layer", None)
    return [wrapped] if hasattr(wrapped, "weights") else []


def _convert_leaf(layer, arrays, engine, reshape):
    if engine == "theano":
        arrays = _flip_kernels(layer, arrays)
    if reshape:
        arrays = [_reshaped(layer, arrays[0])] + arrays[1:]
    return convert_gates(layer, arrays)


def _flip_kernels(layer, arrays):
    """Reverses the convolution kernels `(*spatial, input, output)` among a layer's arrays."""
    count = kernels_to_flip(layer)
    return [flipped(array) for array in arrays[:count]] + arrays[count:]


def kernels_to_flip(layer: Any) -> int:
    """How many of a layer's arrays, the first ones, are reversed in files written on Theano."""
    names = [base.__name__ for base in type(layer).__mro__]
    return next((_KERNELS_TO_FLIP[name] for name in names if name in _KERNELS_TO_FLIP), 0)


def has_kernels_to_flip(class_name: str) -> bool:
    """Whether Theano reverses kernels of a class of layers.

    Args:
        class_name: its name today or in Keras 1.
    """
    return _KERNELS_TO_FLIP.get(ALIASES.get(class_name, class_name), 0) > 0


def flipped(kernel: np.ndarray) -> np.ndarray:
    """A kernel `(*spatial, input, output)` reversed along its spatial axes."""
    return np.flip(kernel, tuple(range(kernel.ndim - 2)))


def _reshaped(layer, array):
    shape = K.int_shape(layer.weights[0])
    if array.shape == shape:
        return array
    if array.size != np.prod(shape):
        raise ValueError(
            f"Layer {layer.name}: the first array, of shape {array.shape}, cannot be reshaped to "
            f"{shape}, for their sizes differ."
        )
    return array.reshape(shape)
