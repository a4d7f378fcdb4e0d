"""Files of Keras 1: real ones of version 1.2.2, and what its arrays and words mean."""

from __future__ import annotations

import json
import pathlib
import warnings

import h5py
import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers
from keras_core.models import Model, Sequential, load_model, model_from_json, model_from_yaml
from keras_core.saving.dialects import keras1, keras1_weights

DATA = pathlib.Path(__file__).parents[1] / "data" / "keras_1_2_2"
RNG = np.random.RandomState(5)


@pytest.fixture(autouse=True)
def fresh_names():
    K.clear_session()


def arrays(name):
    with np.load(DATA / f"{name}.npz") as stored:
        return dict(stored)


def engine_of(name):
    return "theano" if "_th_" in name else "tensorflow"


def inputs_of(stored):
    found = [stored[key] for key in sorted(stored) if key.startswith("x")]
    return found if len(found) > 1 else found[0]


def assert_predicts(model, stored, name="predict0"):
    x = inputs_of(stored)
    size = len(x[0] if isinstance(x, list) else x)
    np.testing.assert_allclose(model.predict(x, batch_size=size), stored[name], atol=1e-5)


WHOLE = sorted(path.stem for path in DATA.glob("*_dim??.h5"))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_model_predicts_as_keras_1_did(name):
    model = load_model(DATA / f"{name}.h5", compile=False, written_on=engine_of(name))
    assert_predicts(model, arrays(name))


def test_architecture_and_weights_apart_predict_as_keras_1_did():
    model = model_from_json((DATA / "cnn_th_dimth.json").read_text())
    model.load_weights(DATA / "cnn_th_dimth.weights.h5", written_on="theano")
    assert_predicts(model, arrays("cnn_th_dimth"))
    model = model_from_yaml((DATA / "cnn_tf_dimth.yaml").read_text())
    model.load_weights(DATA / "cnn_tf_dimth.weights.h5", written_on="tensorflow")
    assert_predicts(model, arrays("cnn_tf_dimth"))


@pytest.mark.parametrize("name", ["cnn_th_dimth", "cnn_tf_dimth"])
def test_an_engine_that_nobody_says_is_told_by_names_with_one_warning(name):
    with pytest.warns(UserWarning, match="written_on") as caught:
        model = load_model(DATA / f"{name}.h5")
    assert len(caught) == 1
    assert engine_of(name) in str(caught[0].message)
    assert_predicts(model, arrays(name))


def test_kernels_in_tensorflows_order_of_axes_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load_model(DATA / "time_distributed_cnn_th_dimtf.h5", compile=False)
    assert_predicts(model, arrays("time_distributed_cnn_th_dimtf"))


def test_what_the_user_says_goes_before_the_names():
    with h5py.File(DATA / "cnn_th_dimth.h5") as file:
        kernel = file["model_weights/convolution2d_1/convolution2d_1_W"][()]
    turned = load_model(DATA / "cnn_th_dimth.h5", written_on="theano")
    as_stored = load_model(DATA / "cnn_th_dimth.h5", written_on="tensorflow")
    today = kernel.transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(as_stored.layers[0].get_weights()[0], today)
    np.testing.assert_array_equal(turned.layers[0].get_weights()[0], today[::-1, ::-1])


def test_a_wrong_word_on_the_engine_can_be_mended():
    stored = arrays("cnn_tf_dimth")
    model = model_from_yaml((DATA / "cnn_tf_dimth.yaml").read_text())
    model.load_weights(DATA / "cnn_tf_dimth.weights.h5", written_on="theano")
    assert np.abs(model.predict(stored["x0"]) - stored["predict0"]).max() > 1e-3
    model.load_weights(DATA / "cnn_tf_dimth.weights.h5", written_on="tensorflow")
    assert_predicts(model, stored)


def test_an_engine_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="written_on names the engine .*'torch'"):
        load_model(DATA / "cnn_th_dimth.h5", written_on="torch")


def test_the_state_of_the_optimizer_goes_on():
    stored = arrays("nested_th_dimth")
    model = load_model(DATA / "nested_th_dimth.h5", written_on="theano")
    model.train_on_batch(stored["x0"], stored["y0"])
    assert_predicts(model, stored, "predict_after_step0")


