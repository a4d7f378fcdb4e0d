"""Each public object has an example in its docstring, and the examples do what they show."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import pydoc
import subprocess
import sys
import warnings

import numpy as np
import pytest

import keras_core
from keras_core import backend as K
from keras_core import config

FAMILIES = ("layers", "models", "losses", "metrics", "optimizers", "callbacks", "initializers")
FAMILIES += ("regularizers", "constraints", "activations", "backend", "utils", "applications")
FAMILIES += ("config", "preprocessing.image", "preprocessing.sequence", "preprocessing.text")
FAMILIES += ("wrappers.scikit_learn", "distribute")

# What has methods that users call or override.
WITH_METHODS = ("layers.Layer", "Model", "Sequential", "callbacks.Callback")

# What examples may use without importing it.
GIVEN = {"np": np, "K": K, "keras": keras_core}

# Libraries that an example is about, and that not everyone has.
NEEDS = {
    "preprocessing.image.DataFrameIterator": ("pandas", "PIL"),
    "preprocessing.image.DirectoryIterator": ("PIL",),
    "preprocessing.image.apply_affine_transform": ("scipy",),
    "preprocessing.image.apply_brightness_shift": ("PIL",),
    "preprocessing.image.array_to_img": ("PIL",),
    "preprocessing.image.img_to_array": ("PIL",),
    "preprocessing.image.load_img": ("PIL",),
    "preprocessing.image.random_brightness": ("PIL",),
    "preprocessing.image.random_rotation": ("scipy",),
    "preprocessing.image.random_shear": ("scipy",),
    "preprocessing.image.random_shift": ("scipy",),
    "preprocessing.image.random_zoom": ("scipy",),
    "preprocessing.image.save_img": ("PIL",),
    "utils.model_to_dot": ("pydot",),
    "utils.plot_history": ("matplotlib",),
}

WITHOUT_EXAMPLE = {
    "Model.stateless": "needs JAX or PyTorch",
    "Model.stateless_step": "needs JAX or PyTorch",
    "applications.imagenet_utils.decode_predictions": "downloads the names of the classes",
    "callbacks.RemoteMonitor": "talks to a server",
    "optimizers.TFOptimizer": "needs TensorFlow",
    "utils.get_file": "downloads",
    "utils.plot_model": "needs the program Graphviz",
    **{
        f"datasets.{name}": "downloads"
        for name in (
            "boston_housing.load_data",
            "cifar10.load_data",
            "cifar100.load_data",
            "fashion_mnist.load_data",
            "imdb.get_word_index",
            "imdb.load_data",
            "mnist.load_data",
            "reuters.get_word_index",
            "reuters.load_data",
        )
    },
    **{
        f"callbacks.Callback.on_{moment}": "used like those that Callback and its methods show"
        for moment in (
            "batch_begin",
            "batch_end",
            "epoch_begin",
            "predict_batch_begin",
            "predict_batch_end",
            "predict_begin",
            "predict_end",
            "test_batch_begin",
            "test_batch_end",
            "test_begin",
            "test_end",
            "train_batch_begin",
            "train_begin",
            "train_end",
        )
    },
}


def module(name):
    return importlib.import_module(f"keras_core.{name}")


def public_objects():
    """The public classes and functions, each under the first of its paths."""
    found = {name: getattr(keras_core, name) for name in keras_core.__all__}
    for family in FAMILIES:
        for name in module(family).__all__:
            found[f"{family}.{name}"] = getattr(module(family), name)
    for name in keras_core.datasets.__all__:
        data = module(f"datasets.{name}")
        for function in ("load_data", "get_word_index"):
            found[f"datasets.{name}.{function}"] = getattr(data, function, None)
    for name in ("preprocess_input", "decode_predictions"):
        found[f"applications.imagenet_utils.{name}"] = getattr(
            module("applications.imagenet_utils"), name
        )
    return once_each({path: value for path, value in found.items() if is_documented(value)})


def is_documented(value):
    return inspect.isclass(value) or inspect.isroutine(value)


def once_each(found):
    paths = {}
    for path, value in found.items():
        paths.setdefault(value, path)
    return {path: value for value, path in paths.items()}


def public_methods(owner):
    names = [name for name in dir(owner) if not name.startswith("_")]
    return {name: getattr(owner, name) for name in names if inspect.isroutine(getattr(owner, name))}


def documented():
    """Objects, and methods of the classes in WITH_METHODS, by their paths."""
    objects = public_objects()
    methods = {}
    for path in WITH_METHODS:
        for name, method in public_methods(objects[path]).items():
            methods[f"{path}.{name}"] = inspect.unwrap(getattr(method, "__func__", method))
    return once_each({**objects, **methods})


DOCUMENTED = documented()


def examples_of(value):
    return doctest.DocTestParser().get_examples(inspect.getdoc(value) or "")


def test_every_public_object_has_an_example_but_those_on_the_list():
    without = {path for path, value in DOCUMENTED.items() if not examples_of(value)}
    assert without == set(WITHOUT_EXAMPLE)


def test_an_example_is_the_last_section_of_a_docstring():
    texts = {path: inspect.getdoc(value) for path, value in DOCUMENTED.items()}
    with_example = {path: text for path, text in texts.items() if text and ">>> " in text}
    sections = {path: text.split("\n\n")[-1] for path, text in with_example.items()}
    assert [
        path for path, last in sections.items() if not last.startswith("Example:\n    >>> ")
    ] == []


def names():
    """Modules by their last names, as Keras 2 programs import them."""
    shown = [found.name for found in pkgutil.iter_modules(keras_core.__path__)]
    listed = [name for name in keras_core.__all__ if name in shown and name != "backend"]
    images = {name: module(f"preprocessing.{name}") for name in ("image", "sequence", "text")}
    return {**GIVEN, **{name: module(name) for name in listed if name != "testing"}, **images}


@pytest.fixture
def as_if_fresh(tmp_path, monkeypatch):
    """An empty folder, settings that nobody changed, and names that are counted from 1."""
    monkeypatch.chdir(tmp_path)
    before = config.snapshot()
    K.clear_session()
    yield
    K.clear_session()
    for name in ("floatx", "epsilon", "image_data_format"):
        config.set_option(name, before[name])


@pytest.mark.parametrize("path", [path for path in DOCUMENTED if path not in WITHOUT_EXAMPLE])
def test_the_example_does_what_it_shows(path, as_if_fresh):
    for library in NEEDS.get(path, ()):
        pytest.importorskip(library)
    examples = examples_of(DOCUMENTED[path])
    test = doctest.DocTest(examples, names(), path, None, 0, None)
    told = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what is old says so
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert not told, "".join(told)


# Three screens.
LINES = 75

LAYERS = {
    name: value
    for name, value in vars(keras_core.layers).items()
    if name in keras_core.layers.__all__ and inspect.isclass(value)
}


def lines_of_help(value):
    return pydoc.render_doc(value, renderer=pydoc.plaintext).splitlines()


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in ("Layer", "InputSpec")])
def test_help_on_a_layer_fits_on_three_screens_and_repeats_nothing(name):
    lines = lines_of_help(LAYERS[name])
    # Pythons write the signature, above the first empty line, in one line or in one a parameter.
    assert len(lines) - [line.strip() for line in lines].index("|") <= LINES
    assert not [line for line in lines if "inherited from" in line]


def test_help_on_other_classes_tells_all():
    class Mine(keras_core.layers.Dense):
        """A layer of one's own."""

        def extra(self):
            """Something new."""

    for cls in (Mine, keras_core.layers.Layer, keras_core.Model):
        assert any("get_weights(self" in line for line in lines_of_help(cls))


@pytest.mark.parametrize("first", ["import pydoc", "import keras_core.layers"])
def test_help_is_short_whether_pydoc_is_loaded_before_or_after(first):
    code = f"{first}\nimport pydoc\nfrom keras_core.layers import LSTM\n"
    code += "print('inherited from' in pydoc.render_doc(LSTM), 'get_weights' in dir(LSTM))"
    assert printed_by(code) == "False True\n"


def test_layers_alone_load_no_pydoc():
    code = "import sys, keras_core.layers; print('pydoc' in sys.modules)"
    assert printed_by(code) == "False\n"


def printed_by(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout
