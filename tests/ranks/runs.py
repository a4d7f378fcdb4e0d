"""Runs: scripts as users write them, each of which gives a dict of what came of it.

A name that begins with `own_` is that of something each rank has for itself; all else is the same
on all ranks, and what one process has.
"""

from __future__ import annotations

import zlib

import numpy as np

from keras_core import backend as K
from keras_core import (
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    ranks,
    regularizers,
)
from keras_core import distribute as hvd
from keras_core.utils import Sequence, set_random_seed

RUNS = {}


def run(function):
    RUNS[function.__name__] = function
    return function


def numbers(*shape, seed=0):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32")


def classes(count, number, seed=1):
    return np.random.RandomState(seed).randint(0, number, count)


def fitted(model, history, **others):
    found = {f"history_{name}": values for name, values in history.history.items()}
    return {"weights": model.get_weights(), **found, **others}


class Batches(Sequence):
    """Arrays as a Sequence."""

    def __init__(self, size, *arrays):
        self.size, self.arrays = size, arrays

    def __len__(self):
        return -(-len(self.arrays[0]) // self.size)

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        return tuple(x[rows] for x in self.arrays)


def endless(size, *arrays):
    """The same as a generator."""
    batches = Batches(size, *arrays)
    while True:
        yield from (batches[i] for i in range(len(batches)))


def mlp(inputs=6, outputs=3, **options):
    return models.Sequential(
        [
            layers.Dense(16, activation="tanh", input_shape=(inputs,), **options),
            layers.Dense(outputs, activation="softmax"),
        ]
    )


# Fifty steps and more


@run
def mlp_on_arrays(folder):
    """A batch size that does not divide, a last batch smaller than it, a part for validation."""
    x, y = numbers(203, 6), classes(203, 3)
    model = mlp()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=21, epochs=7, validation_split=0.2, verbose=0)
    return fitted(
        model,
        history,
        evaluated=model.evaluate(x, y, verbose=0),
        predicted=model.predict(x, batch_size=50),
    )


@run
def cnn_on_a_sequence(folder):
    x, y = numbers(100, 8, 8, 1), classes(100, 3)
    model = models.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        optimizers.SGD(0.05, momentum=0.9, nesterov=True), "sparse_categorical_crossentropy"
    )
    batches = Batches(16, x, y)
    history = model.fit(batches, epochs=8, validation_data=Batches(30, x, y), verbose=0)
    return fitted(
        model,
        history,
        evaluated=model.evaluate(batches, verbose=0),
        predicted=model.predict(Batches(7, x)),
    )


@run
def lstm_on_a_generator(folder):
    """With a mask, and steps of which some belong to no sample."""
    x, y = np.random.RandomState(0).randint(0, 9, (60, 7)), numbers(60, 2)
    model = models.Sequential(
        [
            layers.Embedding(9, 5, mask_zero=True),
            layers.LSTM(6, return_sequences=True),
            layers.LSTM(4),
            layers.Dense(2),
        ]
    )
    model.compile("rmsprop", "mse", metrics=["mae"])
    history = model.fit(
        endless(13, x, y),
        steps_per_epoch=10,
        epochs=5,
        validation_data=endless(8, x, y),
        validation_steps=4,
        verbose=0,
    )
    return fitted(
        model,
        history,
        evaluated=model.evaluate(endless(9, x, y), steps=7, verbose=0),
        predicted=model.predict(endless(9, x), steps=7),
    )


@run
def two_outputs_with_weights(folder):
    """Class weights, weights of samples, weights of losses, in training and validation."""
    x, y, z = numbers(90, 6), classes(90, 3), numbers(90, 2)
    inputs = layers.Input((6,))
    hidden = layers.Dense(12, activation="tanh")(inputs)
    first = layers.Dense(3, activation="softmax", name="first")(hidden)
    second = layers.Dense(2, name="second")(hidden)
    model = models.Model(inputs, [first, second])
    model.compile(
        "adam",
        {"first": "sparse_categorical_crossentropy", "second": "mse"},
        metrics={"first": "accuracy", "second": "mae"},
        loss_weights={"first": 0.7, "second": 1.3},
        weighted_metrics={"second": ["mse"]},
    )
    weights = {"second": np.linspace(0, 2, 90)}
    history = model.fit(
        x,
        {"first": y, "second": z},
        batch_size=16,
        epochs=9,
        class_weight={"first": {0: 1.0, 1: 2.0, 2: 0.5}},
        sample_weight=weights,
        validation_data=(x[:31], [y[:31], z[:31]], [np.ones(31), np.linspace(1, 3, 31)]),
        verbose=0,
    )
    return fitted(
        model,
        history,
        evaluated=model.evaluate(x, [y, z], sample_weight=weights, verbose=0),
        predicted=model.predict(x, batch_size=17),
    )


