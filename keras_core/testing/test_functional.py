"""`functional`: programs as pure functions of what `compile` reads and writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_core import layers, models
from keras_core.graph import Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream, set_random_seed
from keras_core.graph.scan.build import scan
from keras_core.plugins import Draws, current_backend
from keras_core.plugins.authoring import variables_read
from keras_core.testing.comparison import assert_all_near, assert_declared
from keras_core.testing.offers import offered
from keras_core.testing.runners import Function
from keras_core.testing.tensors import tensor

TOLERANCE = 1e-5
NO_DRAWS = Draws(0, 0)


class Purely:
    """A function's program as a pure function, fed with the present values of its variables."""

    def __init__(self, function):
        self.program = function.program()
        self.pure = offered("functional")(self.program)
        self.updated = [update.variable for update in self.program.updates]
        self.read = variables_read(self.program)

    def __call__(self, arrays=(), draws=NO_DRAWS):
        """The outputs and the new values, as NumPy arrays."""
        stored, numbers = current_backend().to_storage, current_backend().to_numpy
        given = [[stored(v.get_value()) for v in part] for part in (self.updated, self.read)]
        results = self.pure(*given, [tensor(x) for x in arrays], draws)
        outputs, values = ([*map(numbers, part)] for part in results)
        assert_declared(outputs, self.program.outputs, "output")
        assert_declared(values, self.updated, "new value")
        return outputs, values


def training():
    """A program that reads one variable, and updates two of which one is not read."""
    x, w = Placeholder((2,), name="x"), Variable([2.0, 3.0], name="w")
    total, seen = Variable([1.0, 1.0], name="total"), Variable(np.zeros(2), "int32", name="seen")
    new = p.add(total, p.multiply(x, w))
    whole = p.cast(new, dtype="int32")
    function = Function([x], [new, p.identity(total)], [Update(seen, whole), Update(total, new)])
    return function, (w, total, seen)


def test_equals_what_is_compiled():
    function, variables = training()
    outputs, values = Purely(function)([np.array([1.0, 2.0], "float32")])
    assert_all_near(outputs, [np.array([3.0, 7.0]), np.array([1.0, 1.0])], TOLERANCE)
    assert_all_near(values, [np.array([3, 7]), np.array([3.0, 7.0])], TOLERANCE)
    assert_all_near(function([[1.0, 2.0]]), outputs, TOLERANCE)
    assert_all_near([v.get_value() for v in variables[:0:-1]], values, TOLERANCE)


def test_changes_nothing():
    function, variables = training()
    purely = Purely(function)
    before = [v.get_value() for v in variables]
    first, again = (purely([np.ones(2, "float32")]) for _ in range(2))
    for part, same in zip(first, again):
        assert_all_near(part, same, 0.0)
    assert_all_near([v.get_value() for v in variables], before, 0.0)


def test_leaves_what_it_is_given():
    function, _ = training()
    backend, pure = current_backend(), offered("functional")(function.program())
    given = [backend.to_storage(np.array(v)) for v in ([0, 0], np.ones(2, "float32"))]
    read = [backend.to_storage(np.full(2, 2, "float32"))]
    pure(given, read, [tensor(np.ones(2, "float32"))], NO_DRAWS)
    kept = [backend.to_numpy(value).tolist() for value in (*given, *read)]
    assert kept == [[0, 0], [1, 1], [2, 2]]


def drawing(*streams):
    drawn = [p.random_uniform(shape=(3,), dtype="float32", stream=stream) for stream in streams]
    x = Placeholder((2, 3))

    def step(xs, _):
        return [p.add(xs[0], p.random_normal(shape=(3,), dtype="float32", stream=streams[0]))], []

    return Function([x], [*drawn, *scan(step, [x], [])[1]])


def test_draws_what_is_drawn_by_a_compiled_program():
    function = drawing(17, 23)
    purely, x = Purely(function), np.zeros((2, 3), "float32")
    set_random_seed(9)
    for number in range(3):
        assert_all_near(purely([x], Draws(9, number))[0], function([x]), TOLERANCE)


def test_streams_below_0_are_those_of_the_draws():
    x = np.zeros((2, 3), "float32")
    expected, _ = Purely(drawing(17, 23))([x], Draws(9, 1))
    purely = Purely(drawing(-1, -2))
    got, _ = purely([x], Draws(9, 1, (17, 23)))
    others, _ = purely([x], Draws(9, 1, (23, 17)))
    assert_all_near(got, expected, 0.0)
    assert_all_near(others[:2], expected[1::-1], 0.0)
    assert not np.array_equal(others[2], expected[2])


def test_an_explicit_seed_ignores_that_of_the_run():
    purely, x = Purely(drawing(new_stream(3), 17)), np.zeros((2, 3), "float32")
    (own, others), (again, other) = (purely([x], Draws(seed, 0))[0][:2] for seed in (5, 6))
    np.testing.assert_array_equal(own, again)
    assert not np.array_equal(others, other)


def network():
    set_random_seed(3)
    model = models.Sequential(
        [
            layers.Dense(6, activation="tanh", input_shape=(4,)),
            layers.BatchNormalization(),
            layers.Dropout(0.4),
            layers.Dense(2),
        ]
    )
    model.compile("adam", "mse")
    return model


def data():
    rng = np.random.default_rng(0)
    return [rng.normal(size=size).astype("float32") for size in ((8, 4), (8, 2))]


def test_a_model_of_weights_that_are_given():
    offered("functional")
    model, (x, _) = network(), data()
    expected = model.predict(x)
    weights = [*map(tensor, model.get_weights())]
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    got = current_backend().to_numpy(model.stateless(weights, tensor(x)))
    assert_all_near([got], [expected], TOLERANCE)


def test_steps_of_training_on_values_that_are_given():
    offered("functional")
    model, (x, y) = network(), data()
    weights = [*map(tensor, model.get_weights())]
    state: Any = None  # what the optimizer begins with
    losses = []
    for number in range(3):
        loss, weights, state = model.stateless_step(
            weights, state, tensor(x), tensor(y), (3, number)
        )
        losses.append(current_backend().to_numpy(loss))
    trained = network()
    expected = [trained.train_on_batch(x, y) for _ in range(3)]
    assert_all_near(losses, expected, TOLERANCE, "loss")
    numbers = current_backend().to_numpy
    assert_all_near([*map(numbers, weights)], trained.get_weights(), 1e-4, "weight")
    assert_all_near([*map(numbers, state)], trained.optimizer.get_weights(), 1e-4, "state")
