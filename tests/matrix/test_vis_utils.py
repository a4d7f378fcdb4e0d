"""Pictures of models and of training; the graphs expected are those that Keras 2.3.1 makes."""

from __future__ import annotations

import shutil
import sys
import types

import numpy as np
import pytest

from keras_core import layers as L
from keras_core import utils
from keras_core.models import Model, Sequential
from keras_core.utils import vis_utils

RECORD = "|{input:|output:}|"


def facts(graph):
    """Labels of a graph's nodes in order, edges between them, and the frames inside."""
    labels = {}

    def walk(part):
        for node in part.get_nodes():
            if node.get_name() not in ("node", "graph", "edge"):
                labels[node.get_name().strip('"')] = node.get_label().strip('"')
        frames = {frame.get_label(): walk(frame) for frame in part.get_subgraphs()}
        own = [(edge.get_source(), edge.get_destination()) for edge in part.get_edges()]
        return {"edges": own, "frames": frames}

    found = walk(graph)

    def named(part):
        edges = [tuple(labels[str(end).strip('"')] for end in edge) for edge in part["edges"]]
        return {"edges": edges, "frames": {k: named(v) for k, v in part["frames"].items()}}

    return list(labels.values()), named(found)


@pytest.fixture
def pydot():
    return pytest.importorskip("pydot")


def nested():
    inner = Sequential([L.Dense(4, input_shape=(5,), name="n1"), L.Dense(3, name="n2")], name="in")
    inputs = L.Input((5,), name="x")
    hidden = inner(inputs)
    return Model(inputs, L.Add(name="sum")([hidden, inner(inputs)]))


def test_a_chain_is_a_row_of_nodes(pydot):
    model = Sequential([L.Dense(4, input_shape=(5,), name="a"), L.Activation("relu", name="b")])
    graph = utils.model_to_dot(model)
    labels, found = facts(graph)
    assert labels == ["a_input: InputLayer", "a: Dense", "b: Activation"]
    assert found["edges"] == list(zip(labels, labels[1:]))
    assert graph.get_attributes() == {"rankdir": "TB", "concentrate": True, "dpi": 96}


def test_shapes_and_classes_without_names(pydot):
    model = Sequential([L.Dense(4, input_shape=(5,), name="a")])
    graph = utils.model_to_dot(model, show_shapes=True, show_layer_names=False, rankdir="LR")
    labels, _ = facts(graph)
    assert labels == [
        f"InputLayer\n{RECORD}{{{{(None, 5)}}|{{(None, 5)}}}}",
        f"Dense\n{RECORD}{{{{(None, 5)}}|{{(None, 4)}}}}",
    ]
    assert graph.get_rankdir() == "LR"


def test_every_tensor_between_layers_is_an_edge(pydot):
    labels, found = facts(utils.model_to_dot(nested()))
    assert labels == ["x: InputLayer", "in: Sequential", "sum: Add"]
    x, inner, total = labels
    assert found["edges"] == [(x, inner), (x, inner), (inner, total), (inner, total)]


def test_nested_models_are_frames(pydot):
    _, found = facts(utils.model_to_dot(nested(), expand_nested=True))
    edges = [("x: InputLayer", "n1_input: InputLayer"), ("n2: Dense", "sum: Add")]
    assert found["edges"] == edges
    assert found["frames"]["in"]["edges"] == [
        ("n1_input: InputLayer", "n1: Dense"),
        ("n1: Dense", "n2: Dense"),
    ]


def test_wrappers_name_what_they_wrap(pydot):
    model = Sequential(
        [
            L.TimeDistributed(L.Dense(2, name="d"), input_shape=(3, 4), name="t"),
            L.Bidirectional(L.LSTM(2, name="l"), name="b"),
        ]
    )
    labels, _ = facts(utils.model_to_dot(model))
    assert labels[1:] == ["t(d): TimeDistributed(Dense)", "b(l): Bidirectional(LSTM)"]


