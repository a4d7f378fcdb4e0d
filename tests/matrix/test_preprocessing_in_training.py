"""Batches of images and series in training, in threads and in processes."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.layers import Dense, Flatten
from keras_core.models import Sequential
from keras_core.preprocessing.image import ImageDataGenerator
from keras_core.preprocessing.sequence import TimeseriesGenerator

X = np.random.RandomState(0).rand(10, 4, 3, 1).astype("float32")
Y = X.sum(axis=(1, 2, 3))

# A fork of a process with threads is warned of since Python 3.12.
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def model_of(*shape):
    model = Sequential([Flatten(input_shape=shape), Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    return model


def augmented():
    made = ImageDataGenerator(channel_shift_range=0.3, horizontal_flip=True, vertical_flip=True)
    return made.flow(X, Y, batch_size=4, seed=3)


def by_next(batches):
    yield from (next(batches) for _ in range(2 * len(batches)))


def by_number(batches):
    for _ in range(2):
        yield from (batches[index] for index in range(len(batches)))
        batches.on_epoch_end()


# Without workers a Sequence is iterated over; workers ask for its batches by their numbers.
@pytest.mark.parametrize(("workers", "taken"), [(0, by_next), (1, by_number)])
def test_training_sees_the_batches_that_are_drawn(workers, taken):
    expected = model_of(4, 3, 1)
    for batch in taken(augmented()):
        expected.train_on_batch(*batch)
    model = model_of(4, 3, 1)
    model.fit_generator(augmented(), epochs=2, shuffle=False, workers=workers, verbose=0)
    for weights, wanted in zip(model.get_weights(), expected.get_weights()):
        np.testing.assert_allclose(weights, wanted, rtol=1e-5, atol=1e-6)


@FORKS
@pytest.mark.parametrize("use_multiprocessing", [False, True])
def test_workers_give_the_samples_in_their_order(use_multiprocessing):
    model = model_of(4, 3, 1)
    batches = ImageDataGenerator().flow(X, batch_size=4, shuffle=False)
    found = model.predict_generator(batches, workers=2, use_multiprocessing=use_multiprocessing)
    np.testing.assert_allclose(found[:, 0], Y, rtol=1e-5)


def lifted(x):
    return x + np.random.rand()


@FORKS
def test_processes_draw_each_batch_anew():
    made = ImageDataGenerator(preprocessing_function=lifted)
    model = model_of(4, 3, 1)
    found = []
    for _ in range(2):
        np.random.seed(3)
        batches = made.flow(np.repeat(X[:1], 4, axis=0), batch_size=1, shuffle=False)
        found.append(model.predict_generator(batches, workers=2, use_multiprocessing=True))
    assert len(set(np.ravel(found[0]).tolist())) == 4
    np.testing.assert_array_equal(found[0], found[1])


def test_a_series_is_trained_on():
    series = np.arange(30.0).reshape(30, 1) / 30
    batches = TimeseriesGenerator(series, series[:, 0], length=3, batch_size=6)
    model = model_of(3, 1)
    losses = model.fit_generator(batches, epochs=3, workers=1, verbose=0).history["loss"]
    assert losses[2] < losses[0]
    windows = [series[row - 3 : row] for row in range(3, 30)]
    np.testing.assert_allclose(
        model.predict_generator(batches), model.predict(np.array(windows)), rtol=1e-5
    )
