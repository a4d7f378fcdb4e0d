"""Theano's functions: how many there are, what they compute, what they say when they fail."""

from __future__ import annotations

from contextvars import copy_context
from threading import Thread

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers, models
from keras_core.graph import Placeholder, Program, randomness
from keras_core.graph.primitives import native
from keras_core.graph.tensor import Spec
from keras_core.plugins import load_backend
from keras_core.utils import set_random_seed


def compiled(inputs, outputs, updates=()):
    return load_backend("theano").compile(Program(inputs, outputs, updates))


def ones(*shape):
    return np.ones(shape, "float32")


def test_batch_sizes_share_one_function():
    x = Placeholder((None, 3))
    run = compiled([x], [K.sum(K.relu(x), axis=0)])
    assert run.function((2, 3)) is run.function((7, 3))
    assert run.function((1, 3)) is not run.function((7, 3))


def test_a_size_of_1_broadcasts_where_sizes_are_unknown():
    x, y = Placeholder((None, None)), Placeholder((None, None))
    run = compiled([x, y], [x + y])
    for a, b in (((2, 3), (2, 3)), ((1, 3), (2, 3)), ((2, 1), (1, 3)), ((2, 3), (1, 1))):
        assert run([ones(*a), ones(*b)], (0, 0))[0].tolist() == [[2.0] * 3] * 2


def test_a_size_that_becomes_1_on_the_way_broadcasts():
    x = Placeholder((None, 4))
    run = compiled([x], [x + x[:-1]])
    assert run([ones(2, 4)], (0, 0))[0].tolist() == [[2.0] * 4] * 2


def test_spatial_sizes_may_come_from_the_batch():
    x = Placeholder((None, 2))
    turned = K.reshape(K.transpose(x), (1, 2, -1, 1))
    run = compiled([x], [K.pool2d(turned, (1, 2), (1, 2))])
    assert run([ones(6, 2)], (0, 0))[0].shape == (1, 2, 3, 1)


def test_updates_happen_after_all_reads():
    a, b = K.variable([1.0]), K.variable([2.0])
    swap = K.function([], [a + b], updates=[(a, b), (b, a)])
    assert swap([])[0].tolist() == [3.0]
    assert (K.get_value(a).tolist(), K.get_value(b).tolist()) == ([2.0], [1.0])


def test_functions_see_values_that_are_set():
    a = K.variable([1.0])
    double = K.function([], [a * 2], updates=[(a, a + 1)])
    double([])
    K.set_value(a, [10.0])
    assert double([])[0].tolist() == [20.0]
    assert K.get_value(a).tolist() == [11.0]


def test_results_are_the_callers_own():
    a, x = K.variable([1.0]), Placeholder((1,))
    run = K.function([x], [a, x, K.constant([1.0])])
    fed = ones(1)
    for result in run([fed]):
        result[...] = 5
    assert [r.tolist() for r in run([fed])] == [[1.0]] * 3


def test_draws_are_repeated_by_the_seed_and_made_with_numpy():
    set_random_seed(3)
    draw = K.function([], [K.random_uniform((2, 3))])
    first, second = draw([])[0], draw([])[0]
    set_random_seed(3)
    assert np.array_equal(draw([])[0], first)
    assert not np.array_equal(first, second)
    stream = np.random.RandomState(3).randint(1 << 40, dtype="int64")
    expected = randomness.generator((3, 0), int(stream)).random((2, 3), "float32")
    np.testing.assert_allclose(first, expected, rtol=1e-6)


@pytest.mark.parametrize("go_backwards", [False, True])
def test_a_loop_draws_anew_at_each_step(go_backwards):
    x = Placeholder((1, 5, 2))

    def step(inputs, states):
        noise = K.random_uniform((1, 2))
        return noise, [states[0] + noise]

    last, outputs, states = K.rnn(step, x, [K.zeros((1, 2))], go_backwards=go_backwards)
    rows, total = K.function([x], [outputs, states[0]])([ones(1, 5, 2)])
    assert len(np.unique(rows)) == rows.size
    np.testing.assert_allclose(rows.sum(axis=1), total, rtol=1e-5)


def test_an_index_out_of_range_names_layer_and_line():
    model = models.Sequential([layers.Embedding(5, 2, input_length=3, name="words")])
    with pytest.raises(
        IndexError, match=r"index 9 is outside of \[0, 5\).*'words'.*test_functions"
    ):
        model.predict(np.array([[0, 9, 1]]))


def test_an_index_out_of_range_within_a_loop_names_the_line():
    x, table = Placeholder((None, 2), "int32"), K.constant(np.eye(3))
    total = K.foldl(lambda acc, i: acc + K.gather(table, i), x, K.zeros((2, 3)))
    run = compiled([x], [total])
    with pytest.raises(IndexError, match="index 7 is outside of .*test_functions"):
        run([np.array([[0, 1], [7, 1]], "int32")], (0, 0))


def test_sizes_that_do_not_fit_name_the_line():
    x, y = Placeholder((None,)), Placeholder((None,))
    run = compiled([x, y], [x * y])
    with pytest.raises(ValueError, match="test_functions"):
        run([ones(2), ones(3)], (0, 0))


def test_a_native_function_takes_theanos_variables():
    import theano.tensor as T

    x = Placeholder((None, 2))
    spec = Spec((None,), "float32")
    (y,) = native(x, fn=lambda v: T.sqr(v).sum(axis=1), backend="theano", specs=(spec,))
    assert compiled([x], [y])([ones(3, 2)], (0, 0))[0].tolist() == [2.0] * 3


def test_a_native_function_of_another_backend_is_refused():
    x = Placeholder((2,))
    (y,) = native(x, fn=np.sin, backend="numpy", specs=(x.spec,))
    with pytest.raises(NotImplementedError, match="backend 'numpy'"):
        compiled([x], [y])([ones(2)], (0, 0))


def test_threads_may_share_a_function():
    x, count = Placeholder((None, 2)), K.variable(0.0)
    add = K.function([x], [K.sum(x)], updates=[(count, count + 1)])
    add([ones(3, 2)])
    context = [copy_context() for _ in range(8)]
    threads = [Thread(target=c.run, args=(add, [ones(3, 2)])) for c in context]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert K.get_value(count) == 9


def test_an_unknown_mode_is_refused(monkeypatch):
    monkeypatch.setenv("KERAS_THEANO_MODE", "QUICKLY")
    x = Placeholder((2,))
    with pytest.raises(ValueError, match="KERAS_THEANO_MODE='QUICKLY'"):
        compiled([x], [x + 1.0])([ones(2)], (0, 0))


def test_only_long_rows_of_elementwise_operations_are_cut():
    def cuts(length):
        x = y = Placeholder((2, 3))
        for _ in range(length):
            y = K.tanh(y)
        function = compiled([x], [y, K.sum(y)]).function((2, 3))
        return sum(str(node.op) == "Cut" for node in function.maker.fgraph.toposort())

    assert [cuts(length) for length in (31, 32, 320)] == [0, 1, 10]
