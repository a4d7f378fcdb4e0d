"""What tests of layers written for Keras 2 use."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import slots

__all__ = ["get_test_data", "keras_test", "layer_test"]

Shape = tuple[Any, ...]


def get_test_data(
    num_train: int = 1000,
    num_test: int = 500,
    input_shape: Shape = (10,),
    output_shape: Shape = (2,),
    classification: bool = True,
    num_classes: int = 2,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Makes random data that can be learned: inputs spread around their target.

    Args:
        num_train: number of training samples.
        num_test: number of test samples.
        input_shape: shape of a sample.
        output_shape: shape of a target; of no effect with `classification`.
        classification: whether targets are class indices `(samples,)`.
        num_classes: number of classes.

    Returns:
        `(x_train, y_train), (x_test, y_test)`.
    """
    samples = num_train + num_test
    centres: np.ndarray
    y: np.ndarray
    if classification:
        centres = y = np.random.randint(0, num_classes, size=(samples,))
    else:
        centres = np.random.random((samples,))
        y = _around(centres, output_shape)
    x = _around(centres, input_shape)
    return (x[:num_train], y[:num_train]), (x[num_train:], y[num_train:])


def _around(centres: np.ndarray, shape: Shape) -> np.ndarray:
    column = centres.reshape(-1, *[1] * len(shape))
    return np.random.normal(column, 0.7, size=(len(centres), *shape)).astype(K.floatx())


def keras_test(func: Any) -> Any:
    """Decorates a test; here it adds nothing, for there is no session to be cleared."""
    return func


def layer_test(
    layer_cls: Any,
    kwargs: dict[str, Any] | None = None,
    input_shape: Shape | None = None,
    input_dtype: str | None = None,
    input_data: Any = None,
    expected_output: Any = None,
    expected_output_dtype: str | None = None,
    fixed_batch_size: bool = False,
) -> np.ndarray:
    """Checks what every layer has to do: weights, configuration, shape, a model, a training step.

    Args:
        layer_cls: class of the layer.
        kwargs: arguments of its constructor.
        input_shape: shape of the inputs with the batch axis, where there is no `input_data`.
        input_dtype: dtype of the inputs.
        input_data: array of inputs.
        expected_output: array that the layer has to give.
        expected_output_dtype: dtype that it has to give; that of the inputs by default.
        fixed_batch_size: whether the model has the batch size of the inputs.

    Returns:
        The output of the layer.

    Raises:
        AssertionError: the layer does something else.
    """
    data = _data(input_shape, input_dtype) if input_data is None else np.asarray(input_data)
    dtype = input_dtype or data.dtype.name
    layer = layer_cls(**(kwargs or {}))
    shape = data.shape if fixed_batch_size else (None, *data.shape[1:])
    model = _model_of(layer, shape, dtype)
    layer.set_weights(layer.get_weights())
    assert K.dtype(model.output) == (expected_output_dtype or dtype), "the dtype of the output"
    output = model.predict(data)
    _check_shape(output.shape, layer.compute_output_shape(shape))
    if expected_output is not None:
        np.testing.assert_allclose(output, expected_output, rtol=1e-3)
    _check_copy(layer, model, shape, dtype, data, output)
    model.compile("rmsprop", "mse")
    model.train_on_batch(data, output)
    return output


def _data(input_shape: Shape | None, dtype: str | None) -> np.ndarray:
    assert input_shape, "layer_test needs input_data or input_shape"
    sizes = [np.random.randint(1, 4) if size is None else size for size in input_shape]
    data = 10 * np.random.random(sizes)
    positive = data if dtype and dtype.startswith("int") else data - 0.5
    return positive.astype(dtype or K.floatx())


def _model_of(layer: Any, shape: Shape, dtype: str) -> Any:
    made = slots.family("layers").built_in
    x = made["InputLayer"](batch_input_shape=shape, dtype=dtype).output
    return made["Model"](x, layer(x))


def _check_shape(given: Shape, wanted: Shape) -> None:
    agree = len(given) == len(wanted) and all(b in (None, a) for a, b in zip(given, wanted))
    assert agree, f"an output of shape {given}, but compute_output_shape says {wanted}"


def _check_copy(
    layer: Any, model: Any, shape: Shape, dtype: str, data: np.ndarray, output: np.ndarray
) -> None:
    copy = type(layer).from_config(layer.get_config())
    twin = _model_of(copy, shape, dtype)
    twin.set_weights(model.get_weights())
    assert twin.predict(data).shape == output.shape, "a copy by get_config gives another shape"
