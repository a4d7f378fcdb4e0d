"""A network: a layer made of layers, by a graph of calls or by a `call` of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from keras_core import backend as K
from keras_core import foreign
from keras_core.attempt import take_calls
from keras_core.engine.additions import input_key, unique
from keras_core.engine.base_layer import Layer, as_shapes, is_metric
from keras_core.engine.graph_map import GraphMap, node_of
from keras_core.engine.input_layer import InputLayer
from keras_core.engine.network_config import network_config, network_from_config
from keras_core.engine.node import Node
from keras_core.engine.persistence import Persistence
from keras_core.engine.retracing import current, retrace
from keras_core.engine.weight_owner import match_weights
from keras_core.graph import Tensor, Update, Variable
from keras_core.graph.spec import Shape
from keras_core.utils.generic_utils import is_all_none, to_list, unpack_singleton
from keras_core.utils.layer_utils import unfrozen
from keras_core.warned import warn

if TYPE_CHECKING:
    from typing_extensions import Self


__all__ = ["Network"]


class Endpoint(NamedTuple):
    """Where an input or output tensor of a network comes from."""

    layer: Layer
    node_index: int
    tensor_index: int

    @property
    def node(self) -> Node:
        return self.layer._inbound_nodes[self.node_index]


class Network(Persistence, Layer):
    """A directed graph of layers; also the base of models whose `call` is written by hand.

    Args:
        *args: inputs and outputs, each a tensor or a list of tensors; none in a subclass that
            overrides `call`.
        **kwargs: `inputs`, `outputs`, `name` (str), `trainable` (bool), `dtype` (str).

    Attributes:
        layers: list of layers, the deepest first.
        inputs, outputs: lists of tensors.
        input_names, output_names: lists of layer names.

    Raises:
        ValueError: if an input or output is no Keras tensor, an input comes twice, the outputs do
            not follow from the inputs, or two layers have one name.
    """

    # None in a model without a graph that has not met its inputs. Said as Any, for to most users
    # these are lists.
    inputs: list[Tensor] | Any
    outputs: list[Tensor] | Any
    input_names: list[str] | Any
    output_names: list[str] | Any
    optimizer: Any
    _graph: GraphMap | Any
    _is_graph_network: bool
    _input_layers: list[Any]
    _output_layers: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = len(args) + ("inputs" in kwargs) + ("outputs" in kwargs)
        if given >= 2:
            self._init_graph_network(*args, **kwargs)
        else:
            _refuse_half(args, kwargs)
            self._init_subclassed_network(*args, **kwargs)

    def _base_init(
        self, name: str | None = None, trainable: bool = True, dtype: str | None = None
    ) -> None:
        self._is_graph_network = False
        self._graph = None
        self._init_records()
        self.name: str = name or self._automatic_name()
        self.trainable = trainable
        self.dtype = dtype
        self.supports_masking = False
        self.inputs = None
        self.outputs = None
        self.input_names = None
        self.output_names = None
        self.optimizer = None

    def _init_subclassed_network(
        self, name: str | None = None, trainable: bool = True, dtype: str | None = None
    ) -> None:
        self._base_init(name=name, trainable=trainable, dtype=dtype)

    def _init_graph_network(
        self,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
    ) -> None:
        inputs, outputs = to_list(inputs, True), to_list(outputs, True)
        check_endpoints(inputs, outputs)
        entries = [_entry(x, type(self).__name__) for x in inputs]
        cut = {node_of(x) for x, end in zip(inputs, entries) if end != x._keras_history}
        graph = GraphMap(inputs, [node_of(x) for x in outputs], [e.node for e in entries], cut)
        self._base_init(name=name, trainable=trainable, dtype=dtype)
        self._graph = graph
        self._layers = graph.layers
        self._set_ends(inputs, outputs, entries)

    def _set_ends(self, inputs, outputs, entries=None):
        """Makes the network one from these inputs to these outputs."""
        self._is_graph_network = True
        self._computed: dict[Any, Any] = {}
        self.outputs = list(outputs)
        self._input_coordinates = entries or [Endpoint(*x._keras_history) for x in inputs]
        self._output_coordinates = [Endpoint(*x._keras_history) for x in outputs]
        self._input_layers = [end.layer for end in self._input_coordinates]
        self._output_layers = [end.layer for end in self._output_coordinates]
        self.input_names = [layer.name for layer in self._input_layers]
        self.output_names = _distinct_names([layer.name for layer in self._output_layers])
        fed = [(x, layer) for x, layer in zip(inputs, self._input_layers) if layer.is_placeholder]
        self._feed_input_names = [layer.name for _, layer in fed]
        self._feed_inputs = [x for x, _ in fed]
        self._feed_input_shapes = [layer.batch_input_shape for _, layer in fed]
        self.built = True
        self._record_own_node(list(inputs))
        # Last, since other threads take them for a sign that all else is there.
        self.inputs = list(inputs)

    def _record_own_node(self, inputs: list[Any]) -> None:
        """The graph of the network itself counts as its first call."""
        self._inbound_nodes, self._outbound_nodes = [], []
        Node(
            outbound_layer=self,
            inbound_layers=[],
            node_indices=[],
            tensor_indices=[],
            input_tensors=inputs,
            output_tensors=self.outputs,
            input_masks=[None] * len(inputs),
            output_masks=[getattr(x, "_keras_mask", None) for x in self.outputs],
            input_shapes=[K.int_shape(x) for x in inputs],
            output_shapes=[K.int_shape(x) for x in self.outputs],
        )

    def _retrace(self, changed: set[Any]) -> None:
        """Computes the outputs anew, after an option of layers inside has changed."""
        retrace(self, changed)

    def _replace_tensors(self, replaced: dict[int, Any]) -> None:
        """Takes the tensors in place of others; of a model by a `call` of its own, none."""
        if not self._is_graph_network:
            self.inputs = self.outputs = None
            return
        self._computed.clear()
        self.outputs = [current(x, replaced) for x in self.outputs]
        own = self._inbound_nodes[0]
        own.output_tensors = self.outputs
        own.output_masks = [getattr(x, "_keras_mask", None) for x in self.outputs]

    def _automatic_name(self) -> str:
        prefix = type(self).__name__.lower()
        return f"{prefix}_{K.get_uid(prefix)}"

    def _watch(self, name: str, value: Any) -> None:
        if not self.__dict__.get("_is_graph_network") or isinstance(value, Layer):
            super()._watch(name, value)

    def _track(self, layer: Layer) -> None:
        if not self.__dict__.get("_is_graph_network") or is_metric(layer):
            super()._track(layer)

    def _require_graph(self, what: str) -> None:
        if not self._is_graph_network:
            raise NotImplementedError(
                f"{type(self).__name__} {self.name} is no graph of layers, so it has no {what}. "
                "Override the method, or build the model from tensors: Model(inputs, outputs)."
            )

    # Layers, weights, state

    @property
    def layers(self) -> list[Layer]:
        """The layers, the deepest first."""
        return self._layers

    @property
    def _nodes_by_depth(self):
        return self._graph.nodes_by_depth

    @property
    def _layers_by_depth(self):
        return self._graph.layers_by_depth

    @property
    def _network_nodes(self):
        return self._graph.nodes

    @property
    def input_spec(self) -> Any:
        """What the network requires of its inputs: their number, as a list with an entry each."""
        if not self._is_graph_network:
            return None
        return unpack_singleton([layer.input_spec for layer in self._input_layers])

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        raise AttributeError(f"The input_spec of {self.name} follows from its inputs.")

    @property
    def stateful(self) -> bool:  # type: ignore[override]
        """Whether a layer carries state from batch to batch."""
        return any(layer.stateful for layer in self.layers)

    @property
    def uses_learning_phase(self) -> bool:
        """Whether the outputs differ between training and testing."""
        return any(x._uses_learning_phase for x in self.outputs or ())

    @property
    def input(self) -> Tensor | Any:
        """The input tensor of the network, or the list of them."""
        return unpack_singleton(self.inputs) if self.inputs else super().input

    @property
    def output(self) -> Tensor | Any:
        """The output tensor of the network, or the list of them."""
        return unpack_singleton(self.outputs) if self.outputs else super().output

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Finds a layer by its name or its place.

        Args:
            name: str.
            index: int, a place in `layers`; goes before `name`.

        Returns:
            The layer.

        Raises:
            ValueError: if there is none, or neither is given.

        Example:
            >>> first, top = layers.Dense(8, input_shape=(4,)), layers.Dense(1, name="top")
            >>> model = models.Sequential([first, top])
            >>> model.get_layer("top") is top, model.get_layer(index=0) is first
            (True, True)
        """
        if index is not None:
            return self._layer_at(index)
        if not name:
            raise ValueError("get_layer needs a layer's name or its index.")
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"Model {self.name} has no layer {name!r}. Its layers: {[x.name for x in self.layers]}."
        )

    def _layer_at(self, index: int) -> Layer:
        if len(self.layers) <= index:
            raise ValueError(
                f"Model {self.name} has {len(self.layers)} layers, so none has index {index}."
            )
        return self.layers[index]

    @property  # type: ignore[misc]
    def trainable_weights(self) -> list[Variable]:
        """The variables that training changes, layer by layer; none when the model is frozen."""
        if self._is_frozen():
            return []
        own = list(self._trainable_weights)
        return unique(own + [w for layer in self.layers for w in layer.trainable_weights])

    @property  # type: ignore[misc]
    def non_trainable_weights(self) -> list[Variable]:
        """The variables that training leaves alone, layer by layer."""
        others = [w for layer in self.layers for w in layer.non_trainable_weights]
        frozen = []
        if self._is_frozen():
            frozen = self._trainable_weights + [
                w for layer in self.layers for w in layer.trainable_weights
            ]
        return unique(frozen + self._non_trainable_weights + others)

    def _weights_by_layer(self) -> list[Variable]:
        """All variables, layer by layer: the order of `get_weights` and of saved files, whatever
        is frozen."""
        with unfrozen():
            return self._own_weights() + [w for layer in self.layers for w in layer.weights]

    def get_weights(self) -> list[np.ndarray]:
        """Copies the values of all weights, layer by layer.

        Returns:
            A list of NumPy arrays.

        Example:
            >>> model = models.Sequential([layers.Dense(8, input_shape=(4,)), layers.Dense(1)])
            >>> [w.shape for w in model.get_weights()]
            [(4, 8), (8,), (8, 1), (1,)]
        """
        return K.batch_get_value(self._weights_by_layer())

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replaces the values of all weights, or of none when one does not fit.

        Args:
            weights: list of arrays, in the order and with the shapes of `get_weights()`.

        Raises:
            ValueError: if their number or a shape differs; no weight is changed then.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
            >>> model.set_weights([np.array([[1.0], [2.0]]), np.array([0.5])])
            >>> model.predict(np.array([[1.0, 1.0]])).tolist()
            [[3.5]]
        """
        K.batch_set_value(match_weights(self, self._weights_by_layer(), weights))

    @property
    def losses(self) -> list[Tensor]:
        """All losses of the layers' calls in this network, and its own."""
        return self._gathered("get_losses_for", "losses", self._losses)

    @property
    def updates(self) -> list[Update]:
        """The updates of the layers' calls in this network, one for each call and variable; none
        when it is frozen."""
        if not self.trainable and not self.stateful:
            return []
        return self._live(self._gathered("get_updates_for", "updates", self._updates))

    def _gathered(self, method, attribute, own):
        if not self._is_graph_network:
            return super()._with_sublayers(attribute, own)
        per_input = self._per_input_losses if attribute == "losses" else self._per_input_updates
        return unique([*self._from_nodes(method), *per_input.get(None, ())])

    def _from_nodes(self, method):
        found = []
        for layer in self.layers:
            for node in layer._inbound_nodes:
                if node in self._network_nodes:
                    found += self._filed_inside(layer, method, node.input_tensors)
            found += self._filed_inside(layer, method, None)
        return found

    def _filed(self, method, inputs, per_input):
        found = super()._filed(method, inputs, per_input)
        own_call = inputs is not None and input_key(inputs) == input_key(self.inputs)
        if self._is_graph_network and own_call:
            unconditional = set(super()._filed(method, None, per_input))
            found += [x for x in self._from_nodes(method) if x not in unconditional]
        return unique(found)

    def _filed_counts(self):
        return [] if self._is_graph_network else super()._filed_counts()

    @property
    def state_updates(self) -> list[Any]:
        """The updates of stateful layers, which happen in prediction as well."""
        return [update for layer in self.layers if layer.stateful for update in layer.updates]

    def reset_states(self) -> None:
        """Puts the states of all stateful layers back to their start.

        Example:
            >>> model = models.Sequential([
            ...     layers.LSTM(2, stateful=True, batch_input_shape=(1, 3, 4)),
            ... ])
            >>> first, second = (model.predict(np.ones((1, 3, 4))) for _ in range(2))
            >>> model.reset_states()
            >>> again = model.predict(np.ones((1, 3, 4)))
            >>> np.allclose(first, second), np.allclose(first, again)
            (False, True)
        """
        for layer in self.layers:
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
                layer.reset_states()

    # A call on new tensors

    def build(self, input_shape: Any) -> None:
        """A graph of layers has its weights already; other models make them when called.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
            >>> model.build()
            >>> model.built
            True
        """
        self.built: bool = True

    def call(self, inputs: Any, mask: Any = None) -> Tensor | Any:
        """Applies the layers to other inputs.

        Args:
            inputs: a tensor, or a list of tensors.
            mask: the mask of each input, or None.

        Returns:
            A tensor, or a list of tensors.

        Example:
            >>> model = models.Sequential([layers.Activation("relu", input_shape=(2,))])
            >>> K.eval(model.call(K.constant([[-1.0, 2.0]]))).tolist()
            [[0.0, 2.0]]
        """
        self._require_graph("call")
        masks = None if mask is None else to_list(mask, True)
        return unpack_singleton(self.run_internal_graph(to_list(inputs, True), masks)[0])

    def compute_mask(self, inputs: Any, mask: Any) -> Any:
        if not self._is_graph_network:
            return None
        masks = None if mask is None else to_list(mask, True)
        return unpack_singleton(self.run_internal_graph(to_list(inputs, True), masks)[1])

    def compute_output_shape(self, input_shape: Any) -> Any:
        if not self._is_graph_network:
            return super().compute_output_shape(input_shape)
        shapes = as_shapes(input_shape)
        known = {id(x): shape for x, shape in zip(self.inputs, shapes)}
        for node in self._graph.in_order():
            if node.inbound_layers:
                shapes = unpack_singleton([known[id(x)] for x in node.input_tensors])
                outputs = as_shapes(node.outbound_layer.compute_output_shape(shapes))
                known.update(zip(map(id, node.output_tensors), outputs))
        return unpack_singleton([known[id(x)] for x in self.outputs])

    def _refine_shapes(self, inputs, outputs):
        """The layers have refined their own."""

    def _compute(self, inputs, masks, arguments):
        if not self._is_graph_network or type(self).call is not Network.call:
            return super()._compute(inputs, masks, arguments)
        given = arguments.get("mask")
        if given is not None:
            masks = to_list(given, True)
        if input_key(inputs) == input_key(self.inputs) and is_all_none(masks):
            return self.outputs, self._inbound_nodes[0].output_masks
        outputs, output_masks, _ = self.run_internal_graph(to_list(inputs, True), masks)
        return outputs, output_masks

    def run_internal_graph(
        self, inputs: Sequence[Tensor], masks: Sequence[Any] | None = None
    ) -> tuple[list[Tensor], list[Any], list[Shape]]:
        """Computes the outputs for other inputs, once for the same inputs and masks.

        Losses and updates of the layers are filed in this network under these inputs.

        Args:
            inputs: list of tensors.
            masks: list with a mask or None an input; None for no masks.

        Returns:
            Three lists: output tensors, their masks and their shapes.

        Example:
            >>> model = models.Sequential([layers.Activation("relu", input_shape=(2,))])
            >>> outputs, masks, shapes = model.run_internal_graph([K.constant([[-1.0, 2.0]])])
            >>> K.eval(outputs[0]).tolist()
            [[0.0, 2.0]]
        """
        masks = [None] * len(inputs) if masks is None else masks
        call = (input_key(inputs), tuple(masks), K.learning_phase())
        if call not in self._computed:
            self._computed[call] = self._run_on(inputs, masks)
        outputs, output_masks = self._computed[call]
        return list(outputs), list(output_masks), [K.int_shape(x) for x in outputs]

    def _run_on(self, inputs, masks):
        def run(layer, tensors, tensor_masks, arguments):
            take_calls(1, lambda: f"Layer {layer.name}")
            outputs, output_masks = layer._compute(
                unpack_singleton(tensors), tensor_masks, arguments
            )
            self.add_loss(layer.get_losses_for(tensors), inputs)
            self._adopt_updates(layer, layer._updates_filed_for(tensors), inputs)
            return outputs, output_masks

        return self._replay(inputs, masks, run)

    def _replay(self, inputs, masks, run):
        """Walks the nodes from the inputs to the outputs.

        Args:
            inputs: list of tensors that take the place of the network's inputs.
            masks: list with a mask or None an input.
            run: function of layer, tensors, masks and keyword arguments giving the lists of
                outputs and masks.

        Returns:
            Two lists, the outputs and their masks.
        """
        if len(inputs) != len(self.inputs):
            raise ValueError(
                f"Model {self.name} has {len(self.inputs)} input(s) {self.input_names}, but was "
                f"called on {len(inputs)} tensor(s)."
            )
        known = {id(old): pair for old, pair in zip(self.inputs, zip(inputs, masks))}
        for node in self._graph.in_order():
            _replay_node(node, known, run)
        pairs = [known[id(x)] for x in self.outputs]
        return [tensor for tensor, _ in pairs], [mask for _, mask in pairs]

    # Configuration

    def get_config(self) -> dict[str, Any]:
        self._require_graph("configuration")
        return network_config(self)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """Makes a network of a configuration.

        Args:
            config: dict, what `get_config` gave.
            custom_objects: dict from names to classes and functions that are not Keras's own.

        Example:
            >>> x = layers.Input((2,))
            >>> model = models.Model(x, layers.Dense(1)(x))
            >>> models.Model.from_config(model.get_config()).output_shape  # the weights are new
            (None, 1)
        """
        return network_from_config(cls, config, custom_objects)