def test_a_loaded_model_is_saved_and_cloned_as_it_is(tmp_path):
    stored = arrays("cnn_th_dimth")
    model = load_model(DATA / "cnn_th_dimth.h5", written_on="theano")
    model.save(tmp_path / "again.h5")
    assert_predicts(load_model(tmp_path / "again.h5"), stored)


# Parameters that places share


def test_axes_that_only_shapes_tell_are_shared_in_training_too():
    stored = arrays("shared_axes_th_dimtf")
    model = load_model(DATA / "shared_axes_th_dimtf.h5", written_on="theano")
    told = {
        layer.name: layer.shared_axes for layer in model.layers if hasattr(layer, "shared_axes")
    }
    assert [told[f"prelu_{n}"] for n in (1, 2)] == [None, [1, 2]]
    assert told["srelu_1"] == [1, 2] and told["parametricsoftplus_1"] == [2]
    model.train_on_batch(stored["x0"], stored["y0"])
    assert_predicts(model, stored, "predict_after_step0")


def test_weights_alone_are_given_to_each_place_with_a_warning():
    model = model_from_json((DATA / "shared_axes_th_dimtf.json").read_text())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.load_weights(DATA / "shared_axes_th_dimtf.weights.h5")
    texts = [str(one.message) for one in told if one.category is UserWarning]
    assert len(texts) == 3
    assert "prelu_2 (PReLU)" in texts[0] and "shared_axes=[1, 2]" in texts[0]
    assert_predicts(model, arrays("shared_axes_th_dimtf"))


# The layout before 1.0, of numbers


@pytest.mark.filterwarnings("ignore:(Highway|MaxoutDense) is a layer of Keras 1")
@pytest.mark.parametrize("name", ["numbered_cnn", "numbered_rnn"])
def test_layers_and_arrays_that_are_numbered(name):
    model = model_from_json((DATA / f"{name}.json").read_text())
    model.load_weights(DATA / f"{name}.weights.h5", written_on="theano")
    assert_predicts(model, arrays(name))
    with pytest.raises(ValueError, match="numbers its layers, .* without by_name"):
        model.load_weights(DATA / f"{name}.weights.h5", by_name=True)


@pytest.mark.filterwarnings("ignore:(Highway|MaxoutDense) is a layer of Keras 1")
def test_numbers_tell_no_engine_so_the_one_of_the_time_is_taken_with_a_warning():
    model = model_from_json((DATA / "numbered_cnn.json").read_text())
    with pytest.warns(UserWarning, match="So early it was mostly theano"):
        model.load_weights(DATA / "numbered_cnn.weights.h5")
    assert_predicts(model, arrays("numbered_cnn"))


@pytest.mark.parametrize("number", [10**12, -1, 1.5, "four"])
def test_a_number_that_is_none_is_refused(tmp_path, number):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["nb_layers"] = number
    model = Sequential([layers.Dense(2, input_shape=(3,))])
    with pytest.raises(ValueError, match="nb_layers"):
        model.load_weights(tmp_path / "w.h5")


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3)])
def test_highway_had_its_biases_behind_their_kernels_or_behind_all(order):
    with pytest.warns(UserWarning, match="Highway is a layer of Keras 1"):
        layer = built(layers.Highway(), 2)
    kernel, carry, bias, carry_bias = given = [random(2, 2), random(2, 2), random(2), random(2)]
    for got, wanted in zip(today(layer, *(given[i] for i in order)), given):
        np.testing.assert_array_equal(got, wanted)


# Merged models


def test_branches_may_have_layers_in_common():
    from keras_core.layers.old_merge import Merge

    left = Sequential([layers.Dense(3, input_shape=(2,))])
    embedding = layers.Embedding(9, 3, input_length=4)
    right = Sequential([embedding, layers.Flatten(), layers.Dense(3)])
    with pytest.warns(UserWarning, match="Keras 1"):
        both = Sequential([Merge([left, right], mode="sum")])
        model = Sequential([Merge([both, left], mode="concat"), layers.Dense(2)])
    assert len(model.inputs) == 2
    model.load_weights(DATA / "towers.weights.h5")
    assert_predicts(model, arrays("towers"))
    with pytest.raises(
        ValueError, match=r"layers in common, \['dense_\d+'\]. Make it by the program"
    ):
        load_model(DATA / "towers_in_common.h5")


