"""Loops that XLA compiles within programs that TensorFlow runs."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import use_backend
from keras_core.graph import Function, Placeholder
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Constant
from keras_core.layers import GRU, LSTM, Bidirectional, ConvLSTM2D, Dense, Embedding, Masking
from keras_core.models import Sequential
from keras_core.plugins import load_backend
from keras_core.utils import set_random_seed
from keras_tf.compiled import MOST_EXACT

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(6, 7, 3).astype("float32")
X[:2, 4:] = 0
Y = RANDOM.randn(6, 2).astype("float32")


@pytest.fixture(autouse=True)
def backend():
    with use_backend("tensorflow"):
        yield load_backend("tensorflow")


def recurrent(jit_compile=None):
    set_random_seed(4)
    model = Sequential(
        [
            Masking(input_shape=X.shape[1:]),
            Bidirectional(LSTM(4, return_sequences=True, dropout=0.2, recurrent_dropout=0.2)),
            GRU(3, return_sequences=True, go_backwards=True),
            LSTM(5, unroll=True),
            Dense(2),
        ]
    )
    model.compile("adam", "mse", jit_compile=jit_compile)
    return model


def jitted(function):
    """The names of what XLA compiles in all that was traced for a function."""
    programs = [program for program, _ in function._compiled.values()]
    traced = [t for p in programs for t in (*p._exact.values(), p._general) if t]
    libraries = [t.concrete.graph.as_graph_def().library.function for t in traced]
    return [f.signature.name for fs in libraries for f in fs if f.attr["_XlaMustCompile"].b]


def summed(body, x):
    """A function that sums `body` of the rows of a sequence."""
    zeros = np.zeros(x.shape[1:], x.dtype)
    (total,), _ = scan(lambda xs, sums: ([], [p.add(sums[0], body(xs[0]))]), [x], [Constant(zeros)])
    return Function([x], [total])


def test_training_gives_the_numbers_of_a_loop_of_tensorflow():
    results = []
    for jit_compile in (None, False):
        model = recurrent(jit_compile)
        losses = [model.train_on_batch(X, Y) for _ in range(5)]
        results.append([losses, model.predict(X), *model.get_weights()])
        assert bool(jitted(model.predict_function)) is (jit_compile is None)
    for ours, expected in zip(*results):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_random_numbers_are_those_of_a_loop_of_tensorflow():
    x = Placeholder((5, 3))
    stream = new_stream(seed=8)

    def noisy(row):
        return p.multiply(row, p.random_uniform(shape=(3,), dtype="float32", stream=stream))

    function = summed(noisy, x)
    plain = Function(function.inputs, function.outputs, jit_compile=False)
    rows = RANDOM.rand(5, 3).astype("float32")
    np.testing.assert_allclose(function([rows])[0], plain([rows])[0], rtol=1e-6)
    assert jitted(function) and not jitted(plain)


def test_models_that_are_alike_share_what_is_compiled():
    names = []
    for _ in range(2):
        model = Sequential([LSTM(9, input_shape=X.shape[1:])])
        model.predict(X)
        names.append(jitted(model.predict_function))
    assert len(names[0]) == 1
    assert names[0] == names[1]


def test_loops_that_differ_in_a_number_alone_do_not_share():
    rows = np.ones((4, 2), "float32")
    for number in (2.0, 3.0):
        factor = p.scalar(number, "float32")
        function = summed(lambda row, by=factor: p.multiply(row, by), Placeholder((4, 2)))
        np.testing.assert_array_equal(function([rows])[0], np.full(2, 4 * number))
        assert jitted(function)


def test_an_index_out_of_range_is_still_told():
    x = Placeholder((3, 2), "int32")
    table, zeros = (
        Constant(a.astype("float32")) for a in (np.arange(10).reshape(5, 2), X[0, :2, :2] * 0)
    )

    def step(xs, states):
        """Looks up by what depends on the state, so that it stays in the loop."""
        nothing = p.cast(states[0][:, 0] * 0.0, dtype="int32")
        return [], [p.gather(table, xs[0] + nothing, axis=0)]

    (last,), _ = scan(step, [x], [zeros])
    function = Function([x], [last])
    np.testing.assert_array_equal(function([np.full((3, 2), 4)])[0], [[8, 9]] * 2)
    assert not jitted(function)
    with pytest.raises(Exception, match="out of|not in"):
        function([np.full((3, 2), 5)])


def test_what_xla_runs_more_slowly_is_left_to_tensorflow():
    model = Sequential([ConvLSTM2D(2, 3, input_shape=(3, 5, 5, 1))])
    model.predict(np.zeros((2, 3, 5, 5, 1)))
    assert not jitted(model.predict_function)


def test_other_layers_of_the_model_are_left_to_tensorflow():
    model = Sequential([Embedding(5, 4, input_length=3), LSTM(2)])
    model.predict(np.array([[1, 2, 3]]))
    assert jitted(model.predict_function)
    with pytest.raises(Exception, match="embedding"):
        model.predict(np.array([[1, 2, 5]]))


def test_loops_of_unknown_sizes_are_left_to_tensorflow():
    x = K.placeholder((None, None, 3))
    function = K.function([x], [LSTM(2)(x)])
    for steps in range(1, MOST_EXACT + 3):
        function([np.zeros((2, steps, 3))])
    assert len(jitted(function)) == MOST_EXACT
