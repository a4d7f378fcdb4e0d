"""The models that are measured, each written once for every library with Keras's API.

Options whose defaults are not the same in all of them are spelt out.
"""

from __future__ import annotations

from collections import namedtuple


class Kind(namedtuple("Kind", ["about", "batch", "steps", "inputs", "targets", "loss", "body"])):
    """A model and data for it.

    Args:
        about: for people.
        batch: rows in a training batch.
        steps: batches in an epoch.
        inputs: Numbers or Tokens.
        targets: function of (random, rows), which returns an array.
        loss: its name.
        body: function of (Keras's layers, input tensor), which returns the output tensor.
    """

    def model(self, keras):
        """Returns a new model, compiled."""
        inputs = keras.layers.Input(shape=self.inputs.shape, dtype=self.inputs.dtype)
        model = keras.models.Model(inputs, self.body(keras.layers, inputs))
        model.compile("adam", self.loss)
        return model

    def data(self, rows):
        """Returns input and target arrays."""
        import numpy as np

        random = np.random.RandomState(0)
        return self.inputs.array(random, rows), self.targets(random, rows)


class Numbers:
    """Inputs in [0, 1)."""

    dtype = "float32"

    def __init__(self, *shape):
        self.shape = shape

    def array(self, random, rows):
        return random.random_sample((rows, *self.shape)).astype(self.dtype)


class Tokens:
    """Texts of so many words out of a vocabulary."""

    dtype = "int32"

    def __init__(self, vocabulary, words):
        self.vocabulary = vocabulary
        self.shape = (words,)

    def array(self, random, rows):
        return random.randint(0, self.vocabulary, (rows, *self.shape)).astype(self.dtype)


def ten_classes(random, rows):
    return random.randint(0, 10, (rows, 1)).astype("int32")


def yes_or_no(random, rows):
    return random.randint(0, 2, (rows, 1)).astype("float32")


def numbers(*shape):
    """Returns a function that draws targets of a shape."""
    return lambda random, rows: random.standard_normal((rows, *shape)).astype("float32")


# Bodies


def logreg(layers, x):
    return layers.Dense(10, activation="softmax")(x)


def mlp(layers, x):
    return perceptron(layers, x, 128, 64)


def deep64(layers, x):
    return perceptron(layers, x, *[64] * 63)


def wide(layers, x):
    return perceptron(layers, x, 2048, 2048)


def perceptron(layers, x, *sizes):
    """Dense layers of these sizes, and one of ten classes."""
    for size in sizes:
        x = layers.Dense(size, activation="relu")(x)
    return layers.Dense(10, activation="softmax")(x)


def mnist_cnn(layers, x):
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    return layers.Dense(10, activation="softmax")(x)


def cifar_bn(layers, x):
    for filters in (32, 64):
        x = normalized(layers, x, filters, 3)
        x = normalized(layers, x, filters, 3)
        x = layers.MaxPooling2D(2)(x)
    return classified(layers, x)


def resnet(layers, x, blocks=(3, 4, 6, 3), filters=64):
    """Bottlenecks in groups, each group of twice the filters and half the height and width."""
    x = normalized(layers, x, filters, 7, strides=2)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for group, count in enumerate(blocks):
        for block in range(count):
            strides = 2 if group and not block else 1
            x = bottleneck(layers, x, filters * 2**group, strides, projects=not block)
    return classified(layers, x)


def resnet_small(layers, x):
    return resnet(layers, x, (1, 1, 1, 1), 16)


def bottleneck(layers, x, filters, strides, projects):
    shortcut = x
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, strides=strides)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    x = normalized(layers, x, filters, 1, strides=strides)
    x = normalized(layers, x, filters, 3)
    x = layers.Conv2D(4 * filters, 1)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(layers.add([x, shortcut]))


def normalized(layers, x, filters, size, strides=1):
    """A convolution, batch normalization and relu."""
    x = layers.Conv2D(filters, size, strides=strides, padding="same")(x)
    return layers.Activation("relu")(layers.BatchNormalization()(x))


