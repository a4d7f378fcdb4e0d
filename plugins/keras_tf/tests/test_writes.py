"""Updates of programs: which are a step of Adam in one operation, and what a layer costs."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers, optimizers, use_backend
from keras_core.constraints import NonNeg
from keras_core.models import Sequential
from keras_tf import compiled
from keras_tf.compiled import Traced

RANDOM = np.random.RandomState(0)


@pytest.fixture(autouse=True)
def operations(monkeypatch):
    """The types of the operations of the functions that are traced, for each a list."""
    made = []

    class Seen(Traced):
        def __init__(self, *args):
            super().__init__(*args)
            made.append([operation.type for operation in self.concrete.graph.get_operations()])

    monkeypatch.setattr(compiled, "Traced", Seen)
    with use_backend("tensorflow"):
        yield made


def trained(body, x, optimizer="adam", loss="mse"):
    model = Sequential(body)
    model.compile(optimizer, loss)
    model.train_on_batch(x, np.zeros((len(x), *model.output_shape[1:])))
    return model


def numbers(*shape):
    return RANDOM.uniform(-1, 1, shape).astype("float32")


def test_a_step_of_adam_is_one_operation_for_each_weight(operations):
    body = [layers.Dense(4, input_shape=(3,)), layers.BatchNormalization(), layers.Dense(2)]
    model = trained(body, numbers(8, 3))
    (made,) = operations
    assert made.count("ResourceApplyAdam") == len(model.trainable_weights) == 6
    # The moving averages, and the number of the step.
    assert made.count("AssignVariableOp") == 3
    # What only the operation itself reads has no read of its own.
    read = [*model.weights, *model.optimizer.weights[:1], 3]
    assert made.count("ReadVariableOp") == len(read) - 1 + 3


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_steps_of_adam_are_those_of_the_formula(operations, decay):
    w, m, v = (K.variable(numbers(5) + 2) for _ in range(3))
    rule = optimizers.Adam(0.1, decay=decay)
    step = K.function([], [], updates=rule.get_updates(K.sum(K.square(w)), [w]))
    value = K.get_value(w).astype("float64")
    mean = square = np.zeros(5)
    for t in range(1, 6):
        step([])
        mean, square = 0.9 * mean + 0.2 * value, 0.999 * square + 0.001 * (2 * value) ** 2
        rate = 0.1 / (1 + decay * (t - 1)) * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        value = value - rate * mean / (np.sqrt(square) + 1e-7)
        np.testing.assert_allclose(K.get_value(w), value, rtol=1e-5)
    assert ["ResourceApplyAdam" in made for made in operations] == [True]


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (lambda: optimizers.Adam(amsgrad=True), {}),
        (lambda: optimizers.Adam(), {"kernel_constraint": NonNeg(), "use_bias": False}),
        (lambda: optimizers.Nadam(), {}),
    ],
)
def test_other_rules_are_spelt_out(operations, optimizer, options):
    trained([layers.Dense(2, input_shape=(3,), **options)], numbers(4, 3), optimizer())
    assert "ResourceApplyAdam" not in operations[0]


def test_a_slot_that_gets_another_value_is_heeded(operations):
    class Bounded(optimizers.Adam):
        """Adam that keeps no mean below 4, which the weights' step does not see."""

        def get_updates(self, loss, params):
            return [
                (variable, K.clip(value, 4.0, np.inf) if variable in self.weights[1:] else value)
                for variable, value in super().get_updates(loss, params)
            ]

    trained([layers.Dense(2, input_shape=(3,))], numbers(4, 3), Bounded())
    assert "ResourceApplyAdam" not in operations[0]


def test_values_of_the_step_may_be_read(operations):
    w = K.variable(np.ones(3))
    updates = optimizers.Adam(0.5).get_updates(K.sum(K.square(w)), [w])
    news = [value for variable, value in updates if variable is w]
    (old, new) = K.function([], [w, *news], updates=updates)([])
    np.testing.assert_array_equal(old, np.ones(3))
    np.testing.assert_allclose(new, K.get_value(w), rtol=1e-6)
    assert "ResourceApplyAdam" in operations[0]


def test_a_step_that_fails_changes_nothing():
    model = Sequential([layers.Embedding(5, 2, input_length=1), layers.Flatten()])
    model.compile("adam", "mse")
    before = model.get_weights()
    with pytest.raises(Exception, match="5"):
        model.train_on_batch(np.array([[1], [7]]), np.ones((2, 2)))
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


LAYERS = {
    "dense": (lambda: layers.Dense(4, activation="relu"), (4,), 20),
    "conv": (lambda: layers.Conv2D(4, 3, padding="same"), (6, 6, 4), 20),
    "normalized": (lambda: layers.BatchNormalization(), (6, 6, 4), 37),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_more_costs_few_operations(operations, kind):
    make, shape, most = LAYERS[kind]
    for count in (2, 3):
        rest = [make() for _ in range(count)]
        trained([layers.InputLayer(shape), *rest], numbers(4, *shape))
    few, more = map(len, operations)
    assert more - few <= most


def test_a_cross_entropy_of_rows_is_one_operation(operations):
    body = [layers.Dense(4, activation="softmax", input_shape=(3,))]
    trained(body, numbers(8, 3), loss="categorical_crossentropy")
    assert operations[0].count("SoftmaxCrossEntropyWithLogits") == 1
    assert {"ConcatV2", "Slice", "Pack", "Minimum"}.isdisjoint(operations[0])
