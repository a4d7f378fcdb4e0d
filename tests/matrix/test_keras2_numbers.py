"""Numbers that programs written for Keras 2 count on, and where they are right and 2.3.1 was wrong.

Each value comes from a formula, from NumPy, or from a run of the genuine Keras 2.3.1.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from backend_check import near

import keras_core as keras
from keras_core import activations, initializers, layers, losses, metrics
from keras_core import backend as K
from keras_core.callbacks import Callback, EarlyStopping, LearningRateScheduler, ReduceLROnPlateau
from keras_core.models import Model, Sequential
from keras_core.plugins import backend_name
from keras_core.utils import Sequence, set_random_seed

RANDOM = np.random.RandomState(11)
ROWS = RANDOM.uniform(0.1, 1, (2, 3, 4)).astype("float32")


# NumPy's global generator seeds everything that has no seed of its own

PROGRAM = """
    import numpy as np
    {seeding}
    import keras_core as keras
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Dense(5, input_shape=(3,)),
        layers.Dropout(0.4),
        layers.GaussianNoise(0.1),
        layers.Dense(1, kernel_initializer="orthogonal"),
    ])
    model.compile("adam", "mse")
    x = np.random.rand(50, 3)
    loss = model.fit(x, x.sum(1), epochs=3, verbose=0).history["loss"]
    print([float(w.sum()) for w in model.get_weights()], [float(value) for value in loss])
