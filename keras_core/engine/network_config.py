"""The configuration of a graph of layers: which layers, and which calls link them."""

from __future__ import annotations

import copy
import json
import warnings
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from keras_core.engine import sharing
from keras_core.errors import shown
from keras_core.utils.generic_utils import to_list, unpack_singleton

if TYPE_CHECKING:
    from keras_core.engine.network import Network

Config = dict[str, Any]
Model = TypeVar("Model", bound="Network")


def network_config(network: Network) -> Config:
    """Lists the layers of a network with their configurations and calls.

    Args:
        network: Network made from inputs and outputs.

    Returns:
        A dict with name, layers, input_layers and output_layers.
    """
    numbers = _number_nodes(network)
    with sharing.writing(network):
        layers = [_layer_entry(network, layer, numbers) for layer in network.layers]
    config = {
        "name": network.name,
        "layers": layers,
        "input_layers": [_place(end, numbers) for end in network._input_coordinates],
        "output_layers": [_place(end, numbers) for end in network._output_coordinates],
        **frozen_config(network),
    }
    return copy.deepcopy(config)


def frozen_config(network: Network) -> Config:
    """What says that a network is frozen, which Keras 2 passes over; nothing where it is not."""
    return {} if network.trainable else {"trainable": False}


def frozen_as(network: Model, config: Config) -> Model:
    """The network, frozen where its configuration says so."""
    if config.get("trainable") is False:
        network.trainable = False
    return network


def _number_nodes(network):
    """Counts the calls of each layer that belong to the network.

    The graph of a nested network itself counts as its call 0, so calls of it begin with 1.
    """
    numbers: dict[Any, int] = {}
    for layer in network.layers:
        kept = [
            n for n in layer._inbound_nodes if n in network._network_nodes or not n.inbound_layers
        ]
        numbers.update((node, number) for number, node in enumerate(kept))
    return numbers


def _nodes_in(network, layer):
    return [node for node in layer._inbound_nodes if node in network._network_nodes]


def _place(end, numbers):
    node = end.layer._inbound_nodes[end.node_index]
    return [end.layer.name, numbers[node], end.tensor_index]


def _layer_entry(network, layer, numbers):
    fed = dict(zip(network.inputs, network._input_layers))
    calls = [
        _call_entry(node, numbers, fed) for node in _nodes_in(network, layer) if node.inbound_layers
    ]
    return {"name": layer.name, **sharing.entry(layer), "inbound_nodes": calls}


def _call_entry(node, numbers, fed):
    arguments = _plain_arguments(node)
    sources = zip(
        node.input_tensors, node.inbound_layers, node.inbound_nodes(), node.tensor_indices
    )
    return [
        [fed[x].name, 0, 0, arguments] if x in fed else [layer.name, numbers[inbound], i, arguments]
        for x, layer, inbound, i in sources
    ]


def _plain_arguments(node):
    try:
        return json.loads(json.dumps(node.arguments or {}, default=_plain))
    except TypeError:
        warnings.warn(
            f"Layer {node.outbound_layer.name} was called with arguments that cannot be saved, "
            f"{node.arguments}. They are left out of the configuration.",
            stacklevel=2,
        )
        return {}


def _plain(value):
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"{value!r} is not a plain value")


def network_from_config(
    cls: type[Model], config: Config, custom_objects: Mapping[str, Any] | None = None
) -> Model:
    """Makes the layers of a configuration and repeats their calls.

    Args:
        cls: subclass of Network.
        config: dict, what `network_config` gave.
        custom_objects: dict from names to classes and functions that are not Keras's own.

    Returns:
        An instance of `cls`.

    Raises:
        ValueError: if a call refers to a layer or to a call that the configuration does not hold.
    """
    nodes, calls = {}, {}
    entries, inputs, outputs = (listed(config, key) for key in _LISTS)
    with sharing.reading():
        for entry in entries:
            layer = _made_layer(entry, custom_objects)
            if layer.name in nodes and layer not in calls:
                raise ValueError(f"Two layers of the configuration are named {shown(layer.name)}.")
            nodes[layer.name] = [node for node in layer._inbound_nodes if not node.inbound_layers]
            calls[layer] = deque(
                _checked_call(call, layer) for call in listed(entry, "inbound_nodes")
            )
    _repeat_calls(calls, nodes, config.get("name"))
    ends = [[_output_at(nodes, *_place_of(place)) for place in ends] for ends in (inputs, outputs)]
    return frozen_as(cls(inputs=ends[0], outputs=ends[1], name=config.get("name")), config)


