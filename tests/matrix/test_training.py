"""compile, fit, evaluate, predict and their relatives, against numbers worked out by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import losses, metrics
from keras_core.callbacks import LambdaCallback
from keras_core.engine import training_arrays, training_utils
from keras_core.graph import compiling
from keras_core.layers import Add, Dense, Dropout, Input, Lambda, Masking
from keras_core.models import Model, Sequential
from keras_core.optimizers import SGD, Adam
from keras_core.utils import set_random_seed

X = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5], [-2.0, 1.0]], dtype="float32")
Y = np.array([[1.0], [0.0], [2.0], [-1.0]], dtype="float32")
W = np.array([[0.5], [-0.25]], dtype="float32")


def linear(**options):
    model = Sequential([Dense(1, use_bias=False, input_shape=(2,), name="line", **options)])
    model.set_weights([W])
    return model


def two_outputs():
    x = Input((2,))
    model = Model(x, [Dense(1, use_bias=False, name=n)(x) for n in "ab"])
    model.set_weights([W, 2 * W])
    return model


def errors(weights=W, x=X, y=Y):
    return x @ weights - y


def mse(weights=W, x=X, y=Y):
    return np.mean(errors(weights, x, y) ** 2)


def mse_slope(weights=W, x=X, y=Y):
    return 2 * x.T @ errors(weights, x, y) / len(x)


# One step


def test_a_step_of_gradient_descent():
    model = linear()
    model.compile(SGD(0.1), "mse")
    assert model.train_on_batch(X, Y) == pytest.approx(mse(), rel=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], W - 0.1 * mse_slope(), rtol=1e-5)


def test_an_epoch_is_its_batches_in_order():
    model = linear()
    model.compile(SGD(0.1), "mse")
    history = model.fit(X, Y, batch_size=3, shuffle=False, verbose=0)
    middle = W - 0.1 * mse_slope(W, X[:3], Y[:3])
    end = middle - 0.1 * mse_slope(middle, X[3:], Y[3:])
    np.testing.assert_allclose(model.get_weights()[0], end, rtol=1e-5)
    expected = (3 * mse(W, X[:3], Y[:3]) + mse(middle, X[3:], Y[3:])) / 4
    assert history.history["loss"] == pytest.approx([expected], rel=1e-5)


def test_sample_weights_scale_losses_but_not_their_number():
    weights = np.array([1.0, 0.0, 2.0, 0.5])
    model = linear()
    model.compile(SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mae"])
    loss, plain, weighted = model.train_on_batch(X, Y, sample_weight=weights)
    absolute = np.abs(errors())[:, 0]
    assert loss == pytest.approx(np.mean(weights * absolute**2), rel=1e-5)
    assert plain == pytest.approx(absolute.mean(), rel=1e-5)
    assert weighted == pytest.approx(np.average(absolute, weights=weights), rel=1e-5)
    slope = 2 * X.T @ (weights[:, None] * errors()) / 4
    np.testing.assert_allclose(model.get_weights()[0], W - 0.1 * slope, rtol=1e-5)


def test_class_weights_multiply_sample_weights():
    y = np.array([0, 1, 1, 0])
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    model = linear()
    model.compile("sgd", "mse")
    loss = model.train_on_batch(X, y, weights, class_weight={0: 10.0, 1: 1.0})
    expected = np.mean(weights * [10, 1, 1, 10] * errors(y=y[:, None])[:, 0] ** 2)
    assert loss == pytest.approx(expected, rel=1e-5)


def test_weights_of_classes_by_one_hot_targets():
    y = np.eye(3)[[2, 0, 2]]
    found = training_utils.standardize_weights(y, class_weight={0: 5.0, 2: 0.5})
    np.testing.assert_array_equal(found, [0.5, 5.0, 0.5])


def test_weights_of_steps():
    x = np.arange(6.0).reshape(2, 3, 1)
    weights = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]])
    model = Sequential([Dense(1, use_bias=False, kernel_initializer="zeros", input_shape=(3, 1))])
    model.compile("sgd", "mse", sample_weight_mode="temporal", weighted_metrics=["mse"])
    loss, mean = model.test_on_batch(x, x, sample_weight=weights)
    squares = weights * x[..., 0] ** 2
    assert loss == pytest.approx(squares.sum() / 6)
    assert mean == pytest.approx(squares.sum() / weights.sum())


def test_masked_steps_do_not_count_in_the_loss_sum():
    x = np.array([[[1.0], [2.0], [0.0]], [[3.0], [0.0], [0.0]]])
    model = Sequential(
        [
            Masking(input_shape=(3, 1)),
            Dense(1, use_bias=False, kernel_initializer="ones"),
        ]
    )
    model.compile("sgd", "mse", metrics=["mse"])
    loss, mean = model.test_on_batch(x, np.full((2, 3, 1), 10.0))
    squares = np.array([81.0, 64.0, 49.0])
    assert loss == pytest.approx(squares.sum() / 6)
    assert mean == pytest.approx(squares.mean())


def test_losses_of_outputs_are_weighted_and_added():
    model = two_outputs()
    model.compile("sgd", {"a": "mse", "b": "mae"}, loss_weights={"b": 0.5})
    total, a, b = model.test_on_batch(X, {"a": Y, "b": Y})
    absolute = np.mean(np.abs(errors(2 * W)))
    assert [a, b] == pytest.approx([mse(), absolute], rel=1e-5)
    assert total == pytest.approx(mse() + 0.5 * absolute, rel=1e-5)


def test_penalties_and_added_losses_count():
    model = linear(kernel_regularizer=lambda w: K.sum(K.square(w)))
    model.add_loss(3.0 * K.mean(model.output))
    model.compile(SGD(0.1), "mse")
    expected = mse() + np.sum(W**2) + 3 * np.mean(X @ W)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)
    model.train_on_batch(X, Y)
    slope = mse_slope() + 2 * W + 3 * X.mean(axis=0)[:, None]
    np.testing.assert_allclose(model.get_weights()[0], W - 0.1 * slope, rtol=1e-5)


def test_a_model_may_have_only_losses_of_its_own():
    model = linear()
    model.add_loss(K.mean(K.square(model.output)))
    model.compile(SGD(0.1))
    history = model.fit(X, epochs=1, verbose=0)
    assert history.history["loss"] == pytest.approx([np.mean((X @ W) ** 2)], rel=1e-5)
    assert model.metrics_names == ["loss"]


def test_loss_reductions():
    for reduction, expected in (("sum", 4 * mse()), ("none", mse())):
        model = linear()
        model.compile("sgd", losses.MeanSquaredError(reduction=reduction))
        assert model.test_on_batch(X, Y) == pytest.approx(expected, rel=1e-5)


def test_target_tensors_replace_targets():
    model = linear()
    model.compile("sgd", "mse", target_tensors=[K.constant(Y)])
    assert model.evaluate(X, batch_size=4, verbose=0) == pytest.approx(mse(), rel=1e-5)


def test_inputs_that_are_tensors_need_steps():
    x = Input(tensor=K.constant(X))
    model = Model(x, Dense(1, use_bias=False, name="line")(x))
    model.set_weights([W])
    model.compile(SGD(0.1), "mse", target_tensors=K.constant(Y))
    history = model.fit(steps_per_epoch=1, epochs=2, verbose=0)
    after = mse(W - 0.1 * mse_slope())
    assert history.history["loss"] == pytest.approx([mse(), after], rel=1e-5)
    assert model.predict(None, steps=2).shape == (8, 1)


# With and without sample weights


def test_weights_of_one_change_nothing():
    runs = []
    for weights in (None, np.ones(4)):
        model = linear()
        model.compile(Adam(0.1), "mse", metrics=["mae"])
        history = model.fit(X, Y, 2, 3, shuffle=False, sample_weight=weights, verbose=0).history
        runs.append([*history["loss"], *history["mae"], *model.get_weights()[0][:, 0]])
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-5)


def test_both_ways_share_the_state_of_the_optimizer():
    mixed, plain = linear(), linear()
    for model in (mixed, plain):
        model.compile(Adam(0.1), "mse")
    for weights in (None, np.ones(4), None, np.ones(4)):
        mixed.train_on_batch(X, Y, sample_weight=weights)
        plain.train_on_batch(X, Y)
    np.testing.assert_allclose(mixed.get_weights()[0], plain.get_weights()[0], rtol=1e-5)
    for a, b in zip(mixed.optimizer.get_weights(), plain.optimizer.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_public_functions_take_sample_weights():
    model = linear()
    assert model.train_function is None
    model.compile("sgd", "mse")
    model._make_test_function()
    (loss,) = model.test_function([X, Y, np.array([1.0, 1.0, 1.0, 0.0])])
    expected = np.sum(errors()[:3] ** 2) / 4
    assert loss == pytest.approx(expected, rel=1e-5)
    assert [w.name for w in model.sample_weights] == ["line_sample_weights:0"]


# What is reported


@pytest.mark.parametrize(
    "loss, units, wanted, names",
    [
        ("categorical_crossentropy", 3, ["accuracy"], ["accuracy"]),
        ("binary_crossentropy", 1, ["acc", "ce"], ["acc", "ce"]),
        ("mse", 2, ["mae", "mse", "MAE"], ["mae", "mse", "MAE"]),
        ("mse", 2, ["mae", "mae"], ["mae"]),
        ("mse", 2, [metrics.mae], ["mean_absolute_error"]),
        ("mse", 2, [lambda a, b: K.mean(b)], ["<lambda>"]),
        ("mse", 2, [metrics.MeanSquaredError(name="x")], ["x"]),
        ("mse", 2, {"out": "mae"}, ["mae"]),
    ],
)
def test_metric_names(loss, units, wanted, names):
    model = Sequential([Dense(units, input_shape=(2,), name="out")])
    model.compile("sgd", loss, metrics=wanted)
    assert model.metrics_names == ["loss", *names]


def test_weighted_metrics_follow_the_others():
    model = linear()
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae", "mse"])
    assert model.metrics_names == ["loss", "mae", "mae_1", "mse"]


@pytest.mark.parametrize(
    "options, names",
    [
        ({"loss": "mse"}, ["a_loss", "b_loss"]),
        (
            {"loss": "mse", "metrics": ["mae", "mse"]},
            ["a_loss", "b_loss", "a_mae", "a_mse", "b_mae", "b_mse"],
        ),
        (
            {"loss": "mse", "metrics": {"b": ["mae", "mse"], "a": "accuracy"}},
            ["a_loss", "b_loss", "a_accuracy", "b_mae", "b_mse"],
        ),
        (
            {"loss": "mse", "metrics": ["mae", ["mse"]]},
            ["a_loss", "b_loss", "a_mae", "b_mse"],
        ),
        ({"loss": {"a": "mse", "b": None}}, ["a_loss"]),
        ({"loss": ["mse", None], "metrics": ["mae"]}, ["a_loss", "a_mae"]),
        (
            {
                "loss": "mse",
                "loss_weights": [1, 2],
                "metrics": ["mae"],
                "weighted_metrics": ["mae"],
            },
            ["a_loss", "b_loss", "a_mae", "a_mae_1", "b_mae", "b_mae_1"],
        ),
    ],
)
def test_names_for_two_outputs(options, names):
    model = two_outputs()
    model.compile("sgd", **options)
    assert model.metrics_names == ["loss", *names]


def test_absent_loss_is_warned_of():
    with pytest.warns(UserWarning, match=r"\['b'\]"):
        two_outputs().compile("sgd", {"a": "mse"})


def test_a_layer_that_is_two_outputs():
    x, y = Input((2,)), Input((2,))
    shared = Dense(1, name="dense")
    model = Model([x, y], [shared(x), shared(y)])
    model.compile("sgd", "mse", metrics=["mae"])
    expected = ["loss", "dense_loss", "dense_1_loss", "dense_mae", "dense_1_mae"]
    assert model.metrics_names == expected
    assert len(model.test_on_batch([X, X], [Y, Y])) == 5


@pytest.mark.parametrize(
    "loss, units, fn",
    [
        ("binary_crossentropy", 1, "binary_accuracy"),
        ("mse", 1, "binary_accuracy"),
        ("binary_crossentropy", 3, "binary_accuracy"),
        ("sparse_categorical_crossentropy", 3, "sparse_categorical_accuracy"),
        ("categorical_crossentropy", 3, "categorical_accuracy"),
        ("mse", 3, "categorical_accuracy"),
    ],
)
def test_what_accuracy_means(loss, units, fn):
    chosen = training_utils.get_metric_function(
        "accuracy", (None, units), training_utils.get_loss_function(loss)
    )
    assert chosen is getattr(metrics, fn)


def test_added_metrics_come_last_layers_first():
    class Watching(Dense):
        def call(self, inputs):
            outputs = super().call(inputs)
            self.add_metric(K.mean(outputs), name="of_layer")
            return outputs

    model = Sequential([Watching(1, use_bias=False, input_shape=(2,))])
    model.set_weights([W])
    model.add_metric(K.max(model.output), name="of_model")
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.metrics_names == ["loss", "mae", "of_layer", "of_model"]
    values = model.test_on_batch(X, Y)
    outputs = X @ W
    assert values[2:] == pytest.approx([outputs.mean(), outputs.max()], rel=1e-5)


def test_metrics_accumulate_over_batches():
    model = linear()
    model.compile("sgd", "mse", metrics=["mse"])
    loss, mean = model.evaluate(X, Y, batch_size=3, verbose=0)
    assert [loss, mean] == pytest.approx([mse(), mse()], rel=1e-5)


def test_metrics_of_single_batches_go_on_if_asked():
    model = linear()
    model.compile("sgd", "mse", metrics=["mse"])
    model.test_on_batch(X[:1], Y[:1], reset_metrics=False)
    assert model.test_on_batch(X[1:], Y[1:])[1] == pytest.approx(mse(), rel=1e-5)
    assert model.test_on_batch(X[:1], Y[:1])[1] == pytest.approx(mse(W, X[:1], Y[:1]), rel=1e-5)


def test_history_has_validation_first():
    model = linear()
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(X, Y, epochs=2, validation_split=0.5, verbose=0)
    assert list(history.history) == ["val_loss", "val_mae", "loss", "mae"]
    assert history.epoch == [0, 1]
    assert model.history is history


def test_validation_split_takes_the_last_samples():
    model = linear()
    model.compile(SGD(1e-6), "mse")
    history = model.fit(X, Y, shuffle=False, validation_split=0.25, verbose=0)
    assert history.history["loss"] == pytest.approx([mse(W, X[:3], Y[:3])], rel=1e-4)
    assert history.history["val_loss"] == pytest.approx([mse(W, X[3:], Y[3:])], rel=1e-4)


def test_validation_data_may_be_weighted():
    model = linear()
    model.compile(SGD(1e-6), "mse")
    weights = np.array([0.0, 0.0, 1.0, 3.0])
    history = model.fit(X, Y, validation_data=(X, Y, weights), verbose=0)
    expected = np.mean(weights * errors()[:, 0] ** 2)
    assert history.history["val_loss"] == pytest.approx([expected], rel=1e-4)


# Batches


class Rows:
    """An array-like that notes what is read, as a file would be."""

    def __init__(self, array):
        self.array, self.read = array, []
        self.shape, self.dtype = array.shape, array.dtype

    def __len__(self):
        return len(self.array)

    def __getitem__(self, key):
        self.read.append(key)
        return self.array[key]


def order_of_batches(shuffle, samples=7, batch_size=2):
    from keras_core.engine.feeding.sources import ArraySource

    source = ArraySource(None, [np.arange(samples), -np.arange(samples)], batch_size, shuffle)
    batches = []
    for _ in range(2):
        source.begin()
        taken = [source.take() for _ in range(source.steps)]
        assert [size for size, _ in taken] == [2, 2, 2, 1]
        assert all((x == -y).all() for _, (x, y) in taken)
        batches.append([x.tolist() for _, (x, _) in taken])
    return batches


def test_batches_in_order():
    assert order_of_batches(False) == [[[0, 1], [2, 3], [4, 5], [6]]] * 2


def test_shuffled_samples_follow_the_seed():
    set_random_seed(3)
    first = order_of_batches(True)
    set_random_seed(3)
    assert order_of_batches(True) == first
    assert first[0] != first[1]
    assert sorted(sum(first[0], [])) == list(range(7))
    np.random.seed(3)
    expected = np.arange(7)
    np.random.shuffle(expected)
    assert sum(first[0], []) == expected.tolist()


def test_shuffled_batches_stay_whole():
    set_random_seed(1)
    for epoch in order_of_batches("batch"):
        assert epoch[-1] == [6]
        assert sorted(epoch) == [[0, 1], [2, 3], [4, 5], [6]]


def test_files_are_read_in_increasing_order():
    from keras_core.engine.feeding.sources import ArraySource

    set_random_seed(0)
    rows = Rows(np.arange(8) * 10)
    source = ArraySource(None, [rows], 4, True)
    source.begin()
    np.random.seed(0)
    order = np.arange(8)
    np.random.shuffle(order)
    _, (batch,) = source.take()
    assert rows.read == [sorted(order[:4].tolist())]
    np.testing.assert_array_equal(batch, order[:4] * 10)


def test_array_likes_are_trained_on():
    model = linear()
    model.compile("sgd", "mse")
    history = model.fit(Rows(X), Rows(Y), batch_size=2, shuffle="batch", epochs=2, verbose=0)
    assert len(history.epoch) == 2


class EngineArray:
    """In memory, as an engine's own arrays are, and none of NumPy's."""

    def __init__(self, values):
        self.values = values
        self.shape, self.dtype = values.shape, values.dtype

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)

    def __dlpack__(self, **options):
        raise BufferError("asked for by engines alone")

    def __getitem__(self, rows):
        raise TypeError("indexed by numbers of its engine alone")


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_arrays_of_engines_are_trained_on(shuffle):
    model = linear()
    model.compile("sgd", "mse")
    x, y = EngineArray(X), EngineArray(Y)
    options = {"validation_split": 0.2, "shuffle": shuffle, "sample_weight": EngineArray(Y[:, 0])}
    history = model.fit(x, y, batch_size=2, epochs=2, verbose=0, **options)
    assert len(history.history["val_loss"]) == 2
    np.testing.assert_array_equal(model.predict(x), model.predict(X))
    assert model.evaluate(x, y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert np.isfinite(model.train_on_batch(x, y))


def test_loops_over_arrays_take_any_function():
    model = linear()
    model.compile("sgd", "mse")
    x = np.arange(5.0)
    seen = []

    def mean(arrays):
        seen.append(arrays[0].tolist())
        return [arrays[0].mean()]

    history = training_arrays.fit_loop(
        model, mean, [x], batch_size=2, epochs=1, verbose=0, val_function=mean, val_inputs=[x + 1]
    )
    # Batches of 2, 2 and 1: the losses are their means over samples.
    assert history.history == {"loss": [2.0], "val_loss": [3.0]}
    assert sorted(sum(seen[:3], [])) == x.tolist() and seen[3:] == [[1, 2], [3, 4], [5]]
    assert training_arrays.test_loop(model, mean, [x], batch_size=2) == 2.0
    assert training_arrays.test_loop(model, mean, [x], steps=3) == 2.0
    found = training_arrays.predict_loop(model, lambda arrays: [arrays[0] * 2], [x], batch_size=2)
    assert found.tolist() == [0, 2, 4, 6, 8]


def test_loops_name_the_outputs_as_they_are_told():
    model = linear()
    model.compile("sgd", "mse")
    params = []
    watcher = LambdaCallback(on_train_begin=lambda logs: params.append(watcher.params["metrics"]))
    history = training_arrays.fit_loop(
        model, lambda arrays: [1.5], [X], ["cost"], epochs=1, verbose=0, callbacks=[watcher]
    )
    assert params == [["cost"]]
    assert history.history == {"cost": [1.5]}


def test_contradictions_are_refused_before_training_is_set_up():
    model = linear()
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="validation_steps"):
        model.fit(X, Y, validation_data=(X, Y), validation_steps=2)
    assert model.train_function is None and model.optimizer.weights == []


def test_steps_feed_whole_arrays():
    model = linear()
    model.compile(SGD(0.1), "mse")
    model.fit(X, Y, steps_per_epoch=2, verbose=0)
    middle = W - 0.1 * mse_slope()
    expected = middle - 0.1 * mse_slope(middle)
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5)


def test_nothing_is_compiled_again(monkeypatch):
    compiled = []

    def counted(wanted):
        if not wanted.loop:
            compiled.append(wanted)
        return compiling.compiled(wanted)

    monkeypatch.setattr("keras_core.graph.function.compiled", counted)
    model = linear()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=3, epochs=2, validation_data=(X, Y), verbose=0)
    model.predict(X)
    assert len(compiled) == 3
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, batch_size=1)
    model.train_on_batch(X, Y)
    assert len(compiled) == 3


# Prediction


def test_prediction_is_the_same_in_any_batches():
    model = linear()
    for size in (1, 3, 4, 100):
        np.testing.assert_allclose(model.predict(X, batch_size=size), X @ W, rtol=1e-5)
    np.testing.assert_allclose(model.predict([X]), X @ W, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(X), X @ W, rtol=1e-5)
    np.testing.assert_allclose(model.predict(X.astype(int)), X.astype(int) @ W, rtol=1e-5)


def test_prediction_of_no_samples_has_the_right_shape():
    assert linear().predict(X[:0]).shape == (0, 1)
    assert [x.shape for x in two_outputs().predict(X[:0])] == [(0, 1), (0, 1)]


def test_prediction_does_not_reuse_its_arrays():
    model = linear()
    first = model.predict(X)
    kept = first.copy()
    model.predict(2 * X)
    np.testing.assert_array_equal(first, kept)


def test_dropout_works_in_training_alone():
    # of an odd number of ones, those kept and doubled never have the mean 1
    model = Sequential([Dropout(0.5, input_shape=(999,)), Lambda(lambda x: K.mean(x, axis=-1))])
    model.add(Lambda(lambda x: K.expand_dims(x)))
    model.compile("sgd", "mse")
    x, y = np.ones((1, 999)), np.ones((1, 1))
    assert model.predict(x) == pytest.approx(1.0)
    assert model.test_on_batch(x, y) == pytest.approx(0.0, abs=1e-10)
    assert 1e-9 < model.train_on_batch(x, y) < 0.1


# Models that meet their inputs late


def test_a_sequential_is_built_by_data():
    model = Sequential([Dense(3), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(X, Y, verbose=0)
    assert list(history.history) == ["loss", "mae"]
    assert model.input_shape == (None, 2)


class Doubling(Model):
    def __init__(self):
        super().__init__()
        self.line = Dense(1, use_bias=False)

    def call(self, inputs):
        return 2 * self.line(inputs)


def test_a_subclass_is_built_by_data():
    model = Doubling()
    model.compile(SGD(0.1), "mse")
    model.predict(X)
    model.set_weights([W / 2])
    assert model.train_on_batch(X, Y) == pytest.approx(mse(), rel=1e-5)
    # d/d(W/2) of an output 2 (W/2) x is twice the slope by W.
    expected = W / 2 - 0.1 * 2 * mse_slope()
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5)
    assert model.output_names == ["output_1"]


def test_dicts_go_by_name():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model([a, b], Add()([a, b]))
    np.testing.assert_allclose(model.predict({"b": X, "a": -2 * X}), -X)


# Changes after compilation


def test_a_change_of_trainable_without_compile_is_warned_of():
    model = linear()
    model.compile("sgd", "mse")
    model.trainable = False
    with pytest.warns(UserWarning, match="0 trainable weights, but had 1"):
        model.fit(X, Y, verbose=0)


def test_compile_again_freezes():
    model = linear()
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_old_name_of_epochs():
    model = linear()
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="epochs"):
        history = model.fit(X, Y, nb_epoch=2, verbose=0)
    assert len(history.epoch) == 2


def test_no_warnings_in_a_plain_run():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = linear()
        model.compile("rmsprop", "mse", metrics=["accuracy"])
        model.fit(X, Y, validation_data=(X, Y), verbose=0)