"""


def here():
    """The settings that let a fresh process use the backend of this one."""
    names = ("KERAS_THEANO_MODE", "THEANO_FLAGS")
    return {"KERAS_BACKEND": backend_name(), **{n: os.environ[n] for n in names if n in os.environ}}


def test_a_seed_of_numpy_repeats_a_program(sandbox):
    seeded = PROGRAM.format(seeding="np.random.seed(7)")
    outputs = [sandbox.run(code, **here()).stdout for code in (seeded, seeded)]
    assert outputs[0] and outputs[0] == outputs[1]
    others = [PROGRAM.format(seeding=text) for text in ("np.random.seed(8)", "")]
    outputs += [sandbox.run(code, **here()).stdout for code in others]
    assert len(set(outputs)) == 3 and all(outputs)


def trained():
    """Weights at the start, draws of a function, and losses with dropout and shuffling."""
    model = Sequential(
        [
            layers.Dense(4, kernel_initializer="he_normal", input_shape=(3,)),
            layers.Dropout(0.5),
            layers.AlphaDropout(0.2),
            layers.Dense(1, kernel_initializer=initializers.RandomNormal()),
        ]
    )
    model.compile("sgd", "mse")
    start = model.get_weights()
    x = np.linspace(0, 1, 60).reshape(20, 3)
    history = model.fit(x, x.sum(1), batch_size=4, epochs=2, verbose=0).history["loss"]
    drawn = K.function([], [K.random_normal((3,)), K.random_uniform((2,))])
    return [*start, *drawn([]), *drawn([]), np.asarray(history)]


@pytest.mark.parametrize("seed", [np.random.seed, set_random_seed])
def test_a_seed_repeats_what_is_built_after_it(seed):
    runs = []
    for number in (7, 7, 8):
        seed(number)
        runs.append(trained())
    for first, again in zip(*runs[:2]):
        np.testing.assert_array_equal(first, again)
    assert not np.array_equal(runs[0][0], runs[2][0])


def test_two_weights_without_a_seed_differ():
    first, second = (K.eval(initializers.RandomNormal()((3, 4))) for _ in range(2))
    assert not np.array_equal(first, second)


class Batches(Sequence):
    """Batches of unequal sizes."""

    def __init__(self, batches):
        self.batches = batches
        self.asked = []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        self.asked.append(index)
        return self.batches[index]


def test_a_seed_of_numpy_repeats_the_order_of_a_sequence():
    orders = []
    for _ in range(2):
        np.random.seed(5)
        batches = Batches([(np.full((1, 1), i), np.zeros((1, 1))) for i in range(9)])
        line().fit_generator(batches, epochs=1, shuffle=True, verbose=0)
        orders.append(batches.asked[:9])
    assert orders[0] == orders[1] != list(range(9))


# Labels


def classifier(loss="sparse_categorical_crossentropy"):
    model = Sequential([layers.Dense(3, activation="softmax", input_shape=(2,))])
    model.compile("sgd", loss)
    return model


RUNS = {
    "fit": lambda model, x, y: model.fit(x, y, verbose=0),
    "evaluate": lambda model, x, y: model.evaluate(x, y, verbose=0),
    "train_on_batch": lambda model, x, y: model.train_on_batch(x, y),
    "test_on_batch": lambda model, x, y: model.test_on_batch(x, y),
    "fit_generator": lambda model, x, y: model.fit_generator(Batches([(x, y)]), verbose=0),
    "evaluate_generator": lambda model, x, y: model.evaluate_generator(Batches([(x, y)])),
    "validation": lambda model, x, y: model.fit(
        x, np.zeros(len(x)), validation_data=(x, y), verbose=0
    ),
}


@pytest.mark.parametrize("label", [3, -1, np.nan])
@pytest.mark.parametrize("run", RUNS)
def test_a_label_that_is_no_class_is_named(run, label):
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match=rf"'dense.*label {label}.*\[0, 3\)"):
        RUNS[run](model, np.ones((4, 2)), np.array([0, 1, label, 2]))
    for weight, kept in zip(model.get_weights(), before):
        np.testing.assert_array_equal(weight, kept)


@pytest.mark.parametrize(
    "loss", [losses.SparseCategoricalCrossentropy(), K.sparse_categorical_crossentropy]
)
def test_a_label_that_is_no_class_is_named_for_each_form_of_the_loss(loss):
    with pytest.raises(ValueError, match=r"label 7.*\[0, 3\)"):
        classifier(loss).train_on_batch(np.ones((2, 2)), np.array([[1], [7]]))


def test_labels_that_are_classes_train():
    model = classifier()
    x, y = np.ones((3, 2)), np.array([0, 1, 2])
    expected = -np.log(model.predict(x)[np.arange(3), y]).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-5)


# Generators


def line(rate=0.0):
    """A model whose prediction is w x, from w = 1."""
    model = Sequential(
        [layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))]
    )
    model.compile(keras.optimizers.SGD(lr=rate), "mse", metrics=["mae"])
    return model


SIZES, ERRORS = [1, 3, 2], [1.0, 2.0, 3.0]
UNEQUAL = [(np.zeros((n, 1)), np.full((n, 1), e)) for n, e in zip(SIZES, ERRORS)]
MSE = sum(n * e * e for n, e in zip(SIZES, ERRORS)) / sum(SIZES)
MAE = sum(n * e for n, e in zip(SIZES, ERRORS)) / sum(SIZES)


def endless():
    while True:
        yield from UNEQUAL


@pytest.mark.parametrize("source", [endless, lambda: Batches(UNEQUAL)])
@pytest.mark.parametrize("workers", [0, 1])
def test_the_loss_of_a_generator_is_the_mean_over_its_samples(source, workers):
    model = line()
    near(model.evaluate_generator(source(), steps=3, workers=workers), [MSE, MAE])
    history = model.fit_generator(
        endless(), 3, validation_data=source(), validation_steps=3, workers=workers, verbose=0
    ).history
    for name, expected in {"loss": MSE, "mae": MAE, "val_loss": MSE, "val_mae": MAE}.items():
        near(history[name], [expected])


# Callbacks


class Stop(Callback):
    """Ends training after an epoch."""

    def __init__(self, last):
        super().__init__()
        self.last = last

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == self.last


@pytest.mark.parametrize("others, patience", [([], 10), ([Stop(1)], 10), ([], 1), ([], 2)])
@pytest.mark.parametrize("freq", [1, [1, 3]])
@pytest.mark.filterwarnings("ignore:EarlyStopping has nothing to do:RuntimeWarning")
def test_the_best_weights_come_back_whatever_ends_training(others, patience, freq):
    model = line()
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    # A step of rate r makes w into (1 - 2r) w: a half of it in the first epoch, then -3 times it.
    rates = LearningRateScheduler(lambda epoch: 0.25 if epoch == 0 else 2.0)
    best = EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
    callbacks = [rates, best, *others]
    model.fit(
        x, y, epochs=4, verbose=0, validation_data=(x, y), validation_freq=freq, callbacks=callbacks
    )
    near(model.get_weights()[0], [[0.5]])


def test_the_last_weights_stay_where_they_are_the_best(capsys):
    model = line(rate=0.25)
    best = EarlyStopping("loss", restore_best_weights=True, verbose=1)
    model.fit(np.ones((1, 1)), np.zeros((1, 1)), epochs=3, verbose=0, callbacks=[best])
    near(model.get_weights()[0], [[0.125]])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("least", [0.001, 0.003, 0.3])
def test_a_rate_at_its_least_is_not_told_of_again(capsys, least):
    model = line()
    model.compile(keras.optimizers.SGD(lr=0.1), "mse")
    reduce = ReduceLROnPlateau("loss", 0.1, 1, verbose=1, min_lr=least, min_delta=1e9)
    x = np.ones((2, 1))
    rates = model.fit(x, x, epochs=7, verbose=0, callbacks=[reduce]).history["lr"]
    expected = np.maximum([0.1, 0.1, 0.01, 0.001, 0.001, 0.001, 0.001], min(least, 0.1))
    near(rates, expected)
    told = [line for line in capsys.readouterr().out.splitlines() if line]
    assert len(told) == np.count_nonzero(np.diff(expected))
    for text, rate in zip(told, np.unique(expected)[::-1][1:]):
        start, _, value = text.rstrip(".").rpartition(" ")
        assert start.endswith("ReduceLROnPlateau reducing learning rate to")
        assert float(value) == pytest.approx(rate)


# Rectifiers

POINTS = np.array([-5, -2.25, -1.5, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75, 2.5, 7], "float32")


def rectified(x, alpha, max_value, threshold):
    y = np.where(x > threshold, x, alpha * (x - threshold))
    return y if max_value is None else np.where(x >= max_value, max_value, y)


def slope(x, alpha, max_value, threshold):
    slopes = np.where(x > threshold, 1.0, alpha)
    return slopes if max_value is None else np.where(x >= max_value, 0.0, slopes)


def value_and_slope(build):
    x = K.placeholder((None,))
    y = build(x)
    return K.function([x], [y, *K.gradients(K.sum(y), [x])])([POINTS])


LIMITS = [
    (alpha, max_value, threshold)
    for alpha in (0.0, 0.3, 1.5)
    for max_value in (None, 0.0, 1.5, 6.0)
    for threshold in (0.0, 0.5, 2.0, -0.5, -2.0)
]


def test_relu_is_its_formula():
    for limits in LIMITS:
        y, dy = value_and_slope(lambda x: K.relu(x, *limits))  # noqa: B023
        near(y, rectified(POINTS, *limits))
        near(dy, slope(POINTS, *limits))


def test_the_relus_of_layers_and_activations_are_that_formula():
    for alpha, max_value, threshold in [(0.3, 1.5, -2.0), (0.0, 1.5, -0.5), (0.3, None, -0.5)]:
        limits = {"max_value": max_value, "threshold": threshold}
        layer = layers.ReLU(negative_slope=alpha, **limits)
        near(value_and_slope(layer)[0], rectified(POINTS, alpha, max_value, threshold))
        of_function = value_and_slope(lambda x: keras.activations.relu(x, alpha, **limits))  # noqa: B023
        near(of_function[0], rectified(POINTS, alpha, max_value, threshold))
        near(of_function[1], slope(POINTS, alpha, max_value, threshold))


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0, 2.0])
def test_leaky_relu_is_its_formula(alpha):
    y, dy = value_and_slope(layers.LeakyReLU(alpha))
    near(y, np.where(POINTS > 0, POINTS, alpha * POINTS))
    near(dy, np.where(POINTS > 0, 1.0, alpha))


@pytest.mark.parametrize("theta", [0.0, 1.0, -1.0])
def test_thresholded_relu_is_its_formula(theta):
    y, dy = value_and_slope(layers.ThresholdedReLU(theta))
    near(y, np.where(theta < POINTS, POINTS, 0.0))
    near(dy, np.where(theta < POINTS, 1.0, 0.0))
    lowest = K.constant([-np.inf])
    near(K.eval(layers.ThresholdedReLU(theta)(lowest)), [0.0])


def test_relu_takes_tensors():
    for alpha, max_value, threshold in LIMITS:
        given = [v if v is None else K.variable(v) for v in (alpha, max_value, threshold)]
        y, dy = value_and_slope(lambda x: K.relu(x, *given))  # noqa: B023
        near(y, rectified(POINTS, alpha, max_value, threshold))
        near(dy, slope(POINTS, alpha, max_value, threshold))
    each = np.linspace(-1, 1, len(POINTS)).astype("float32")
    near(K.eval(K.relu(POINTS, threshold=K.constant(each))), np.where(each < POINTS, POINTS, 0))


# Small K functions


def test_a_constant_takes_a_shape():
    near(K.eval(K.constant([1, 2, 3, 4, 5, 6], shape=(2, 3))), [[1, 2, 3], [4, 5, 6]])
    near(K.eval(K.constant(7, shape=(2, 1))), [[7], [7]])
    near(K.eval(K.constant([[1, 2]], shape=(2,))), [1, 2])
    near(K.eval(initializers.Constant([1.0, 2.0])((2, 1))), [[1], [2]])
    near(K.eval(initializers.Constant(3)((2,))), [3, 3])
    with pytest.raises(ValueError, match=r"shape \(3,\) cannot have the shape \(2, 2\).*4 elem"):
        K.constant([1, 2, 3], shape=(2, 2))


@pytest.mark.parametrize(
    "size, asked, expected",
    [
        ((1, 0, 2), (-1, 1, 0, 2), (1, 1, 0, 2)),
        ((0, 3, 0), (-1, 0, 0), (3, 0, 0)),
        ((0, 3), (0, -1), (0, 3)),
        ((0, 3), (-1, 3), (0, 3)),
        ((4, 0, 6, 0), (2, 0, -1, 0), (2, 0, 12, 0)),
        ((0, 0), (0, 3, -1), (0, 3, 0)),
        ((0, 5), (0, 3, -1), (0, 3, 1)),
    ],
)
def test_what_has_no_elements_is_reshaped(size, asked, expected):
    assert K.eval(K.reshape(K.variable(np.zeros(size)), asked)).shape == expected
    x = K.placeholder(ndim=len(size))
    y = K.reshape(x, asked)
    got, slopes = K.function([x], [y, *K.gradients(K.sum(y), [x])])([np.zeros(size)])
    assert got.shape == expected and slopes.shape == size
    tensors = [K.shape(x)[size.index(n)] if n == 0 else n for n in asked]
    assert K.function([x], [K.reshape(x, tensors)])([np.zeros(size)])[0].shape == expected


OF_ONE = {
    "sum": np.sum,
    "max": np.max,
    "min": np.min,
    "mean": np.mean,
    "prod": np.prod,
    "std": np.std,
    "var": np.var,
    "square": np.square,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "abs": np.abs,
    "sign": np.sign,
    "round": np.round,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "relu": lambda x: np.maximum(x, 0),
    "flatten": np.ravel,
    "transpose": np.transpose,
    "batch_flatten": lambda x: x.reshape(len(x), -1),
    "cumsum": lambda x: np.cumsum(x, 0),
    "argmax": lambda x: np.argmax(x, -1),
    "expand_dims": lambda x: x[..., None],
    "identity": lambda x: x,
    "ones_like": np.ones_like,
    "shape": np.shape,
    "cast_to_floatx": lambda x: x,
}


@pytest.mark.parametrize("name", OF_ONE)
def test_a_list_of_tensors_is_stacked(name):
    result = getattr(K, name)([K.variable(row) for row in ROWS])
    near(K.eval(result).astype("float32"), np.asarray(OF_ONE[name](ROWS), "float32"))


@pytest.mark.parametrize(
    "name, function",
    {
        "maximum": np.maximum,
        "minimum": np.minimum,
        "pow": np.power,
        "equal": np.equal,
        "greater": np.greater,
    }.items(),
)
def test_lists_of_tensors_are_stacked_on_both_sides(name, function):
    lists = [[K.constant(row) for row in rows] for rows in (ROWS, ROWS[::-1])]
    got = K.eval(getattr(K, name)(*lists)).astype("float32")
    near(got, function(ROWS, ROWS[::-1]).astype("float32"))


def test_lists_of_tensors_are_stacked_at_any_depth():
    cells = [[K.variable(value) for value in row] for row in ROWS[0]]
    near(K.eval(K.sum(cells, axis=1)), ROWS[0].sum(1))
    assert K.int_shape(cells) == (3, 4) and K.ndim(cells) == 2 and K.dtype(cells) == "float32"
    near(K.eval(K.sum([K.variable(1.0), 2.0])), 3.0)
    mixed = K.eval(K.mean([K.constant([1, 2], dtype="int32"), K.constant([2.0, 4.0])], axis=0))
    near(mixed, [1.5, 3])
    near(K.eval(K.dot([K.constant(row) for row in ROWS[0]], ROWS[1].T)), ROWS[0] @ ROWS[1].T)
    near(K.eval(K.variable([K.constant(1.0), K.constant(2.0)])), [1, 2])


# Crossentropies

KNOWN = np.array([[1, 0], [1, 0]], "float32")
SAID = np.array([[1, 1], [1, 0]], "float32")
# One wrong prediction out of four, -log(1 - (1 - 1e-7) + 1e-7) in float32 as it is calculated.
WRONG = -np.log(np.float32(1) - np.float32(1 - 1e-7) + np.float32(1e-7))


def test_binary_crossentropy_of_values_at_its_limits():
    loss = losses.BinaryCrossentropy()
    near(K.eval(loss(KNOWN, SAID)), WRONG / 4)
    near(K.eval(loss(KNOWN, SAID, sample_weight=np.array([1.2, 3.4]))), 1.2 * WRONG / 4)
    near(K.eval(loss(KNOWN, SAID, sample_weight=2.3)), 2.3 * WRONG / 4)
    metric = metrics.BinaryCrossentropy()
    near(K.eval(metric(KNOWN, SAID, sample_weight=np.array([1.5, 2.0]))), 0.75 * WRONG / 3.5)
    near(WRONG, 15.333239)


def test_binary_crossentropy_in_a_program_at_its_limits():
    t, p = K.placeholder((None, 2)), K.placeholder((None, 2))
    # As genuine Keras 2.3.1 gave them for 0 and 1 that are fed.
    (got,) = K.function([t, p], [K.binary_crossentropy(t, p)])([KNOWN, 1 - SAID])
    near(got, [[15.424949, 0], [15.424949, 15.249238]])


def per_class(shape):
    probabilities = RANDOM.uniform(0.1, 1, shape).astype("float32")
    return probabilities / probabilities.sum(-1, keepdims=True)


@pytest.mark.parametrize("classes_at", [1, -1])
@pytest.mark.parametrize("with_axis", [True, False])
def test_crossentropies_of_images(classes_at, with_axis):
    said = per_class((2, 3, 3, 4))
    label = RANDOM.randint(0, 4, (2, 3, 3))
    expected = -np.log(np.take_along_axis(said, label[..., None], -1))[..., 0]
    output = K.variable(np.moveaxis(said, -1, classes_at))
    labels = np.expand_dims(label, classes_at) if with_axis else label
    for target in (K.variable(labels), K.constant(labels)):
        near(K.eval(K.sparse_categorical_crossentropy(target, output, axis=classes_at)), expected)
    codes = K.variable(np.moveaxis(np.eye(4)[label], -1, classes_at))
    near(K.eval(K.categorical_crossentropy(codes, output, axis=classes_at)), expected)


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
@pytest.mark.parametrize("is_sparse", [True, False])
def test_images_train_with_classes_on_the_axis_of_channels(data_format, is_sparse):
    axis = 1 if data_format == "channels_first" else 3
    name = "sparse_categorical_crossentropy" if is_sparse else "categorical_crossentropy"
    label = RANDOM.randint(0, 4, (2, 3, 3))
    targets = label[..., None] if is_sparse else np.eye(4)[label]
    image = layers.Input((4, 3, 3) if axis == 1 else (3, 3, 4))
    model = Model(image, layers.Softmax(axis=axis)(image))
    model.compile("sgd", lambda t, p: getattr(K, name)(t, p, axis=axis))
    logits = RANDOM.uniform(-1, 1, (2, 3, 3, 4)).astype("float32")
    of_all = (
        np.log(np.exp(logits).sum(-1)) - np.take_along_axis(logits, label[..., None], -1)[..., 0]
    )
    arrays = [np.moveaxis(x, -1, axis) for x in (logits, targets)]
    near(model.evaluate(*arrays, verbose=0), of_all.mean())
    near(model.test_on_batch(*arrays), of_all.mean())


@pytest.fixture(params=["channels_first", "channels_last"])
def data_format(request):
    before = K.image_data_format()
    K.set_image_data_format(request.param)
    yield request.param
    K.set_image_data_format(before)


def test_the_sparse_loss_of_images_finds_the_classes_by_the_data_format(data_format):
    axis = 1 if data_format == "channels_first" else 3
    image = layers.Input((4, 3, 3) if axis == 1 else (3, 3, 4))
    model = Model(image, layers.Softmax(axis=axis)(image))
    model.compile("sgd", "sparse_categorical_crossentropy")
    said = per_class((2, 3, 3, 4))
    label = RANDOM.randint(0, 4, (2, 3, 3, 1))
    arrays = [np.moveaxis(x, -1, axis) for x in (np.log(said), label)]
    near(model.evaluate(*arrays, verbose=0), -np.log(np.take_along_axis(said, label, -1)).mean())
    with pytest.raises(ValueError, match=r"label 4.*\[0, 4\)"):
        model.evaluate(arrays[0], np.full_like(arrays[1], 4), verbose=0)


# Metrics

WEIGHTS = np.array([0.1, 0.2, 0.3, 0.9])
ACCURACIES = [
    (metrics.Accuracy, {}, np.array([1, 2, 3, 4]), np.array([1, 2, 0, 4])),
    (metrics.BinaryAccuracy, {}, np.array([1, 0, 1, 1]), np.array([0.9, 0.1, 0.2, 0.7])),
    (
        metrics.BinaryAccuracy,
        {"threshold": 0.4},
        np.array([[1], [0], [1], [1]]),
        np.array([[0.45], [0.1], [0.2], [0.7]]),
    ),
    (metrics.CategoricalAccuracy, {}, np.eye(3)[[0, 1, 2, 0]], np.eye(3)[[0, 1, 1, 0]]),
    (metrics.SparseCategoricalAccuracy, {}, np.array([0, 1, 2, 0]), np.eye(3)[[0, 1, 1, 0]]),
    (
        metrics.SparseCategoricalAccuracy,
        {},
        np.array([[0], [1], [2], [0]]),
        np.eye(3)[[0, 1, 1, 0]],
    ),
    (metrics.TopKCategoricalAccuracy, {"k": 1}, np.eye(3)[[0, 1, 2, 0]], np.eye(3)[[0, 1, 1, 0]]),
    (
        metrics.SparseTopKCategoricalAccuracy,
        {"k": 1},
        np.array([0, 1, 2, 0]),
        np.eye(3)[[0, 1, 1, 0]],
    ),
]


@pytest.mark.parametrize("kind, options, known, said", ACCURACIES)
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_accuracies_take_a_weight_a_sample(kind, options, known, said, shape):
    # Of the four samples only the third is wrong.
    expected = (0.1 + 0.2 + 0.9) / (0.1 + 0.2 + 0.3 + 0.9)
    weights = WEIGHTS.reshape(shape)
    near(K.eval(kind(**options)(known, said, sample_weight=weights)), expected)
    t, p, w = (K.placeholder(ndim=x.ndim) for x in (known, said, weights))
    metric = kind(**options)
    result = metric(t, p, sample_weight=w)
    (got,) = K.function([t, p, w], [result], updates=metric.updates)([known, said, weights])
    near(got, expected)


def test_metrics_of_values_take_effect_at_once():
    mean = metrics.Mean(dtype="float64")
    near(K.eval(mean(100, sample_weight=0.5)), 100)
    assert K.eval(mean.total) == 50 and K.eval(mean.count) == 0.5
    result = mean([1, 5], sample_weight=[1, 0.2])
    near(K.eval(mean([[1], [5]], sample_weight=[[1], [0.2]])), (50 + 2 * 2) / (0.5 + 2 * 1.2))
    near(K.eval(result), (50 + 2) / (0.5 + 1.2))
    mean.update_state(np.array([3.0, 4.0]))
    near(K.eval(mean.result()), (50 + 4 + 7) / (0.5 + 2.4 + 2))
    assert mean.updates == []
    mean.reset_states()
    assert K.eval(mean.total) == 0


def test_updates_of_a_metric_of_values_may_be_evaluated():
    total = metrics.Sum()
    update = total.update_state(K.constant([1, 5]))
    assert K.eval(total.total) == 6
    K.eval(update)
    assert K.eval(total.total) == 6
    K.eval(total.update_state([K.constant(1), K.constant(2)]))
    assert K.eval(total.result()) == K.eval(total.total) == 9


@pytest.mark.parametrize(
    "metric, expected",
    [
        (metrics.TruePositives(), 2),
        (metrics.FalsePositives(thresholds=[0.1, 0.7]), [2, 1]),
        (metrics.Precision(), 2 / 3),
        (metrics.Recall(), 2 / 2),
        (metrics.MeanSquaredError(), (0.2**2 + 0.8**2 + 0.4**2 + 0.2**2) / 4),
        (metrics.RootMeanSquaredError(), ((0.2**2 + 0.8**2 + 0.4**2 + 0.2**2) / 4) ** 0.5),
        (metrics.AUC(num_thresholds=200), 3 / 4),
    ],
)
def test_metrics_of_all_kinds_take_effect_at_once(metric, expected):
    result = metric([[1], [0], [1], [0]], [[0.8], [0.8], [0.6], [0.2]])
    tolerance = 0.2 if isinstance(metric, metrics.AUC) else 2e-5
    near(K.eval(result), expected, tolerance)
    near(K.eval(metric.result()), K.eval(result))


def test_a_metric_of_symbols_waits_for_its_function():
    mean = metrics.Mean()
    x = K.placeholder((None,))
    f = K.function([x], [mean(x)], updates=mean.updates)
    assert K.eval(mean.total) == 0
    assert f([[1.0, 3.0]])[0] == 2
    mean([5.0])
    assert f([[7.0]])[0] == 4 and K.eval(mean.total) == 16


def test_a_constant_loss_or_metric_is_reported_in_each_epoch():
    image = layers.Input((2,))
    output = layers.Dense(1)(image)
    model = Model(image, [output, output])
    model.compile("sgd", ["mse", lambda t, p: K.constant(3.0)])
    model.add_metric(K.constant(7.0), name="seven")
    history = model.fit(np.ones((4, 2)), [np.ones(4)] * 2, epochs=2, verbose=0).history
    near(history["seven"], [7, 7])
    near(history[model.metrics_names[2]], [3, 3])


# Updates


def test_increments_of_one_variable_all_count():
    v, w = K.variable(1.0), K.variable(10.0)
    x = K.placeholder((None,))
    updates = [
        K.update_add(v, 1.0),
        K.update_add(w, v),
        K.update_add(v, K.sum(x)),
        K.update_sub(v, 0.5),
    ]
    f = K.function([x], [v * 1.0], updates=updates)
    assert f([[2.0, 3.0]])[0] == 1
    # What other variables read is the value before.
    assert K.get_value(v) == 1 + 1 + 5 - 0.5 and K.get_value(w) == 11
    once = K.update_add(w, 1.0)
    K.function([], [], updates=[once, once])([])
    assert K.get_value(w) == 12


def test_the_last_of_several_new_values_stays():
    v = K.variable(1.0)
    K.function([], [], updates=[K.update(v, 5.0), (v, v * 2.0)])([])
    assert K.get_value(v) == 10


# Initializers of gates

GATED = [(layers.LSTM, 4), (layers.GRU, 3), (layers.CuDNNLSTM, 4), (layers.CuDNNGRU, 3)]


@pytest.mark.parametrize("kind, gates", [*GATED, (layers.SimpleRNN, 1)])
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_each_gate_has_its_own_identity(kind, gates, gain):
    layer = kind(3, recurrent_initializer=initializers.Identity(gain), input_shape=(5, 2))
    Sequential([layer])
    near(layer.get_weights()[1], np.concatenate([gain * np.eye(3)] * gates, axis=1))
    assert kind.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("kind, gates", GATED[:2])
def test_each_gate_has_its_own_identity_of_the_inputs(kind, gates):
    layer = kind(3, kernel_initializer="identity", input_shape=(5, 2))
    Sequential([layer])
    near(layer.get_weights()[0], np.concatenate([np.eye(2, 3)] * gates, axis=1))


# Loops over pieces of different lengths

TABLE = np.arange(12.0).reshape(2, 6).astype("float32")
BOUNDS = [[0, 2, 6], [0, 3, 6]]


def sums_of_pieces(x, of_piece):
    """Of each row the value of each of its pieces."""
    bounds = K.constant(BOUNDS, dtype="int32")

    def row(index):
        entries, ends = x[index], bounds[index]
        places = K.arange(1, K.shape(ends)[0], 1)
        return K.map_fn(lambda i: of_piece(entries[ends[i - 1] : ends[i]]), places, dtype="float32")

    return K.map_fn(row, K.arange(0, 2), dtype="float32")


def test_pieces_of_different_lengths_in_nested_loops():
    x = K.placeholder((2, 6))
    y = sums_of_pieces(x, lambda piece: K.sum(K.square(piece)))
    got, slopes = K.function([x], [y, *K.gradients(K.sum(y), [x])])([TABLE])
    pieces = [np.split(row, ends[1:-1]) for row, ends in zip(TABLE, BOUNDS)]
    near(got, [[np.sum(piece**2) for piece in row] for row in pieces])
    near(slopes, 2 * TABLE)


def test_pieces_of_different_lengths_in_one_loop():
    x = K.placeholder((6,))
    ends = K.constant([0, 1, 1, 6], dtype="int32")
    y = K.map_fn(lambda i: K.prod(x[ends[i - 1] : ends[i]]), K.arange(1, 4), dtype="float32")
    values = np.array([2, 3, 1, 4, 5, 1], "float32")
    got, slopes = K.function([x], [y, *K.gradients(K.sum(y), [x])])([values])
    near(got, [2, 1, 60])
    near(slopes, [1, 20, 60, 15, 12, 60])


# Draws


def test_alpha_dropout_shares_what_its_noise_shape_says():
    layer = layers.AlphaDropout(0.3, noise_shape=(100, 1, 30))
    x = K.placeholder((100, 8, 30))
    f = K.function([x, K.learning_phase()], [layer(x)])
    given = np.full((100, 8, 30), 0.7, "float32")
    (dropped,) = f([given, 1])
    assert (dropped == dropped[:, :1]).all() and not (dropped == dropped[:, :, :1]).all()
    # The two values and their fractions in a run of genuine Keras 2.3.1.
    values, counts = np.unique(dropped[:, 0], return_counts=True)
    near(values, [-1.0595481, 1.0567589], 1e-4)
    assert abs(counts[0] / counts.sum() - 0.3) < 5 * (0.3 * 0.7 / 3000) ** 0.5
    np.testing.assert_array_equal(f([given, 0])[0], given)


@pytest.mark.parametrize(
    "name", ["max", "min", "sum", "prod", "cumsum", "cumprod", "square", "abs", "sign", "round"]
)
def test_bools_are_no_numbers(name):
    bools = K.constant([[True, False], [True, True]], dtype="bool")
    with pytest.raises(TypeError, match=f"K.{name} needs numbers, not bools; K.cast"):
        getattr(K, name)(bools)
    ones = K.eval(getattr(K, name)(K.cast(bools, "int32")))
    assert np.array_equal(ones, getattr(np, name)([[1, 0], [1, 1]], **along_0(name)))


def along_0(name):
    return {"axis": 0} if name.startswith("cum") else {}


@pytest.mark.parametrize("name", ["argmax", "argmin", "cumsum", "cumprod"])
def test_what_works_along_one_axis_says_so(name):
    with pytest.raises(TypeError, match=rf"K.{name} works along one axis, an int, not .* \[0, 1\]"):
        getattr(K, name)(K.constant(np.ones((2, 3))), axis=[0, 1])


def test_a_number_is_a_batch_of_one_when_flattened():
    assert K.eval(K.batch_flatten(K.constant(2.0))).tolist() == [[2.0]]


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_mapped_function_may_give_several_results(kind):
    x = np.arange(6.0).reshape(2, 3)

    def halves(row):
        return row / 2, K.sum(row), K.cast(row[0], "int32")

    dtypes = kind(["float32", "float32", "int32"])
    results = K.map_fn(halves, K.constant(x), dtype=dtypes)
    assert type(results) is kind and [K.dtype(r) for r in results] == list(dtypes)
    for result, expected in zip(results, (x / 2, x.sum(axis=1), x[:, 0])):
        assert np.array_equal(K.eval(result), expected)
    with pytest.raises(ValueError, match="asks for 2 results, but the function gives"):
        K.map_fn(halves, K.constant(x), dtype=kind(["float32"] * 2))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_no_class_is_among_the_best_where_a_score_is_not_finite(bad):
    scores = K.constant([[bad, 1, 2], [1, bad, 3], [3, 2, 1]])
    best = K.in_top_k(scores, K.constant([2, 2, 0], dtype="int32"), 2)
    assert K.eval(best).tolist() == [False, False, True]


@pytest.mark.parametrize("shape", [(4, 4), (1, 4)])
@pytest.mark.parametrize("reduction", ["none", "sum", "sum_over_batch_size"])
def test_weights_with_an_axis_more_than_the_losses_are_refused(shape, reduction):
    loss = losses.MeanSquaredError(reduction=reduction)
    known, said = K.constant(np.ones((4, 2))), K.constant(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="sample_weight of shape .* cannot be broadcast"):
        loss(known, said, sample_weight=K.constant(np.ones(shape)))
    halves = loss(known, said, sample_weight=K.constant(np.full((4, 1), 0.5)))
    assert K.eval(K.sum(halves)) == {"none": 2, "sum": 2, "sum_over_batch_size": 0.5}[reduction]


def test_softmax_along_no_axis_of_the_tensor_says_so():
    with pytest.raises(ValueError, match=r"softmax: there is no axis 2 in shape \(2, 3\)"):
        activations.softmax(K.constant(np.ones((2, 3))), axis=2)


def test_a_function_of_one_tensor_gives_one_array():
    x = K.placeholder((2,))
    got = K.function([x], x * 2)([np.array([1.0, 3.0])])
    assert isinstance(got, np.ndarray) and got.tolist() == [2, 6]
    (got,) = K.function([x], [x * 2])([np.array([1.0, 3.0])])
    assert got.tolist() == [2, 6]


@pytest.mark.parametrize("squash", [K.sigmoid, layers.Activation("sigmoid")])
def test_binary_crossentropy_of_a_sigmoid_takes_its_logits(squash):
    x, known = np.array([[-40.0, 20.0, 3.0, 100.0]]), np.array([[1.0, 0.0, 1.0, 0.0]])
    t, z = K.placeholder((None, 4)), layers.Input((4,))
    loss = K.binary_crossentropy(t, squash(z))
    got, slope = K.function([t, z], [loss, *K.gradients(K.sum(loss), [z])])([known, x])
    near(got, np.log1p(np.exp(x)) - known * x)
    near(slope, 1 / (1 + np.exp(-x)) - known)
    clipped = K.binary_crossentropy(t, K.identity(squash(z)))
    assert K.function([t, z], [clipped])([known, x])[0].max() < 17


@pytest.mark.parametrize("squash", [K.softmax, layers.Activation("softmax")])
@pytest.mark.parametrize("sparse", [True, False])
def test_crossentropy_of_a_softmax_takes_its_logits(squash, sparse):
    x = np.array([[-40.0, 20.0, 3.0, 100.0]])
    z = layers.Input((4,))
    known = np.array([[0]]) if sparse else np.eye(4)[:1]
    crossentropy = getattr(K, "sparse_" * sparse + "categorical_crossentropy")
    loss = crossentropy(K.constant(known), squash(z))
    got, slope = K.function([z], [loss, *K.gradients(loss, [z])])([x])
    near(got, [140.0])
    near(slope, [[-1.0, 0.0, 0.0, 1.0]])
    clipped = crossentropy(K.constant(known), K.identity(squash(z)))
    assert K.function([z], [clipped])([x])[0].max() < 17


def test_a_saturated_network_learns():
    model = Sequential(
        [layers.Dense(1, activation="sigmoid", kernel_initializer="ones", input_shape=(1,))]
    )
    model.compile("sgd", "binary_crossentropy")
    x, y = np.array([[40.0], [-40.0]]), np.array([[0.0], [1.0]])
    assert model.train_on_batch(x, y) == 40
    # by the rate of 0.01 times the slope of 40, as 2.3.1 goes
    near(model.get_weights()[0], [[0.6]])
