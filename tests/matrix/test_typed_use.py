"""A program as a user writes it, with types: it runs on each backend, and `tox -e lint` checks it
with `mypy --strict`, so that what an editor shows of keras_core is what the program relies on.

`assert_type` is a question to the type checker. Attributes of a known type are asked for, since a
name that a checker takes for Any would pass for everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

import numpy as np

import keras_core as keras
from keras_core import backend as K
from keras_core.callbacks import Callback, EarlyStopping, History, LambdaCallback
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.layers import LSTM, BatchNormalization, Conv2D, Dense, Embedding, Layer
from keras_core.losses import Loss
from keras_core.models import Model, Sequential
from keras_core.optimizers import SGD, Adam, Optimizer
from keras_core.utils import to_categorical

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value, expected):
        return value


if TYPE_CHECKING:
    # A checker refuses each of these, and `--strict` refuses a comment that hides no fault: were
    # one of the names Any, the lint would fail.
    FAULTS = [
        keras.Sequentail,  # type: ignore[attr-defined]
        keras.layers.Dens,  # type: ignore[attr-defined]
        keras.utils.to_categories,  # type: ignore[attr-defined]
        Dense("three"),  # type: ignore[arg-type]
        Dense(3).unit,  # type: ignore[attr-defined]
        Dense(3)(keras.Input((2,))).size,  # type: ignore[attr-defined]
        Sequential([3]),  # type: ignore[list-item]
        Sequential().fit(epochs="many"),  # type: ignore[arg-type]
        Sequential().fit().histories,  # type: ignore[attr-defined]
    ]


class Scale(Layer):
    """A layer of one's own, whose call keeps its types."""

    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Shape) -> None:
        self.factor = self.add_weight("factor", (1,), initializer="ones")
        super().build(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        return self.start * inputs * self.factor

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


class Halves(Layer):
    """A layer with two outputs."""

    def call(self, inputs: Tensor) -> list[Tensor]:
        return [inputs[:, :2], inputs[:, 2:]]


class Squares(Loss):
    """A loss of one's own."""

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return K.mean(K.square(y_true - y_pred), axis=-1)


class Counter(Callback):
    """A callback of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epochs += 1


def distance(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """A metric of one's own."""
    return K.max(K.abs(y_true - y_pred), axis=-1)


def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-1.0, 1.0, 32).reshape(8, 4).astype("float32")
    return x, to_categorical(np.arange(8) % 3, 3)


def test_sequential_model() -> None:
    x, y = data()
    model = keras.Sequential([Dense(5, activation="relu", input_shape=(4,)), Scale()])
    model.add(keras.layers.Dense(units=3, activation=keras.activations.softmax))
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9),
        loss="categorical_crossentropy",
        metrics=["accuracy", distance],
    )
    counter = Counter()
    stop = EarlyStopping(monitor="loss", patience=3)
    history = model.fit(x, y, epochs=2, batch_size=4, verbose=0, callbacks=[counter, stop])

    assert_type(model, Sequential)
    assert_type(model.layers, list[Layer])
    assert_type(model.metrics_names, list[str])
    assert_type(history, History)
    assert_type(history.history, dict[str, list[Any]])
    assert_type(history.epoch, list[int])
    assert set(history.history) == {"loss", "accuracy", "distance"}
    assert counter.epochs == len(history.epoch) == 2

    loss, accuracy, furthest = model.evaluate(x, y, verbose=0)
    assert loss > 0 and 0 <= accuracy <= 1 and furthest <= 1
    probabilities = model.predict(x)
    assert_type(probabilities.shape, Union[tuple[Any, ...], Any])
    assert probabilities.shape == (8, 3)
    assert_type(model.predict_classes(x).ndim, int)
    assert_type(model.get_weights()[0].ndim, int)
    assert_type(model.count_params(), int)
    assert_type(model.to_json(), str)


def test_functional_model() -> None:
    x, _ = data()
    inputs = keras.Input(shape=(4,))
    hidden = Dense(6, kernel_regularizer=keras.regularizers.l2(0.01), name="hidden")(inputs)
    left, right = Halves()(hidden)
    joined = keras.layers.concatenate([left, right])
    outputs = Dense(1, kernel_initializer=keras.initializers.Ones())(joined)
    model = Model(inputs, outputs)
    model.compile(Adam(), loss=Squares(), metrics=[keras.metrics.MeanAbsoluteError()])
    model.fit(
        x,
        x[:, :1],
        validation_split=0.25,
        verbose=0,
        callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: None)],
    )

    assert_type(inputs, Tensor)
    assert_type(inputs.shape, Shape)
    assert_type(hidden, Tensor)
    assert_type(left, Tensor)
    assert_type(joined, Tensor)
    assert_type(model.get_layer("hidden"), Layer)
    assert_type(model.trainable_weights, list[Variable])
    assert model.predict_on_batch(x).shape == (8, 1)
    copy = keras.models.clone_model(model)
    assert_type(copy, Model)
    assert len(copy.layers) == len(model.layers)


def test_options_of_layers() -> None:
    dense = keras.layers.Dense(3)
    assert_type(dense, Dense)
    assert_type(dense.units, int)
    assert_type(dense.use_bias, bool)
    dense(keras.Input((2,)))
    assert_type(dense.kernel, Variable)
    assert_type(dense.get_config(), dict[str, Any])
    assert_type(Dense.from_config(dense.get_config()), Dense)

    convolution = Conv2D(4, kernel_size=3, strides=(1, 2), padding="same")
    assert_type(convolution.kernel_size, tuple[int, ...])
    assert_type(convolution(keras.Input((8, 8, 3))), Tensor)
    assert_type(BatchNormalization(momentum=0.9).momentum, float)
    assert_type(Embedding(10, 4).output_dim, int)
    assert_type(keras.layers.Dropout(0.5).rate, float)

    recurrent = LSTM(2, return_state=True)
    assert_type(recurrent.units, int)
    output, memory, carry = recurrent(keras.Input((5, 3)))
    assert K.int_shape(output) == K.int_shape(memory) == K.int_shape(carry) == (None, 2)


def test_backend_functions() -> None:
    x = K.placeholder((None, 2))
    weight = K.variable([[1.0], [2.0]])
    y = K.sum(K.dot(x, weight) ** 2 / 2.0, axis=-1)
    assert_type(y, Tensor)
    assert_type(K.int_shape(y), Shape)
    assert_type(weight, Variable)
    assert_type(-y[0] >= 1.0, Tensor)
    function = K.function([x], [y], updates=[K.update_add(weight, K.ones_like(weight))])
    (value,) = function([np.ones((3, 2))])
    np.testing.assert_allclose(value, [4.5, 4.5, 4.5])


def test_optimizers() -> None:
    optimizer = SGD(0.5, nesterov=True)
    assert_type(optimizer.lr, Variable)
    assert_type(keras.optimizers.get("adam"), Optimizer)
    K.set_value(optimizer.lr, 0.25)
    assert K.get_value(optimizer.lr) == 0.25
