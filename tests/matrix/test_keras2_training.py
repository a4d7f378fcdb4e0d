"""What programs and people written for Keras 2 do with fit, evaluate and predict."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.callbacks import Callback, LambdaCallback
from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.optimizers import SGD
from keras_core.utils import Sequence

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], "float32")
Y = np.array([[1.0], [2.0], [3.0], [4.0]], "float32")


def line(lr=0.0, units=1, **how):
    """A model whose output is the sum of two inputs, and stays so at the learning rate 0."""
    layer = Dense(units, use_bias=False, kernel_initializer="ones", input_shape=(2,), name="out")
    model = Sequential([layer], name="line")
    model.compile(SGD(lr), "mse", **how)
    return model


def squares(x=X, y=Y):
    """The squared errors of `line`, a sample each."""
    return (x.sum(axis=1) - y[:, 0]) ** 2


class Numbered(Sequence):
    """Batch `i` is one sample with the target `i`; its length is what it is told."""

    def __init__(self, *lengths):
        self.lengths = list(lengths)
        self.asked = []

    def __len__(self):
        return self.lengths[0]

    def __getitem__(self, index):
        assert index < len(self)
        self.asked.append(index)
        return np.zeros((1, 2)), np.full((1, 1), float(index))

    def on_epoch_end(self):
        self.lengths = self.lengths[1:] or self.lengths


class Steps(Callback):
    """Counts the batches of each epoch, and notes what it is told of their number."""

    def on_train_begin(self, logs=None):
        self.counts, self.told = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.counts.append(0)
        self.told.append(self.params["steps"])

    def on_batch_end(self, batch, logs=None):
        self.counts[-1] += 1


# Batches


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_is_as_long_as_its_sequence_then_is(workers, shuffle):
    lengths, steps = [3, 1, 4, 2], Steps()
    history = line().fit_generator(
        Numbered(*lengths), None, 4, 0, [steps], workers=workers, shuffle=shuffle
    )
    assert steps.counts == steps.told == lengths
    wanted = [np.mean(np.arange(n) ** 2.0) for n in lengths]
    np.testing.assert_allclose(history.history["loss"], wanted, rtol=1e-6)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_callback_may_change_the_length(workers):
    data, steps = Numbered(2), Steps()

    def grow(epoch, logs):
        data.lengths = [epoch + 3]

    line().fit_generator(
        data, None, 3, 0, [LambdaCallback(on_epoch_begin=grow), steps], workers=workers
    )
    assert steps.counts == steps.told == [2, 3, 4]


@pytest.mark.parametrize("workers", [0, 1])
def test_validation_is_as_long_as_its_sequence_then_is(workers):
    held_out = Numbered(1, 3, 2)
    line().fit_generator(
        Numbered(1), None, 3, 0, validation_data=held_out, workers=workers, shuffle=False
    )
    assert held_out.asked[:6] == [0, 0, 1, 2, 0, 1]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_sequence_that_becomes_empty_says_so(workers):
    with pytest.raises(ValueError, match="Numbered has no batches|the length of the Numbered is 0"):
        line().fit_generator(Numbered(1, 0), None, 2, verbose=0, workers=workers)


@pytest.mark.parametrize("workers", [0, 1])
def test_shuffle_takes_the_batches_of_a_sequence_in_another_order(workers):
    data = Numbered(40)
    line().fit_generator(data, None, 2, 0, workers=workers, max_queue_size=1)
    first, second = data.asked[:40], data.asked[40:80]
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second
    assert first != list(range(40))


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("method", ["fit_generator", "evaluate_generator", "predict_generator"])
def test_a_generator_that_runs_out_says_how_many_came_and_were_wanted(method, workers):
    generator = ((X, Y) for _ in range(2))
    with pytest.raises(StopIteration, match="generator ended after 2 batches.*5 are wanted"):
        getattr(line(), method)(generator, 5, verbose=0, workers=workers)


def test_steps_that_are_no_whole_number_cover_all_samples():
    steps = Steps()
    data = ((X, Y) for _ in range(20))
    line().fit_generator(data, 5 / 2, 2, 0, [steps])
    assert steps.counts == [3, 3]
    assert len(line().predict_generator(((X, Y) for _ in range(20)), 3 / 2)) == 8


# Arguments that say nothing


@pytest.mark.parametrize("word", ["balanced", "auto", np.array([1.0, 2.0]), [1.0, 2.0], 3])
def test_class_weights_are_a_dict(word):
    calls = [
        lambda model: model.fit(X, Y, class_weight=word, verbose=0),
        lambda model: model.fit_generator(iter([(X, Y)]), 1, class_weight=word, verbose=0),
        lambda model: model.train_on_batch(X, Y, class_weight=word),
    ]
    for call in calls:
        model = line(lr=0.1)
        with pytest.raises(ValueError, match="class_weight is .*dict from class index to weight"):
            call(model)
        np.testing.assert_array_equal(model.get_weights()[0], [[1.0], [1.0]])


@pytest.mark.parametrize(
    ("samples", "how"),
    [(0, {}), (1, {"validation_split": 0.5}), (2, {"validation_split": 0.9})],
)
def test_nothing_to_train_on_is_refused(samples, how):
    model = line(lr=0.1)
    with pytest.raises(ValueError, match="samples"):
        model.fit(X[:samples], Y[:samples], verbose=0, **how)
    np.testing.assert_array_equal(model.get_weights()[0], [[1.0], [1.0]])


@pytest.mark.parametrize(
    ("method", "how", "kind"),
    [
        ("fit", {"batch_size": 0}, ValueError),
        ("fit", {"batch_size": -1}, ValueError),
        ("fit", {"batch_size": 2.5}, TypeError),
        ("fit", {"batch_size": "2"}, TypeError),
        ("fit", {"epochs": 1.5}, TypeError),
        ("fit", {"epochs": "3"}, TypeError),
        ("fit", {"epochs": -1}, ValueError),
        ("fit", {"initial_epoch": 0.5}, TypeError),
        ("fit", {"steps_per_epoch": 0}, ValueError),
        ("fit", {"validation_split": 1.5}, ValueError),
        ("fit", {"validation_split": -0.5}, ValueError),
        ("fit", {"validation_split": 20}, ValueError),
        ("fit", {"shuffle": "yes"}, ValueError),
        ("evaluate", {"batch_size": 0}, ValueError),
        ("evaluate", {"steps": 0}, ValueError),
        ("predict", {"batch_size": 0}, ValueError),
        ("predict", {"batch_size": 1.5}, TypeError),
        ("predict", {"steps": -1}, ValueError),
    ],
)
def test_numbers_that_say_nothing_are_refused(method, how, kind):
    data = (X,) if method == "predict" else (X, Y)
    ((name, value),) = how.items()
    with pytest.raises(kind, match=f"{name} is {value!r}"):
        getattr(line(), method)(*data, verbose=0, **how)


def test_whole_numbers_of_numpy_are_numbers():
    history = line().fit(X, Y, np.int64(3), np.int32(2), verbose=0)
    assert history.epoch == [0, 1]
