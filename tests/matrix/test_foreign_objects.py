"""Objects of another Keras are refused with its name and what to write instead."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

import keras_core.callbacks
from keras_core.layers import RNN, Add, Bidirectional, Dense, Input, Lambda, TimeDistributed
from keras_core.models import Model, Sequential, clone_model
from keras_core.optimizers import SGD


@pytest.fixture(params=["keras.src", "tf_keras.src", "tensorflow.python.keras"])
def other(request, monkeypatch):
    """A stand-in for another Keras: makes an object of a class by its module and name."""
    root = request.param.partition(".")[0]
    package = types.ModuleType(root)
    package.__version__ = "9.8.7"
    monkeypatch.setitem(sys.modules, root, package)
    for name in [name for name in sys.modules if name.startswith(f"{root}.src")]:
        monkeypatch.delitem(sys.modules, name)

    def make(module, name):
        methods = {"__call__": lambda self, *args: None, "call": None, "state_size": 3}
        methods |= {"set_params": None, "set_model": None, "name": "other"}
        return type(name, (), {"__module__": f"{request.param}.{module}", **methods})()

    make.title = root if root != "tensorflow" else "the Keras in tensorflow"
    return make


X = np.ones((2, 2))


def model():
    return Sequential([Dense(1, input_shape=(2,))])


def fit(callback):
    trained = model()
    trained.compile("sgd", "mse")
    trained.fit(np.ones((2, 2)), np.ones((2, 1)), callbacks=[callback], verbose=0)


def fit_on(data, method="fit", **how):
    trained = model()
    trained.compile("sgd", "mse")
    getattr(trained, method)(data, verbose=0, **how)


PLACES = {
    "add": ("layers.core", "Dense", lambda x: Sequential([x])),
    "nested": ("models", "Sequential", lambda x: model().add(x)),
    "clone": ("models", "Sequential", clone_model),
    "input": ("backend", "KerasTensor", lambda x: Model(x, Input((2,)))),
    "output": ("backend", "KerasTensor", lambda x: Model(Input((2,)), [x])),
    "call": ("backend", "KerasTensor", lambda x: Dense(3)(x)),
    "merge": ("backend", "KerasTensor", lambda x: Add()([Input((2,)), x])),
    "model call": ("backend", "KerasTensor", lambda x: model()(x)),
    "wrapped": ("layers.core", "Dense", TimeDistributed),
    "both ways": ("layers.rnn", "LSTM", Bidirectional),
    "cell": ("layers.rnn", "LSTMCell", RNN),
    "cells": ("layers.rnn", "LSTMCell", lambda x: RNN([x, x])),
    "optimizer": ("optimizers.adam", "Adam", lambda x: model().compile(x, "mse")),
    "loss": ("losses", "MeanSquaredError", lambda x: model().compile("sgd", x)),
    "losses": ("losses", "MeanSquaredError", lambda x: model().compile("sgd", [x])),
    "metric": ("metrics", "AUC", lambda x: model().compile("sgd", "mse", metrics=[x])),
    "callback": ("callbacks.early", "EarlyStopping", fit),
    "callback alone": (
        "callbacks",
        "EarlyStopping",
        lambda x: fit_on(X, y=X[:, :1], callbacks=x),
    ),
    "batches": ("utils", "Sequence", fit_on),
    "generator": ("utils", "Sequence", lambda x: fit_on(x, "fit_generator", steps_per_epoch=1)),
    "function": ("layers.core", "Dense", Lambda),
    "initializer": ("initializers", "Zeros", lambda x: Dense(1, kernel_initializer=x)),
    "constraint": ("constraints", "MaxNorm", lambda x: Dense(1, kernel_constraint=x)),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_object_of_another_keras_is_told_from_ours(other, place):
    module, name, use = PLACES[place]
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        use(other(module, name))
    told = str(caught.value)
    assert f"{name} comes from {other.title} 9.8.7" in told
    home = "layers" if "rnn" in module else module.partition(".")[0]
    instead = "keras_core.Input(shape=" if name == "KerasTensor" else f"keras_core.{home}.{name} "
    assert instead in told


@pytest.mark.parametrize("role", ["loss", "metric"])
def test_a_function_of_another_keras_is_told(other, role):
    def mean_squared_error(y_true, y_pred):
        return y_pred

    mean_squared_error.__module__ = type(other("losses", "any")).__module__
    given = {"loss": {"loss": mean_squared_error}}.get(role, {"metrics": [mean_squared_error]})
    with pytest.raises(ValueError) as caught:
        model().compile("sgd", **{"loss": "mse", **given})
    assert f"mean_squared_error comes from {other.title} 9.8.7" in str(caught.value)
    assert "by its name, 'mean_squared_error'" in str(caught.value)


def test_a_schedule_of_another_keras_is_told(other):
    schedule = other("optimizers.schedules", "ExponentialDecay")
    with pytest.raises(ValueError, match=f"ExponentialDecay comes from {other.title} 9.8.7"):
        SGD(schedule)


def test_a_class_is_told_like_its_objects(other):
    with pytest.raises(ValueError, match="Take keras_core.optimizers.Adam instead"):
        model().compile(type(other("optimizers", "Adam")), "mse")


def test_what_is_derived_from_another_keras_is_to_be_derived_from_ours(other):
    mine = type("Mine", (type(other("layers", "Layer")),), {"__module__": "mine"})
    with pytest.raises(TypeError, match="mine.Mine is derived from .*Layer, which comes from"):
        Sequential([mine()])
    with pytest.raises(TypeError, match="Derive it from keras_core.layers.Layer instead"):
        Sequential([mine()])


def test_a_package_whose_name_only_begins_like_keras_is_none():
    loss = type("Loss", (), {"__module__": "keras_tuner.losses", "__call__": lambda s, t, p: p - t})
    compiled = model()
    compiled.compile("sgd", loss())
    assert keras_core.losses.get("mse") is not None


def of_engine(module, name, **attributes):
    """An object of an engine's class, without the engine."""
    attributes = {"__module__": module, "__call__": lambda self, *_: None, **attributes}
    return type(name, (), attributes)()


