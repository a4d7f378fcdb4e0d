"""The nodes between the inputs and the outputs of a model, sorted by depth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from keras_core.engine.base_layer import Layer
from keras_core.engine.node import Node
from keras_core.graph.tensor import Tensor
from keras_core.utils.layer_utils import describe

Item = TypeVar("Item")


class GraphMap:
    """Every layer call that a model consists of.

    The depth of a node is the longest way from it to an output, 0 at the outputs. A layer's depth
    is the largest of its nodes. Layers are listed from the deepest on; those of equal depth
    in the order in which a walk back from the outputs meets them.

    Args:
        inputs: list of tensors.
        ends: list of the nodes that made the outputs.
        entries: list of the nodes of the inputs; by default those that made them.
        cut: set of nodes that are no part of the model, since what they make is fed.

    Attributes:
        nodes: set of nodes.
        layers: list of layers, the deepest first.
        nodes_by_depth: dict from depth to a list of nodes.
        layers_by_depth: dict from depth to a list of layers.

    Raises:
        ValueError: if the outputs do not follow from the inputs, or two layers have one name.
    """

    def __init__(
        self, inputs: Any, ends: Iterable[Node], entries: Any = None, cut: Any = ()
    ) -> None:
        self.nodes: set[Node] = set()
        self._cut = cut
        self._order: list[Node] = []
        self._rank: dict[Layer, int] = {}
        for node in ends:
            self._walk_back(node)
        depths, layer_depths = self._measure()
        for node in entries or [node_of(tensor) for tensor in inputs]:
            self._include_unused_input(node, depths, layer_depths)
        self.nodes_by_depth: dict[int, list[Node]] = _by_depth(depths)
        self.layers_by_depth: dict[int, list[Layer]] = _by_depth(layer_depths)
        for layers in self.layers_by_depth.values():
            layers.sort(key=self._rank.__getitem__)
        self.layers: list[Layer] = [
            layer
            for depth in sorted(self.layers_by_depth, reverse=True)
            for layer in self.layers_by_depth[depth]
        ]
        self._check_connected(inputs)
        check_names(self.layers)

    def _walk_back(self, end: Node) -> None:
        """Lists, depth first, the nodes that `end` depends on: each after its inbound nodes.

        Written with a stack of its own, for a model may be deeper than Python's recursion limit.
        """
        stack: list[Any] = []
        self._enter(end, stack)
        while stack:
            node, rest = stack[-1]
            inbound = next(rest, None)
            if inbound is None:
                stack.pop()
                self.nodes.add(node)
                self._order.append(node)
            else:
                self._enter(inbound, stack)

    def _enter(self, node: Node, stack: list[Any]) -> None:
        if node in self.nodes or node in self._cut:
            return
        self._rank.setdefault(node.outbound_layer, len(self._rank))
        stack.append((node, iter(node.inbound_nodes())))

    def _measure(self) -> tuple[dict[Node, int], dict[Layer, int]]:
        depths: dict[Node, int] = {}
        layer_depths: dict[Layer, int] = {}
        for node in reversed(self._order):
            depth = max(depths.get(node, 0), layer_depths.get(node.outbound_layer, 0))
            depths[node] = layer_depths[node.outbound_layer] = depth
            for inbound in node.inbound_nodes():
                if inbound not in self._cut:
                    depths[inbound] = max(depth + 1, depths.get(inbound, 0))
        return depths, layer_depths

    def _include_unused_input(
        self, node: Node, depths: dict[Node, int], layer_depths: dict[Layer, int]
    ) -> None:
        layer = node.outbound_layer
        if layer not in layer_depths:
            layer_depths[layer] = depths[node] = 0
            self._rank[layer] = -1
            self.nodes.add(node)

    def in_order(self) -> Iterator[Node]:
        """The nodes, each after those that it depends on."""
        for depth in sorted(self.nodes_by_depth, reverse=True):
            yield from self.nodes_by_depth[depth]

    def _check_connected(self, inputs: Iterable[Tensor]) -> None:
        known = {id(x) for x in inputs}
        for node in self.in_order():
            missing = [x for x in node.input_tensors if id(x) not in known]
            if missing:
                raise ValueError(
                    f"The model is not connected: layer {describe(node.outbound_layer)} needs the "
                    f"tensor {missing[0]!r}, to which none of the model's inputs leads. Give every "
                    "Input that the outputs depend on as an input of the model."
                )
            known.update(id(x) for x in node.output_tensors)


def node_of(tensor: Tensor) -> Node:
    """The call that made a tensor."""
    layer, node_index, _ = tensor._keras_history
    return layer._inbound_nodes[node_index]


def _by_depth(depths: Mapping[Item, int]) -> dict[int, list[Item]]:
    grouped: dict[int, list[Item]] = {}
    for item, depth in depths.items():
        grouped.setdefault(depth, []).append(item)
    return grouped


def check_names(layers: Iterable[Layer]) -> None:
    """Refuses two layers of one name.

    Raises:
        ValueError: naming the first one.
    """
    for name, count in Counter(layer.name for layer in layers).items():
        if count > 1:
            raise ValueError(
                f"The name {name!r} is used {count} times in the model, but layer names must be "
                "unique. Pass another `name` to one of these layers."
            )
