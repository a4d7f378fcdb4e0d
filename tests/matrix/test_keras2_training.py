"""What programs and people written for Keras 2 do with fit, evaluate and predict."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.callbacks import Callback, LambdaCallback, ReduceLROnPlateau
from keras_core.engine.feeding import numbers
from keras_core.layers import Dense, Input
from keras_core.models import Model, Sequential
from keras_core.optimizers import SGD, Adam
from keras_core.utils import Sequence, layer_utils

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], "float32")
Y = np.array([[1.0], [2.0], [3.0], [4.0]], "float32")


def line(lr=0.0, units=1, **how):
    """A model whose output is the sum of two inputs, and stays so at the learning rate 0."""
    layer = Dense(units, use_bias=False, kernel_initializer="ones", input_shape=(2,), name="out")
    model = Sequential([layer], name="line")
    model.compile(SGD(lr), "mse", **how)
    return model


def squares(x=X, y=Y):
    """The squared errors of `line`, a sample each."""
    return (x.sum(axis=1) - y[:, 0]) ** 2


class Numbered(Sequence):
    """Batch `i` is one sample with the target `i`; its length is what it is told."""

    def __init__(self, *lengths):
        self.lengths = list(lengths)
        self.asked = []

    def __len__(self):
        return self.lengths[0]

    def __getitem__(self, index):
        assert index < len(self)
        self.asked.append(index)
        return np.zeros((1, 2)), np.full((1, 1), float(index))

    def on_epoch_end(self):
        self.lengths = self.lengths[1:] or self.lengths


class Steps(Callback):
    """Counts the batches of each epoch, and notes what it is told of their number."""

    def on_train_begin(self, logs=None):
        self.counts, self.told = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.counts.append(0)
        self.told.append(self.params["steps"])

    def on_batch_end(self, batch, logs=None):
        self.counts[-1] += 1


# Batches


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_is_as_long_as_its_sequence_then_is(workers, shuffle):
    lengths, steps = [3, 1, 4, 2], Steps()
    history = line().fit_generator(
        Numbered(*lengths), None, 4, verbose=0, callbacks=[steps], workers=workers, shuffle=shuffle
    )
    assert steps.counts == steps.told == lengths
    wanted = [np.mean(np.arange(n) ** 2.0) for n in lengths]
    np.testing.assert_allclose(history.history["loss"], wanted, rtol=1e-6)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_callback_may_change_the_length(workers):
    data, steps = Numbered(2), Steps()

    def grow(epoch, logs):
        data.lengths = [epoch + 3]

    line().fit_generator(
        data,
        None,
        3,
        verbose=0,
        callbacks=[LambdaCallback(on_epoch_begin=grow), steps],
        workers=workers,
    )
    assert steps.counts == steps.told == [2, 3, 4]


@pytest.mark.parametrize("workers", [0, 1])
def test_validation_is_as_long_as_its_sequence_then_is(workers):
    held_out = Numbered(1, 3, 2)
    line().fit_generator(
        Numbered(1), None, 3, verbose=0, validation_data=held_out, workers=workers, shuffle=False
    )
    assert held_out.asked[:6] == [0, 0, 1, 2, 0, 1]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_sequence_that_becomes_empty_says_so(workers):
    with pytest.raises(ValueError, match="Numbered has no batches|the length of the Numbered is 0"):
        line().fit_generator(Numbered(1, 0), None, 2, verbose=0, workers=workers)


@pytest.mark.parametrize("workers", [0, 1])
def test_shuffle_takes_the_batches_of_a_sequence_in_another_order(workers):
    data = Numbered(40)
    line().fit_generator(data, None, 2, verbose=0, workers=workers, max_queue_size=1)
    first, second = data.asked[:40], data.asked[40:80]
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second
    assert first != list(range(40))


def test_the_order_of_shuffled_batches_follows_the_seed_with_and_without_workers():
    orders = []
    for workers in (0, 1, 0):
        data = Numbered(20)
        np.random.seed(7)
        line().fit_generator(data, None, 2, verbose=0, workers=workers)
        orders.append(data.asked[:40])
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("method", ["fit_generator", "evaluate_generator", "predict_generator"])
def test_a_generator_that_runs_out_says_how_many_came_and_were_wanted(method, workers):
    generator = ((X, Y) for _ in range(2))
    with pytest.raises(StopIteration, match="generator ended after 2 batches.*5 are wanted"):
        getattr(line(), method)(generator, 5, verbose=0, workers=workers)


def test_steps_that_are_no_whole_number_cover_all_samples():
    steps = Steps()
    data = ((X, Y) for _ in range(20))
    line().fit_generator(data, 5 / 2, 2, verbose=0, callbacks=[steps])
    assert steps.counts == [3, 3]
    assert len(line().predict_generator(((X, Y) for _ in range(20)), 3 / 2)) == 8


# Arguments that say nothing


@pytest.mark.parametrize("word", ["balanced", "auto", np.array([1.0, 2.0]), [1.0, 2.0], 3])
def test_class_weights_are_a_dict(word):
    calls = [
        lambda model: model.fit(X, Y, class_weight=word, verbose=0),
        lambda model: model.fit_generator(iter([(X, Y)]), 1, class_weight=word, verbose=0),
        lambda model: model.train_on_batch(X, Y, class_weight=word),
    ]
    for call in calls:
        model = line(lr=0.1)
        with pytest.raises(ValueError, match="class_weight is .*dict from class index to weight"):
            call(model)
        np.testing.assert_array_equal(model.get_weights()[0], [[1.0], [1.0]])


@pytest.mark.parametrize(
    ("samples", "how"),
    [(0, {}), (1, {"validation_split": 0.5}), (2, {"validation_split": 0.9})],
)
def test_nothing_to_train_on_is_refused(samples, how):
    model = line(lr=0.1)
    with pytest.raises(ValueError, match="samples"):
        model.fit(X[:samples], Y[:samples], verbose=0, **how)
    np.testing.assert_array_equal(model.get_weights()[0], [[1.0], [1.0]])


@pytest.mark.parametrize("nothing", [None, False, [], ()])
def test_nothing_to_validate_on_is_no_validation(nothing):
    for history in (
        line().fit(X, Y, verbose=0, validation_data=nothing),
        line().fit_generator(iter([(X, Y)]), 1, verbose=0, validation_data=nothing),
    ):
        assert history.history == {"loss": [pytest.approx(squares().mean())]}


@pytest.mark.parametrize(
    ("method", "how", "kind"),
    [
        ("fit", {"batch_size": 0}, ValueError),
        ("fit", {"batch_size": -1}, ValueError),
        ("fit", {"batch_size": 2.5}, TypeError),
        ("fit", {"batch_size": "2"}, TypeError),
        ("fit", {"epochs": 1.5}, TypeError),
        ("fit", {"epochs": "3"}, TypeError),
        ("fit", {"epochs": -1}, ValueError),
        ("fit", {"initial_epoch": 0.5}, TypeError),
        ("fit", {"steps_per_epoch": 0}, ValueError),
        ("fit", {"validation_split": 1.5}, ValueError),
        ("fit", {"validation_split": -0.5}, ValueError),
        ("fit", {"validation_split": 20}, ValueError),
        ("fit", {"shuffle": "yes"}, ValueError),
        ("evaluate", {"batch_size": 0}, ValueError),
        ("evaluate", {"steps": 0}, ValueError),
        ("predict", {"batch_size": 0}, ValueError),
        ("predict", {"batch_size": 1.5}, TypeError),
        ("predict", {"steps": -1}, ValueError),
    ],
)
def test_numbers_that_say_nothing_are_refused(method, how, kind):
    data = (X,) if method == "predict" else (X, Y)
    ((name, value),) = how.items()
    with pytest.raises(kind, match=f"{name} is {value!r}"):
        getattr(line(), method)(*data, verbose=0, **how)


def test_whole_numbers_of_numpy_are_numbers():
    history = line().fit(X, Y, np.int64(3), np.int32(2), verbose=0)
    assert history.epoch == [0, 1]


# Runs within a run


class Curious(Callback):
    """Evaluates and predicts on other data after each batch, and keeps what training reports."""

    def on_batch_end(self, batch, logs=None):
        self.model.evaluate(X[:1] + 9, Y[:1], verbose=0)
        self.model.predict(X[:1])
        self.model.predict(X, batch_size=3)
        self.model.test_on_batch(X[:1] - 9, Y[:1])
        self.reported = logs["mean_absolute_error"]


def test_runs_in_a_callback_leave_the_running_metrics_alone():
    model, curious = line(metrics=["mean_absolute_error"]), Curious()
    history = model.fit(X, Y, 1, 2, 0, [curious], shuffle=False).history
    wanted = np.sqrt(squares()).mean()
    assert curious.reported == pytest.approx(wanted, rel=1e-6)
    np.testing.assert_allclose(history["mean_absolute_error"], [wanted] * 2, rtol=1e-6)


def test_history_holds_what_json_can():
    callbacks = [ReduceLROnPlateau("loss", patience=0)]
    model = line(metrics=["mean_absolute_error"])
    history = model.fit(X, Y, 4, 2, 0, callbacks, validation_data=(X, Y)).history
    assert set(map(type, sum(history.values(), []))) == {float}
    loss = float(squares().mean())
    assert json.loads(json.dumps(history))["val_loss"] == [pytest.approx(loss)] * 2
    assert [round(rate, 6) for rate in history["lr"]] == [0.0, 0.0]


# Arrays


class DataFrame:
    """As much of a data frame of pandas as is asked for: columns of their own types."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self.rows = np.empty((4, len(columns)), object)
        for index, column in enumerate(columns.values()):
            self.rows[:, index] = list(column)

    shape = property(lambda self: self.rows.shape)

    def to_numpy(self):
        return self.rows


