"""TensorFlow's functions on symbolic tensors, against TensorFlow's own results and gradients."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.layers import Dense, Input, Lambda
from keras_core.models import Model, Sequential

X = np.random.RandomState(0).uniform(0.2, 1.0, (5, 4)).astype("float32")
IMAGES = np.random.RandomState(1).uniform(size=(2, 6, 6, 3)).astype("float32")

FUNCTIONS = {
    "one input": lambda x: tf.math.lgamma(x),
    "keywords": lambda x: tf.reduce_logsumexp(input_tensor=x, axis=-1, keepdims=True),
    "a list of tensors": lambda x: tf.concat([x, tf.sin(x)], axis=1),
    "a mixture of constants and tensors": lambda x: tf.stack([x, tf.ones_like(x) * 2.0], axis=1),
    "left operand of TensorFlow's": lambda x: tf.constant([1.0, 2.0, 3.0, 4.0]) - x,
    "right operand of TensorFlow's": lambda x: x / tf.constant([1.0, 2.0, 3.0, 4.0]),
    "several results": lambda x: tf.add_n(tf.split(x, 2, axis=1)),
    "a function of functions": lambda x: tf.nn.moments(x, [1])[1],
    "a shape that is computed": lambda x: tf.reshape(x, [tf.shape(x)[0], 2, 2]),
    "operators between": lambda x: tf.exp(2.0 * tf.tanh(x) * x)[:, 1:],
    "einsum": lambda x: tf.einsum("bi,bj->bij", x, x),
    "gather": lambda x: tf.gather(x, [3, 0, 0], axis=1),
}


def both(function, x):
    """The result and the gradient of its sum, by keras_core and by TensorFlow."""
    entry = K.placeholder((None, *x.shape[1:]))
    y = function(entry)
    run = K.function([entry], [y, *K.gradients(y, entry)])
    with tf.GradientTape() as tape:
        tensor = tf.constant(x)
        tape.watch(tensor)
        expected = function(tensor)
    return (y, *run([x])), (expected, tape.gradient(expected, tensor))


@pytest.mark.parametrize("case", FUNCTIONS)
def test_value_shape_and_gradient_are_those_of_tensorflow(case):
    (y, value, gradient), (expected, expected_gradient) = both(FUNCTIONS[case], X)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, tf.convert_to_tensor(expected_gradient), rtol=1e-5)
    assert y.shape == (None, *expected.shape[1:])
    assert y.dtype == expected.dtype.name


def test_an_image_function_knows_its_static_shape():
    (y, value, gradient), (expected, expected_gradient) = both(
        lambda x: tf.image.resize(x, (3, 4)), IMAGES
    )
    assert y.shape == (None, 3, 4, 3)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-5)


def test_gradients_of_gradients():
    x = K.placeholder((None, 4))
    (first,) = K.gradients(tf.math.lgamma(x), x)
    (second,) = K.gradients(first, x)
    (value,) = K.function([x], [second])([X])
    np.testing.assert_allclose(value, tf.math.polygamma(1.0, tf.constant(X)), rtol=1e-3)


def test_several_results_keep_their_structure():
    values, indices = tf.math.top_k(K.placeholder((None, 4)), 2)
    assert (values.shape, values.dtype) == ((None, 2), "float32")
    assert (indices.shape, indices.dtype) == ((None, 2), "int32")


def test_an_unused_result_and_an_integer_input_get_no_gradient():
    x, rows = K.placeholder((None, 4)), K.placeholder((None,), dtype="int32")
    first, _ = tf.split(tf.gather(x, rows), 2, axis=1)
    (gradient,) = K.function([x, rows], K.gradients(first, x))([X, [1, 1, 3]])
    expected = np.zeros_like(X)
    expected[1, :2], expected[3, :2] = 2, 1
    np.testing.assert_array_equal(gradient, expected)


class Scaled(Layer):
    """A layer that mixes its own weight with functions of TensorFlow."""

    def build(self, input_shape):
        self.scale = self.add_weight("scale", (input_shape[-1],), initializer="ones")
        super().build(input_shape)

    def call(self, inputs):
        return tf.nn.softplus(inputs * self.scale) + tf.constant(1.0)


def test_a_custom_layer_trains_its_weight_through_tensorflow():
    model = Sequential([Scaled(input_shape=(4,)), Lambda(tf.reduce_mean, arguments={"axis": -1})])
    assert model.output_shape == (None,)
    model.compile("sgd", "mse")
    scale = tf.Variable(tf.ones(4))
    with tf.GradientTape() as tape:
        y = tf.reduce_mean(tf.nn.softplus(X * scale) + 1.0, axis=-1)
        loss = tf.reduce_mean(tf.square(y))
    expected = 1.0 - 0.01 * tape.gradient(loss, scale)
    model.train_on_batch(X, np.zeros(len(X)))
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5)


def test_a_lambda_between_layers_keeps_the_model_whole():
    entry = Input((4,))
    model = Model(entry, Dense(2)(Lambda(lambda x: tf.math.cumsum(x, axis=1))(entry)))
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(X), X.cumsum(1) @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_what_tensorflow_refuses_it_says_itself():
    with pytest.raises(ValueError, match="[Dd]imension"):
        tf.concat([K.placeholder((2, 3)), K.placeholder((3, 4))], axis=0)


def test_a_result_of_unknown_rank_is_refused():
    with pytest.raises(ValueError, match="'reshape'.*unknown rank.*ensure_shape"):
        tf.reshape(K.placeholder((None, 4)), K.placeholder((None,), dtype="int32"))


def test_a_result_that_is_no_tensor_of_numbers_is_refused():
    with pytest.raises(TypeError, match="'as_string'"):
        tf.strings.as_string(K.placeholder((None, 4)))


def test_the_first_use_of_a_function_loads_the_backend():
    code = (
        "import tensorflow as tf; from keras_core import backend as K;"
        "assert tf.exp(K.placeholder((None, 3))).shape == (None, 3)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


VALUES = np.arange(6.0, dtype="float32").reshape(2, 3)


def is_large(t):
    return tf.reduce_sum(t) > 3


LOOPS = {
    "map_fn": (lambda t: tf.map_fn(lambda row: row * 2, t), 2 * VALUES),
    "map_fn of a tensor from outside": (
        lambda t: tf.map_fn(lambda row: row * tf.reduce_sum(t), t),
        15 * VALUES,
    ),
    "vectorized_map": (lambda t: tf.vectorized_map(lambda row: row * 2, t), 2 * VALUES),
    "while_loop": (
        lambda t: tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2), [0, t])[1],
        8 * VALUES,
    ),
    "while_loop of a tensor from outside": (
        lambda t: tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a + t), [0, t])[1],
        4 * VALUES,
    ),
    "cond": (lambda t: tf.cond(is_large(t), lambda: t * 2, lambda: t * 3), 2 * VALUES),
    "case": (lambda t: tf.case([(is_large(t), lambda: t * 2)], default=lambda: t * 3), 2 * VALUES),
    "a sparse tensor": (
        lambda t: tf.sparse.to_dense(tf.SparseTensor([[0, 0], [1, 2]], t[:, 2], [2, 3])),
        [[2.0, 0.0, 0.0], [0.0, 0.0, 5.0]],
    ),
    "a product with a sparse tensor": (
        lambda t: tf.sparse.sparse_dense_matmul(
            tf.SparseTensor([[0, 1], [1, 0]], t[:, 2], [2, 2]), t
        ),
        [2 * VALUES[1], 5 * VALUES[0]],
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_functions_of_functions_and_sparse_tensors_in_a_lambda(name):
    function, expected = LOOPS[name]
    x = Input((3,))
    model = Model(x, Lambda(function)(x))
    np.testing.assert_allclose(model.predict(VALUES), expected)


def test_the_gradient_of_a_loop_over_tensors_from_outside():
    x = Input((3,))
    (power,) = tf.while_loop(lambda a: True, lambda a: (a * x,), [x], maximum_iterations=3)
    gradient = K.function([x], K.gradients(K.sum(power), [x]))([VALUES])[0]
    np.testing.assert_allclose(gradient, 4 * VALUES**3)


def test_the_gradient_of_the_values_of_a_sparse_tensor():
    x = Input((3,))
    dense = tf.sparse.to_dense(tf.SparseTensor([[0, 0], [1, 2]], x[:, 1], [2, 3]))
    gradient = K.function([x], K.gradients(K.sum(dense * dense), [x]))([VALUES])[0]
    np.testing.assert_allclose(gradient, [[0, 2 * 1, 0], [0, 2 * 4, 0]])


def test_tensorflow_itself_goes_on_as_before():
    plain = tf.constant(VALUES)
    np.testing.assert_allclose(tf.map_fn(lambda row: row * 2, plain), 2 * VALUES)
    sparse = tf.SparseTensor([[0, 1]], [3.0], [2, 2])
    np.testing.assert_allclose(tf.sparse.to_dense(sparse), [[0, 3], [0, 0]])
