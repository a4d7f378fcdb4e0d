"""Dense, activation, dropout and the layers that move elements, against closed forms."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from layer_check import check_layer, near, run

from keras_core import backend as K
from keras_core import layers
from keras_core.models import Model, Sequential, clone_model, model_from_json
from keras_core.saving.safety import safe_mode_scope

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, (4, 5)).astype("float32")
SEQUENCE = RNG.uniform(-1, 1, (4, 3, 5)).astype("float32")
IMAGE = RNG.uniform(-1, 1, (2, 3, 4, 5)).astype("float32")


# Dense


@pytest.mark.parametrize("x", [X, SEQUENCE, IMAGE], ids=["2d", "3d", "4d"])
def test_dense_is_a_product_along_the_last_axis(x):
    kernel = RNG.uniform(-1, 1, (5, 2)).astype("float32")
    bias = np.array([0.5, -0.25], "float32")
    expected = np.tanh(np.einsum("...i,ij->...j", x.astype("float64"), kernel) + bias)
    check_layer(layers.Dense(2, activation="tanh"), x, weights=[kernel, bias], expected=expected)


def test_dense_without_bias_has_one_weight():
    kernel = RNG.uniform(-1, 1, (5, 2)).astype("float32")
    check_layer(layers.Dense(2, use_bias=False), X, weights=[kernel], expected=X @ kernel)


def test_dense_penalties():
    layer = layers.Dense(
        2, kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l1"
    )
    output = layer(layers.Input((5,)))
    layer.set_weights([np.ones((5, 2)), -np.ones(2)])
    f = K.function([layer.input], layer.losses)
    values = f([np.ones((3, 5), "float32")])
    # l2 of ten ones, l1 of two, l1 of six outputs of 4; the factors are 0.01.
    assert sorted(float(np.sum(v)) for v in values) == pytest.approx([0.02, 0.1, 0.24])
    assert K.int_shape(output) == (None, 2)


def test_dense_constraint_is_kept_in_training():
    layer = layers.Dense(3, kernel_constraint="non_neg", input_dim=5)
    model = Model(*_called(layer, (5,)))
    model.compile("sgd", "mse")
    layer.set_weights([np.full((5, 3), 1e-4), np.zeros(3)])
    model.train_on_batch(np.ones((4, 5)), -100 * np.ones((4, 3)))
    assert np.min(layer.get_weights()[0]) == 0


@pytest.mark.parametrize("units", [0, -3, 2.5, None, "relu", True])
def test_dense_refuses_units(units):
    with pytest.raises(ValueError, match="`units` must be a positive integer, got"):
        layers.Dense(units)


def test_dense_takes_numpy_integers():
    assert layers.Dense(np.int64(3)).get_config()["units"] == 3
    assert type(layers.Dense(np.int64(3)).units) is int


def test_dense_refuses_an_unknown_last_axis():
    with pytest.raises(TypeError, match=r"last axis.*\(None, None\)"):
        layers.Dense(3)(layers.Input((None,)))


def test_dense_refuses_another_last_axis_when_shared():
    layer = layers.Dense(3)
    layer(layers.Input((5,)))
    with pytest.raises(ValueError, match="size 5 on axis -1.*6"):
        layer(layers.Input((6,)))


def _called(layer, shape):
    x = layers.Input(shape)
    return x, layer(x)


# Activation, masking, activity regularization


def test_activation():
    check_layer(layers.Activation("relu"), SEQUENCE, expected=np.maximum(SEQUENCE, 0))
    check_layer(
        layers.Activation("softmax"),
        SEQUENCE,
        expected=np.exp(SEQUENCE) / np.exp(SEQUENCE).sum(-1, keepdims=True),
    )


def test_activation_takes_a_function():
    near(run(layers.Activation(lambda x: x * 2), X), X * 2)


def test_masking_zeroes_and_marks_steps():
    x = np.array([[[1, 2], [3, 3], [3, 0]]], "float32")
    layer = layers.Masking(3.0)
    expected = np.array([[[1, 2], [0, 0], [3, 0]]])
    check_layer(layer, x, expected=expected)
    mask = K.function([layer.get_input_at(0)], [K.cast(layer.get_output_mask_at(0), "int32")])
    assert mask([x])[0].tolist() == [[1, 0, 1]]


def test_activity_regularization():
    layer = layers.ActivityRegularization(l1=0.1, l2=0.5)
    x = np.array([[1, -2]], "float32")
    check_layer(layer, x, expected=x)
    f = K.function([layer.get_input_at(0)], layer.get_losses_for(layer.get_input_at(0)))
    assert float(np.sum(f([x])[0])) == pytest.approx(0.1 * 3 + 0.5 * 5)


# Dropout


ONES = np.ones((50, 40, 5), "float32")


def test_dropout_keeps_or_scales():
    value = run(layers.Dropout(0.25), ONES, phase=1)
    assert np.unique(np.round(value, 5)).tolist() == pytest.approx([0, 1 / 0.75], abs=1e-4)
    # 10,000 draws: four standard deviations of the fraction are 0.017.
    assert np.mean(value == 0) == pytest.approx(0.25, abs=0.017)


def test_dropout_does_nothing_in_the_test_phase():
    check_layer(layers.Dropout(0.5), X, expected=X)
    near(run(layers.Dropout(0.5), X, phase=1, training=False), X)


@pytest.mark.parametrize("rate", [0, 1])
def test_dropout_at_the_ends_of_its_range_does_nothing(rate):
    near(run(layers.Dropout(rate), X, phase=1), X)


@pytest.mark.parametrize("rate", [-0.5, 1.5, 50])
def test_dropout_of_no_fraction_is_refused(rate):
    with pytest.raises(ValueError, match=f"Dropout.*`rate`.*{rate}"):
        layers.Dropout(rate)


def test_dropout_draws_anew_each_time():
    x = layers.Input(ONES.shape[1:])
    f = K.function([x], [layers.Dropout(0.5)(x, training=True)])
    assert np.any(f([ONES])[0] != f([ONES])[0])


def test_noise_shape_is_shared_and_filled_in():
    value = run(layers.Dropout(0.5, noise_shape=(None, 1, None), seed=1), ONES, phase=1)
    assert np.all(value == value[:, :1]) and np.any(value != value[:1])
    assert np.any(value != value[..., :1])


@pytest.mark.parametrize(
    "layer, shape, shared",
    [
        (lambda: layers.SpatialDropout1D(0.5), (20, 6, 8), (1,)),
        (lambda: layers.SpatialDropout2D(0.5), (20, 3, 4, 8), (1, 2)),
        (lambda: layers.SpatialDropout2D(0.5, data_format="channels_first"), (20, 8, 3, 4), (2, 3)),
        (lambda: layers.SpatialDropout3D(0.5), (20, 3, 4, 2, 8), (1, 2, 3)),
        (
            lambda: layers.SpatialDropout3D(0.5, data_format="channels_first"),
            (20, 8, 3, 4, 2),
            (2, 3, 4),
        ),
    ],
    ids=["1d", "2d", "2d first", "3d", "3d first"],
)
def test_spatial_dropout_drops_whole_maps(layer, shape, shared):
    value = run(layer(), np.ones(shape, "float32"), phase=1)
    for axis in range(1, len(shape)):
        constant = np.all(value == np.take(value, [0], axis=axis))
        assert constant == (axis in shared)
    assert 0.3 < np.mean(value == 0) < 0.7
    check_layer(layer(), RNG.uniform(size=shape).astype("float32"))


# Reshape, Permute, Flatten, RepeatVector


@pytest.mark.parametrize(
    "target, shape", [((5, 3), (5, 3)), ((-1,), (15,)), ((1, -1, 5), (1, 3, 5))]
)
def test_reshape(target, shape):
    check_layer(layers.Reshape(target), SEQUENCE, expected=SEQUENCE.reshape(4, *shape))


def test_reshape_of_unknown_sizes():
    x = layers.Input((None, 4))
    y = layers.Reshape((-1, 2))(x)
    assert K.int_shape(y) == (None, None, 2)
    value = np.arange(24, dtype="float32").reshape(1, 6, 4)
    near(K.function([x], [y])([value])[0], value.reshape(1, 12, 2))


@pytest.mark.parametrize("target", [(4, 4), (4, -1), (2, 2, 2)])
def test_reshape_refuses_another_size(target):
    with pytest.raises(ValueError, match="15 elements"):
        layers.Reshape(target)(layers.Input((3, 5)))


def test_reshape_refuses_two_unknowns():
    with pytest.raises(ValueError, match="only one size"):
        layers.Reshape((-1, -1))


@pytest.mark.parametrize("dims", [(2, 1, 3), (3, 1, 2), (1, 2, 3)])
def test_permute(dims):
    check_layer(layers.Permute(dims), IMAGE, expected=np.transpose(IMAGE, (0, *dims)))


def test_permute_refuses():
    with pytest.raises(ValueError, match="each of 1 to 2"):
        layers.Permute((0, 1))
    with pytest.raises(ValueError, match="3 axes"):
        layers.Permute((2, 1))(layers.Input((3, 4, 5)))


def test_flatten():
    check_layer(layers.Flatten(), IMAGE, expected=IMAGE.reshape(2, -1))
    moved = np.moveaxis(IMAGE, 1, -1).reshape(2, -1)
    check_layer(layers.Flatten("channels_first"), IMAGE, expected=moved)


def test_flatten_refuses():
    with pytest.raises(ValueError, match=r"must be known.*\(None, None, 3\)"):
        layers.Flatten()(layers.Input((None, 3)))
    with pytest.raises(ValueError, match="at least 3 axes"):
        layers.Flatten()(layers.Input((3,)))
    with pytest.raises(TypeError, match="mask"):
        layers.Flatten()(layers.Masking()(layers.Input((2, 3))))


def test_repeat_vector():
    check_layer(layers.RepeatVector(3), X, expected=np.repeat(X[:, None], 3, axis=1))
    with pytest.raises(ValueError, match="`n` must be a positive integer"):
        layers.RepeatVector(0)


# Lambda


def scale(x, factor=2.0):
    return x * factor


def test_lambda_of_a_named_function():
    check_layer(
        layers.Lambda(scale, arguments={"factor": 3.0}),
        SEQUENCE,
        expected=SEQUENCE * 3,
        custom_objects={"scale": scale},
    )


def test_lambda_of_an_anonymous_function():
    offset = 1.5
    layer = layers.Lambda(lambda x: K.square(x) + offset)
    near(run(layer, X), X**2 + 1.5)
    near(run(layers.deserialize(layers.serialize(layer)), X), X**2 + 1.5)


def sum_and_product(tensors):
    return [tensors[0] + tensors[1], tensors[0] * tensors[1]]


def test_lambda_of_several_inputs_and_outputs():
    check_layer(
        layers.Lambda(sum_and_product),
        X,
        X[::-1].copy(),
        expected=[X + X[::-1], X * X[::-1]],
        custom_objects={"sum_and_product": sum_and_product},
    )


def test_lambda_output_shape():
    shape = layers.Lambda(lambda x: x, output_shape=(7,)).compute_output_shape((None, 5))
    assert shape == (None, 7)
    doubled = layers.Lambda(lambda x: x, output_shape=lambda s: (s[0], 2 * s[1]))
    assert doubled.compute_output_shape((3, 5)) == (3, 10)
    wrong = layers.Lambda(lambda x: x, output_shape=lambda s: 3)
    with pytest.raises(ValueError, match="must return a tuple"):
        wrong.compute_output_shape((3, 5))


def test_lambda_shape_is_found_from_the_function():
    layer = layers.Lambda(lambda x: K.sum(x, axis=1))
    assert layer.compute_output_shape((None, 3, 5)) == (None, 5)


def test_lambda_mask():
    x = layers.Masking()(layers.Input((3, 5)))
    assert layers.Lambda(lambda x: x * 1)(x)._keras_mask is None
    kept = layers.Lambda(lambda x: x * 1, mask=lambda inputs, mask: mask)(x)
    assert kept._keras_mask is x._keras_mask
    near(run(layers.Lambda(lambda x, mask=None: x * (mask is None)), X), X)


def test_lambda_arguments_that_are_arrays_survive_json():
    layer = layers.Lambda(scale, arguments={"factor": np.array([1.0, 2.0])})
    config = {**layer.get_config()}
    config["arguments"] = {"factor": {"type": "ndarray", "value": [1.0, 2.0]}}
    twin = layers.Lambda.from_config(config, custom_objects={"scale": scale})
    assert twin.arguments["factor"].tolist() == [1.0, 2.0]


def test_lambda_bytecode_of_a_file_is_refused():
    config = layers.Lambda(lambda x: x + 1).get_config()
    with pytest.raises(ValueError, match="safe_mode=False"):
        layers.Lambda.from_config(config)
    with safe_mode_scope(False):
        near(run(layers.Lambda.from_config(config), X), X + 1)


def test_lambda_bytecode_in_json_is_refused():
    text = Model(*_called(layers.Lambda(lambda x: x + 1), (5,))).to_json()
    gc.collect()  # a function that the program still has is no code of the file's
    with pytest.raises(ValueError, match="Lambda"):
        model_from_json(text)


def test_lambda_refuses():
    with pytest.raises(TypeError, match="needs a function"):
        layers.Lambda(3)
    with pytest.raises(TypeError, match="output_shape"):
        layers.Lambda(scale, output_shape=3)


# By name


def test_deserialize_knows_layers_only():
    for name in ("NoSuchLayer", "deserialize", "add"):
        with pytest.raises(ValueError, match="Unknown layer"):
            layers.deserialize({"class_name": name, "config": {}})


def test_unknown_keyword():
    with pytest.raises(TypeError, match="foo"):
        layers.Dense(2, foo=1)


def test_the_data_format_of_a_spatial_dropout_outlives_files_and_copies():
    """Keras 2 has no entry for it in the configuration."""
    layer = layers.SpatialDropout2D(0.5, data_format="channels_first", input_shape=(3, 4, 4))
    assert "data_format" not in layer.get_config()
    model = Sequential([layer])
    copies = [
        model_from_json(model.to_json()),
        clone_model(model),
        Sequential([layers.deserialize(layers.serialize(layer))]),
    ]
    assert [copy.layers[0].data_format for copy in copies] == ["channels_first"] * 3
