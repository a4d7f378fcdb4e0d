"""A node: one call of a layer, which links its input tensors to its output tensors."""

from __future__ import annotations

from typing import Any

from keras_core.graph import Tensor
from keras_core.graph.spec import Shape


class Node:
    """One call of a layer.

    A layer owns a node for each of its calls (``layer._inbound_nodes``); every layer that made one
    of the inputs holds the same node among its ``_outbound_nodes``.

    Args:
        outbound_layer: the layer that was called.
        inbound_layers: the layers that made the inputs, one an input tensor.
        node_indices: which call of each inbound layer made the input.
        tensor_indices: which output of that call the input is.
        input_tensors: the tensors the layer was called on.
        output_tensors: the tensors the call gave.
        input_masks: a mask or None an input.
        output_masks: a mask or None an output.
        input_shapes: a shape tuple, or a list of them.
        output_shapes: a shape tuple, or a list of them.
        arguments: keyword arguments of the call.
    """

    def __init__(
        self,
        outbound_layer: Any,
        inbound_layers: list[Any],
        node_indices: list[int],
        tensor_indices: list[int],
        input_tensors: list[Tensor],
        output_tensors: list[Tensor],
        input_masks: list[Any],
        output_masks: list[Any],
        input_shapes: list[Shape],
        output_shapes: list[Shape],
        arguments: dict[str, Any] | None = None,
    ) -> None:
        self.outbound_layer = outbound_layer
        self.inbound_layers = inbound_layers
        self.node_indices = node_indices
        self.tensor_indices = tensor_indices
        self.input_tensors = input_tensors
        self.output_tensors = output_tensors
        self.input_masks = input_masks
        self.output_masks = output_masks
        self.input_shapes = input_shapes
        self.output_shapes = output_shapes
        self.arguments = arguments
        self._sources = self._find_inbound_nodes()
        self._register()

    def _find_inbound_nodes(self) -> list[Node]:
        return [
            layer._inbound_nodes[index]
            for layer, index in zip(self.inbound_layers, self.node_indices)
            if layer is not None
        ]

    def _register(self) -> None:
        for layer in self.inbound_layers:
            if layer is not None:
                layer._outbound_nodes.append(self)
        self.outbound_layer._inbound_nodes.append(self)

    def inbound_nodes(self) -> list[Node]:
        """Lists the calls that made this node's inputs (a non-Keras input has none)."""
        return list(self._sources)

    def get_config(self) -> dict[str, Any]:
        """Names the layers around this call.

        Returns:
            A dict with the called layer, the inbound layers and the indices of their calls.
        """
        inbound = [layer.name if layer is not None else None for layer in self.inbound_layers]
        return {
            "outbound_layer": self.outbound_layer.name if self.outbound_layer else None,
            "inbound_layers": inbound,
            "node_indices": self.node_indices,
            "tensor_indices": self.tensor_indices,
        }