def _refuse_half(args, kwargs):
    """Refuses a model of tensors that lacks one end; a subclass gives neither."""
    given = "inputs" if args or "inputs" in kwargs else "outputs"
    values = [*args, *kwargs.values()]
    has_tensors = any(isinstance(x, Tensor) for value in values for x in to_list(value, True))
    if has_tensors or given in kwargs:
        raise TypeError(
            f"A model of tensors needs more than {given}: Model(inputs=..., outputs=...)."
        )


def _distinct_names(names):
    """Names of layers, numbered where a layer gives several outputs: `a`, `a_1`, `a_2`."""
    given = set(names)
    distinct: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for name in names:
        candidate, number = name, numbers.get(name, 0)
        while candidate in distinct or (number and candidate in given):
            number += 1
            candidate = f"{name}_{number}"
        numbers[name] = number
        distinct[candidate] = None
    return list(distinct)


def _replay_node(node, known, run):
    """Runs one node on the tensors that took the place of its inputs."""
    if not node.inbound_layers:
        return
    pairs = [known[id(x)] for x in node.input_tensors]
    tensors = [tensor for tensor, _ in pairs]
    masks = [mask for _, mask in pairs]
    outputs, output_masks = run(node.outbound_layer, tensors, masks, node.arguments or {})
    for old, new, mask in zip(node.output_tensors, outputs, output_masks):
        if mask is not None:
            new._keras_mask = mask
        known[id(old)] = (new, mask)