_LISTS = ("layers", "input_layers", "output_layers")


def listed(config: Any, key: str) -> Sequence[Any]:
    """A list in a configuration.

    Raises:
        ValueError: if it is missing or something else.
    """
    found = config.get(key) if isinstance(config, dict) else None
    if not isinstance(found, (list, tuple)):
        raise ValueError(
            f"The configuration of a model needs a list {key!r}, but is {shown(config)}."
        )
    return found


def _place_of(place):
    """Name of layer, number of call and of output, as a configuration gives them."""
    place = list(place) if isinstance(place, (list, tuple)) else []
    numbers = place[1:3]
    if len(numbers) != 2 or not all(isinstance(n, int) and n >= 0 for n in numbers):
        raise ValueError(
            f"A configuration names an output by a layer, a call and a number, not {shown(place)}."
        )
    if not isinstance(place[0], str):
        raise ValueError(f"A configuration names a layer {shown(place[0])}, which is no name.")
    return place[:3]


def _checked_call(call, layer):
    call = to_list(call)
    for place in call:
        _place_of(place)
        if len(place) > 3 and not isinstance(place[3], dict):
            raise ValueError(
                f"A call of layer {layer.name} has arguments {shown(place[3])}, no dictionary."
            )
    return call


def _made_layer(entry, custom_objects):
    layer = sharing.made(entry, custom_objects)
    # Lists of Keras 2.0 to 2.2.2 keep the name of a nested Sequential in the entry alone.
    if entry.get("name"):
        layer.name = entry["name"]
    return layer


def _repeat_calls(calls, nodes, name):
    """Repeats the calls of each layer in order, each as soon as its inputs are there.

    Args:
        calls: dict from layers to queues of calls.
        nodes: dict from names of layers to their nodes in this network, which grow. A layer that is
            shared has nodes of other networks besides.
        name: name of the network.
    """
    ready, waiting = deque(calls), defaultdict(list)
    while ready:
        layer = ready.popleft()
        while calls[layer]:
            missing = _missing(calls[layer][0], nodes)
            if missing is not None:
                waiting[missing].append(layer)
                break
            _repeat(layer, calls[layer].popleft(), nodes)
            ready.extend(waiting.pop((layer.name, len(nodes[layer.name]) - 1), ()))
    for layer in calls:
        if calls[layer]:
            raise ValueError(
                f"The configuration of model {name} is not complete: the call "
                f"{shown(calls[layer][0])} of "
                f"layer {layer.name} refers to a layer or a call that is not in it."
            )


def _missing(call, nodes):
    """Name of layer and number of its call, of the first input that is not there yet, or None."""
    for name, node_index, *_ in call:
        if name not in nodes or len(nodes[name]) <= node_index:
            return name, node_index
    return None


def _repeat(layer, call, nodes):
    inputs = [_output_at(nodes, *place[:3]) for place in call]
    arguments: dict[str, Any] = next((place[3] for place in call if len(place) > 3), {})
    layer(unpack_singleton(inputs), **arguments)
    nodes[layer.name].append(layer._inbound_nodes[-1])


def _output_at(nodes, name, node_index, tensor_index):
    try:
        return nodes[name][node_index].output_tensors[tensor_index]
    except (KeyError, IndexError):
        raise ValueError(
            f"The configuration refers to output {tensor_index} of call {node_index} of layer "
            f"{name!r}, which it does not hold."
        ) from None
