"""Wrong arguments of compile, fit, evaluate and predict: the type a Keras 2 user expects, and words
that say who, what was expected and what was given."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.callbacks import (
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from keras_core.layers import LSTM, Concatenate, Dense, Embedding, Input, Lambda
from keras_core.models import Model, Sequential
from keras_core.optimizers import SGD

X = np.arange(24, dtype="float32").reshape(6, 4) / 24
Y = np.arange(12, dtype="float32").reshape(6, 2) / 12


def small(compiled=True, loss="mse", units=2):
    model = Sequential([Dense(units, input_shape=(4,), name="out")], name="small")
    if compiled:
        model.compile("sgd", loss)
    return model


def two_inputs():
    a, b = Input((4,), name="a"), Input((3,), name="b")
    model = Model([a, b], Dense(2, name="out")(Concatenate()([a, b])))
    model.compile("sgd", "mse")
    return model


def two_outputs():
    x = Input((4,))
    return Model(x, [Dense(2, name="a")(x), Dense(2, name="b")(x)])


def batches():
    while True:
        yield X, Y


def fit(*args, **kwargs):
    return small().fit(*args, verbose=0, **kwargs)


def ending():
    yield X, Y


def failing():
    yield X, Y
    raise ZeroDivisionError("in the generator")


COMPILE = {
    "unknown optimizer": (lambda: small().compile("nosuch", "mse"), ValueError, "nosuch"),
    "optimizer of a wrong kind": (lambda: small().compile(3, "mse"), ValueError, "3"),
    "unknown loss": (lambda: small().compile("sgd", "nosuch"), ValueError, "nosuch"),
    "loss of a wrong kind": (lambda: small().compile("sgd", 3), ValueError, "3"),
    "no loss": (lambda: small().compile("sgd"), ValueError, "small.*add_loss"),
    "unknown metric": (
        lambda: small().compile("sgd", "mse", metrics=["nosuch"]),
        ValueError,
        "nosuch",
    ),
    "metrics not a list": (
        lambda: small().compile("sgd", "mse", metrics="mae"),
        TypeError,
        r"metrics=\['mae'\]",
    ),
    "metric of a wrong kind": (
        lambda: small().compile("sgd", "mse", metrics=[3]),
        ValueError,
        "3",
    ),
    "metrics for an unknown output": (
        lambda: small().compile("sgd", "mse", metrics={"nosuch": "mae"}),
        ValueError,
        "nosuch",
    ),
    "metrics of too many outputs": (
        lambda: small().compile("sgd", "mse", metrics=[["mae"], ["mse"]]),
        ValueError,
        "2 lists.*1 outputs",
    ),
    "loss for an unknown output": (
        lambda: two_outputs().compile("sgd", {"a": "mse", "nosuch": "mse"}),
        ValueError,
        "nosuch",
    ),
    "too few losses": (
        lambda: two_outputs().compile("sgd", ["mse"]),
        ValueError,
        r"list of 1.*2 outputs.*\['a', 'b'\]",
    ),
    "too few loss weights": (
        lambda: two_outputs().compile("sgd", "mse", loss_weights=[1.0]),
        ValueError,
        "list of 1.*2 outputs",
    ),
    "loss weight of an unknown output": (
        lambda: two_outputs().compile("sgd", "mse", loss_weights={"nosuch": 1.0}),
        ValueError,
        "nosuch",
    ),
    "loss weights of a wrong kind": (
        lambda: two_outputs().compile("sgd", "mse", loss_weights=3),
        TypeError,
        "loss_weights",
    ),
    "unknown keyword": (lambda: small().compile("sgd", "mse", foo=1), ValueError, "foo"),
    "unknown optimizer keyword": (lambda: SGD(foo=1), TypeError, "foo"),
    "NaN learning rate": (lambda: SGD(float("nan")), ValueError, "nan"),
    "temporal weights for a 2D output": (
        lambda: _temporal().fit(X, Y, sample_weight=np.ones(6), verbose=0),
        ValueError,
        r"temporal.*\(6, 2\)",
    ),
    "no gradient": (lambda: _without_gradient().fit(X, Y, verbose=0), ValueError, "gradient"),
}


def _temporal():
    model = small(compiled=False)
    model.compile("sgd", "mse", sample_weight_mode="temporal")
    return model


def _without_gradient():
    model = Sequential([Dense(2, input_shape=(4,)), Lambda(K.round)])
    model.compile("sgd", "mse")
    return model


DATA = {
    "fit, not compiled": (lambda: small(False).fit(X, Y), RuntimeError, "small.*compile"),
    "evaluate, not compiled": (lambda: small(False).evaluate(X, Y), RuntimeError, "compile"),
    "train_on_batch, not compiled": (
        lambda: small(False).train_on_batch(X, Y),
        RuntimeError,
        "compile",
    ),
    "test_on_batch, not compiled": (
        lambda: small(False).test_on_batch(X, Y),
        RuntimeError,
        "compile",
    ),
    "fit_generator, not compiled": (
        lambda: small(False).fit_generator(batches(), 1),
        RuntimeError,
        "compile",
    ),
    "last axis of x": (
        lambda: fit(X[:, :3], Y),
        ValueError,
        r"input 'out_input'.*\(None, 4\).*\(6, 3\)",
    ),
    "rank of x": (lambda: fit(X[None], Y[None]), ValueError, r"2 axes.*\(1, 6, 4\)"),
    "last axis of x in predict": (
        lambda: small().predict(X[:, :3]),
        ValueError,
        r"\(None, 4\).*\(6, 3\)",
    ),
    "last axis of y": (lambda: fit(X, Y[:, :1]), ValueError, r"\(None, 2\).*\(6, 1\)"),
    "rank of y": (lambda: fit(X, Y[..., None]), ValueError, r"\(None, 2\).*\(6, 2, 1\)"),
    "lengths of x and y": (lambda: fit(X, Y[:4]), ValueError, "6 in the input.*4 in the target"),
    "length of sample_weight": (
        lambda: fit(X, Y, sample_weight=np.ones(4)),
        ValueError,
        r"\(4,\).*\(6,\) is wanted",
    ),
    "rank of sample_weight": (
        lambda: fit(X, Y, sample_weight=np.ones((6, 2))),
        ValueError,
        r"\(6, 2\).*temporal",
    ),
    "class without weight": (
        lambda: small(units=1, loss="binary_crossentropy").fit(
            X, np.array([0, 1, 2, 0, 1, 2]), class_weight={0: 1.0, 1: 1.0}, verbose=0
        ),
        ValueError,
        r"classes \[2",
    ),
    "inputs of different lengths": (
        lambda: two_inputs().fit([X, X[:4, :3]], Y),
        ValueError,
        r"\[4, 6\]",
    ),
    "too few inputs": (
        lambda: two_inputs().fit([X], Y),
        ValueError,
        r"2 input.*\['a', 'b'\].*1 was",
    ),
    "too many inputs": (
        lambda: two_inputs().fit([X, X[:, :3], X], Y),
        ValueError,
        "2 input.*3 were",
    ),
    "one array for two inputs": (lambda: two_inputs().fit(X, Y), ValueError, "2 input.*1 was"),
    "input dict without a name": (
        lambda: two_inputs().fit({"a": X}, Y),
        ValueError,
        r"lacks \['b'\]",
    ),
    "list of lists": (lambda: fit(X.tolist(), Y), ValueError, "1 input.*6 were"),
    "x is None": (lambda: fit(None, Y), ValueError, "x"),
    "y is None": (lambda: fit(X, None), IndexError, "out.*y"),
    "x is a string": (lambda: fit("data", Y), AttributeError, "str.*NumPy array"),
    "plain iterator": (
        lambda: fit(iter([(X, Y)]), steps_per_epoch=1),
        (AttributeError, ValueError),
        "",
    ),
    "x of objects": (
        lambda: fit(np.array([[1], [1, 2]] * 3, dtype=object), Y),
        ValueError,
        "object",
    ),
    "one-hot y with the sparse loss": (
        lambda: small(loss="sparse_categorical_crossentropy").fit(X, Y, verbose=0),
        ValueError,
        r"\(None, 1\).*\(6, 2\)",
    ),
    "class indices with categorical_crossentropy": (
        lambda: small(loss="categorical_crossentropy").fit(X, np.zeros((6, 1)), verbose=0),
        ValueError,
        "to_categorical",
    ),
    "categorical_crossentropy with one unit": (
        lambda: small(loss="categorical_crossentropy", units=1).fit(X, Y[:, :1], verbose=0),
        ValueError,
        "binary_crossentropy",
    ),
    "unknown keyword of fit": (lambda: fit(X, Y, foo=1), TypeError, "foo"),
    "validation_data of one": (
        lambda: fit(X, Y, validation_data=(X,)),
        ValueError,
        "1 entries",
    ),
    "validation_split of 1.5": (
        lambda: fit(X, Y, validation_split=1.5),
        ValueError,
        "validation_split is 1.5",
    ),
    "validation_split with a generator": (
        lambda: fit(batches(), steps_per_epoch=1, validation_split=0.5),
        ValueError,
        "validation_split",
    ),
    "batch_size and steps_per_epoch": (
        lambda: fit(X, Y, batch_size=2, steps_per_epoch=2),
        ValueError,
        "batch_size=2.*steps_per_epoch=2",
    ),
    "batch_size with a generator": (
        lambda: fit(batches(), batch_size=2, steps_per_epoch=1),
        ValueError,
        "batch_size=2",
    ),
    "y with a generator": (lambda: fit(batches(), Y, steps_per_epoch=1), ValueError, "y was given"),
    "sample_weight with a generator": (
        lambda: fit(batches(), steps_per_epoch=1, sample_weight=np.ones(6)),
        ValueError,
        "sample_weight",
    ),
    "fit of a generator without steps": (lambda: fit(batches()), ValueError, "steps_per_epoch"),
    "fit_generator without steps": (
        lambda: small().fit_generator(batches()),
        ValueError,
        "steps_per_epoch",
    ),
    "validation generator without steps": (
        lambda: small().fit_generator(batches(), 1, validation_data=batches()),
        ValueError,
        "validation_steps",
    ),
    "validation_steps without steps": (
        lambda: fit(X, Y, validation_data=(X, Y), validation_steps=2),
        ValueError,
        "validation_steps",
    ),
    "steps without validation_steps": (
        lambda: fit(X, Y, validation_data=(X, Y), steps_per_epoch=2),
        ValueError,
        "validation_steps",
    ),
    "generator of bare arrays": (
        lambda: small().fit_generator((X for _ in range(3)), 1, verbose=0),
        ValueError,
        "ndarray of 6",
    ),
    "generator that ends": (
        lambda: small().fit_generator(ending(), 3, verbose=0),
        StopIteration,
        "",
    ),
    "generator that ends, without workers": (
        lambda: small().fit_generator(ending(), 3, verbose=0, workers=0),
        StopIteration,
        "",
    ),
    "generator that fails": (
        lambda: small().fit_generator(failing(), 3, verbose=0),
        ZeroDivisionError,
        "in the generator",
    ),
    "evaluate_generator without steps": (
        lambda: small().evaluate_generator(batches()),
        ValueError,
        "steps",
    ),
    "predict_generator without steps": (
        lambda: small().predict_generator(batches()),
        ValueError,
        "steps",
    ),
    "stateful model, odd number of samples": (
        lambda: _stateful().fit(np.zeros((5, 3, 1)), np.zeros((5, 1)), batch_size=2, verbose=0),
        ValueError,
        "there are 5.*batch size is 2",
    ),
    "batch_size against the inputs": (
        lambda: _stateful().predict(np.zeros((6, 3, 1)), batch_size=3),
        ValueError,
        "batch_size=3.*batch size 2",
    ),
    "index out of the Embedding": (
        lambda: Sequential([Embedding(3, 2, input_length=2)]).predict(np.array([[0, 7]])),
        Exception,
        "",
    ),
    "empty x": (lambda: fit(X[:0], Y[:0]), UnboundLocalError, r"\(0, 4\)"),
    "one callback, no list": (
        lambda: fit(X, Y, callbacks=EarlyStopping()),
        TypeError,
        r"callbacks=\[",
    ),
    "no callback in the list": (lambda: fit(X, Y, callbacks=[3]), AttributeError, "3 in callbacks"),
    "validation_freq of 0": (
        lambda: fit(X, Y, validation_data=(X, Y), validation_freq=0),
        ValueError,
        "validation_freq",
    ),
}


def _stateful():
    model = Sequential([LSTM(1, stateful=True, batch_input_shape=(2, 3, 1))])
    model.compile("sgd", "mse")
    return model


CALLBACKS = {
    "unknown name in the path": (
        lambda: fit(X, Y, callbacks=[ModelCheckpoint("{nosuch}.h5")]),
        KeyError,
        "nosuch",
    ),
    "schedule gives None": (
        lambda: fit(X, Y, callbacks=[LearningRateScheduler(lambda epoch: None)]),
        ValueError,
        r"schedule\(0\) is None",
    ),
    "schedule gives an int": (
        lambda: fit(X, Y, callbacks=[LearningRateScheduler(lambda epoch: 1)]),
        ValueError,
        "float",
    ),
    "factor of 1": (lambda: ReduceLROnPlateau(factor=1.0), ValueError, "less than 1"),
}


@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in {**COMPILE, **DATA}.items()])
def test_is_refused(case):
    call, kind, words = case
    with pytest.raises(kind, match=f"(?s){words}"):
        call()


@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in CALLBACKS.items()])
def test_callback_is_refused(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, kind, words = case
    with pytest.raises(kind, match=words):
        call()


def test_model_checkpoint_into_a_missing_folder(tmp_path):
    path = tmp_path / "missing" / "model.h5"
    with pytest.raises(OSError, match="missing"):
        fit(X, Y, callbacks=[ModelCheckpoint(path)])


def test_a_refused_compile_changes_nothing():
    model = small()
    optimizer, names = model.optimizer, model.metrics_names
    with pytest.raises(ValueError):
        model.compile("adam", "mse", metrics=["nosuch"])
    assert model.optimizer is optimizer
    assert model.metrics_names == names
    model.fit(X, Y, verbose=0)


def test_refused_data_changes_no_weight():
    model = small()
    before = model.get_weights()
    with pytest.raises(ValueError):
        model.fit(X, Y[:, :1], verbose=0)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


ACCEPTED = {
    "predict, not compiled": lambda: small(False).predict(X),
    "predict, not built": lambda: Sequential([Dense(2)]).predict(X),
    "fit of compiled, not built": lambda: _unbuilt().fit(X, Y, verbose=0),
    "unknown name besides in a dict": lambda: two_inputs().fit(
        {"a": X, "b": X[:, :3], "c": X}, Y, verbose=0
    ),
    "1D y for one unit": lambda: small(units=1).fit(X, Y[:, 0], verbose=0),
    "no epochs": lambda: fit(X, Y, epochs=0),
    "predict of no samples": lambda: small().predict(X[:0]),
    "unknown sample_weight_mode": lambda: _warned(
        lambda: small().compile("sgd", "mse", sample_weight_mode="nosuch")
    ),
    "no trainable weight": lambda: _frozen().fit(X, Y, verbose=0),
    "mode of EarlyStopping": lambda: _warned(lambda: EarlyStopping(mode="nosuch")),
    "absent quantity": lambda: _warned(lambda: fit(X, Y, callbacks=[EarlyStopping("nosuch")])),
}


def _unbuilt():
    model = Sequential([Dense(2)])
    model.compile("sgd", "mse")
    return model


def _frozen():
    model = small(False)
    model.trainable = False
    model.compile("sgd", "mse")
    return model


def _warned(call):
    with pytest.warns(Warning, match="nosuch"):
        call()


@pytest.mark.parametrize("call", [pytest.param(c, id=n) for n, c in ACCEPTED.items()])
def test_is_accepted(call):
    call()