def check_endpoints(inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
    """Checks that a graph can begin and end at these tensors.

    Raises:
        ValueError: if one of them is no tensor that a layer gave, or an input comes twice.
    """
    for role, tensors in (("input", inputs), ("output", outputs)):
        for x in tensors:
            if not isinstance(x, Tensor) or not hasattr(x, "_keras_history"):
                foreign.refuse(x)
                hint = " First call the layer on a tensor." * isinstance(x, Layer)
                raise ValueError(
                    f"A model's {role} must be a tensor made by a Keras layer, not {x!r}.{hint} "
                    "Start from Input(shape=...), and wrap functions of tensors in Lambda layers."
                )
    if len({id(x) for x in inputs}) != len(inputs):
        raise ValueError(f"A model's inputs must differ, but one comes twice in {inputs}.")


def _entry(x, kind):
    """Where a network is fed with a tensor: its Input, or one that stands for another layer."""
    history = Endpoint(*x._keras_history)
    if isinstance(history.layer, InputLayer):
        return history
    warn(
        f"{kind} inputs must come from `keras.layers.Input`, but {x.name} is the output of layer "
        f"{history.layer.name}. The model is fed with that output; layers before it are no part "
        f"of the model. Build on Input(shape={K.int_shape(x)[1:]}) to say so.",
    )
    layer = InputLayer(input_tensor=x)
    layer.is_placeholder = True
    x._keras_history = tuple(history)
    return Endpoint(layer, 0, 0)