LOSSES_OF_ENGINES = [
    ("torch.nn.modules.loss", "MSELoss", "MSELoss of PyTorch.*Write 'mse' instead"),
    (
        "torch.nn.modules.loss",
        "CrossEntropyLoss",
        "CrossEntropyLoss.*losses.SparseCateg",
    ),
    ("torch.nn.modules.loss", "CTCLoss", "CTCLoss of PyTorch.*by its name, such as 'mse'"),
    ("flax.nnx", "Module", "Module of Flax"),
]


@pytest.mark.parametrize("module, name, told", LOSSES_OF_ENGINES)
def test_a_loss_of_an_engine_is_told(module, name, told):
    loss = of_engine(module, name)
    for given in (loss, type(loss)):
        with pytest.raises(ValueError, match=f"compile: loss is {told}"):
            model().compile("sgd", given)
    with pytest.raises(ValueError, match=f"compile: metric is {name} of"):
        model().compile("sgd", "mse", metrics=[loss])


def test_a_function_of_an_engine_is_told():
    def l1_loss(input, target):
        return input

    l1_loss.__module__ = "torch.nn.functional"
    with pytest.raises(ValueError, match="l1_loss of PyTorch.*Write 'mae' instead"):
        model().compile("sgd", l1_loss)


def test_a_module_of_an_engine_is_no_layer():
    linear = of_engine("torch.nn.modules.linear", "Linear", out_features=3)
    with pytest.raises(TypeError, match=r"from PyTorch.*write layers.Dense\(3\)"):
        Sequential([linear])
    mine = type("Mine", (type(linear),), {"__module__": "mine"})
    with pytest.raises(TypeError, match="from PyTorch.*layer that keras_core has in its place"):
        Sequential([mine()])
