"""Models of many layers in a row: all that can be done with a model works within Python's own
recursion limit, and the work grows with the number of layers, not faster."""

from __future__ import annotations

import copy
import pickle
import sys

import numpy as np
import pytest

import keras_core as keras
from keras_core import backend as K
from keras_core import layers as L
from keras_core.models import Model, Sequential
from keras_core.optimizers import SGD
from keras_core.utils.layer_utils import count_params, get_source_inputs

# Layers in a row that are asked of an engine which has its own cost or limit. JAX's compiler takes
# some ten milliseconds a layer.
MOST = {"jax": 300, "tensorflow": 500, "theano": 300}
X = np.array([[1.0, 2.0]], "float32")
ERROR = np.array([[-0.5, 0.5]], "float32")


@pytest.fixture
def depth():
    assert sys.getrecursionlimit() <= 1000
    return MOST.get(K.backend(), 2000)


def dense(**options):
    return L.Dense(2, kernel_initializer="identity", **options)


def of_activations(depth):
    return Sequential([dense(input_shape=(2,)), *(L.Activation("relu") for _ in range(depth))])


def of_layers(depth):
    """Every tenth layer has weights."""
    rest = [L.Activation("relu") if i % 10 else dense() for i in range(depth)]
    return Sequential([dense(input_shape=(2,)), *rest])


def of_one_layer(depth):
    x = source = L.Input((2,))
    shared = dense()
    for _ in range(depth):
        x = shared(x)
    return Model(source, x)


def with_skips(depth):
    """Steps of x + x - x, every tenth one x + 0 with weights."""
    x = source = L.Input((2,))
    for i in range(depth // 2):
        if i % 10:
            x = L.subtract([L.add([x, x]), x])
        else:
            x = L.add([x, L.Dense(2, kernel_initializer="zeros")(x)])
    return Model(source, x)


def of_models(depth):
    return Sequential([of_layers(1) for _ in range(depth // 4)])


KINDS = [of_activations, of_layers, of_one_layer, with_skips, of_models]


@pytest.mark.parametrize("make", KINDS)
def test_a_step_of_a_long_model_follows_the_gradient(make, depth):
    """All of them are the identity, so that each use of a layer adds the same to its gradient."""
    model = make(depth)
    uses = depth if make is of_one_layer else 1
    before = model.get_weights()
    model.compile(SGD(1.0 / uses), "mse")
    assert model.train_on_batch(X, X - ERROR) == pytest.approx(0.25)
    change = {(2, 2): X.T @ ERROR, (2,): ERROR[0]}
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_allclose(new, old - change[old.shape], atol=1e-5)


def test_many_layers_predict_what_one_does(depth):
    np.testing.assert_array_equal(of_layers(depth).predict(X), X)


def test_an_rnn_unrolled_over_many_steps_is_the_loop(depth):
    steps = min(depth, 500)
    loop, unrolled = (
        Sequential([L.SimpleRNN(2, unroll=unroll, input_shape=(steps, 1))])
        for unroll in (False, True)
    )
    unrolled.set_weights(loop.get_weights())
    x = np.random.RandomState(0).randn(1, steps, 1)
    for model in (loop, unrolled):
        model.compile("sgd", "mse")
        model.train_on_batch(x, X)
    for a, b in zip(loop.get_weights(), unrolled.get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.fixture
def files(tmp_path):
    return [str(tmp_path / name) for name in ("model.h5", "weights.h5")]


def ways(model, whole, weights):
    """Copies of a model, by all ways that there are."""
    model.save(whole)
    yield keras.models.load_model(whole)
    model.save_weights(weights)
    for text, read in (
        (model.to_json(), keras.models.model_from_json),
        (model.to_yaml(), keras.models.model_from_yaml),
    ):
        other = read(text)
        other.load_weights(weights, by_name=True)
        yield other
    for other in (keras.models.clone_model(model), type(model).from_config(model.get_config())):
        other.load_weights(weights)
        yield other
    yield copy.deepcopy(model)
    yield pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("make", [of_layers, with_skips, of_one_layer])
def test_a_long_model_is_copied_in_all_ways(make, depth, files):
    model = make(depth)
    model.compile("sgd", "mse")
    model.set_weights([w + 0.5 for w in model.get_weights()])
    for other in ways(model, *files):
        assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]
        for a, b in zip(other.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_a_long_model_tells_of_itself(depth):
    model, lines = of_layers(depth), []
    model.summary(print_fn=lines.append)
    assert len(lines) == 2 * (depth + 1) + 8
    assert model.count_params() == 6 * (1 + depth // 10) == count_params(model.weights)
    assert model.compute_output_shape((7, 2)) == (7, 2)
    assert get_source_inputs(model.output) == model.inputs
    program = K.function(model.inputs, model.outputs).program()
    assert str(program).count("relu") == depth - depth // 10


def test_models_nest_a_hundred_deep(files):
    model = of_activations(1)
    for i in range(100):
        if i % 2:
            model = Sequential([model, L.Activation("linear")])
        else:
            x = L.Input((2,))
            model = Model(x, model(x))
    np.testing.assert_array_equal(model.predict(X), X)
    model.compile("sgd", "mse")
    model.train_on_batch(X, X - ERROR)
    for other in ways(model, *files):
        np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


# Work by the number of layers


def calls(work):
    """How many calls of Python functions some work makes."""
    count = 0

    def called(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def added_one_by_one(depth):
    model = Sequential()
    for _ in range(depth):
        model.add(dense(input_shape=(2,)))
        assert model.output_shape == (None, 2)
    return model


def taken_off(depth):
    model = of_layers(depth)
    for _ in range(depth // 2):
        model.pop()
    return model


def built_late(depth):
    model = Sequential([dense() for _ in range(depth)])
    model.build((None, 2))
    return model


def alternating(depth):
    x = source = L.Input((2,))
    pair = dense(), dense()
    for i in range(depth):
        x = pair[i % 2](x)
    return Model(source, x)


def many_ended(depth):
    sources = [L.Input((2,)) for _ in range(depth)]
    return Model(sources, [dense()(x) for x in sources])


BUILDERS = [added_one_by_one, taken_off, built_late, alternating, many_ended, *KINDS]


@pytest.mark.parametrize("make", BUILDERS)
def test_building_and_copying_are_linear(make, tmp_path):
    def work(depth):
        path = str(tmp_path / f"{depth}.h5")
        model = make(depth)
        model.set_weights(model.get_weights())
        model.summary(print_fn=lambda line: None)
        model.save(path)
        keras.models.load_model(path, compile=False)
        model.load_weights(path, by_name=True)
        keras.models.clone_model(model)
        assert model.losses == model.updates == []

    work(5)
    assert calls(lambda: work(200)) < 4.4 * calls(lambda: work(50))


def normalized(depth):
    first = dense(input_shape=(2,), kernel_regularizer="l2")
    return Sequential([first, *(L.BatchNormalization() for _ in range(depth // 4))])


def recurrent(depth):
    first = L.LSTM(2, return_sequences=True, input_shape=(3, 2))
    return Sequential([first, *(L.LSTM(2, return_sequences=True) for _ in range(depth // 10))])


@pytest.mark.parametrize("make", [of_layers, of_one_layer, normalized, recurrent])
def test_a_first_step_is_linear(make):
    def work(model):
        x = np.ones((1, *model.input_shape[1:]))
        model.compile("adam", "mse")
        model.train_on_batch(x, x)

    work(make(5))
    few, many = (make(depth) for depth in (40, 160))
    assert calls(lambda: work(many)) < 4.4 * calls(lambda: work(few))
