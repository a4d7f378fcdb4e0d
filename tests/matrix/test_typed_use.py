"""A program as a user writes it, with types: it runs on each backend, and `tox -e lint` checks it
with `mypy --strict` and with pyright, strict too, so that what an editor shows of keras_core is
what the program relies on.

`assert_type` is a question to the type checkers, and what is Any passes for no other type in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np

import keras_core as keras
from keras_core import backend as K
from keras_core.backend import tensorflow_backend
from keras_core.callbacks import Callback, EarlyStopping, History, LambdaCallback
from keras_core.datasets import digits
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.graph.tensor import Placeholder, Update
from keras_core.initializers import VarianceScaling
from keras_core.layers import LSTM, BatchNormalization, Conv2D, Dense, Embedding, Layer
from keras_core.layers.core import Dropout
from keras_core.layers.merge import add
from keras_core.losses import Loss
from keras_core.metrics import Metric
from keras_core.models import Model, Sequential, load_model
from keras_core.optimizers import SGD, Adam, Optimizer
from keras_core.preprocessing.image import ImageDataGenerator, NumpyArrayIterator
from keras_core.preprocessing.sequence import pad_sequences
from keras_core.preprocessing.text import Tokenizer
from keras_core.utils import to_categorical
from keras_core.wrappers.scikit_learn import KerasClassifier

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value, expected):
        return value


if TYPE_CHECKING:
    # A checker refuses each of these, and `--strict` refuses a comment that hides no fault: were
    # one of the names Any, the lint would fail.

    def faults() -> list[object]:
        return [
            keras.Sequentail,  # type: ignore[attr-defined]
            keras.layers.Dens,  # type: ignore[attr-defined]
            keras.utils.to_categories,  # type: ignore[attr-defined]
            Dense("three"),  # type: ignore[arg-type]
            Dense(3).unit,  # type: ignore[attr-defined]
            Dense(3)(keras.Input((2,))).size,  # type: ignore[attr-defined]
            Sequential([3]),  # type: ignore[list-item]
            Sequential().fit(epochs="many"),  # type: ignore[arg-type]
            Sequential().fit().histories,  # type: ignore[attr-defined]
            Sequential().evaluate().shape,  # type: ignore[union-attr]
            keras.losses.mean_squared_errors,  # type: ignore[attr-defined]
            keras.layers.LSTM(2, return_sequence=True).size,  # type: ignore[attr-defined]
            K.relus,  # type: ignore[attr-defined]
            K.relu(K.ones((2,))).size,  # type: ignore[attr-defined]
            tensorflow_backend.relus,  # type: ignore[attr-defined]
            EarlyStopping(patience="long"),  # type: ignore[arg-type]
            Callback().model.fits,  # type: ignore[attr-defined]
            SGD(learning_rate="fast"),  # type: ignore[arg-type]
            Adam().beta_3,  # type: ignore[attr-defined]
            pad_sequences([[1]]).pad,  # type: ignore[attr-defined]
            keras.models.load_model(3).fits,  # type: ignore[attr-defined]
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

    scores = model.evaluate(x, y, verbose=0)
    assert_type(scores, Union[float, list[float]])
    assert isinstance(scores, list)
    loss, accuracy, furthest = scores
    assert loss > 0 and 0 <= accuracy <= 1 and furthest <= 1
    probabilities = model.predict(x)
    assert_type(probabilities, Union[np.ndarray, Any])
    assert probabilities.shape == (8, 3)
    assert_type(model.predict_classes(x).ndim, int)
    assert_type(model.get_weights(), list[np.ndarray])
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
    assert_type(model(inputs), Union[Tensor, Any])
    assert_type(model.output, Union[Tensor, Any])
    assert_type(model.output_shape, Union[Shape, Any])
    assert_type(model.losses, list[Tensor])
    assert_type(model.metrics, list[Metric])
    assert_type(model.compile("sgd", "mse"), None)
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
    assert_type(optimizer.momentum, Variable)
    assert_type(optimizer.iterations, Variable)
    assert_type(optimizer.weights, list[Variable])
    assert_type(Adam().epsilon, float)
    assert_type(Adam.from_config(Adam().get_config()), Adam)
    assert_type(keras.optimizers.get("adam"), Optimizer)
    K.set_value(optimizer.lr, 0.25)
    assert K.get_value(optimizer.lr) == 0.25


def test_names_of_keras_2() -> None:
    """The functions and classes under the modules that Keras 2 had for them."""
    x = K.constant([[-1.0, 2.0]])
    assert_type(tensorflow_backend.relu(x), Tensor)
    assert_type(add([x, x]), Tensor)
    assert_type(Dropout(0.5)(x), Tensor)
    assert_type(keras.engine.base_layer.Layer(), Layer)
    assert_type(keras.callbacks.callbacks.History(), History)
    assert_type(keras.activations.relu(x), Tensor)
    assert keras.engine.topology.Layer is Layer


def test_what_functions_of_the_backend_give() -> None:
    x = K.placeholder((None, 2))
    weight = K.variable([[1.0], [2.0]])
    assert_type(x, Placeholder)
    assert_type(x.dtype, str)
    assert_type(x[:, 0] + 1, Tensor)
    assert_type(K.update(weight, weight), Update)
    assert_type(K.gradients(K.sum(weight), [weight]), list[Union[Tensor, None]])
    assert_type(K.stop_gradient(x), Tensor)
    assert_type(K.stop_gradient([x, x]), list[Tensor])
    assert_type(K.in_train_phase(x, x), Tensor)
    assert_type(K.switch(K.constant(True), x, x), Tensor)
    assert_type(K.cast_to_floatx([1, 2]), np.ndarray)
    assert_type(K.cast_to_floatx(x), Tensor)
    assert_type(K.get_value(weight), np.ndarray)
    assert_type(K.eval(weight), np.ndarray)
    assert_type(K.floatx(), str)
    assert_type(K.epsilon(), float)
    assert K.int_shape(K.concatenate([x, x])) == (None, 4)


def test_callbacks_losses_and_metrics() -> None:
    x = K.constant([[1.0, 0.0]])
    stop = EarlyStopping(patience=3)
    stop.on_train_begin()
    assert_type(stop.best, float)
    assert_type(stop.stopped_epoch, int)
    assert_type(Callback().model, Model)
    assert_type(keras.losses.mean_squared_error(x, x), Tensor)
    assert_type(keras.losses.MeanSquaredError()(x, x), Tensor)
    assert_type(keras.metrics.binary_accuracy(x, x), Tensor)
    assert_type(keras.metrics.AUC().result(), Tensor)
    mean = keras.metrics.Mean()
    assert_type(mean(x), Tensor)
    assert_type(mean.total, Variable)
    assert K.eval(keras.losses.mean_squared_error(x, x)).tolist() == [0.0]


def test_initializers_and_regularizers() -> None:
    assert_type(keras.initializers.Ones()((2, 3)), Tensor)
    assert_type(keras.initializers.he_normal(seed=3), VarianceScaling)
    assert_type(keras.regularizers.l2(0.1).l2, float)
    assert K.eval(keras.initializers.Ones()((2, 3))).tolist() == [[1.0] * 3] * 2


def test_data() -> None:
    (x_train, y_train), _ = digits.load_data()
    assert_type(x_train, np.ndarray)
    assert_type(y_train, np.ndarray)
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["a word and a word"])
    assert_type(tokenizer.word_index, dict[str, int])
    assert_type(tokenizer.texts_to_sequences(["a word"]), list[list[int]])
    assert_type(pad_sequences([[1, 2]], maxlen=3), np.ndarray)
    images = ImageDataGenerator(horizontal_flip=True).flow(x_train[:2, ..., None], y_train[:2])
    assert_type(images, NumpyArrayIterator)
    assert len(images) == 1


def test_saving(tmp_path: Path) -> None:
    model = classifier()
    model.save(str(tmp_path / "model.h5"))
    loaded = load_model(str(tmp_path / "model.h5"))
    assert_type(loaded, Model)
    assert_type(keras.models.model_from_json(model.to_json()), Model)
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


def classifier() -> Sequential:
    model = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return model


def test_wrappers() -> None:
    x, y = data()
    wrapped = KerasClassifier(classifier, epochs=1, verbose=0)
    assert_type(wrapped.fit(x, y), History)
    assert_type(wrapped.predict(x), np.ndarray)
    assert_type(wrapped.score(x, y), float)
    assert wrapped.predict_proba(x).shape == (8, 3)


def test_steps_on_batches() -> None:
    x, y = data()
    model = classifier()
    scores = model.train_on_batch(x, y)
    assert isinstance(scores, list)
    assert_type(scores, "list[np.floating[Any]]")
    assert len(scores) == 2
    assert_type(model.predict_on_batch(x), Union[np.ndarray, Any])
