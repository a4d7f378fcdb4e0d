"""Storage that is given away, templates, loops of steps, devices."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref

import jax
import numpy as np
import pytest

import keras_core
from keras_core import backend as K
from keras_core.graph import Function, Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.layers import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
)
from keras_core.models import Sequential, clone_model
from keras_core.utils import set_random_seed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 4)).astype("float32")
Y = RNG.normal(size=(70, 2)).astype("float32")


def dense(optimizer="adam"):
    model = Sequential(
        [
            Dense(5, activation="tanh", input_shape=(4,)),
            BatchNormalization(),
            Dropout(0.3),
            Dense(2),
        ]
    )
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def counter():
    v = Variable(np.zeros(3), name="counted")
    return v, Function([], [v], [Update(v, p.add(v, p.scalar(1.0, "float32")))])


def test_updated_storage_is_given_away():
    v, step = counter()
    step([])
    before = v.storage
    step([])
    assert before.is_deleted() and v.get_value().tolist() == [2, 2, 2]


def test_outputs_outlive_the_storage_that_they_were():
    v, step = counter()
    outputs = [step.run([])[0] for _ in range(3)]
    assert [np.asarray(x)[0] for x in outputs] == [0, 1, 2]


def test_variables_that_get_one_value_share_no_array():
    x, a, b, c = Placeholder((2,)), *(Variable(np.zeros(2)) for _ in range(3))
    given = Function([x], [x], [Update(a, x), Update(b, x), Update(c, a)])
    for value in (1.0, 2.0, 3.0):
        given([np.full(2, value)])
    assert [v.get_value()[0] for v in (a, b, c)] == [3, 3, 2]


def test_what_is_read_is_not_given_away():
    a, b = Variable(np.ones(2)), Variable(np.full(2, 5.0))
    copy = Function([], [b], [Update(a, b)])
    copy([])
    Function([], [], [Update(a, p.add(a, b))])([])
    assert (a.get_value()[0], b.get_value()[0]) == (10, 5)


def test_weights_are_read_and_set_while_a_thread_trains():
    model = dense()
    done = threading.Event()
    failures = []

    def read():
        while not done.is_set():
            try:
                values = model.get_weights()
                model.set_weights(values)
                model.predict(X[:3])
            except Exception as error:
                failures.append(error)
                return

    thread = threading.Thread(target=read)
    with keras_core.use_backend("jax"):
        thread.start()
        try:
            for _ in range(3):
                model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
        finally:
            done.set()
            thread.join()
    assert not failures and all(np.isfinite(w).all() for w in model.get_weights())


def test_values_that_are_lost_are_told(monkeypatch):
    v, step = counter()
    step([])
    run = step.compiled_for(keras_core.plugins.load_backend("jax"), 0).run
    v.storage.delete()
    with pytest.raises(RuntimeError, match="'counted.*load_weights or set_weights"):
        run([], (0, 0))
    v.set_value(np.ones(3))
    step([])
    assert v.get_value().tolist() == [2, 2, 2]


def test_a_print_that_fails_loses_nothing(monkeypatch):
    v = Variable(np.ones(2))
    shown = K.print_tensor(v, "v = ")
    step = Function([], [], [Update(v, p.add(shown, shown))])
    step([])
    assert v.get_value().tolist() == [2, 2]
    before = v.storage
    step([])
    assert not before.is_deleted()


KINDS = {
    "dense": (
        (4,),
        lambda: [Dense(4, activation="tanh"), BatchNormalization(), Dropout(0.3), Dense(2)],
    ),
    "images": ((6, 6, 3), lambda: [Conv2D(4, 3), Dropout(0.2), Flatten(), Dense(2)]),
    "steps": ((5, 3), lambda: [LSTM(4, dropout=0.2, recurrent_dropout=0.2), Dense(2)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_traced_for_a_second_model(traces, kind):
    shape, layers = KINDS[kind]
    x = RNG.normal(size=(70, *shape)).astype("float32")

    def work(model):
        model.compile("adam", "mse")
        model.fit(x, Y, batch_size=2, verbose=0)
        model.train_on_batch(x[:5], Y[:5])
        model.evaluate(x, Y, verbose=0)
        model.predict(x)

    model = Sequential(layers())
    model.build((None, *shape))
    work(model)
    count = len(traces)
    assert count
    work(clone_model(model))
    assert len(traces) == count


def test_a_second_model_draws_its_own_numbers():
    x = np.ones((2, 300), "float32")
    one, two = (Sequential([Dropout(0.5, input_shape=(300,))]) for _ in range(2))
    first, second = (
        K.function([m.input, K.learning_phase()], [m.output])([x, 1])[0] for m in (one, two)
    )
    assert np.any(first != second)


def test_what_was_compiled_goes_with_the_session(traces):
    model = dense()
    model.fit(X, Y, verbose=0)
    kept = [weakref.ref(made) for made in traces]
    traces.clear()
    del model
    K.clear_session()
    gc.collect()
    assert kept and [ref() for ref in kept if ref() is not None] == []


def test_programs_of_xla_go_with_the_session():
    def programs():
        gc.collect()
        return len(jax.devices()[0].client.live_executables())

    K.clear_session()
    before = programs()
    for _ in range(3):
        dense().fit(X, Y, verbose=0)
        K.clear_session()
    assert programs() <= before


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_loops_of_steps_are_equal_to_single_ones(traces, optimizer):
    def trained(**options):
        set_random_seed(1)
        model = dense(optimizer)
        history = model.fit(X, Y, batch_size=2, epochs=2, shuffle=False, verbose=0, **options)
        return [*model.get_weights(), *map(np.asarray, history.history.values())]

    by_loops = trained()
    assert any(type(made).__name__ == "Loop" for made in traces)
    del traces[:]
    watcher = keras_core.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: None)
    one_by_one = trained(callbacks=[watcher])
    assert not any(type(made).__name__ == "Loop" for made in traces)
    for a, b in zip(by_loops, one_by_one):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_convolutions_are_not_looped(backend):
    model = Sequential([Conv2D(2, 3, input_shape=(6, 6, 1)), Flatten(), Dense(2)])
    model.compile("sgd", "mse")
    function = Function(model.inputs, model.outputs)
    assert backend.compile_loop(function.program()) is None


def test_without_compiling_the_results_are_those_of_what_is_compiled(traces):
    model = dense("sgd")
    twin = clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile("sgd", "mse", metrics=["mae"], jit_compile=False)
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = X[:4], Y[:4]
    twin.evaluate(x, y, verbose=0)
    assert not traces
    np.testing.assert_allclose(
        twin.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-5
    )


def test_fed_arrays_may_be_changed_after_the_call():
    x = Placeholder((None, 1000))
    function = Function([x], [p.add(x, x)])
    fed = np.ones((64, 1000), "float32")
    output = function.run([fed])[0]
    fed.fill(5)
    assert set(np.asarray(output).ravel().tolist()) == {2.0}


def test_there_is_a_device_to_choose(backend):
    names = backend.devices()
    assert names and backend.on(names[0]) is backend
    assert backend.on(names[-1]) is backend.on(names[-1])
    with pytest.raises(ValueError, match="no device 'abacus:0'"):
        backend.on("abacus:0")


TWO_DEVICES = """
import numpy as np, jax, keras_core
from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.plugins import load_backend
keras_core.set_backend("jax")
names = keras_core.devices()
model = Sequential([Dense(2, input_shape=(3,))])
model.compile("sgd", "mse")
x, y = np.ones((4, 3)), np.ones((4, 2))
first = model.train_on_batch(x, y)
with keras_core.device(names[1]):
    second = model.train_on_batch(x, y)
    place = model.weights[0].storage.devices()
    predicted = model.predict(x)
np.testing.assert_allclose(model.predict(x), predicted, rtol=1e-6)
backend = load_backend("jax")
same = backend.on(names[1]) is backend.on(names[1])
print(names, [str(d.id) for d in place], second < first, same)
"""


def test_a_model_goes_from_device_to_device():
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES],
        capture_output=True,
        text=True,
        env={**os.environ, **flags},
    )
    assert done.stdout == "('cpu:0', 'cpu:1') ['1'] True True\n", done.stderr


def test_storage_is_an_array_of_jax(backend):
    storage = backend.to_storage(np.arange(3))
    assert isinstance(storage, jax.Array) and storage.dtype == "int64"


def test_memory_that_is_given_away_goes_to_new_values_before_outputs():
    """An output that took the memory of a loop's first state was the old state on GPUs."""
    layer = LSTM(2, stateful=True)
    inputs = Input(batch_shape=(3, 5, 4))
    step = K.function([inputs], [layer(inputs)], updates=layer.updates)
    x = np.ones((3, 5, 4), "float32")

    def places():
        return {state.storage.unsafe_buffer_pointer() for state in layer.states}

    step([x])
    before = places()
    step([x])
    assert places() == before