def test_a_wrapped_model_is_a_frame_behind_its_wrapper(pydot):
    inputs = L.Input((4,), name="i")
    inner = Model(inputs, L.Dense(3, name="d")(inputs), name="m")
    sequence = L.Input((5, 4), name="s")
    model = Model(sequence, L.GRU(2, name="g")(L.TimeDistributed(inner, name="t")(sequence)))
    labels, found = facts(utils.model_to_dot(model, expand_nested=True))
    assert "t: TimeDistributed" in labels
    assert found["edges"] == [
        ("s: InputLayer", "t: TimeDistributed"),
        ("t: TimeDistributed", "i: InputLayer"),
        ("d: Dense", "g: GRU"),
    ]


def test_a_model_without_a_graph_says_so(pydot):
    with pytest.raises(ValueError, match="input_shape|no graph of layers|shape of its input"):
        utils.model_to_dot(Sequential([L.Dense(3)]))


@pytest.mark.parametrize(
    "ending, magic", [(".png", b"\x89PNG"), (".pdf", b"%PDF"), ("", b"\x89PNG")]
)
def test_a_picture_has_the_format_of_its_ending(pydot, tmp_path, ending, magic):
    if not shutil.which("dot"):
        pytest.skip("Graphviz is not installed")
    utils.plot_model(nested(), tmp_path / f"model{ending}", show_shapes=True)
    written = tmp_path / f"model{ending or '.png'}"
    assert written.read_bytes().startswith(magic)


def test_a_missing_program_or_folder_is_named(pydot, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="no folder"):
        utils.plot_model(nested(), tmp_path / "missing" / "model.png")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="apt install graphviz"):
        utils.plot_model(nested(), tmp_path / "model.png")


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pydot", None)
    with pytest.raises(ImportError, match=r"keras-core\[plot\]"):
        utils.model_to_dot(nested())
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"keras-core\[plot\]"):
        utils.plot_history({"loss": [1.0]})


# Of what an older matplotlib is made of.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_history_is_drawn_a_panel_a_metric(tmp_path):
    pytest.importorskip("matplotlib")
    values = {"loss": [3.0, 2.0], "acc": [0.1, 0.5], "val_loss": [4.0, 3.0], "lr": [0.1, 0.1]}
    figure = utils.plot_history(values, tmp_path / "history.png")
    assert [panel.get_ylabel() for panel in figure.axes] == ["loss", "acc", "lr"]
    training, validation = figure.axes[0].lines
    np.testing.assert_array_equal(training.get_xydata(), [[1, 3], [2, 2]])
    np.testing.assert_array_equal(validation.get_xydata(), [[1, 4], [2, 3]])
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")


def test_a_metric_that_was_not_measured_is_refused():
    with pytest.raises(ValueError, match="'f1'"):
        utils.plot_history({"loss": [1.0]}, metrics=["f1"])


def test_the_model_for_several_gpus_computes_the_same():
    model = Sequential([L.Dense(3, input_shape=(4,), activation="tanh", name="d")])
    with pytest.warns(UserWarning, match="one device"):
        parallel = utils.multi_gpu_model(model, gpus=2)
    inputs = np.random.RandomState(0).uniform(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(parallel.predict(inputs), model.predict(inputs))
    assert parallel.layers[-2] is model
    assert parallel.output_names == model.output_names
    parallel.compile("sgd", "mse")
    before = model.get_weights()
    parallel.fit(inputs, np.ones((5, 3)), verbose=0)
    assert not np.allclose(model.get_weights()[0], before[0])


def test_fewer_than_two_gpus_are_refused():
    model = Sequential([L.Dense(3, input_shape=(4,))])
    for gpus in (0, 1, [0]):
        with pytest.raises(ValueError, match="2 or more"):
            utils.multi_gpu_model(model, gpus=gpus)
    with pytest.warns(UserWarning, match="one device"):
        assert utils.multi_gpu_model(model) is model


def test_names_with_the_signs_that_divide_boxes(pydot):
    model = Sequential([L.Dense(2, input_shape=(3,), name="a|b{c}<d>")])
    assert r"a\|b\{c\}\<d\>: Dense" in vis_utils.model_to_dot(model).to_string()


def test_formats_that_a_notebook_cannot_show(monkeypatch):
    class Image:
        def __init__(self, filename):
            raise ValueError(f"Cannot embed {filename}")

    display = types.SimpleNamespace(Image=Image)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(display=display))
    assert vis_utils._shown("model.pdf") is None