class Sparse:
    """As much of a matrix of scipy.sparse as is asked for."""

    written = []

    def __init__(self, rows):
        self.rows = rows
        self.shape, self.dtype = rows.shape, rows.dtype

    def tocsr(self):
        return self

    def toarray(self):
        self.written.append(len(self.rows))
        return self.rows

    def __getitem__(self, rows):
        return Sparse(self.rows[rows])


NUMBERS = {
    "objects": X.astype(object),
    "numeric strings": X.astype(str),
    "objects that are numeric strings": X.astype(str).astype(object),
    "bytes": X.astype("S8"),
    "data frame": DataFrame(a=X[:, 0], b=[2, 4, 6, 8]),
    "float16": X.astype("float16"),
    "int8": X.astype("int8"),
    "sparse": Sparse(X),
}


@pytest.mark.parametrize("x", [pytest.param(x, id=name) for name, x in NUMBERS.items()])
def test_what_can_be_numbers_is_fed(x):
    model, sums = line(), X.sum(axis=1, keepdims=True)
    loss = pytest.approx(squares().mean())
    assert model.fit(x, Y, 3, verbose=0).history["loss"] == [loss]
    assert model.fit(x, Y, 3, verbose=0, validation_split=0.5, shuffle=False).history == {
        "loss": [pytest.approx(squares()[:2].mean())],
        "val_loss": [pytest.approx(squares()[2:].mean())],
    }
    assert model.evaluate(x, Y, 3, verbose=0) == loss
    assert model.train_on_batch(x, Y) == loss
    for predicted in (model.predict(x), model.predict(x, 3), model.predict_on_batch(x)):
        np.testing.assert_allclose(predicted, sums)


