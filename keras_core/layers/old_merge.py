"""`merge` and `Merge` as Keras 1 had them: one name for adding, joining and all else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Callable, Union

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.graph import Tensor
from keras_core.layers import merge as today
from keras_core.layers._lambda import Lambda
from keras_core.layers._reshaping import Reshape
from keras_core.legacy import merging
from keras_core.legacy.call import OldCall
from keras_core.legacy.calls import tell
from keras_core.utils.generic_utils import to_list

Mode = Union[str, Callable[..., Tensor]]


def merge(
    inputs: Sequence[Tensor],
    mode: Mode = "sum",
    concat_axis: int = -1,
    dot_axes: int | Sequence[Any] = -1,
    output_shape: Any = None,
    output_mask: Any = None,
    arguments: dict[str, Any] | None = None,
    name: str | None = None,
) -> Tensor:
    """Makes one tensor of several.

    Args:
        inputs: list of tensors.
        mode: 'sum', 'mul', 'concat', 'ave', 'max', 'dot', 'cos', or a function of the list.
        concat_axis: axis of 'concat'.
        dot_axes: axes of 'dot' and 'cos', one or one an input.
        output_shape: shape of what a function returns, or a function of the shapes.
        output_mask: has no effect; a function's mask follows from Lambda.
        arguments: dict of further arguments of a function.
        name: name of the layer.

    Returns:
        A tensor.

    Raises:
        ValueError: an unknown mode.
    """
    return _merged(inputs, mode, locals())


def Merge(
    layers: Sequence[Layer] | None = None,
    mode: Mode = "sum",
    concat_axis: int = -1,
    dot_axes: int | Sequence[Any] = -1,
    output_shape: Any = None,
    output_mask: Any = None,
    arguments: dict[str, Any] | None = None,
    node_indices: Any = None,
    tensor_indices: Any = None,
    name: str | None = None,
) -> Any:
    """Makes one tensor of the outputs of several models or layers, or of tensors.

    Args:
        layers: list of models and layers that have outputs; None makes a layer of its own.
        mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name: as for `merge`.
        node_indices: index of the call of each layer whose output is meant; the first by default.
        tensor_indices: index of the tensor among those of this call; the first by default.

    Returns:
        Today's layer; with `layers` a model from all their inputs to one output, which a
        Sequential may begin with.

    Raises:
        ValueError: an unknown mode.
    """
    call = _converted(layers, locals())
    tell(call, depth=1, called="Merge")
    if not layers:
        return _layer(call)
    return _towers(call, list(layers), mode, node_indices, tensor_indices)


def _merged(inputs: Sequence[Tensor], mode: Mode, given: dict[str, Any]) -> Tensor:
    call = _converted(inputs, given)
    tell(call, depth=2, called="merge")
    return _computed(call, list(inputs), mode)


def _converted(inputs: Any, given: dict[str, Any]) -> OldCall:
    unlike_default = {k: given[k] for k in merging.ARGUMENTS if given.get(k) not in (None, -1)}
    call = OldCall("merge", (inputs,), unlike_default)
    merging.by_mode(call)
    return call


def _layer(call: OldCall) -> Layer:
    kind = Lambda if call.name == "Lambda" else getattr(today, call.name.capitalize())
    return kind(*(call.args if kind is Lambda else ()), **call.kwargs)


def _computed(call: OldCall, inputs: list[Tensor], mode: Mode) -> Tensor:
    output = _layer(call)(inputs)
    # The cosine of two vectors had one axis more.
    return Reshape((1, 1))(output) if mode == "cos" and K.ndim(output) == 2 else output


def _towers(
    call: OldCall, layers: list[Layer], mode: Mode, node_indices: Any, tensor_indices: Any
) -> Any:
    from keras_core.engine.training import Model  # so that layers alone load no training

    nodes = node_indices or [0] * len(layers)
    indices = tensor_indices or [0] * len(layers)
    outputs = [
        layer._inbound_nodes[node].output_tensors[index]
        for layer, node, index in zip(layers, nodes, indices)
    ]
    inputs = [x for layer in layers for x in to_list(layer.input, allow_tuple=True)]
    unique = list(dict.fromkeys(inputs))
    model = Model(unique, _computed(call, outputs, mode))
    # The order in which files of Keras 1 have them.
    model._layers_of_branches = [x for layer in layers for x in getattr(layer, "layers", [layer])]
    return model


class _CallableModule(ModuleType):
    """`keras.layers.merge`, a module since Keras 2, called like the function that it was."""

    __call__ = staticmethod(merge)


sys.modules[today.__name__].__class__ = _CallableModule
