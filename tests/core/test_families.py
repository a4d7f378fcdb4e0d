"""Families: objects by name, also where the module that defines them has not been imported."""

from __future__ import annotations

import importlib
import inspect

import pytest

from keras_core.families import Family, Names
from keras_core.slots import Slot

SIGNATURES = {
    "activations": ("activation", "name"),
    "constraints": ("constraint", "config"),
    "initializers": ("initializer", "config"),
    "layers": ("layer", "config"),
    "losses": ("loss", "name"),
    "metrics": ("metric", "config"),
    "optimizers": ("optimizer", "config"),
    "regularizers": ("regularizer", "config"),
}


class Point:
    def __init__(self, x=1):
        self.x = x

    def get_config(self):
        return {"x": self.x}


def double(x):
    return 2 * x


def pair():
    return Point(2)


POINTS = Family(
    "point", Names({"Point": Point, "double": double, "pair": pair, "one": 1}, factories=(pair,))
)


# Family


@pytest.mark.parametrize(
    ("identifier", "x"),
    [("Point", 1), (Point, 1), ({"class_name": "Point", "config": {"x": 3}}, 3), ("pair", 2)],
)
def test_name_class_configuration_and_factory_give_an_object(identifier, x):
    assert POINTS.get(identifier).x == x


def test_function_and_object_that_is_called_stand_for_themselves():
    assert POINTS.get(double) is double and POINTS.get("double") is double
    assert POINTS.get(pair) is pair


def test_object_goes_to_a_configuration_and_back():
    config = POINTS.serialize(Point(5))
    assert config == {"class_name": "Point", "config": {"x": 5}}
    assert POINTS.deserialize(config).x == 5


def test_custom_objects_come_first():
    assert POINTS.deserialize("Point", {"Point": double}) is double


@pytest.mark.parametrize(
    ("identifier", "message"),
    [("one", "Unknown point: 'one'"), ("Pont", "Did you mean 'Point'"), (3, "name of a point")],
)
def test_what_is_none_of_the_family_is_refused(identifier, message):
    with pytest.raises(ValueError, match=message):
        POINTS.get(identifier)


# The modules that have one


@pytest.mark.parametrize("name", SIGNATURES)
def test_functions_of_a_module_have_the_signatures_of_keras_2(name):
    module = importlib.import_module(f"keras_core.{name}")
    instance, config = SIGNATURES[name]
    wanted = {"serialize": [instance], "deserialize": [config, "custom_objects"]}
    if name != "layers":
        wanted["get"] = ["identifier"]
    for function, parameters in wanted.items():
        found = getattr(module, function)
        assert list(inspect.signature(found).parameters) == parameters and found.__doc__


# Slots


def test_slot_answers_as_it_was_last_filled():
    slot = Slot("anything")
    slot.fill(double)
    assert slot(4) == 8
    slot.fill(lambda x: x)
    assert slot(4) == 4


def test_slot_that_nobody_filled_says_what_it_asks_for():
    with pytest.raises(RuntimeError, match="Nobody has said what the moon is"):
        Slot("the moon")()


def test_engine_alone_finds_layers_by_name(sandbox):
    done = sandbox.run(
        """
        import sys
        from keras_core.engine.sequential import Sequential
        assert "keras_core.layers" not in sys.modules
        layers = [{"class_name": "Dense", "config": {"units": 3}}]
        print(Sequential.from_config({"name": "m", "layers": layers}).layers[0].units)
        """
    )
    assert done.stdout == "3\n", done.stderr


def test_layer_alone_finds_the_metric_that_it_adds(sandbox):
    done = sandbox.run(
        """
        import sys
        from keras_core import backend as K
        from keras_core.engine.base_layer import Layer
        assert "keras_core.metrics" not in sys.modules
        layer = Layer()
        layer.add_metric(K.placeholder((None, 1)), name="height")
        print(type(layer.metrics[0]).__name__, layer.metrics[0].name)
        """
    )
    assert done.stdout == "Mean height\n", done.stderr


def test_layers_alone_find_models_by_name(sandbox):
    done = sandbox.run(
        """
        from keras_core import layers
        config = {"name": "m", "layers": []}
        print(layers.deserialize({"class_name": "Sequential", "config": config}).name)
        """
    )
    assert done.stdout == "m\n", done.stderr


def test_fresh_process_makes_a_model_of_a_pickle(sandbox):
    written = sandbox.run(
        """
        import pickle
        from keras_core.layers import Dense
        from keras_core.models import Sequential
        with open("model.pickle", "wb") as file:
            pickle.dump(Sequential([Dense(2, input_shape=(3,))]), file)
        """
    )
    assert written.returncode == 0, written.stderr
    code = "import pickle; print(pickle.load(open('model.pickle', 'rb')).output_shape)"
    done = sandbox.run(code)
    assert done.stdout == "(None, 2)\n", done.stderr


def test_graph_alone_finds_the_backend(sandbox):
    code = "import keras_core.graph as g; g.Function([], [g.Constant(1.0)])([])"
    done = sandbox.run(code, KERAS_BACKEND="elsewhere")
    assert "BackendNotFoundError: There is no backend 'elsewhere' here" in done.stderr
