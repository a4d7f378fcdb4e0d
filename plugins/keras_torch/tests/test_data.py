"""`DataLoader` and `Dataset` in fit, evaluate and predict, against arrays with the same batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from keras_core.layers import Dense, Input, add
from keras_core.models import Model, Sequential

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(size=(22, 4)).astype("float32")
Y = X.sum(1, keepdims=True)
WEIGHTS = RANDOM.uniform(size=22).astype("float32")


def model(weights=None):
    made = Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(1)])
    made.set_weights(weights or [RANDOM.uniform(-1, 1, w.shape) for w in made.get_weights()])
    made.compile("sgd", "mse", metrics=["mae"])
    return made


def both():
    first = model()
    return first, model(first.get_weights())


def samples(*arrays):
    return TensorDataset(*map(torch.from_numpy, arrays))


def loader(*arrays, **options):
    return DataLoader(samples(*arrays), batch_size=5, **options)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("arrays", [(X, Y), (X, Y, WEIGHTS)], ids=["plain", "weighted"])
def test_fit_is_that_of_arrays(arrays, workers):
    on_data, on_arrays = both()
    found = on_data.fit(loader(*arrays, num_workers=workers), epochs=2, verbose=0)
    x, y, weight = (*arrays, None)[:3]
    options = {"batch_size": 5, "epochs": 2, "shuffle": False, "verbose": 0}
    expected = on_arrays.fit(x, y, sample_weight=weight, **options)
    for a, b in zip(on_data.get_weights(), on_arrays.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for name, values in expected.history.items():
        np.testing.assert_allclose(found.history[name], values, rtol=1e-5)


def test_evaluate_and_validation_are_those_of_arrays():
    on_data, on_arrays = both()
    expected = on_arrays.evaluate(X, Y, batch_size=5, verbose=0)
    np.testing.assert_allclose(on_data.evaluate(loader(X, Y), verbose=0), expected, rtol=1e-5)
    history = on_data.fit(loader(X, Y), validation_data=loader(X, Y), verbose=0).history
    assert {"val_loss", "val_mae"} <= set(history)


@pytest.mark.parametrize("arrays", [(X,), (X, Y)])
def test_predict_takes_inputs_with_or_without_targets(arrays):
    made = model()
    np.testing.assert_allclose(made.predict(loader(*arrays)), made.predict(X), rtol=1e-5, atol=1e-6)


def test_a_data_set_is_cut_into_batches():
    on_data, on_arrays = both()
    on_data.fit(samples(X, Y), verbose=0)
    on_arrays.fit(X, Y, batch_size=32, shuffle=False, verbose=0)
    for a, b in zip(on_data.get_weights(), on_arrays.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


class Pairs(Dataset):
    """Samples of two inputs by name."""

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return {"a": X[index], "b": X[index] + 1}, Y[index]


def test_several_inputs_by_name():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    made = Model([a, b], Dense(1)(add([a, b])))
    made.compile("sgd", "mse")
    made.fit(DataLoader(Pairs(), batch_size=5), verbose=0)
    expected = made.evaluate([X, X + 1], Y, batch_size=5, verbose=0)
    found = made.evaluate(DataLoader(Pairs(), batch_size=5), verbose=0)
    assert found == pytest.approx(expected, rel=1e-5)


class Stream(IterableDataset):
    """Samples without an end that anybody knows."""

    def __iter__(self):
        return iter(zip(X, Y))


def test_a_data_set_without_a_length_wants_the_number_of_steps():
    made, data = model(), DataLoader(Stream(), batch_size=5)
    with pytest.raises(ValueError, match="steps_per_epoch"):
        made.fit(data, verbose=0)
    assert len(made.fit(data, steps_per_epoch=3, verbose=0).history["loss"]) == 1