def test_truth_values_are_fed():
    np.testing.assert_array_equal(line().predict(X > 4)[:, 0], [0, 0, 2, 2])
    assert line().evaluate(X, Y > 2, verbose=0) == pytest.approx(squares(y=Y > 2).mean())


def test_sparse_rows_are_written_out_batch_by_batch():
    Sparse.written.clear()
    line().fit(Sparse(X), Y, 3, verbose=0)
    assert Sparse.written == [3, 1]


NO_NUMBERS = {
    "words": (
        DataFrame(a=[1, 2, 3, 4], town=["Ulm", "Bonn", "Köln", "Jena"]),
        "column 'town', row 0 there is 'Ulm', a str.*np.unique",
    ),
    "a word": (np.array([["1", "2"], ["3", "x"]] * 2), "column 1, row 1 there is 'x'"),
    "dates": (np.full((4, 2), np.datetime64("2020-01-01")), "column 0, row 0.*days since a date"),
    "something else": (
        DataFrame(a=[1, 2, 3, 4], b=[1, 2, Ellipsis, 4]),
        "column 'b', row 2",
    ),
}


def ragged(*lengths):
    rows = np.empty(len(lengths), object)
    rows[:] = [list(range(n)) for n in lengths]
    return rows


NO_NUMBERS["unequal rows"] = (
    ragged(1, 2, 3, 4),
    r"at \[0\] there is \[0\], a list.*unequal length",
)
NO_NUMBERS["equal rows"] = (np.fromiter(map(list, [(1, 2)] * 4), object), "np.stack")


