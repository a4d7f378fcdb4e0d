"""Computing the calls of a network anew, after an option of layers in it has changed.

The nodes stay, and with them what names them; their tensors are replaced.
"""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.engine.additions import input_key
from keras_core.engine.assembling import in_turn
from keras_core.utils.generic_utils import unpack_singleton
from keras_core.utils.layer_utils import layers_within


@in_turn
def retrace(network: Any, changed: set[Any]) -> None:
    """Computes the calls of changed layers, and all that follow from them, anew.

    Args:
        network: Network.
        changed: set of layers, at any depth.
    """
    _innermost_first(network, changed, set())


def _innermost_first(network, changed, done):
    done.add(network)
    for inner in layers_within(network.layers):
        if hasattr(inner, "run_internal_graph") and inner not in done:
            _innermost_first(inner, changed, done)
    network._replace_tensors(_repeated(network, changed) if network._is_graph_network else {})


def _repeated(network, changed):
    """Repeats the calls that are concerned; what each replaced tensor is now, by its id."""
    replaced: dict[int, Any] = {}
    for node in list(network._graph.in_order()):
        if node.inbound_layers and _concerns(node, changed, replaced):
            _repeat(node, replaced)
    return replaced


def _concerns(node, changed, replaced):
    if any(id(x) in replaced for x in node.input_tensors):
        return True
    return not changed.isdisjoint(layers_within([node.outbound_layer]))


def _repeat(node, replaced):
    layer = node.outbound_layer
    for inner in layers_within([layer]):
        # The first layers of a model are called on its inputs, as the model is.
        _forget_additions(inner, input_key(node.input_tensors))
    inputs = [current(x, replaced) for x in node.input_tensors]
    masks = [getattr(x, "_keras_mask", None) for x in inputs]
    with K.name_scope(layer.name):
        outputs, output_masks = layer._compute(
            unpack_singleton(inputs), masks, node.arguments or {}
        )
        outputs = [K.identity(x) if hasattr(x, "_keras_history") else x for x in outputs]
        layer._pass_on_phase(inputs, outputs)
    for old, new, mask in zip(node.output_tensors, outputs, output_masks):
        new._keras_history, new._keras_mask = old._keras_history, mask
        # The old one is kept as well, so that no new tensor gets its id.
        replaced[id(old)] = (new, old)
    node.input_tensors, node.input_masks = inputs, masks
    node.output_tensors, node.output_masks = outputs, list(output_masks)


def current(tensor: Any, replaced: dict[int, Any]) -> Any:
    """What has replaced a tensor, or the tensor itself."""
    return replaced[id(tensor)][0] if id(tensor) in replaced else tensor


def _forget_additions(layer, key):
    """Drops what a call has filed, which its repetition files again."""
    for filed, items in (
        (layer._per_input_losses, layer._losses),
        (layer._per_input_updates, layer._updates),
    ):
        dropped = set(map(id, filed.pop(key, ())))
        items[:] = [item for item in items if id(item) not in dropped]
