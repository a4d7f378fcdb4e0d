"""What layers cost for one sample, read off the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from keras_core.graph import Constant, Placeholder, Tensor, order
from keras_core.graph import Node as Operation
from keras_core.graph.passes.fold import fold_node
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.spec import Dim
from keras_core.graph.work import multiply_adds, product, total

# A layer, with the models around it before it.
Path = tuple[Any, ...]


class Cost(NamedTuple):
    """Multiply-adds and bytes; None where one depends on a size that is not known."""

    multiply_adds: Dim = 0
    size: Dim = 0


class ModelCosts:
    """The costs of the layers of a model.

    Args:
        model: Model that is built.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._calls: dict[Path, list[Cost]] = {}
        inputs = [_one_sample(x) for x in model.inputs or ()]
        # A batch of a fixed size is counted whole, and shared out among its samples.
        self._samples = next((x.shape[0] for x in inputs if x.shape), None) or 1
        try:
            self._measure(model, inputs, ())
        except ValueError:  # there is no graph, or it refuses a batch of one sample
            self._calls = {(layer,): [Cost(None, None)] for layer in model.layers}

    def of(self, path: Path) -> Cost | None:
        """The cost of a layer's calls and weights; None for one in a model without a graph."""
        costs = self._calls.get(path)
        return None if costs is None else self._shared_out(costs, path[-1].weights)

    @cached_property
    def whole(self) -> Cost:
        """The cost of the model: all calls of its layers, and each weight once."""
        costs = [cost for path in self._calls if len(path) == 1 for cost in self._calls[path]]
        return self._shared_out(costs, self._model.weights)

    def _shared_out(self, costs: Sequence[Cost], weights: Iterable[Tensor]) -> Cost:
        work, outputs = _added(costs)
        held = sum(map(_bytes, dict.fromkeys(weights)))  # type: ignore[arg-type]
        return Cost(self._share(work), total([self._share(outputs), held]))

    def _share(self, count: Dim) -> Dim:
        return None if count is None else count // self._samples

    def _measure(self, model: Any, inputs: Sequence[Tensor], outer: Path) -> Cost:
        """Notes the cost of each call in a model that is given these inputs.

        Returns:
            The sum.
        """
        calls = _calls(model)
        graph = _Graph(model, inputs, calls)
        costs = [self._measure_call(call, graph, outer) for call in calls]
        return _added(costs)

    def _measure_call(self, call: Any, graph: _Graph, outer: Path) -> Cost:
        path = (*outer, call.outbound_layer)
        if not call.inbound_layers:
            cost = Cost()  # an input comes from outside, or is what another layer gave
        elif _is_graph(call.outbound_layer):
            cost = self._measure(call.outbound_layer, graph.inputs(call), path)
        else:
            cost = Cost(multiply_adds(graph.operations(call)), graph.output_bytes(call))
        self._calls.setdefault(path, []).append(cost)
        return cost


class _Graph:
    """What the calls of a model compute in prediction, for inputs of other sizes.

    Args:
        model: the model.
        inputs: tensors that take the place of its inputs.
        calls: its calls, as nodes of layers.
    """

    def __init__(self, model: Any, inputs: Sequence[Tensor], calls: Sequence[Any]) -> None:
        tensors = [x for call in calls for x in _ends(call)]
        rewriter = Rewriter(dict(zip(model.inputs, inputs)), _in_prediction)
        self._new = {old.key: new for old, new in zip(tensors, rewriter(tensors))}
        self._ends = {x.key for x in self._new.values()}

    def inputs(self, call: Any) -> list[Tensor]:
        return [self._new[x.key] for x in call.input_tensors]

    def _outputs(self, call: Any) -> list[Tensor]:
        return [self._new[x.key] for x in call.output_tensors]

    def operations(self, call: Any) -> list[Operation]:
        """What stands between the inputs of a call, or what other calls gave, and its outputs."""
        outputs = self._outputs(call)
        own = {x.key for x in outputs} - {x.key for x in self.inputs(call)}
        return order.topological(outputs, lambda x: x.key in self._ends and x.key not in own)

    def output_bytes(self, call: Any) -> Dim:
        return total(map(_bytes, self._outputs(call)))


def _ends(call: Any) -> list[Tensor]:
    """The tensors and masks that go into a call and come out of it."""
    masks = [x for x in (*call.input_masks, *call.output_masks) if isinstance(x, Tensor)]
    return [*call.input_tensors, *call.output_tensors, *masks]


def _calls(model: Any) -> list[Any]:
    """The calls in a model; where it has no graph, those that its outputs depend on.

    Raises:
        ValueError: it was built for a shape, and met no tensors yet.
    """
    if model._is_graph_network:
        return list(model._graph.in_order())
    if not model.inputs:
        raise ValueError(f"Model {model.name} was never called.")
    made = {(node, i) for node in order.topological(model.outputs) for i in range(len(node.specs))}
    calls = (call for layer in model.layers for call in layer._inbound_nodes)
    return [call for call in calls if {x.key for x in call.output_tensors} <= made]


def _is_graph(layer: Any) -> bool:
    return bool(getattr(layer, "_is_graph_network", False))


def _in_prediction(operation: Operation) -> Sequence[Tensor] | None:
    """Rule of a rewriter: the learning phase is 0, and what follows from that and sizes is done."""
    return [Constant(False)] if operation.primitive.phase else fold_node(operation)


def _one_sample(x: Tensor) -> Tensor:
    """A tensor like `x` whose batch has one sample, unless another number of them is fixed."""
    if not x.shape or x.shape[0] is not None:
        return x
    return Placeholder((1, *x.sizes[1:]), x.dtype, x.name)


def _bytes(x: Tensor) -> Dim:
    return product((*x.shape, np.dtype(x.dtype).itemsize))


def _added(costs: Sequence[Cost]) -> Cost:
    return Cost(total(cost.multiply_adds for cost in costs), total(cost.size for cost in costs))
