"""Two backends in one process, and several threads."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers, models
from keras_core.graph import Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream, set_random_seed
from keras_core.plugins import backend_name, installed, use_backend
from keras_core.testing.companion import use_reference
from keras_core.testing.runners import Function
from keras_core.testing.threads import in_threads

THREADS = 4


def network(optimizer="adam"):
    set_random_seed(3)
    model = models.Sequential(
        [layers.Dense(8, activation="tanh", input_shape=(5,)), layers.Dense(3)]
    )
    model.compile(optimizer, "mse")
    return model


def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 5)).astype("float32"), rng.normal(size=(12, 3)).astype("float32")


def others():
    """What runs beside the backend under test: the references, and NumPy's if installed."""
    found = [use_reference]
    if "numpy" in installed.enabled(installed.BACKENDS):
        found.append(lambda: use_backend("numpy"))
    return found


def test_initial_weights_are_those_of_another_backend():
    own = network().get_weights()
    for other in others():
        with other():
            weights = network().get_weights()
        for a, b in zip(own, weights):
            np.testing.assert_array_equal(a, b)


def test_values_of_a_variable_go_to_another_backend_and_back():
    v = Variable([1.0])
    double = Function([], [], [Update(v, p.add(v, v))])
    for other in others():
        v.set_value([1.0])
        for stay in (ExitStack, other, other, ExitStack, other):
            with stay():
                double([])
        assert v.get_value().tolist() == [32]


def test_one_function_runs_on_two_backends():
    x = Placeholder((None, 3))
    function = Function([x], [p.exp(x), p.reduce_sum(x, axes=(1,), keepdims=False)])
    values = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
    own = function([values])
    for other in others():
        with other():
            expected = function([values])
        for a, b in zip(own, expected):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_training_goes_on_on_another_backend():
    model = network()
    start = model.get_weights()
    for _ in range(4):
        model.train_on_batch(*data())
    alone = model.get_weights()
    for other in others():
        model = network()
        model.set_weights(start)
        for stay in (ExitStack, other, ExitStack, other):
            with stay():
                model.train_on_batch(*data())
        for a, b in zip(alone, model.get_weights()):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_threads_share_a_function():
    x, w = Placeholder((64, 64)), Variable(np.eye(64))
    product = p.dot(p.tanh(x), w, contract=((1,), (0,)), batch=((), ()))
    function = Function([x], [product, p.exp(product)])

    def work(seed):
        values = np.random.default_rng(seed).normal(size=(64, 64)).astype("float32")
        for _ in range(10):
            a, b = function([values])
            np.testing.assert_allclose(a, np.tanh(values), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(b, np.exp(np.tanh(values)), rtol=1e-4, atol=1e-5)

    in_threads(*(lambda seed=seed: work(seed) for seed in range(THREADS)))


def test_threads_compile_at_once():
    def work(factor):
        x = Placeholder((None, 2))
        function = Function([x], [p.multiply(x, p.scalar(factor, "float32"))])
        return [function([np.ones((n, 2))])[0].sum() for n in (1, 2)]

    results = in_threads(*(lambda factor=factor: work(factor) for factor in range(THREADS)))
    assert results == [[2 * factor, 4 * factor] for factor in range(THREADS)]


def test_calls_in_threads_draw_apart():
    set_random_seed(1)
    node = p.random_normal(shape=(50,), dtype="float32", stream=new_stream())
    function = Function([], [node])
    function([])
    drawn = in_threads(*[lambda: [function([])[0].tobytes() for _ in range(5)]] * THREADS)
    assert len({one for several in drawn for one in several}) == 5 * THREADS


def test_a_thread_on_another_backend():
    values = np.linspace(-1, 1, 6).astype("float32").reshape(2, 3)
    x = K.placeholder((None, 3))
    function = K.function([x], [K.softmax(x)])

    def on_the_references():
        with use_reference():
            return [function([values])[0] for _ in range(5)]

    own, expected = in_threads(lambda: [function([values])[0] for _ in range(5)], on_the_references)
    np.testing.assert_allclose(own, expected, rtol=1e-5, atol=1e-6)


def test_threads_on_two_backends_share_variables():
    """No step is lost, and nobody sees one variable before a step and the other after it."""
    variables, one = [Variable(np.zeros(i)) for i in range(1, 21)], p.scalar(1.0, "float32")
    step = Function([], variables, [Update(v, p.add(v, one)) for v in variables])

    def count(steps, stay):
        with stay():
            return [step([]) for _ in range(steps)]

    ways = (ExitStack, use_reference)
    seen = [count(1, stay)[0] for stay in ways]  # compiled, so that neither is ahead later
    seen += sum(in_threads(*(lambda stay=stay: count(49, stay) for stay in ways)), [])
    assert all((array == arrays[0]).all() for arrays in seen for array in arrays)
    assert sorted(float(arrays[0][0]) for arrays in seen) == list(range(100))
    assert all((v.get_value() == 100).all() for v in variables)


def test_a_model_goes_on_training_in_a_thread():
    alone, moved = network(), network()
    for _ in range(4):
        alone.train_on_batch(*data())
    for _ in range(2):
        moved.train_on_batch(*data())
        in_threads(lambda: moved.train_on_batch(*data()))
    for a, b in zip(alone.get_weights(), moved.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stay", [ExitStack, use_reference], ids=["own", "other"])
def test_the_choice_ends_with_its_block(stay):
    before = backend_name()
    with stay():
        pass
    after = backend_name(), K.backend()
    assert after == (before, before)