# Words


def test_layers_that_do_not_say_the_order_of_axes_take_that_of_the_layer_before():
    model = load_model(DATA / "cnn_th_dimth.h5", written_on="theano")
    formats = {layer.data_format for layer in model.layers if hasattr(layer, "pool_size")}
    silent = {type(layer).__name__: layer for layer in model.layers}
    assert formats == {"channels_first"}
    for name in ("UpSampling2D", "ZeroPadding2D", "Cropping2D"):
        assert silent[name].data_format == "channels_first"


@pytest.mark.parametrize(
    ("mode", "stride", "kernel", "size", "expected"),
    [
        ("valid", 2, 3, 15, None),  # 7 -> 7 * 2 + 3 - 2
        ("valid", 2, 2, 14, None),
        ("valid", 2, 2, 15, [1]),
        ("same", 2, 3, 14, None),
        ("same", 2, 3, 13, [0]),
        ("valid", 1, 3, 9, None),
    ],
)
def test_an_output_shape_that_is_not_the_usual_becomes_padding(
    mode, stride, kernel, size, expected
):
    config = {
        "name": "d", "nb_filter": 2, "nb_row": kernel, "nb_col": kernel, "border_mode": mode,
        "subsample": [stride, stride], "dim_ordering": "tf", "output_shape": [None, size, size, 2],
        "batch_input_shape": [None, 7, 7, 3], "input_dtype": "float32",
    }  # fmt: skip
    model = model_from_json(
        json.dumps(
            {
                "class_name": "Sequential",
                "config": [{"class_name": "Deconvolution2D", "config": config}],
            }
        )
    )
    layer = model.layers[0]
    assert layer.output_shape == (None, size, size, 2)
    assert layer.output_padding == (None if expected is None else tuple(expected * 2))


def test_a_sequential_that_begins_with_merged_models_has_their_inputs():
    model = load_model(DATA / "merge_sequential_th_dimth.h5")
    assert [K.int_shape(x) for x in model.inputs] == [(None, 5), (None, 5)]
    again = Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert_predicts(again, arrays("merge_sequential_th_dimth"))


def test_configurations_of_keras_2_are_left_alone():
    model = Sequential([layers.Dense(2, input_shape=(3,)), layers.Embedding(4, 2)])
    config = {"class_name": "Sequential", "config": model.get_config()}
    assert not keras1.wrote(config, None)
    assert not keras1.wrote(config, "2.3.1")
    assert keras1.wrote(config, "1.2.2")


def test_norms_of_an_interval_have_todays_names():
    first, _ = load_model(DATA / "norms_th_dimtf.h5").layers
    norm = first.kernel_constraint
    assert (norm.min_value, norm.max_value, norm.rate) == (0.1, 0.9, 0.5)


def test_paddings_by_side_are_pairs():
    for padding in ({"left_pad": 1, "right_pad": 2}, [1, 2]):
        config = {"name": "z", "padding": padding, "batch_input_shape": [None, 3, 2]}
        config["input_dtype"] = "float32"
        entry = {"class_name": "ZeroPadding1D", "config": config}
        model = model_from_json(json.dumps({"class_name": "Sequential", "config": [entry]}))
        assert model.output_shape == (None, 6, 2)


def test_a_graph_is_told_what_it_is():
    text = json.dumps({"class_name": "Graph", "config": {"name": "graph_1", "nodes": {}}})
    with pytest.raises(ValueError, match="'graph_1' is a Graph, a model of named nodes"):
        model_from_json(text)


def test_metrics_that_are_gone_are_left_out_with_a_warning():
    with pytest.warns(UserWarning, match=r"\['fmeasure'\]"):
        config = keras1.translated_training({"metrics": ["accuracy", "fmeasure"]})
    assert config == {"metrics": ["accuracy"]}


# Arrays


def built(layer, *shape):
    Sequential([layer]).build((None, *shape))
    return layer


def today(layer, *given):
    names = [f"{layer.name}_{i}" for i in range(len(given))]
    return list(keras1_weights.of_today(layer, names, given))


