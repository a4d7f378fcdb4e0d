"""A second model of one architecture is not compiled again, and computes what it would alone."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import config
from keras_core.graph import compiling, signature
from keras_core.graph.compiling import templates
from keras_core.graph.randomness import set_random_seed
from keras_core.layers import (
    LSTM,
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Input,
    Lambda,
    add,
    concatenate,
    subtract,
)
from keras_core.models import Model, Sequential, clone_model, load_model, model_from_json
from keras_core.slots import current_backend

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 4)).astype("float32")
Y = RNG.normal(size=(8, 2)).astype("float32")


@pytest.fixture(autouse=True)
def nothing_kept():
    K.clear_session()
    yield
    K.clear_session()


@pytest.fixture
def optimized(monkeypatch):
    """The programs that went through our passes, which come before all compiling."""
    programs = []
    plain = compiling.optimize

    def counted(program, phase):
        programs.append(program)
        return plain(program, phase)

    monkeypatch.setattr(compiling, "optimize", counted)
    return programs


def shares():
    return current_backend().template is not None


def dense(optimizer="adam", **options):
    model = Sequential(
        [
            Dense(5, activation="relu", input_shape=(4,), kernel_regularizer="l2"),
            BatchNormalization(),
            Dropout(0.3),
            Dense(2),
        ]
    )
    model.compile(optimizer, "mse", metrics=["mae"], **options)
    return model


def recurrent():
    model = Sequential(
        [
            Embedding(6, 3, input_length=4),
            LSTM(3, dropout=0.2, recurrent_dropout=0.3, return_sequences=True),
            LSTM(2, unroll=True),
            GaussianNoise(0.1),
            Dense(2),
        ]
    )
    model.compile("rmsprop", "mse")
    return model


def shared_layer():
    a, b = Input((4,)), Input((4,))
    tower = Dense(3, activation="tanh")
    model = Model([a, b], Dense(2)(concatenate([tower(a), tower(b)])))
    model.compile("sgd", "mse")
    return model


def fed(model):
    x = np.abs(X).astype("int32") if isinstance(model.layers[0], Embedding) else X
    return [x, x[::-1].copy()] if len(model.inputs) == 2 else x


def worked(model):
    """All numbers of some training, evaluation and prediction from given weights on."""
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    x = fed(model)
    losses = model.fit(x, Y, batch_size=3, epochs=3, shuffle=False, verbose=0).history
    numbers = [np.array(values) for _, values in sorted(losses.items())]
    numbers += [np.array(model.evaluate(x, Y, verbose=0)), model.predict(x, batch_size=5)]
    return [*numbers, *model.get_weights(), *model.optimizer.get_weights()]


def same(ours, expected):
    assert len(ours) == len(expected)
    for a, b in zip(ours, expected):
        np.testing.assert_array_equal(a, b)


def alone(make):
    """What a model does that finds nothing compiled."""
    K.clear_session()
    set_random_seed(3)
    return worked(make())


@pytest.mark.parametrize("make", [dense, recurrent, shared_layer])
def test_a_second_model_goes_through_no_pass_and_has_the_numbers_of_one_alone(make, optimized):
    set_random_seed(7)
    worked(make())
    count = len(optimized)
    set_random_seed(3)
    second = worked(make())
    assert len(optimized) == (count if shares() else 2 * count)
    same(second, alone(make))


def test_a_step_and_a_loop_over_it_go_through_the_passes_once(optimized):
    model = dense()
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    model.train_on_batch(X, Y)
    assert len(optimized) == 1 if shares() else len(optimized) <= 2


def test_a_signature_looks_at_each_node_once(monkeypatch):
    looked_at = []
    plain = signature._Walk._node

    def counted(self, node):
        looked_at.append(node)
        return plain(self, node)

    monkeypatch.setattr(signature._Walk, "_node", counted)
    x = K.placeholder((2,))
    y = x
    for _ in range(500):
        y = K.tanh(y) + y
    program = K.function([x], [y])._program()
    assert signature.signature_of(program) is not None
    assert len(looked_at) == len(program.nodes) == 1000


def test_clones_and_models_from_files_are_not_compiled_again(tmp_path, optimized):
    model = dense()
    worked(model)
    count = len(optimized)
    clone = clone_model(model)
    clone.compile("adam", "mse", metrics=["mae"])
    worked(clone)
    again = model_from_json(model.to_json())
    again.compile("adam", "mse", metrics=["mae"])
    worked(again)
    model.save(str(tmp_path / "model.h5"))
    worked(load_model(str(tmp_path / "model.h5")))
    if shares():
        assert len(optimized) == count


def test_each_model_draws_from_its_own_streams():
    def noisy():
        x = Input((4,))
        return K.function([x, K.learning_phase()], [Dropout(0.5)(x)])

    set_random_seed(1)
    first, second = noisy(), noisy()
    ones = np.ones((5, 4), "float32")
    drawn = [first([ones, 1])[0], second([ones, 1])[0]]
    assert (drawn[0] != drawn[1]).any()
    set_random_seed(1)
    K.clear_session()
    noisy()
    np.testing.assert_array_equal(noisy()([ones, 1])[0], drawn[1])


def test_models_that_live_together_do_not_touch_each_other():
    first, second = dense(), dense()
    numbers = worked(first)
    kept = first.get_weights()
    worked(second)
    same(first.get_weights(), kept)
    set_random_seed(0)
    same([first.predict(X, batch_size=5)], [numbers[-1 - len(kept) - len(first.optimizer.weights)]])


def test_freezing_a_layer_makes_another_program(optimized):
    model, frozen = dense(), dense()
    worked(model)
    count = len(optimized)
    frozen.layers[0].trainable = False
    frozen.compile("adam", "mse", metrics=["mae"])
    kernel = frozen.layers[0].get_weights()[0]
    frozen.train_on_batch(X, Y)
    np.testing.assert_array_equal(frozen.layers[0].get_weights()[0], kernel)
    assert len(optimized) > count


def test_threads_train_models_of_one_architecture_at_once():
    expected = alone(lambda: dense("sgd"))
    K.clear_session()
    results = {}

    def work(number):
        x, model = X, models[number]
        rng = np.random.default_rng(5)
        model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
        model.fit(x, Y, batch_size=3, epochs=3, shuffle=False, verbose=0)
        results[number] = model.get_weights()

    models = []
    for _ in range(4):
        set_random_seed(3)
        models.append(dense("sgd"))
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count = len(models[0].get_weights())
    weights = expected[-count - len(models[0].optimizer.get_weights()) :][:count]
    for number in range(4):
        same(results[number], weights)


def test_what_a_dropped_model_held_is_freed():
    model = dense()
    worked(model)
    held = [*model.weights, *model.optimizer.weights, *model.layers, model]
    alive = [weakref.ref(thing) for thing in held]
    arrays = [weakref.ref(w.storage) for w in model.weights if isinstance(w.storage, np.ndarray)]
    del model, held
    gc.collect()
    assert [ref() for ref in (*alive, *arrays) if ref() is not None] == []


def test_a_bound_on_what_is_kept(monkeypatch, optimized):
    if not shares():
        assert len(templates) == 0
    monkeypatch.setattr(compiling, "MOST_TEMPLATES", 3)
    x = K.placeholder((2,))
    functions = [K.function([x], [x * float(number)]) for number in range(5)]
    for function in functions:
        function([np.ones(2)])
    assert len(templates) == (3 if shares() else 0)
    count = len(optimized)
    K.function([x], [x * 4.0])([np.ones(2)])
    assert len(optimized) == count + (not shares())
    K.function([x], [x * 0.0])([np.ones(2)])
    assert len(optimized) == count + 1 + (not shares())


def test_a_bound_on_the_nodes_of_what_is_kept(monkeypatch):
    monkeypatch.setattr(compiling, "MOST_NODES", 10)
    x = K.placeholder((2,))
    for count in range(2, 12):
        y = x
        for _ in range(count):
            y = K.tanh(y)
        K.function([x], [y])([np.ones(2)])
        assert sum(kept.nodes for kept in templates._kept.values()) <= 10


def test_a_cleared_session_keeps_nothing_and_models_go_on():
    model = dense()
    worked(model)
    K.clear_session()
    assert len(templates) == 0
    model.train_on_batch(X, Y)
    model.predict(X[:3])


# What looks alike and is not


def pairs():
    a, b = (RNG.normal(size=(2, 3)).astype("float32") for _ in range(2))

    def of(build, inputs=2, dtype="float32"):
        xs = [K.placeholder((2, 3), dtype=dtype) for _ in range(inputs)]
        arrays = [array.astype(dtype) for array in (a, b)]
        return K.function(xs, [build(*xs)])(arrays[:inputs])[0]

    zeros = np.zeros((2, 3), "float32")
    variables = [K.variable(a), K.variable(b)]
    return {
        "constants": (lambda: of(lambda x, y: x + K.constant(a)), lambda: of(lambda x, y: x + b)),
        "sign of zero": (
            lambda: of(lambda x, y: K.abs(x) * K.constant(zeros)),
            lambda: of(lambda x, y: K.abs(x) * K.constant(-zeros)),
        ),
        "parameters": (
            lambda: of(lambda x, y: K.sum(x, axis=0)[:2]),
            lambda: of(lambda x, y: K.sum(x, axis=1)),
        ),
        "order of inputs": (lambda: of(lambda x, y: x - y), lambda: of(lambda x, y: y - x)),
        "one variable for two": (
            lambda: of(lambda x, y: x * variables[0] + variables[0]),
            lambda: of(lambda x, y: x * variables[0] + variables[1]),
        ),
        "order of variables": (
            lambda: of(lambda x, y: variables[0] - variables[1] + variables[0]),
            lambda: of(lambda x, y: variables[0] - variables[1] + variables[1]),
        ),
        "one node for two outputs": (
            lambda: of(lambda x, y: K.tanh(x) + K.tanh(y)),
            lambda: of(lambda x, y: K.tanh(x) + K.tanh(x)),
        ),
        "dtype": (
            lambda: of(lambda x, y: x / 3, dtype="float32"),
            lambda: of(lambda x, y: x / 3, dtype="float64"),
        ),
        "loops": (
            lambda: of(lambda x, y: K.foldl(lambda s, r: s + r, x, K.zeros((3,)))),
            lambda: of(lambda x, y: K.foldl(lambda s, r: s - r, x, K.zeros((3,)))),
        ),
    }


@pytest.mark.parametrize("name", sorted(pairs()))
def test_programs_that_look_alike_are_told_apart(name):
    one, two = pairs()[name]
    for first, second in ((one, two), (two, one)):
        K.clear_session()
        expected = second()
        K.clear_session()
        first()
        result = second()
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(np.signbit(result), np.signbit(expected))
        np.testing.assert_array_equal(result, expected)
        assert len(templates) == (2 if shares() else 0)


def two_inputs(build, **options):
    def make():
        a, b = Input((4,)), Input((4,))
        model = Model([a, b], build(a, b))
        model.compile("sgd", "mse", **options)
        return model

    return make


def with_loss_weights(weights):
    def make():
        x = Input((4,))
        model = Model(x, [Dense(2)(x), Dense(2)(x)])
        model.compile("sgd", "mse", loss_weights=weights)
        return model

    return make


def one_layer(*layers, loss="mse", optimizer="sgd"):
    def make():
        model = Sequential([Dense(2, input_shape=(4,)), *(layer() for layer in layers)])
        model.compile(optimizer, loss)
        return model

    return make


def two_towers(a, b):
    return Dense(2)(concatenate([Dense(3)(a), Dense(3)(b)]))


def one_tower(a, b):
    tower = Dense(3)
    return Dense(2)(concatenate([tower(a), tower(b)]))


ALIKE = {
    "activations": (
        one_layer(lambda: Activation("tanh")),
        one_layer(lambda: Activation("sigmoid")),
    ),
    "functions of Lambda": (
        one_layer(lambda: Lambda(lambda x: x * 2.0)),
        one_layer(lambda: Lambda(lambda x: x * 3.0)),
    ),
    "shared layers": (two_inputs(one_tower), two_inputs(two_towers)),
    "order of inputs": (
        two_inputs(lambda a, b: Dense(2)(subtract([a, b]))),
        two_inputs(lambda a, b: Dense(2)(subtract([b, a]))),
    ),
    "one input twice": (
        two_inputs(lambda a, b: Dense(2)(add([a, b]))),
        two_inputs(lambda a, b: Dense(2)(add([b, b]))),
    ),
    "loss weights": (with_loss_weights([1.0, 2.0]), with_loss_weights([2.0, 1.0])),
    "losses": (one_layer(loss="mse"), one_layer(loss="mae")),
    "optimizers": (one_layer(optimizer="adam"), one_layer(optimizer="nadam")),
    "rates of dropout": (one_layer(lambda: Dropout(0.2)), one_layer(lambda: Dropout(0.6))),
    "seeds": (one_layer(lambda: Dropout(0.5, seed=1)), one_layer(lambda: Dropout(0.5, seed=2))),
}


def trained(make):
    set_random_seed(3)
    model = make()
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    x = [X, X[::-1].copy()] if len(model.inputs) == 2 else X
    y = [Y] * len(model.outputs)
    losses = [np.array(model.train_on_batch(x, y)) for _ in range(2)]
    return [*losses, *model.get_weights()]


@pytest.mark.parametrize("name", sorted(ALIKE))
def test_models_that_look_alike_are_told_apart(name):
    one, two = ALIKE[name]
    for first, second in ((one, two), (two, one)):
        K.clear_session()
        expected = trained(second)
        K.clear_session()
        trained(first)
        same(trained(second), expected)


def test_phases_and_settings_are_told_apart(optimized):
    x = Input((4,))
    function = K.function([x, K.learning_phase()], [Dropout(0.5)(x)])
    ones = np.ones((5, 4), "float32")
    assert function([ones, 0])[0].min() == 1
    assert function([ones, 1])[0].min() == 0
    K.function([x], [x + 1.0])([ones])
    count = len(optimized)
    epsilon = config.epsilon()
    try:
        config.set_epsilon(0.5)
        K.function([x], [x + 1.0])([ones])
    finally:
        config.set_epsilon(epsilon)
    assert len(optimized) == count + 1


def test_one_variable_read_and_another_updated():
    results = []
    for order in ((0, 1), (1, 0)):
        for clear in (False, True):
            if clear:
                K.clear_session()
            a, b = K.variable(2.0), K.variable(3.0)
            read, written = (a, b) if order == (0, 1) else (b, a)
            K.function([], [read + 0.0], updates=[K.update_add(written, a)])([])
            results.append((K.get_value(a), K.get_value(b)))
    assert results == [(2, 5), (2, 5), (4, 3), (4, 3)]


def test_an_error_at_run_time_names_the_layer_of_its_own_model():
    def embedding(name):
        model = Sequential([Embedding(3, 2, input_length=2, name=name)])
        model.compile("sgd", "mse")
        return model

    embedding("first").predict(np.zeros((2, 2)))
    with pytest.raises(Exception, match="second") as caught:
        embedding("second").predict(np.full((2, 2), 7))
    assert "first" not in str(caught.value)