# What a step may have


@run
def last_batch_smaller_than_the_ranks(folder):
    """Its rows are one, so that other ranks have none, in training, evaluation and prediction."""
    x, y = numbers(41, 6), classes(41, 3)
    model = mlp(kernel_regularizer="l2")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x, y, batch_size=20, epochs=5, shuffle="batch", validation_data=(x[:1], y[:1]), verbose=0
    )
    return fitted(
        model,
        history,
        evaluated=model.evaluate(x, y, batch_size=40, verbose=0),
        predicted=model.predict(x, batch_size=40),
        predicted_one=model.predict(x[:1]),
    )


@run
def metrics_with_state(folder):
    x, y = numbers(70, 6), classes(70, 2).astype("float32")[:, None]
    model = models.Sequential(
        [
            layers.Dense(5, activation="tanh", input_shape=(6,)),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        "adam",
        "binary_crossentropy",
        metrics=[
            metrics.AUC(),
            metrics.Precision(),
            metrics.Recall(),
            metrics.TruePositives(),
            metrics.MeanIoU(2),
            metrics.RootMeanSquaredError(),
            metrics.CosineSimilarity(),
            metrics.SensitivityAtSpecificity(0.5),
            "binary_accuracy",
            "mape",
        ],
    )
    history = model.fit(x, y, batch_size=9, epochs=3, validation_data=(x, y), verbose=0)
    return fitted(model, history, evaluated=model.evaluate(x, y, batch_size=11, verbose=0))


@run
def regularizers_and_limits(folder):
    """Penalties of weights and activities, a constraint, and a limit of the gradient's norm."""
    x, y = numbers(65, 6), numbers(65, 2)
    model = models.Sequential(
        [
            layers.Dense(
                8,
                kernel_regularizer=regularizers.l1_l2(0.01, 0.02),
                kernel_constraint=constraints.max_norm(1.0),
                activity_regularizer=regularizers.l2(0.003),
                input_shape=(6,),
            ),
            layers.PReLU(),
            layers.ActivityRegularization(l1=0.001, l2=0.002),
            layers.Dense(2, bias_regularizer="l2"),
        ]
    )
    model.compile(optimizers.SGD(0.1, clipnorm=0.3), "mse")
    history = model.fit(x, y, batch_size=16, epochs=6, verbose=0)
    return fitted(model, history, evaluated=model.evaluate(x, y, verbose=0))


@run
def losses_that_are_added(folder):
    """Of the model's own tensors, and metrics of one number for a batch."""
    inputs, wanted = layers.Input((6,)), layers.Input((2,))
    outputs = layers.Dense(2)(inputs)
    model = models.Model([inputs, wanted], outputs)
    model.add_loss(K.mean(K.square(outputs - wanted), axis=-1))
    model.add_loss(0.05 * K.sum(K.sum(K.square(outputs), axis=0)) - K.mean(outputs) / 4.0)
    model.add_metric(K.abs(outputs - wanted), name="each")
    model.add_metric(K.mean(K.abs(outputs - wanted)), name="mean")
    model.compile("adam")
    history = model.fit(
        [numbers(45, 6), numbers(45, 2, seed=4)], batch_size=11, epochs=4, verbose=0
    )
    return fitted(model, history)


@run
def losses_that_are_sums(folder):
    """A reduction of Keras, a function of the user's, and a metric of the user's."""

    def total(wanted, found):
        return K.sum(K.abs(wanted - found))

    def off(wanted, found):
        return K.mean(K.abs(wanted - found))

    inputs = layers.Input((6,))
    model = models.Model(
        inputs, [layers.Dense(2, name="one")(inputs), layers.Dense(1, name="two")(inputs)]
    )
    model.compile("adam", [losses.MeanSquaredError(reduction="sum"), total], metrics=[off])
    history = model.fit(
        numbers(41, 6), [numbers(41, 2), numbers(41, 1)], batch_size=10, epochs=4, verbose=0
    )
    return fitted(model, history)


@run
def a_batch_at_a_time(folder):
    """train_on_batch, test_on_batch and predict_on_batch, with weights of classes and samples."""
    x, y = numbers(31, 6), classes(31, 3)
    model = mlp()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    trained = [model.train_on_batch(x, y, class_weight={0: 1.0, 1: 3.0, 2: 0.5}) for _ in range(5)]
    trained.append(model.train_on_batch(x[:1], y[:1]))
    trained.append(model.train_on_batch(x, y, sample_weight=np.linspace(0, 1, 31)))
    summed = models.Sequential([layers.Dense(3, input_shape=(6,), activity_regularizer="l2")])
    summed.compile("sgd", "mse")
    trained += [summed.train_on_batch(x, x[:, :3]) for _ in range(5)]
    return {
        "weights": model.get_weights() + summed.get_weights(),
        "trained": trained,
        "tested": model.test_on_batch(x, y),
        "predicted": model.predict_on_batch(x),
    }


@run
def normalization_of_all_samples(folder):
    """BatchNormalization over all ranks' samples is that of one process."""
    x, y = numbers(61, 6), classes(61, 3)
    model = models.Sequential(
        [
            layers.Dense(8, use_bias=False, input_shape=(6,)),
            layers.BatchNormalization(sync=True, momentum=0.8),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(x, y, batch_size=20, epochs=5, verbose=0)
    return fitted(model, history, predicted=model.predict(x))


@run
def sums_that_begin_early(folder):
    """Large gradients that are on their way while others are computed, as between machines."""
    x, y = numbers(60, 280), classes(60, 3)
    model = models.Sequential(
        [
            layers.Dense(280, activation="tanh", input_shape=(280,)),
            layers.Dropout(0.0),
            layers.Dense(300, activation="tanh", kernel_regularizer="l2"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    # Not Adam, which makes much of gradients that are hardly more than rounding.
    optimizer = optimizers.SGD(0.05, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    world = ranks.current()
    world.sends_meanwhile = True
    try:
        history = model.fit(x, y, batch_size=16, epochs=3, verbose=0)
    finally:
        world.sends_meanwhile = False
    return fitted(model, history)


OPTIMIZERS = (
    optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    optimizers.RMSprop(),
    optimizers.Adagrad(),
    optimizers.Adadelta(),
    optimizers.Adam(),
    optimizers.Adam(amsgrad=True, decay=0.1, clipnorm=0.1),
    optimizers.Adamax(),
    optimizers.Nadam(clipvalue=0.01),
)


def wide_state(optimizer, **options):
    """What training a large layer comes to, and the messages that it takes."""
    set_random_seed(3)
    model = models.Sequential(
        [
            layers.Dense(401, activation="tanh", input_shape=(700,), kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax", bias_constraint="nonneg"),
        ]
    )
    # Its memory is no longer in the order of its rows.
    kernel = model.layers[0].kernel
    K.set_value(kernel, np.asfortranarray(K.get_value(kernel)))
    model.compile(type(optimizer).from_config(optimizer.get_config()), "categorical_crossentropy")
    x, y = numbers(60, 700), np.eye(3)[classes(60, 3)]
    before = getattr(ranks.current(), "messages", 0)
    model.fit(x, y, batch_size=16, epochs=2, verbose=0, **options)
    sent = getattr(ranks.current(), "messages", 0) - before
    return [*model.get_weights(), *model.optimizer.get_weights()], sent


@run
def updates_in_pieces(folder):
    """Large weights, of which each rank of a machine updates its rows where nobody looks on: how
    far what they come to is from what comes of it where somebody does, and the messages more."""
    found = {}
    for i, optimizer in enumerate(OPTIMIZERS):
        alone, sent = wide_state(optimizer)
        looks_on = callbacks.LambdaCallback(on_batch_end=lambda batch, logs: None)
        watched, sent_then = wide_state(optimizer, callbacks=[looks_on])
        name = f"{i} {type(optimizer).__name__}"
        off = max(np.abs(x - y).max() / max(np.abs(y).max(), 1e-3) for x, y in zip(alone, watched))
        end = zlib.crc32(b"".join(x.tobytes() for x in alone))
        found[name] = {"off": off, "messages": sent - sent_then, "end": end}
    return {"own_of_optimizers": found}


@run
def callbacks_of_all_kinds(folder):
    """What they decide and write; each rank names files of its own, which the first one writes."""
    x, y = numbers(80, 6), classes(80, 3)
    model = mlp()
    model.compile(optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    seen = []
    heard = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["loss"])),
        on_batch_end=lambda batch, logs: seen.append((batch, logs["size"])),
    )
    history = model.fit(
        x,
        y,
        batch_size=16,
        epochs=40,
        validation_data=(numbers(40, 6, seed=7), classes(40, 3, seed=8)),
        callbacks=[
            heard,
            callbacks.ReduceLROnPlateau(patience=1, factor=0.5),
            callbacks.EarlyStopping(patience=4, restore_best_weights=True),
            callbacks.ModelCheckpoint(str(folder / "best.h5"), save_best_only=True),
            callbacks.ModelCheckpoint(str(folder / "{epoch:02d}.h5"), save_weights_only=True),
            callbacks.CSVLogger(str(folder / "log.csv")),
        ],
        verbose=0,
    )
    assert len(history.epoch) < 40
    return fitted(
        model,
        history,
        seen=seen,
        rate=K.get_value(model.optimizer.lr),
        own_files=sorted(path.name for path in folder.iterdir()),
        own_lines=len((folder / "log.csv").read_text().splitlines())
        if (folder / "log.csv").exists()
        else 0,
    )


# What is another one on each rank, or with another number of them


@run
def normalization_by_each_rank(folder):
    """Moving statistics agree, though batches are normalized by ranks; some have no rows."""
    x, y = numbers(41, 6), classes(41, 3)
    model = models.Sequential(
        [
            layers.Dense(8, input_shape=(6,)),
            layers.BatchNormalization(momentum=0.8),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(x, y, batch_size=20, epochs=5, verbose=0)
    assert np.isfinite(np.concatenate([w.ravel() for w in model.get_weights()])).all()
    return fitted(model, history)


@run
def dropout(folder):
    """The gradient of a kernel tells how many ranks kept its row."""
    model = models.Sequential(
        [
            layers.Dropout(0.5, input_shape=(400,)),
            layers.Dense(1, use_bias=False, kernel_initializer=initializers.Zeros()),
        ]
    )
    model.compile(optimizers.SGD(1.0), losses.mean_absolute_error)
    rows = np.ones((6, 400), "float32")
    kernels = []
    for _ in range(3):
        model.fit(rows, np.full(6, -9.0), batch_size=6, verbose=0)
        kernels.append(model.get_weights()[0].ravel())
    return {"kernels": kernels}


@run
def messages(folder):
    """How many messages and bytes a step of training, evaluation and prediction sends."""
    x, y = numbers(40, 6), classes(40, 3)
    model = mlp()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=10, verbose=0)
    return {
        "train": _sent(lambda: model.fit(x, y, batch_size=10, epochs=3, verbose=0)),
        "test": _sent(lambda: model.evaluate(x, y, batch_size=10, verbose=0)),
        "predict": _sent(lambda: model.predict(x, batch_size=10)),
    }


def _sent(work):
    world = ranks.current()
    before = world.messages, world.bytes
    work()
    return world.messages - before[0], world.bytes - before[1]


@run
def horovod(folder):
    """A script of Horovod's: each rank has data and batches of its own."""
    world = ranks.current()
    rows = slice(world.rank, None, world.size)
    x, y = numbers(48, 6)[rows], classes(48, 3)[rows]
    model = mlp()
    if world.rank:
        model.set_weights([w + 1 for w in model.get_weights()])
    optimizer = hvd.DistributedOptimizer(optimizers.SGD(0.1, momentum=0.9))
    try:
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x,
            y,
            batch_size=48 // world.size,
            shuffle=False,
            epochs=6,
            callbacks=[hvd.BroadcastGlobalVariablesCallback(0), hvd.MetricAverageCallback()],
            verbose=0,
        )
        return fitted(model, history, total=hvd.allreduce(np.ones(3), average=False) / world.size)
    finally:
        world.shares_runs = True


@run
def refused(folder):
    """What the ranks must not do each in its own way, and what they cannot share."""
    rank = ranks.current().rank
    x, y = numbers(40, 6), classes(40, 3)
    model = mlp()
    model.compile("adam", "sparse_categorical_crossentropy")
    stateful = models.Sequential([layers.LSTM(2, stateful=True, batch_input_shape=(4, 3, 1))])
    stateful.compile("sgd", "mse")
    return {
        "samples": _message(lambda: model.fit(x[rank:], y[rank:], verbose=0)),
        "epochs": _message(lambda: model.fit(x, y, epochs=1 + rank, verbose=0)),
        "stateful": _message(lambda: stateful.fit(numbers(4, 3, 1), numbers(4, 2), verbose=0)),
    }


def _message(work):
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was refused"