def random(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


@pytest.mark.parametrize(
    ("layer", "shape", "order"),
    [("LSTM", (4, 3), (0, 6, 3, 9)), ("GRU", (4, 3), (0, 3, 6))],
)
def test_gates_are_joined_in_todays_order(layer, shape, order):
    layer = built(getattr(layers, layer)(2), *shape)
    parts = [random(*size) for _ in order for size in ((3, 2), (2, 2), (2,))]
    kernel, recurrent, bias = today(layer, *parts)
    for place, gate in enumerate(order):
        part = slice(2 * place, 2 * place + 2)
        np.testing.assert_array_equal(kernel[:, part], parts[gate])
        np.testing.assert_array_equal(recurrent[:, part], parts[gate + 1])
        np.testing.assert_array_equal(bias[part], parts[gate + 2])


def test_gates_that_are_one_array_stay_so():
    layer = built(layers.LSTM(2), 4, 3)
    parts = [random(3, 8), random(2, 8), random(8)]
    for got, part in zip(today(layer, *parts), parts):
        np.testing.assert_array_equal(got, part)


def test_kernels_of_sequences_lose_their_column_in_both_old_forms():
    layer = built(layers.Conv1D(5, 3), 7, 2)
    kernel = random(3, 2, 5)
    for old in (kernel[:, None], kernel.transpose(2, 1, 0)[..., None]):
        np.testing.assert_array_equal(today(layer, old, random(5))[0], kernel)


@pytest.mark.parametrize(
    ("layer", "old", "axes"),
    [
        (layers.Conv2D(5, (3, 4), data_format="channels_first"), (5, 2, 3, 4), (2, 3, 1, 0)),
        (layers.Conv2D(5, (3, 4)), (3, 4, 2, 5), (0, 1, 2, 3)),
        (
            layers.Conv2DTranspose(5, (3, 4), data_format="channels_first"),
            (5, 2, 3, 4),
            (2, 3, 0, 1),
        ),
        (layers.Conv2DTranspose(5, (3, 4)), (3, 4, 2, 5), (0, 1, 3, 2)),
    ],
)
def test_kernels_of_images_have_their_axes_in_todays_order(layer, old, axes):
    first = layer.data_format == "channels_first"
    built(layer, *((2, 9, 9) if first else (9, 9, 2)))
    kernel = random(*old)
    got = today(layer, kernel, random(5))[0]
    assert got.shape == K.int_shape(layer.kernel)
    np.testing.assert_array_equal(got, kernel.transpose(axes))


def test_parameters_that_places_shared_are_given_to_each():
    layer = built(layers.PReLU(), 3, 2)
    alpha = random(1, 2)
    with pytest.warns(UserWarning, match=r"shared_axes=\[1\]"):
        given = today(layer, alpha)[0]
    np.testing.assert_array_equal(given, np.repeat(alpha, 3, axis=0))


def test_trainable_arrays_of_a_model_come_before_the_others():
    inner = Sequential(
        [
            layers.BatchNormalization(input_shape=(2,), name="other"),
            layers.Dense(3, name="another"),
        ]
    )
    gamma, beta, mean, variance = (random(2) for _ in range(4))
    kernel, bias = random(2, 3), random(3)
    given = [gamma, beta, kernel, bias, mean, variance]
    got = keras1_weights.of_today(inner, [f"n_{i}" for i in range(6)], given)
    for array, wanted in zip(got, _in_order(inner, gamma, beta, mean, variance, kernel, bias)):
        np.testing.assert_array_equal(array, wanted)


def _in_order(model, gamma, beta, mean, variance, kernel, bias):
    parts = {
        "gamma": gamma, "beta": beta, "moving_mean": mean, "moving_variance": variance,
        "kernel": kernel, "bias": bias,
    }  # fmt: skip
    return [parts[weight.name.split("/")[-1].split(":")[0]] for weight in model.weights]


def test_arrays_that_do_not_fit_are_refused():
    layer = built(layers.LSTM(2, name="memory"), 4, 3)
    with pytest.raises(ValueError, match=r"5 arrays .* memory \(LSTM\)"):
        today(layer, *(random(2) for _ in range(5)))
