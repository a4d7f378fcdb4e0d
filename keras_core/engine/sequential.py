"""A model that is a chain of layers."""

from __future__ import annotations

import copy
import inspect
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core import backend as K
from keras_core import foreign
from keras_core.engine import sharing
from keras_core.engine.additions import unique
from keras_core.engine.assembling import in_turn
from keras_core.engine.base_layer import Layer, as_shapes
from keras_core.engine.graph_map import GraphMap, check_names, node_of
from keras_core.engine.input_layer import Input, InputLayer
from keras_core.engine.network_config import frozen_as, frozen_config, listed
from keras_core.engine.retracing import current
from keras_core.engine.training import Model
from keras_core.graph import Tensor
from keras_core.graph.spec import Shape
from keras_core.utils.layer_utils import describe

if TYPE_CHECKING:
    from typing_extensions import Self


__all__ = ["Sequential"]


def _instead_of(value):
    if inspect.isclass(value) and issubclass(value, Layer):
        return f"Give an object of that class: {value.__name__}(...)."
    if isinstance(value, Tensor):
        return (
            f"Give the first layer input_shape={value.shape[1:]}, or begin with "
            f"InputLayer({value.shape[1:]}); a model of tensors is made by Model(inputs, outputs)."
        )
    known = dir(sys.modules["keras_core.layers"])
    return foreign.layer_instead(value, known) or "Wrap a function in a Lambda layer."