def classified(layers, x):
    """Ten classes of images."""
    return layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))


def lstm(layers, x):
    return recurrent(layers, x, 128)


def recurrent(layers, x, units):
    return layers.LSTM(units, recurrent_activation="sigmoid")(x)


def bigru_text(layers, x):
    x = layers.Embedding(20000, 128)(x)
    gru = layers.GRU(64, recurrent_activation="sigmoid", reset_after=True)
    return decided(layers, layers.Bidirectional(gru)(x))


def conv1d_text(layers, x):
    x = layers.Embedding(20000, 64)(x)
    x = layers.Conv1D(128, 5, activation="relu")(x)
    return decided(layers, layers.GlobalMaxPooling1D()(x))


def bigembed(layers, x):
    x = layers.Embedding(200000, 32)(x)
    return decided(layers, layers.GlobalAveragePooling1D()(x))


def decided(layers, x):
    """Yes or no."""
    return layers.Dense(1, activation="sigmoid")(x)


def convlstm(layers, x):
    x = layers.ConvLSTM2D(16, 3, padding="same", recurrent_activation="hard_sigmoid")(x)
    return layers.Dense(1)(layers.GlobalAveragePooling2D()(x))


def sepconv(layers, x):
    for _ in range(2):
        x = layers.SeparableConv2D(64, 3, padding="same", activation="relu")(x)
    return classified(layers, x)


def _classifying(about, batch, steps, inputs, body):
    loss = "sparse_categorical_crossentropy"
    return Kind(about, batch, steps, inputs, ten_classes, loss, body)


def _deciding(about, batch, steps, inputs, body):
    return Kind(about, batch, steps, inputs, yes_or_no, "binary_crossentropy", body)


_SQUARES = "mean_squared_error"

MODELS = {
    "logreg": _classifying("784-10", 32, 200, Numbers(784), logreg),
    "mlp": _classifying("64-128-64-10", 32, 200, Numbers(64), mlp),
    "deep64": _classifying("64 Dense layers of 64", 32, 50, Numbers(64), deep64),
    "wide": _classifying("512-2048-2048-10", 256, 8, Numbers(512), wide),
    "mnist_cnn": _classifying(
        "28x28x1, convolutions 3x3 of 32 and 64, Dense 128", 128, 8, Numbers(28, 28, 1), mnist_cnn
    ),
    "cifar_bn": _classifying(
        "32x32x3, four convolutions 3x3 with batch normalization",
        32,
        16,
        Numbers(32, 32, 3),
        cifar_bn,
    ),
    "resnet": _classifying("64x64x3, 50 layers of bottlenecks", 16, 4, Numbers(64, 64, 3), resnet),
    "resnet_small": _classifying(
        "64x64x3, 14 layers of bottlenecks", 16, 8, Numbers(64, 64, 3), resnet_small
    ),
    "lstm": Kind("80x128 to 128", 32, 16, Numbers(80, 128), numbers(128), _SQUARES, lstm),
    "bigru_text": _deciding(
        "100 words of 20,000, embedded in 128, bidirectional GRU of 64",
        32,
        16,
        Tokens(20000, 100),
        bigru_text,
    ),
    "conv1d_text": _deciding(
        "200 words of 20,000, embedded in 64, Conv1D of 128",
        32,
        16,
        Tokens(20000, 200),
        conv1d_text,
    ),
    "bigembed": _deciding(
        "20 words of 200,000, embedded in 32", 64, 16, Tokens(200000, 20), bigembed
    ),
    "convlstm": Kind(
        "8 images 24x24x1 to 16", 16, 8, Numbers(8, 24, 24, 1), numbers(1), _SQUARES, convlstm
    ),
    "sepconv": _classifying(
        "32x32x32, two separable convolutions of 64", 32, 4, Numbers(32, 32, 32), sepconv
    ),
}