@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in NO_NUMBERS.items()])
def test_what_cannot_be_numbers_is_named(case):
    x, words = case
    for call in (lambda: line().fit(x, Y), lambda: line().predict(x)):
        with pytest.raises(ValueError, match=f"(?s)input 'out_input'.*numbers are needed.*{words}"):
            call()


# What is not finite


def with_one(x, place, value):
    x = x.copy()
    x[place] = value
    return x


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("what", ["input 'out_input'", "target 'out'"])
def test_what_is_not_finite_is_warned_of_once(what, value):
    x = with_one(X, (2, 1), value) if "input" in what else X
    y = with_one(Y, (2, 0), value) if "target" in what else Y
    place = [2, 1] if "input" in what else [2, 0]
    for role, call in {
        "": lambda: line().fit(x, y, 1, 3, 0),
        "evaluated ": lambda: line().evaluate(x, y, 1, 0),
        "validation ": lambda: line().fit(X, Y, 1, 3, 0, validation_data=(x, y)),
    }.items():
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            call()
        told = [str(warning.message) for warning in seen if "NaN" in str(warning.message)]
        assert len(told) == 1
        assert told[0].startswith(role.replace("evaluated ", "") + what)
        assert f"1 values that are NaN or infinite; the first, at {place}" in told[0]


def test_large_numbers_are_finite():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        line().fit(np.full((4, 2), 1e30, "float32"), Y, verbose=0)


def test_each_number_is_looked_at_once(monkeypatch):
    seen = []
    monkeypatch.setattr(numbers, "_is_finite_block", lambda x: not seen.append(x.size))
    monkeypatch.setattr(numbers, "_BLOCK", 4)
    line().fit(X, Y, 1, 5, 0)
    assert sum(seen) == X.size + Y.size
    line().predict(X, 1)
    line().train_on_batch(X, Y)
    assert sum(seen) == X.size + Y.size


# Targets


def output_of(shape, loss, units=2):
    model = Sequential([Dense(units, input_shape=shape, name="out")])
    model.compile("sgd", loss)
    return model


FOUR = np.zeros((4, 3, 3, 2))
TARGETS = {
    "labels for categorical_crossentropy": (
        lambda: output_of((2,), "categorical_crossentropy").fit(X, Y),
        r"You are passing a target array of shape \(4, 1\).*'out'.*to_categorical",
    ),
    "one-hot for sparse_categorical_crossentropy": (
        lambda: output_of((2,), "sparse_categorical_crossentropy").fit(X, X),
        r"\(None, 1\).*passing a target array of shape \(4, 2\).*argmax",
    ),
    "too few columns": (
        lambda: output_of((2,), "mse").fit(X, Y),
        r"mean_squared_error.*to have the same shape.*'out'.*\(None, 2\).*\(4, 1\)",
    ),
    "no Flatten": (
        lambda: output_of((3, 3, 2), "mse").fit(FOUR, X),
        r"to have the same shape.*'out'.*\(None, 3, 3, 2\).*\(4, 2\).*Flatten",
    ),
    "no Flatten, another loss": (
        lambda: output_of((3, 3, 2), "mae").fit(FOUR, X),
        r"target 'out'.*\(None, 3, 3, 2\).*\(4, 2\).*Flatten",
    ),
}


