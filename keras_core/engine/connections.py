"""The calls of a layer seen from outside: its inputs, outputs, masks and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core.utils.generic_utils import unpack_singleton

if TYPE_CHECKING:
    from keras_core.engine.node import Node
    from keras_core.graph import Tensor
    from keras_core.graph.spec import Shape


class Connections:
    """The part of a layer that answers for its nodes."""

    name: str
    _inbound_nodes: list[Node]
    _outbound_nodes: list[Node]

    def _node_value(self, node_index: int, attribute: str, what: str) -> Any:
        if not self._inbound_nodes:
            raise RuntimeError(
                f"Layer {self.name} was never called, so it has no {what}. Call it first."
            )
        if not 0 <= node_index < len(self._inbound_nodes):
            raise ValueError(
                f"Layer {self.name} has no {what} at node {node_index}: it was called "
                f"{len(self._inbound_nodes)} time(s), so nodes go from 0 to "
                f"{len(self._inbound_nodes) - 1}."
            )
        return unpack_singleton(getattr(self._inbound_nodes[node_index], attribute))

    def get_input_at(self, node_index: int) -> Tensor | Any:
        """The input tensor (or list of them) of one call.

        Args:
            node_index: int, which call of the layer, from 0.

        Example:
            >>> dense, x, y = layers.Dense(2), layers.Input((3,)), layers.Input((3,))
            >>> _ = dense(x), dense(y)
            >>> dense.get_input_at(0) is x, dense.get_input_at(1) is y
            (True, True)
        """
        return self._node_value(node_index, "input_tensors", "input")

    def get_output_at(self, node_index: int) -> Tensor | Any:
        """The output tensor (or list of them) of one call.

        Args:
            node_index: int, which call of the layer, from 0.

        Example:
            >>> dense = layers.Dense(2)
            >>> first, second = dense(layers.Input((3,))), dense(layers.Input((3,)))
            >>> dense.get_output_at(1) is second
            True
        """
        return self._node_value(node_index, "output_tensors", "output")

    def get_input_mask_at(self, node_index: int) -> Tensor | Any:
        """The mask of the input of one call, a list for several inputs.

        Args:
            node_index: int, which call of the layer, from 0.

        Example:
            >>> words = layers.Embedding(10, 4, mask_zero=True)(layers.Input((20,)))
            >>> lstm = layers.LSTM(8)
            >>> _ = lstm(words)
            >>> lstm.get_input_mask_at(0).shape
            (None, 20)
        """
        return self._node_value(node_index, "input_masks", "input mask")

    def get_output_mask_at(self, node_index: int) -> Tensor | Any:
        """The mask of the output of one call, a list for several outputs.

        Args:
            node_index: int, which call of the layer, from 0.

        Example:
            >>> embedding = layers.Embedding(10, 4, mask_zero=True)
            >>> _ = embedding(layers.Input((20,)))
            >>> embedding.get_output_mask_at(0).shape
            (None, 20)
        """
        return self._node_value(node_index, "output_masks", "output mask")

    def get_input_shape_at(self, node_index: int) -> Shape | Any:
        """The input shape of one call, a list of tuples for several inputs.

        Args:
            node_index: int, which call of the layer, from 0.

        Example:
            >>> pool = layers.GlobalMaxPooling1D()
            >>> _ = pool(layers.Input((10, 3))), pool(layers.Input((20, 3)))
            >>> pool.get_input_shape_at(0), pool.get_input_shape_at(1)
            ((None, 10, 3), (None, 20, 3))
        """
        return self._node_value(node_index, "input_shapes", "input shape")

    def get_output_shape_at(self, node_index: int) -> Shape | Any:
        """The output shape of one call, a list of tuples for several outputs.

        Args:
            node_index: int, which call of the layer, from 0.

        Example:
            >>> pool = layers.MaxPooling1D()
            >>> _ = pool(layers.Input((10, 3))), pool(layers.Input((20, 3)))
            >>> pool.get_output_shape_at(0), pool.get_output_shape_at(1)
            ((None, 5, 3), (None, 10, 3))
        """
        return self._node_value(node_index, "output_shapes", "output shape")

    def _only_value(self, attribute: str, what: str) -> Any:
        calls = len(self._inbound_nodes)
        if calls != 1:
            raise AttributeError(
                f"Layer {self.name} was called {calls} times, so its {what} is not defined. "
                + (
                    f"Use get_{what.replace(' ', '_')}_at(node_index)."
                    if calls
                    else "Call it first."
                )
            )
        return self._node_value(0, attribute, what)

    def _common_shape(self, attribute: str, what: str) -> Any:
        shapes = [getattr(node, attribute) for node in self._inbound_nodes]
        if not shapes:
            raise AttributeError(
                f"Layer {self.name} was never called, so its {what} is not defined. Call it first."
            )
        if any(str(shape) != str(shapes[0]) for shape in shapes):
            raise AttributeError(
                f"Layer {self.name} was called with several {what}s, {shapes}. "
                f"Use get_{what.replace(' ', '_')}_at(node_index)."
            )
        return unpack_singleton(shapes[0])

    @property
    def input(self) -> Tensor | Any:
        """The input tensor of a layer that was called once (a list when it has several)."""
        return self._only_value("input_tensors", "input")

    @property
    def output(self) -> Tensor | Any:
        """The output tensor of a layer that was called once (a list when it has several)."""
        return self._only_value("output_tensors", "output")

    @property
    def input_mask(self) -> Tensor | Any:
        """The input mask of a layer that was called once."""
        return self._only_value("input_masks", "input mask")

    @property
    def output_mask(self) -> Tensor | Any:
        """The output mask of a layer that was called once."""
        return self._only_value("output_masks", "output mask")

    @property
    def input_shape(self) -> Shape | Any:
        """The input shape, when it was the same in every call."""
        return self._common_shape("input_shapes", "input shape")

    @property
    def output_shape(self) -> Shape | Any:
        """The output shape, when it was the same in every call."""
        return self._common_shape("output_shapes", "output shape")
