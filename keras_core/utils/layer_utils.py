"""The table of a model's layers, and helpers on layers."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import missing
from keras_core.graph import Tensor, Variable
from keras_core.legacy import names
from keras_core.legacy.calls import warn
from keras_core.utils.conv_utils import convert_kernel  # noqa: F401  (by this name in Keras 2)
from keras_core.utils.generic_utils import to_list
from keras_core.utils.layer_costs import Cost, ModelCosts, Path
from keras_core.utils.weight_conversion import convert_weights

__all__ = [
    "convert_all_kernels_in_model",
    "convert_dense_weights_data_format",
    "count_params",
    "get_source_inputs",
    "print_summary",
]

missing.explain_attributes(globals())

_COLUMNS = ("Layer (type)", "Output Shape", "Param #")
_COST_COLUMNS = ("Multiply-adds", "Bytes")

# Characters a line, and where its columns end: by whether the layers are a chain, and with costs.
_LAYOUTS: dict[tuple[bool, bool], tuple[int, Any]] = {
    (True, False): (65, [0.45, 0.85, 1.0]),
    (False, False): (98, [0.33, 0.55, 0.67, 1.0]),
    (True, True): (96, [0.31, 0.58, 0.69, 0.85, 1.0]),
    (False, True): (129, [0.26, 0.42, 0.52, 0.64, 0.76, 1.0]),
}

# Whether weights are listed as if no layer was frozen, which is their order in files.
_unfrozen: ContextVar[bool] = ContextVar("unfrozen", default=False)


@contextmanager
def unfrozen() -> Iterator[None]:
    """Lists weights as if no layer was frozen: an order that freezing does not change."""
    token = _unfrozen.set(True)
    try:
        yield
    finally:
        _unfrozen.reset(token)


def lists_unfrozen() -> bool:
    """Whether weights are listed as if no layer was frozen."""
    return _unfrozen.get()


def describe(layer: Any) -> str:
    """Names a layer in a message, as ``dense_1 (Dense)``."""
    return f"{layer.name} ({type(layer).__name__})"


def represent(layer: Any) -> str:
    """The `repr` of a layer or model: class, name, and the shapes of its calls."""
    name = layer.__dict__.get("name")
    nodes = layer.__dict__.get("_inbound_nodes") or []
    calls = {f"{_shapes(x.input_shapes)} -> {_shapes(x.output_shapes)}": None for x in nodes}
    called = ", ".join(calls) if len(calls) < 4 else f"{len(calls)} calls"
    return f"<{type(layer).__name__} {name!r}{': ' * bool(calls)}{called}>"


def _shapes(shapes: Any) -> str:
    return ", ".join(map(str, shapes)) if isinstance(shapes, list) else str(shapes)


def count_params(weights: Iterable[Variable]) -> int:
    """Counts the numbers in variables, each variable once.

    Args:
        weights: iterable of variables.

    Returns:
        int.
    """
    return int(sum(K.count_params(weight) for weight in dict.fromkeys(weights)))


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[Any] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    cost: bool = False,
) -> None:
    """Prints a table of a model's layers.

    With `cost`, two columns say what a layer costs for one sample. *Multiply-adds* are the products
    that its matrix products, convolutions and sums (as K.sum(a * b)) add up in prediction, in all
    of its calls and, for a recurrent layer, steps; what is done element by element (activations,
    biases, normalization) and in poolings counts nothing. *Bytes* are what its weights and the
    outputs of its calls take; an Input is no output. Both are read off the graph, so layers of your
    own count as well. `?` stands where a size other than the batch's is not known, as the number of
    steps: give Input its sizes.

    Args:
        model: Model that is built; programs of Keras 1 gave the list of its layers.
        line_length: int, characters a line; 65 by default, or 98 with a column of connections (96
            and 129 with costs), and more on a terminal if names need it and it is wide enough.
        positions: list of column ends, in characters or as fractions of the line.
        print_fn: function of one line; `print` by default.
        expand_nested: bool, whether the layers of a nested model follow it, marked by `| `; they
            have no costs if it is no graph of layers.
        cost: bool, whether to say what layers cost; of a model alone.

    Raises:
        TypeError: if it is given a list, by a program that was not written for Keras 1.

    Example:
        >>> model = models.Sequential([layers.Dense(8, input_shape=(4,), name="hidden")])
        >>> lines = []
        >>> utils.print_summary(model, line_length=60, print_fn=lines.append)
        >>> [line.split() for line in lines if line.startswith("hidden")]
        [['hidden', '(Dense)', '(None,', '8)', '40']]
    """
    show = print_fn or print
    if isinstance(model, (list, tuple)):
        model = _Layers(model)
    chain = _is_chain(model)
    costs = ModelCosts(model) if cost else None
    heading = _heading(chain, cost)
    rows = _rows(model, chain, expand_nested, costs)
    usual_length, fractions = _LAYOUTS[chain, cost]
    fractions = positions or fractions
    if not (line_length or positions or print_fn):
        line_length, fractions = _fitted([[heading], *rows], usual_length, fractions)
    line_length = line_length or usual_length
    positions = fractions
    if positions[-1] <= 1:
        positions = [int(line_length * position) for position in positions]
    if model.name:
        show(f'Model: "{model.name}"')
    show("_" * line_length)
    show(_row(heading, positions))
    show("=" * line_length)
    for index, of_layer in enumerate(rows, start=1):
        for fields in of_layer:
            show(_row(fields, positions))
        show(("=" if index == len(rows) else "_") * line_length)
    for line in _totals(model):
        show(line)
    if costs is not None:
        _show_total_cost(costs.whole, show)
    show("_" * line_length)


def summary_html(model: Any) -> str:
    """The table of a model's layers that `print_summary` prints, as HTML.

    Args:
        model: Model that is built.

    Returns:
        HTML, in which names are escaped.

    Example:
        >>> model = models.Sequential([layers.Dense(8, input_shape=(4,), name="hidden")])
        >>> html = layer_utils.summary_html(model)
        >>> "hidden (Dense)" in html, "Total params: 40" in html
        (True, True)
    """
    from keras_core.utils import notebook

    chain = _is_chain(model)
    rows = _rows(model, chain, expand_nested=False, costs=None)
    title = f'{type(model).__name__}: "{model.name}"'
    return notebook.table(title, _heading(chain, cost=False), rows, _totals(model))


class _Layers:
    """A list of layers in place of a model, which `print_summary` was given in Keras 1."""

    name = None
    _is_graph_network = True

    def __init__(self, layers: Sequence[Any]) -> None:
        advice = "print_summary was given layers, as in Keras 1. Write model.summary()."
        if not names.is_answered():
            raise TypeError(advice)
        warn(advice, depth=2)
        self.layers = layers
        self._network_nodes = {node for layer in layers for node in layer._inbound_nodes}
        self._nodes_by_depth: dict[int, list[Any]] = {0: []}
        self.trainable_weights, self.non_trainable_weights = (
            [weight for layer in layers for weight in getattr(layer, kind)]
            for kind in ("trainable_weights", "non_trainable_weights")
        )


def _heading(chain: bool, cost: bool) -> tuple[str, ...]:
    return (*_COLUMNS, *_COST_COLUMNS * cost, *("Connected to",) * (not chain))


def _rows(
    model: Any, chain: bool, expand_nested: bool, costs: ModelCosts | None, outer: Path = ()
) -> list[list[Any]]:
    """The rows of each layer, with those of the layers in it if asked for."""
    found = []
    for layer in model.layers:
        path = (*outer, layer)
        shown = () if costs is None else _cost_fields(costs.of(path))
        (name, *fields), *rest = _layer_rows(model, layer, chain, shown)
        found.append([("| " * len(outer) + name, *fields), *rest])
        if expand_nested and hasattr(layer, "_is_graph_network"):
            found += _rows(layer, chain, True, costs, path)
    return found


def _cost_fields(cost: Cost | None) -> tuple[str, ...]:
    return ("", "") if cost is None else tuple("?" if n is None else f"{n:,}" for n in cost)


def _fitted(rows: Sequence[Any], length: int, fractions: Sequence[Any]) -> tuple[int, Any]:
    """Length and column ends that show all names whole, where a terminal is wide enough."""
    terminal = shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0
    columns = zip(*(fields for of_layer in rows for fields in of_layer))
    widths = [max(len(str(field)) for field in column) + 1 for column in columns]
    ends = list(itertools.accumulate(widths))
    plain = [int(length * fraction) for fraction in fractions]
    cut = any(width > end - start for width, start, end in zip(widths, [0, *plain], plain))
    return (ends[-1], ends) if cut and ends[-1] <= terminal else (length, fractions)


def _is_chain(model: Any) -> bool:
    """Whether each layer has one source and one call, so that no column need say who feeds it."""
    if type(model).__name__ == "Sequential" or not model._is_graph_network:
        return True
    one_a_depth = all(
        len(nodes) == 1 and len(nodes[0].inbound_layers) <= 1
        for nodes in model._nodes_by_depth.values()
    )
    return one_a_depth and len(model._network_nodes) == len(model.layers)


def _row(fields: Sequence[Any], positions: Sequence[int]) -> str:
    line = ""
    for index, (field, end) in enumerate(zip(fields, positions)):
        if index:
            line = line[:-1] + " "
        line = (line + str(field))[:end].ljust(end)
    return line


def _layer_rows(model, layer, chain, costs):
    name = f"{layer.name} ({type(layer).__name__})"
    fields = (name, _shape_of(layer), layer.count_params(), *costs)
    if chain:
        return [fields]
    sources = _sources(model, layer) or [""]
    empty = ("",) * len(fields)
    return [(*fields, sources[0])] + [(*empty, source) for source in sources[1:]]


def _shape_of(layer: Any) -> Any:
    try:
        return layer.output_shape
    except AttributeError:
        return "multiple"


def _sources(model: Any, layer: Any) -> list[str]:
    return [
        f"{source.name}[{node_index}][{tensor_index}]"
        for node in layer._inbound_nodes
        if node in model._network_nodes
        for source, node_index, tensor_index in zip(
            node.inbound_layers, node.node_indices, node.tensor_indices
        )
    ]


def _totals(model: Any) -> list[str]:
    # A compiled model trains what was trainable then.
    collected = getattr(model, "_collected_trainable_weights", None)
    trainable = count_params(collected or model.trainable_weights)
    frozen = count_params(model.non_trainable_weights)
    return [
        f"Total params: {trainable + frozen:,}",
        f"Trainable params: {trainable:,}",
        f"Non-trainable params: {frozen:,}",
    ]


def _show_total_cost(cost: Cost, show: Callable[[str], Any]) -> None:
    multiply_adds, size = _cost_fields(cost)
    show(f"Multiply-adds for one sample: {multiply_adds}")
    show(f"Bytes of weights and outputs for one sample: {size}")


def get_source_inputs(
    tensor: Tensor, layer: Any = None, node_index: int | None = None
) -> list[Tensor]:
    """Lists the Input tensors that a tensor depends on.

    Args:
        tensor: tensor that a layer gave.
        layer: the layer that gave it; read off the tensor by default.
        node_index: int, which call of the layer gave it.

    Returns:
        A list of tensors; the tensor itself when no layer gave it.

    Example:
        >>> x = layers.Input((3,))
        >>> y = layers.Dense(1)(layers.Dense(2)(x))
        >>> utils.get_source_inputs(y)[0] is x
        True
    """
    if not hasattr(tensor, "_keras_history"):
        return [tensor]
    if layer is None or node_index:
        layer, node_index, _ = tensor._keras_history
    if not layer._inbound_nodes:
        return [tensor]
    found, seen, waiting = {}, set(), [layer._inbound_nodes[node_index or 0]]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if not node.inbound_layers:
            found.update(dict.fromkeys(node.input_tensors))
        waiting += reversed(node.inbound_nodes())
    return list(found)


def convert_all_kernels_in_model(model: Any) -> None:
    """Reverses all convolution kernels, which turns a model for Theano's convolution into one for
    the others', and back.

    Args:
        model: Model, changed in place.

    Example:
        >>> model = models.Sequential([layers.Conv1D(1, 3, use_bias=False, input_shape=(5, 1))])
        >>> model.set_weights([np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1)])
        >>> utils.convert_all_kernels_in_model(model)
        >>> model.get_weights()[0].ravel().tolist()
        [3.0, 2.0, 1.0]
    """
    changed: list[Any] = []
    for layer in model.layers:
        arrays = K.batch_get_value(layer.weights)
        changed += zip(layer.weights, convert_weights(layer, arrays, engine="theano"))
    K.batch_set_value(changed)


def convert_dense_weights_data_format(
    dense: Any,
    previous_feature_map_shape: Sequence[int],
    target_data_format: str = "channels_first",
) -> None:
    """Reorders the rows of a Dense kernel behind a Flatten for the other data format.

    Args:
        dense: Dense layer, changed in place.
        previous_feature_map_shape: tuple of three ints, the shape before Flatten without the batch
            axis, in the target data format.
        target_data_format: 'channels_first' or 'channels_last', the format after the conversion.

    Raises:
        ValueError: for another data format.
    """
    if target_data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            "convert_dense_weights_data_format: target_data_format must be 'channels_first' or "
            f"'channels_last', not {target_data_format!r}."
        )
    kernel, *rest = dense.get_weights()
    shape = tuple(to_list(previous_feature_map_shape, allow_tuple=True))
    if target_data_format == "channels_first":
        channels, rows, columns = shape
        maps = kernel.reshape(rows, columns, channels, -1).transpose(2, 0, 1, 3)
    else:
        rows, columns, channels = shape
        maps = kernel.reshape(channels, rows, columns, -1).transpose(1, 2, 0, 3)
    dense.set_weights([np.ascontiguousarray(maps).reshape(kernel.shape), *rest])


def layers_within(layers: Iterable[Any]) -> Iterator[Any]:
    """The layers, and those inside of models, wrappers and recurrent layers, each once."""
    seen: set[int] = set()
    waiting = list(layers)
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer
        parts = ("layer", "forward_layer", "backward_layer", "cell")
        waiting += [vars(layer)[part] for part in parts if hasattr(vars(layer).get(part), "call")]
        waiting += layer._layers