def test_no_target_tensors_are_as_none():
    model = line()
    model.compile(SGD(0.0), "mse", target_tensors=[])
    assert model.train_on_batch(X, Y) == pytest.approx(squares().mean())


@pytest.mark.parametrize(
    "given, kind, words",
    [
        (3, TypeError, "target_tensors has a int"),
        (Y, TypeError, "target_tensors has a ndarray.*fit"),
        ([Y], TypeError, "target_tensors has a ndarray"),
        ({"nosuch": 1}, ValueError, "nosuch"),
        ([K.constant(Y), K.constant(Y)], ValueError, "2 entries.*1 outputs"),
    ],
)
def test_target_tensors_that_are_none(given, kind, words):
    with pytest.raises(kind, match=words):
        line().compile("sgd", "mse", target_tensors=given)


def test_a_target_tensor_takes_no_arrays():
    model = line()
    model.compile(SGD(0.0), "mse", target_tensors=K.constant(Y))
    assert model.train_on_batch(X, None) == pytest.approx(squares().mean())
    with pytest.raises(ValueError, match="no target arrays"):
        model.train_on_batch(X, Y)


@pytest.mark.parametrize(
    "mode, weights, words",
    [
        (None, np.ones((4, 1)), r"\(4, 1\).*temporal"),
        (None, np.ones(3), r"\(3,\).*\(4, 1\)"),
        ("temporal", np.ones((4, 1)), r"temporal.*\(4, 1\)"),
    ],
)
def test_sample_weights_that_do_not_fit(mode, weights, words):
    model = line()
    model.compile(SGD(0.0), "mse", sample_weight_mode=mode)
    for call in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match=words):
            call(X, Y, sample_weight=weights)


@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in TARGETS.items()])
def test_targets_that_do_not_fit_name_the_output(case):
    call, words = case
    with pytest.raises(ValueError, match=words):
        call()


# What is shown


def nested():
    K.clear_session()
    inner = Sequential([Dense(4, input_shape=(3,)), Dense(2, name="n" * 40)], name="inner")
    x = Input((3,), name="x")
    return Model(x, Dense(1, name="last")(inner(x)), name="outer")


def test_repr_tells_class_name_and_shapes():
    model = nested()
    assert repr(model) == "<Model 'outer': (None, 3) -> (None, 1)>"
    assert repr(model.layers[-1]) == "<Dense 'last': (None, 2) -> (None, 1)>"
    assert repr(Dense(2, name="new")) == "<Dense 'new'>"
    assert repr(SGD(0.5)) == "SGD(learning_rate=0.5, momentum=0, decay=0, nesterov=False)"
    assert repr(Adam(0.01)).startswith("Adam(learning_rate=0.01, beta_1=0.9, beta_2=0.999")


def test_summary_lists_the_layers_of_nested_models():
    lines = []
    nested().summary(print_fn=lines.append, expand_nested=True)
    rows = [line.split() for line in lines if "None" in line]
    assert [row[:2] for row in rows] == [
        ["x", "(InputLayer)"],
        ["inner", "(Sequential)"],
        ["|", "dense_1"],
        ["|", "n" * 26],
        ["last", "(Dense)"],
    ]
    assert [row[-1] for row in rows] == ["0", "26", "16", "10", "3"]
    assert "Total params: 29" in lines


@pytest.mark.parametrize("columns, whole", [(70, True), (69, False)])
def test_summary_shows_whole_names_on_a_terminal_that_is_wide_enough(
    columns, whole, monkeypatch, capsys
):
    monkeypatch.setattr(layer_utils.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(columns))
    nested().layers[1].summary()
    lines = capsys.readouterr().out.splitlines()
    assert any("n" * 40 + " (Dense)" in line for line in lines) is whole
    assert max(map(len, lines)) <= columns