class Sequential(Model):
    """A linear stack of layers, each fed with the output of the one before.

    Args:
        layers: list of layers.
        name: str; `sequential_1` and so on by default.

    When the first layer has no `input_shape`, the model is built when it first meets data, or by
    `build(input_shape)`.

    Example:
        >>> model = models.Sequential()
        >>> model.add(layers.Dense(8, activation="relu", input_shape=(4,)))
        >>> model.add(layers.Dense(1))
        >>> model.predict(np.ones((5, 4))).shape
        (5, 1)
    """

    def __init__(self, layers: Iterable[Layer] | None = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self._build_input_shape: Shape | None = None
        self._names: set[str] = set()
        self._tensors: list[Tensor] = []
        if isinstance(layers, (Layer, str)) or not isinstance(layers, (Iterable, type(None))):
            shown = describe(layers) if isinstance(layers, Layer) else repr(layers)
            raise TypeError(
                f"Sequential takes a list of layers, but was given {shown} alone; put "
                "all layers in brackets: Sequential([first, second])."
            )
        self._extend(layers or ())

    @property
    def layers(self) -> list[Layer]:
        """The layers, each once, without the input layer."""
        first = 1 if self._layers and isinstance(self._layers[0], InputLayer) else 0
        return unique(self._layers[first:])

    @property
    def model(self) -> Self:
        """The model itself, for programs written for Keras 1."""
        return self

    def _watch(self, name: str, value: Any) -> None:
        """A layer comes in by `add` alone, not when one is set as an attribute."""

    def add(self, layer: Layer) -> None:
        """Puts a layer on top of the stack.

        Args:
            layer: layer with one input and one output.

        Raises:
            TypeError: if `layer` is no layer.
            ValueError: if its name is in the stack already, it has several outputs, or it does not
                fit on the layer below; the model stays as it was then.

        Example:
            >>> model = models.Sequential()
            >>> model.add(layers.Dense(8, input_shape=(4,)))
            >>> model.add(layers.Dense(1))
            >>> model.output_shape
            (None, 1)
        """
        self._extend([layer])

    def _extend(self, layers):
        for layer in layers:
            self._push(layer)
        if self._tensors:
            self._make_graph()

    def _push(self, layer):
        if not isinstance(layer, Layer):
            foreign.refuse(layer, TypeError)
            raise TypeError(
                f"Sequential takes layers, but was given {layer!r}, of type "
                f"{type(layer).__name__}. {_instead_of(layer)}"
            )
        self._check_name(layer)
        tensor = self._output_of(layer)
        self._layers.append(layer)
        self._names.add(layer.name)
        if tensor is not None:
            self._tensors.append(tensor)
            self._names.add(self._entry().name)

    def _check_name(self, layer):
        """Looks through all layers only where the name may be taken, for layers can be renamed; a
        layer that is in the stack already is shared."""
        if layer.name in self._names and layer not in self._layers:
            entry = [self._entry()] if self._tensors else []
            check_names([*entry, *self.layers, layer])

    def _output_of(self, layer):
        if self._tensors:
            return _single(layer, layer(self._tensors[-1]))
        if self._layers:
            return None
        if isinstance(layer, InputLayer):
            return _single(layer, layer._inbound_nodes[-1].output_tensors)
        entries = _first_leaves(layer)
        if not all(hasattr(entry, "batch_input_shape") for entry in entries):
            return None
        if len(entries) > 1:
            # As in Keras 1, so that branches may have inputs in common.
            return _single(layer, layer(layer.inputs))
        (entry,) = entries
        x = Input(
            batch_shape=entry.batch_input_shape, dtype=entry.dtype, name=f"{layer.name}_input"
        )
        return _single(layer, layer(x))

    def _make_graph(self):
        self._forget_compiled()
        self._set_ends(self._sources(), self._tensors[-1:])
        self._end = node_of(self._tensors[-1])
        self._map = None

    @property
    def _graph(self):
        """The map of the chain, drawn at the first need: a further layer changes all depths."""
        if self._is_graph_network and self._map is None:
            self._map = GraphMap(self.inputs, [self._end])
        return self._map

    @_graph.setter
    def _graph(self, graph):
        self._map = graph

    def _replace_tensors(self, replaced: dict[int, Any]) -> None:
        super()._replace_tensors(replaced)
        self._tensors = [current(x, replaced) for x in self._tensors]

    def _sources(self):
        """The inputs: several only where the first layer is a model of several inputs."""
        return node_of(self._tensors[0]).input_tensors

    def _entry(self):
        return self._sources()[0]._keras_history[0]

    def pop(self) -> None:
        """Takes the top layer off.

        Raises:
            TypeError: if there is none.

        Example:
            >>> model = models.Sequential([layers.Dense(8, input_shape=(4,)), layers.Dense(1)])
            >>> model.pop()
            >>> model.output_shape
            (None, 8)
        """
        if not self.layers:
            raise TypeError(f"Sequential model {self.name} has no layer to take off.")
        layer = self._layers.pop()
        if layer not in self._layers:
            self._names.discard(layer.name)
        if self._tensors:
            self._forget_last_call(layer)
        if self._tensors:
            self._make_graph()
        else:
            self._unbuild()

    def _forget_last_call(self, layer):
        tensor = self._tensors.pop()
        if self._layers:
            node = layer._inbound_nodes[tensor._keras_history[1]]
            self._layers[-1]._outbound_nodes.remove(node)

    def _unbuild(self):
        self._forget_compiled()
        self.inputs: Any = None
        self.outputs: Any = None
        self._is_graph_network = False
        self._graph = None
        self.built = False

    @in_turn
    def build(self, input_shape: Any = None) -> None:
        """Makes the weights of a model whose first layer has no `input_shape`.

        Args:
            input_shape: tuple with the batch axis.

        Example:
            >>> model = models.Sequential([layers.Dense(8), layers.Dense(1)])
            >>> model.build((None, 4))
            >>> [w.shape for w in model.get_weights()]
            [(4, 8), (8,), (8, 1), (1,)]
        """
        if self._tensors or not input_shape:
            return
        if not self._layers:
            raise ValueError(f"Sequential model {self.name} has no layers yet. Add some first.")
        shape = as_shapes(input_shape)[0]
        x = Input(batch_shape=shape, dtype=K.floatx(), name=f"{self.name}_input")
        tensors = []
        for layer in self._layers:
            x = _single(layer, layer(x))
            tensors.append(x)
        self._tensors = tensors
        self._build_input_shape = shape
        self._make_graph()

    def predict_proba(self, x: Any, batch_size: int | None = 32, verbose: int = 0) -> np.ndarray:
        """Predicts probabilities, by a model whose last layer gives them.

        Args:
            x: array or list of arrays, the inputs.
            batch_size: int, samples a batch.
            verbose: 0 or 1, whether to show a progress bar.

        Returns:
            An array `(samples, classes)`.

        Example:
            >>> model = models.Sequential([layers.Activation("softmax", input_shape=(4,))])
            >>> model.predict_proba(np.zeros((1, 4))).tolist()
            [[0.25, 0.25, 0.25, 0.25]]
        """
        predicted = self.predict(x, batch_size, verbose)
        if predicted.min() < 0.0 or predicted.max() > 1.0:
            warnings.warn(
                f"Model {self.name} predicts values outside of [0, 1], which are no probabilities. "
                "A softmax or sigmoid activation in the last layer is missing.",
                stacklevel=2,
            )
        return predicted

    def predict_classes(self, x: Any, batch_size: int | None = 32, verbose: int = 0) -> np.ndarray:
        """Predicts class indices.

        Args:
            x: array or list of arrays, the inputs.
            batch_size: int, samples a batch.
            verbose: 0 or 1, whether to show a progress bar.

        Returns:
            An integer array `(samples,)`: the most probable class; `(samples, 1)` with 0 or 1 when
            the model has one output unit.

        Example:
            >>> model = models.Sequential([layers.Activation("softmax", input_shape=(3,))])
            >>> model.predict_classes(np.array([[0.0, 5.0, 1.0], [3.0, 0.0, 1.0]])).tolist()
            [1, 0]
        """
        probabilities = self.predict(x, batch_size, verbose)
        if probabilities.shape[-1] > 1:
            return probabilities.argmax(axis=-1)
        return (probabilities > 0.5).astype("int32")

    def get_config(self) -> dict[str, Any]:
        # An input layer of the user's own is written out: without it the file had no input shape.
        with sharing.writing(self):
            layers = [sharing.entry(layer) for layer in self._layers]
        config: dict[str, Any] = {"name": self.name, "layers": copy.deepcopy(layers)}
        if self._build_input_shape:
            config["build_input_shape"] = self._build_input_shape
        return {**config, **frozen_config(self)}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Makes a model of a configuration.

        Args:
            config: dict, what `get_config` gave; or a list of layers, as Keras 2.0 to 2.2.2 wrote.
            custom_objects: dict from names to classes and functions that are not Keras's own.

        Example:
            >>> model = models.Sequential([layers.Dense(8, input_shape=(4,)), layers.Dense(1)])
            >>> again = models.Sequential.from_config(model.get_config())
            >>> again.output_shape  # the weights are new
            (None, 1)
        """
        if not isinstance(config, dict):
            config = {"name": None, "layers": config}
        with sharing.reading():
            layers = _layers_of(listed(config, "layers"), custom_objects)
        model = cls(layers, name=config.get("name"))
        if not model.inputs and config.get("build_input_shape"):
            model.build(config["build_input_shape"])
        return frozen_as(model, config)


def _layers_of(configs, custom_objects):
    """The layers of configurations; equal ones, for names are unique, are of one layer."""
    layers: list[Layer] = []
    named: dict[str, Any] = {}
    for config in configs:
        known, layer = named.get(_name_in(config), (None, None))
        if known != config:
            layer = sharing.made(config, custom_objects)
            named[layer.name] = config, layer
        layers.append(layer)
    return layers


def _name_in(config):
    inner = config.get("config") if isinstance(config, dict) else None
    return inner.get("name") if isinstance(inner, dict) else None


def _first_leaves(layer):
    """The first layers of the innermost model: one for each of its inputs."""
    leaves = [layer]
    while isinstance(leaves[0], Model):
        model = leaves[0]
        if not model.layers:
            raise ValueError(
                f"Model {model.name} is empty and cannot be the first layer of a Sequential. "
                "Add layers to it before."
            )
        leaves = getattr(model, "_input_layers", None) or model.layers[:1]
    return leaves


def _single(layer, output):
    if isinstance(output, (list, tuple)):
        if len(output) == 1:
            return output[0]
        raise ValueError(
            f"Layer {describe(layer)} has {len(output)} outputs, but a layer of a Sequential must "
            "have one. Use Model(inputs, outputs)."
        )
    return output
