"""The weights in files that Keras 1 wrote: other arrays, axes in another order, other groups.

A layer's trainable arrays came first, of a model those of all layers inside, then the others. Names
of arrays begin with the name of the layer that owns them, which tells more than their order where
both models have the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.utils.layer_utils import describe, unfrozen
from keras_core.utils.weight_conversion import leaves
from keras_core.warned import warn

Arrays = list[np.ndarray]

# A layer and the places of its arrays among those of a group.
Share = tuple[Any, list[int]]

# Where the kernel, the recurrent kernel and the bias of each gate stand, in today's order of gates.
_LSTM_GATES = (0, 6, 3, 9)
_GRU_GATES = (0, 3, 6)


def of_today(layer: Any, names: Sequence[str], arrays: Sequence[np.ndarray]) -> Arrays:
    """The arrays of a group in today's form, in the order of a layer's weights.

    Args:
        layer: layer, model or wrapper.
        names: list of str, the names of the arrays.
        arrays: list of arrays.

    Raises:
        ValueError: if they are not the weights of such a layer.
    """
    with unfrozen():
        place = {id(variable): i for i, variable in enumerate(layer.weights)}
        result: list[Any] = [None] * len(place)
    for leaf, share in shares(layer, names, arrays):
        with unfrozen():
            variables = leaf.weights
        for variable, array in zip(variables, _converted(leaf, [arrays[i] for i in share])):
            result[place[id(variable)]] = array
    return result


def shares(layer: Any, names: Sequence[str], arrays: Sequence[np.ndarray]) -> list[Share]:
    """Which arrays of a group are whose, of the layers inside a layer.

    Raises:
        ValueError: if there are too many or too few.
    """
    owners = list(dict.fromkeys(leaf for leaf in leaves(layer) if leaf.weights))
    found = _by_name(owners, names) or _by_order(layer, arrays)
    if any(len(share) not in _numbers(leaf) for leaf, share in found):
        found = _by_order(layer, arrays)
    wrong = [(leaf, share) for leaf, share in found if len(share) not in _numbers(leaf)]
    if wrong or sum(len(share) for _, share in found) != len(arrays):
        leaf = wrong[0][0] if wrong else layer
        raise ValueError(
            f"The file holds {len(arrays)} arrays {list(names)} of Keras 1, which are not the "
            f"weights of layer {describe(leaf)}. Make the layers that the file was written for."
        )
    return found


def _numbers(leaf: Any) -> tuple[int, ...]:
    """How many arrays Keras 1 may have written for a layer."""
    gates = _gates(leaf)
    with unfrozen():
        return (3 * gates, 3) if gates else (len(leaf.weights),)


def _gates(leaf: Any) -> int:
    rule = _rule(leaf)
    if rule is _gru:
        return 3
    return 4 if rule in (_lstm, _conv_lstm) else 0


def _by_name(owners: Sequence[Any], names: Sequence[str]) -> list[Share] | None:
    found: dict[Any, list[int]] = {leaf: [] for leaf in owners}
    for place, name in enumerate(names):
        fitting = [leaf for leaf in owners if name.startswith(f"{leaf.name}_")]
        if not fitting:
            return None
        found[max(fitting, key=lambda leaf: len(leaf.name))].append(place)
    return list(found.items())


def _by_order(layer: Any, arrays: Sequence[np.ndarray]) -> list[Share]:
    found: dict[Any, list[int]] = {}
    start = 0
    for leaf, number in (*_trained(layer), *_others(layer)):
        if number and _gates(leaf):
            number = _number_of_gated(leaf, arrays[start:])
        found.setdefault(leaf, []).extend(range(start, min(start + number, len(arrays))))
        start += number
    return [(leaf, share) for leaf, share in found.items() if share]


def _number_of_gated(leaf: Any, arrays: Sequence[np.ndarray]) -> int:
    whole = K.int_shape(leaf.weights[0])
    return 3 if arrays and arrays[0].shape == whole else 3 * _gates(leaf)


def _trained(layer: Any) -> list[tuple[Any, int]]:
    """The layers inside, with the number of their arrays that Keras 1 listed as trainable."""
    inner = _inside(layer)
    if inner is None:
        with unfrozen():
            return [(layer, len(layer.trainable_weights) if layer.trainable else 0)]
    if hasattr(layer, "run_internal_graph") and not layer.trainable:
        return []
    return [pair for part in inner for pair in _trained(part)]


def _others(layer: Any) -> list[tuple[Any, int]]:
    inner = _inside(layer)
    if inner is None:
        with unfrozen():
            frozen = 0 if layer.trainable else len(layer.trainable_weights)
            return [(layer, frozen + len(layer.non_trainable_weights))]
    others = [pair for part in inner for pair in _others(part)]
    if hasattr(layer, "run_internal_graph") and not layer.trainable:
        return [pair for part in inner for pair in _trained(part)] + others
    return others


def _inside(layer: Any) -> list[Any] | None:
    """The layers right inside of a model or wrapper; None of another layer."""
    if hasattr(layer, "run_internal_graph"):
        return layer.layers
    found = leaves(layer, deep=False)
    return None if found == [layer] else found


def owners_of_groups(layers: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """The layers that groups of a file stand for, in order.

    The layers of models that a Sequential began with had groups of their own.

    Args:
        layers: list of the layers that have weights.
        names: list of str, the names of the groups with weights.
    """
    layers = list(layers)
    while _merged(layers, names):
        at = layers.index(_merged(layers, names)[0])
        inside = getattr(layers[at], "_layers_of_branches", layers[at].layers)
        inner = [layer for layer in inside if layer.weights]
        # Models that were merged may have layers in common, which the file has once.
        layers = list(dict.fromkeys([*layers[:at], *inner, *layers[at + 1 :]]))
    return layers


def _merged(layers: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """The models that are to be opened, since they are of another number than the groups."""
    if len(layers) == len(names):
        return []
    return [x for x in layers if hasattr(x, "run_internal_graph") and x.name not in names]


def _converted(leaf: Any, arrays: Arrays) -> Iterable[np.ndarray]:
    return _rule(leaf)(leaf, arrays)


def _rule(leaf: Any) -> Callable[[Any, Arrays], Arrays]:
    names = [base.__name__ for base in type(leaf).__mro__]
    return next((_RULES[name] for name in names if name in _RULES), _as_it_is)


def _as_it_is(leaf: Any, arrays: Arrays) -> Arrays:
    return arrays


def _fitted(leaf: Any, array: np.ndarray, last: Sequence[int], first: Sequence[int]) -> np.ndarray:
    """A kernel with its axes in today's order, from that of the layer's data format."""
    return array.transpose(first if leaf.data_format == "channels_first" else last)


def _conv1d(leaf: Any, arrays: Arrays) -> Arrays:
    """Kernels were of images one column wide; before Keras 1.2 with the filters first."""
    kernel, *rest = arrays
    if kernel.ndim == 4:
        size, filters = leaf.kernel_size[0], leaf.filters
        if kernel.shape[:2] != (size, 1) or kernel.shape[3] != filters:
            kernel = kernel.transpose(2, 3, 1, 0)
        kernel = kernel[:, 0]
    return [kernel, *rest]


def _conv2d(leaf: Any, arrays: Arrays) -> Arrays:
    return [_fitted(leaf, arrays[0], (0, 1, 2, 3), (2, 3, 1, 0)), *arrays[1:]]


def _conv3d(leaf: Any, arrays: Arrays) -> Arrays:
    return [_fitted(leaf, arrays[0], (0, 1, 2, 3, 4), (2, 3, 4, 1, 0)), *arrays[1:]]


def _transposed(leaf: Any, arrays: Arrays) -> Arrays:
    return [_fitted(leaf, arrays[0], (0, 1, 3, 2), (2, 3, 0, 1)), *arrays[1:]]


def _separable(leaf: Any, arrays: Arrays) -> Arrays:
    kernels = [_fitted(leaf, array, (0, 1, 2, 3), (2, 3, 1, 0)) for array in arrays[:2]]
    return [*kernels, *arrays[2:]]


def _joined(arrays: Arrays, gates: Sequence[int]) -> Arrays:
    """One array of those of all gates, for each of kernel, recurrent kernel and bias."""
    if len(arrays) == 3:
        return arrays
    return [np.concatenate([arrays[gate + i] for gate in gates], axis=-1) for i in range(3)]


def _lstm(leaf: Any, arrays: Arrays) -> Arrays:
    return _joined(arrays, _LSTM_GATES)


def _gru(leaf: Any, arrays: Arrays) -> Arrays:
    return _joined(arrays, _GRU_GATES)


def _conv_lstm(leaf: Any, arrays: Arrays) -> Arrays:
    fitted = [
        _fitted(leaf, array, (0, 1, 2, 3), (2, 3, 1, 0)) if array.ndim == 4 else array
        for array in arrays
    ]
    return _joined(fitted, _LSTM_GATES)


def _for_each_place(leaf: Any, arrays: Arrays) -> Arrays:
    """Parameters that places shared, of which the configuration of Keras 1 says nothing."""
    with unfrozen():
        shape = K.int_shape(leaf.weights[0])
    old = arrays[0].shape
    axes = [axis for axis, (n, one) in enumerate(zip(shape, old), 1) if n != one == 1]
    fitting = len(old) == len(shape) and all(one in (n, 1) for n, one in zip(shape, old))
    if not axes or not fitting:
        return arrays
    warn(
        f"The file has one value for all places along the axes {axes}, but layer {describe(leaf)} "
        f"has one for each: all get this one, and are trained apart. Make it with "
        f"shared_axes={axes}, or load the file as a whole model.",
    )
    return [np.broadcast_to(array, shape) for array in arrays]


def _highway(leaf: Any, arrays: Arrays) -> Arrays:
    """Before Keras 1.2 each kernel had its bias behind it."""
    return sorted(arrays, key=np.ndim, reverse=True)


# By the class of a layer; the first of its bases that stands here decides.
_RULES: dict[str, Callable[[Any, Arrays], Arrays]] = {
    "Conv1D": _conv1d,
    "Conv2D": _conv2d,
    "Conv3D": _conv3d,
    "Conv2DTranspose": _transposed,
    "DepthwiseConv2D": _as_it_is,
    "Conv3DTranspose": _as_it_is,
    "SeparableConv2D": _separable,
    "LSTM": _lstm,
    "GRU": _gru,
    "ConvLSTM2D": _conv_lstm,
    "Highway": _highway,
    "PReLU": _for_each_place,
    "SReLU": _for_each_place,
    "ParametricSoftplus": _for_each_place,
}
