"""Pictures: of a model as a graph, by pydot and Graphviz, and of its training, by matplotlib."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from keras_core import missing, namespaces
from keras_core.utils.io_utils import check_folder
from keras_core.utils.notebook import panel_names

__all__ = [
    "add_edge",
    "is_model",
    "is_wrapped_model",
    "model_to_dot",
    "plot_history",
    "plot_model",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())


def is_model(layer: Any) -> bool:
    """Whether a layer is a model, with layers of its own.

    Args:
        layer: Layer.
    """
    return hasattr(layer, "run_internal_graph")


def is_wrapped_model(layer: Any) -> bool:
    """Whether a layer is a wrapper, such as TimeDistributed, around a model.

    Args:
        layer: Layer.
    """
    return is_model(getattr(layer, "layer", None))


def add_edge(dot: Any, src: str, dst: str) -> None:
    """Adds an edge to a graph that does not have it.

    Args:
        dot: `pydot.Dot`.
        src: name of the node where it starts.
        dst: name of the node where it ends.
    """
    if not dot.get_edge(src, dst):
        _connect(dot, src, dst)


def _connect(dot: Any, src: str, dst: str) -> None:
    dot.add_edge(_pydot().Edge(src, dst))


def _pydot() -> Any:
    try:
        import pydot
    except ImportError as error:
        raise ImportError(
            "A graph of a model needs pydot, and Graphviz to draw it. Write pip install "
            "'keras-core[plot]>=2.4,<3', and install Graphviz (apt install graphviz, brew install "
            "graphviz, or graphviz.org)."
        ) from error
    return pydot


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 96,
    subgraph: bool = False,
) -> Any:
    """A model as a graph of pydot: a node a layer, an edge a tensor that one hands to another.

    Args:
        model: Model or Sequential; built if it can be.
        show_shapes: bool, whether nodes tell the shapes of input and output.
        show_layer_names: bool, whether nodes tell the names of layers besides their classes.
        rankdir: `'TB'` from top to bottom, `'LR'` from left to right.
        expand_nested: bool, whether models in the model are drawn as frames with their layers.
        dpi: int, dots an inch.
        subgraph: bool, whether to return a `pydot.Cluster`, to be put into another graph.

    Returns:
        A `pydot.Dot`, or a `pydot.Cluster`.

    Raises:
        ImportError: pydot is missing.
        ValueError: the model has no graph of layers.

    Example:
        >>> model = models.Sequential([layers.Dense(8, input_shape=(4,)), layers.Dense(1)])
        >>> dot = utils.model_to_dot(model, show_shapes=True)
        >>> len(dot.get_edges())
        2
    """
    pydot = _pydot()
    if not model.built and hasattr(model, "add"):
        model.build()
    if not getattr(model, "_network_nodes", None):
        raise ValueError(
            f"Model {model.name} has no graph of layers to draw: its layers are called by its own "
            "code, or it does not know the shape of its input yet."
        )
    if subgraph:
        dot = pydot.Cluster(style="dashed", graph_name=model.name)
        dot.set("label", model.name)
        dot.set("labeljust", "l")
    else:
        dot = pydot.Dot()
        dot.set("rankdir", rankdir)
        dot.set("concentrate", True)
        dot.set("dpi", dpi)
        dot.set_node_defaults(shape="record")
    options = {"show_shapes": show_shapes, "show_layer_names": show_layer_names}
    for layer in model._graph.layers:
        _add_layer(dot, layer, expand_nested, {**options, "rankdir": rankdir, "dpi": dpi})
    for layer in model._graph.layers:
        _add_edges(dot, layer, model._network_nodes, expand_nested)
    return dot


def _add_layer(dot: Any, layer: Any, expand_nested: bool, options: Mapping[str, Any]) -> None:
    inner = _inner_model(layer) if expand_nested else None
    if inner is not None:
        dot.add_subgraph(model_to_dot(inner, expand_nested=True, subgraph=True, **options))
    if inner is not layer:
        label = _label(layer, inner is not None, **options)
        dot.add_node(_pydot().Node(str(id(layer)), label=label))


def _inner_model(layer: Any) -> Any:
    """The model that a layer is, or wraps; None for others."""
    if is_model(layer):
        return layer
    return layer.layer if is_wrapped_model(layer) else None


def _label(
    layer: Any, expanded: bool, show_shapes: bool, show_layer_names: bool, **others: Any
) -> str:
    name, kind = layer.name, type(layer).__name__
    wrapped = getattr(layer, "layer", None)
    if wrapped is not None and hasattr(wrapped, "get_config") and not expanded:
        name, kind = f"{name}({wrapped.name})", f"{kind}({type(wrapped).__name__})"
    label = _escaped(f"{name}: {kind}" if show_layer_names else kind)
    if show_shapes:
        shapes = f"{{{_shape(layer, 'input_shape')}}}|{{{_shape(layer, 'output_shape')}}}"
        label += f"\n|{{input:|output:}}|{{{shapes}}}"
    return label


def _escaped(text: str) -> str:
    """Text without what divides the box of a node."""
    return re.sub(r"[{}|<>\\]", r"\\\g<0>", text)


def _shape(layer: Any, which: str) -> str:
    try:
        return str(getattr(layer, which))
    except AttributeError:
        return "multiple"


def _add_edges(dot: Any, layer: Any, nodes: Any, expand_nested: bool) -> None:
    for node in layer._inbound_nodes:
        if node not in nodes:
            continue
        for inbound in node.inbound_layers:
            if inbound is None:
                continue
            if expand_nested and (_inner_model(inbound) or _inner_model(layer)):
                _add_expanded_edge(dot, inbound, layer)
            else:
                _connect(dot, str(id(inbound)), str(id(layer)))


def _add_expanded_edge(dot: Any, inbound: Any, layer: Any) -> None:
    source = _end(inbound, last=True)
    if is_wrapped_model(layer):
        add_edge(dot, source, str(id(layer)))
        source = str(id(layer))
    add_edge(dot, source, _end(layer, last=False))


def _end(layer: Any, last: bool) -> str:
    """The node of a layer; of the first or last layer in it where it is drawn as a frame."""
    inner = _inner_model(layer)
    while inner is not None:
        layer = inner._graph.layers[-1 if last else 0]
        inner = _inner_model(layer)
    return str(id(layer))


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 96,
) -> Any:
    """Draws a model as a graph into a file.

    Args:
        model: Model or Sequential; built if it can be.
        to_file: path of the picture; its ending is the format, PNG where it has none.
        show_shapes: bool, whether nodes tell the shapes of input and output.
        show_layer_names: bool, whether nodes tell the names of layers besides their classes.
        rankdir: `'TB'` from top to bottom, `'LR'` from left to right.
        expand_nested: bool, whether models in the model are drawn as frames with their layers.
        dpi: int, dots an inch.

    Returns:
        An `IPython.display.Image`, which notebooks show, where IPython is installed and can show
        the format; else None.

    Raises:
        ImportError: pydot is missing.
        OSError: Graphviz or the folder of the file is missing.
    """
    dot = model_to_dot(model, show_shapes, show_layer_names, rankdir, expand_nested, dpi)
    path = os.fspath(to_file)
    check_folder(path)
    ending = os.path.splitext(path)[1][1:]
    try:
        dot.write(path if ending else path + ".png", format=ending or "png")
    except FileNotFoundError as error:
        raise OSError(
            "Graphviz, which draws the graph of a model, is not there: its program 'dot' was not "
            "found. Install it (apt install graphviz, brew install graphviz, or graphviz.org)."
        ) from error
    return _shown(path if ending else path + ".png")


def _shown(path: str) -> Any:
    try:
        from IPython import display
    except ImportError:
        return None
    try:
        return display.Image(filename=path)
    except ValueError:
        return None


def plot_history(history: Any, to_file: Any = None, metrics: Sequence[str] | None = None) -> Any:
    """Draws losses and metrics epoch by epoch: a panel each, with training and validation in it.

    Args:
        history: History that `fit` returned, or its dict of lists.
        to_file: path of the picture; None writes none.
        metrics: names of those to draw, without `val_`; all by default.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ImportError: matplotlib is missing.
        ValueError: a metric that the history does not have, or a history of nothing.

    Example:
        >>> history = callbacks.History()
        >>> history.history = {"loss": [2.0, 1.0], "val_loss": [2.5, 1.5], "mae": [1.0, 0.5]}
        >>> figure = utils.plot_history(history, to_file="history.png")
        >>> [panel.get_ylabel() for panel in figure.axes]
        ['loss', 'mae']
    """
    values = getattr(history, "history", history)
    names = list(metrics) if metrics is not None else panel_names(values)
    unknown = [name for name in names if name not in values]
    if unknown or not names:
        raise ValueError(f"The history has {list(values)}, and no {unknown or 'epochs'}.")
    if to_file is not None:
        check_folder(to_file)
    figure = _figure()(figsize=(6.4, 2.4 * len(names) + 0.8), layout="constrained")
    epochs = getattr(history, "epoch", None)
    for panel, name in zip(figure.subplots(len(names), squeeze=False)[:, 0], names):
        _draw(panel, name, values, epochs)
    if to_file is not None:
        figure.savefig(to_file)
    return figure


def _figure() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "plot_history needs matplotlib. Write pip install 'keras-core[plot]>=2.4,<3'."
        ) from error
    return Figure


def _draw(panel: Any, name: str, values: Mapping[str, Any], epochs: Sequence[int] | None) -> None:
    for key, label in ((name, "training"), (f"val_{name}", "validation")):
        if key in values:
            # Counted from 1, as the progress bar does.
            steps = (
                epochs if epochs and len(epochs) == len(values[key]) else range(len(values[key]))
            )
            panel.plot([step + 1 for step in steps], values[key], marker=".", label=label)
    panel.set(xlabel="epoch", ylabel=name)
    panel.legend()
