"""Folders for TensorFlow.js: it gives the same numbers, and what it lacks is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from exported_models import MODELS, arrays_of, model_of, outputs_of

from keras_core import backend as K
from keras_core import layers
from keras_core.errors import ModelFileError
from keras_core.export.errors import ExportError
from keras_core.export.tensorflowjs import folder, limits, manifest
from keras_core.layers import (
    RNN,
    Conv1D,
    Dense,
    Input,
    LSTMCell,
)
from keras_core.models import Model, Sequential

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("predict_tensorflowjs.js")

# Why TensorFlow.js cannot have a model.
REFUSED = {
    "functions": "no layer Lambda",
    "several_outputs": "'input_1' and 'dropout_1' are one tensor",
    "activation_exponential": "no activation 'exponential'",
    "elu_alpha": "alpha is always 1.0, here it is 0.5",
    "softmax_first": "the last axis alone, not 1",
    "relu_slope": "negative_slope is always 0.0",
    "activity": "no layer ActivityRegularization",
    "spatial_dropout_2d": "no layer SpatialDropout2D",
    "spatial_dropout_3d": "no layer SpatialDropout3D",
    "conv_1d_first": "data_format is always 'channels_last'",
    "conv_1d_causal": "'causal' is missing",
    "depthwise_dilated": "dilation_rate is always",
    "separable_1d": "no layer SeparableConv1D",
    "separable_2d_first": "data_format is always 'channels_last'",
    "transpose_2d_padded": "output_padding is always None",
    "transpose_2d_dilated": "dilation_rate is always",
    "local_1d": "no layer LocallyConnected1D",
    "local_2d": "no layer LocallyConnected2D",
    "cropping_1d": "no layer Cropping1D",
    "cropping_3d": "no layer Cropping3D",
    "padding_1d": "no layer ZeroPadding1D",
    "padding_3d": "no layer ZeroPadding3D",
    "upsampling_1d": "no layer UpSampling1D",
    "upsampling_2d_half_pixel": "no interpolation 'bilinear_half_pixel'",
    "activation_hard_sigmoid_keras3": "no activation 'hard_sigmoid_keras3'",
    "upsampling_3d": "no layer UpSampling3D",
    "max_pooling_1d_first": "data_format is always 'channels_last'",
    "max_pooling_3d_gaps": "a stride is larger than its window",
    "global_average_1d_first": "data_format is always 'channels_last'",
    "global_max_3d": "no layer GlobalMaxPooling3D",
    "global_average_3d": "no layer GlobalAveragePooling3D",
    "batch_normalization_first": "the last axis alone, not 1",
    "batch_normalization_cube": "at most 4 axes, not 5",
    "subtract": "no layer Subtract",
    "dot_images": "at most 3 axes, not 4",
    "lstm_states": "are one tensor",
    "gru_reset_after": "reset_after is always False",
    "gru_reset_after_bare": "reset_after is always False",
    "cells": "there several cells of one RNN",
    "masked_average": "does not heed a mask",
    "masked_softmax": "does not heed a mask",
}
WRITTEN = [name for name in MODELS if not REFUSED.get(name)]


def package():
    """Where node finds TensorFlow.js: node_modules of the repository, or NODE_PATH."""
    if shutil.which("node") is None:
        return None
    words = ["node", "-p", "require.resolve('@tensorflow/tfjs')"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or None


@pytest.fixture(scope="module")
def predictions(tmp_path_factory):
    """What TensorFlow.js gives for each model, and what it should give."""
    found = package()
    if found is None:
        pytest.skip("node finds no @tensorflow/tfjs; npm install it here, or set NODE_PATH")
    root = tmp_path_factory.mktemp("models")
    wanted = {}
    for name in WRITTEN:
        model = model_of(name)
        arrays = arrays_of(model)
        folder.save(model, root / name)
        (root / name / "inputs.json").write_text(json.dumps([as_json(x) for x in arrays]))
        wanted[name] = outputs_of(model, arrays)
    subprocess.run(["node", str(SCRIPT), found, str(root)], check=True, capture_output=True)
    told = {name: json.loads((root / name / "outputs.json").read_text()) for name in WRITTEN}
    return told, wanted


def as_json(array):
    dtype = "int32" if array.dtype.kind == "i" else array.dtype.name
    return {"values": array.ravel().tolist(), "shape": array.shape, "dtype": dtype}


@pytest.mark.parametrize("name", WRITTEN)
def test_tensorflowjs_predicts_the_same(predictions, name):
    told, wanted = (found[name] for found in predictions)
    assert "error" not in told
    assert len(told["outputs"]) == len(wanted)
    for found, array in zip(told["outputs"], wanted):
        assert found["shape"] == list(array.shape)
        np.testing.assert_allclose(found["values"], array.ravel(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_read_again(tmp_path, name):
    model = model_of(name)
    arrays = arrays_of(model)
    folder.save(model, tmp_path / "model")
    back = folder.load(tmp_path / "model")
    for found, array in zip(outputs_of(back, arrays), outputs_of(model, arrays)):
        np.testing.assert_array_equal(found, array)


# Refusals


@pytest.mark.parametrize("name", [name for name, told in REFUSED.items() if told])
def test_what_it_lacks_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(ExportError) as caught:
        folder.save(model_of(name), tmp_path / "model")
    assert REFUSED[name] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_each_layer_is_known_or_known_to_be_missing():
    classes = {name for name in layers.__all__ if isinstance(getattr(layers, name), type)}
    unknown = {name for name in limits.LAYERS if name not in classes}
    assert unknown <= {"ConvLSTM2DCell"}


def test_a_mask_that_meets_a_merge_is_refused(tmp_path):
    a, b = Input((4, 3)), Input((4, 3))
    masked = layers.Masking()(a)
    with pytest.raises(ExportError, match="'sum'.*does not heed a mask"):
        folder.save(Model([a, b], layers.add([masked, b], name="sum")), tmp_path / "model")


def test_a_mask_reaches_into_a_model(tmp_path):
    inner = Sequential([layers.Softmax(input_shape=(4, 3), name="inside")])
    with pytest.raises(ExportError, match="'inside'.*does not heed a mask"):
        folder.save(Sequential([layers.Masking(input_shape=(4, 3)), inner]), tmp_path / "model")


class Own(Model):
    """A model of another class."""


def test_a_model_of_another_class_inside_is_refused(tmp_path):
    x, y = Input((3,)), Input((3,))
    inner = Own(x, Dense(2)(x), name="inner")
    with pytest.raises(ExportError, match="'inner'.*no layer Own"):
        folder.save(Model(y, inner(y)), tmp_path / "model")


def test_layers_in_wrappers_and_cells_are_looked_at(tmp_path):
    inner = layers.TimeDistributed(Conv1D(2, 2, padding="causal", name="deep"))
    x = Input((3, 4, 2))
    with pytest.raises(ExportError, match="'deep'.*causal"):
        folder.save(Model(x, inner(x)), tmp_path / "model")
    x = Input((4, 2))
    cell = LSTMCell(2, activation=K.square, name="own")
    with pytest.raises(ExportError, match="'own'.*no activation 'square'"):
        folder.save(Model(x, RNN(cell)(x)), tmp_path / "model")


def test_weights_of_other_dtypes_are_refused(tmp_path):
    x = Input((3,))
    with pytest.raises(ExportError, match="'wide'.*float64"):
        folder.save(Model(x, Dense(2, dtype="float64", name="wide")(x)), tmp_path / "model")


# The files


def test_constraints_and_activity_regularizers_are_left_out(tmp_path):
    folder.save(model_of("mlp"), tmp_path / "model")
    described = json.loads((tmp_path / "model" / "model.json").read_text())
    assert described["format"] == "layers-model"
    first, *_, last = described["modelTopology"]["model_config"]["config"]["layers"]
    assert first["config"]["kernel_constraint"] is None
    assert last["config"]["activity_regularizer"] is None
    names = [entry["name"] for entry in described["weightsManifest"][0]["weights"]]
    assert names[:2] == ["dense_1/kernel", "dense_1/bias"]


def wide():
    return Sequential([Dense(1100, input_shape=(1000,), name="wide"), Dense(2, name="last")])


def test_weights_are_cut_into_files_of_four_mebibytes(tmp_path):
    model = wide()
    folder.save(model, tmp_path / "model")
    sizes = sorted(file.stat().st_size for file in (tmp_path / "model").glob("*.bin"))
    total = 4 * (1000 * 1100 + 1100 + 1100 * 2 + 2)
    assert sizes == [total - 4 * 2**20, 4 * 2**20]
    for found, array in zip(folder.load(tmp_path / "model").get_weights(), model.get_weights()):
        np.testing.assert_array_equal(found, array)


def test_what_is_written_over_leaves_no_old_weights_behind(tmp_path):
    folder.save(wide(), tmp_path)
    (tmp_path / "index.html").write_text("mine")
    model = model_of("mlp")
    folder.save(model, tmp_path)
    files = sorted(file.name for file in tmp_path.iterdir())
    assert len(files) == 3 and files[1:] == ["index.html", "model.json"]
    assert len(folder.load(tmp_path).layers) == len(model.layers)


def test_when_writing_fails_the_old_model_is_still_there(tmp_path, monkeypatch):
    folder.save(wide(), tmp_path)
    old = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    write = folder._write

    def failing(path, data):
        if path.name == folder.MODEL:
            raise OSError("no space")
        write(path, data)

    monkeypatch.setattr(folder, "_write", failing)
    with pytest.raises(OSError, match="no space"):
        folder.save(model_of("mlp"), tmp_path)
    assert all((tmp_path / name).read_bytes() == data for name, data in old.items())
    assert folder.load(tmp_path).layers[0].name == "wide"


@pytest.mark.parametrize("other", ["file", "folder"])
def test_what_is_no_such_model_is_not_written_over(tmp_path, other):
    path = tmp_path / "mine"
    if other == "file":
        path.write_text("mine")
    else:
        path.mkdir()
        (path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is not written over"):
        folder.save(model_of("mlp"), path)


# Reading what others wrote


def described(tmp_path):
    folder.save(model_of("mlp"), tmp_path)
    return json.loads((tmp_path / "model.json").read_text())


def rewritten(tmp_path, change):
    """A folder whose model.json is changed."""
    text = described(tmp_path)
    change(text)
    (tmp_path / "model.json").write_text(json.dumps(text))
    return tmp_path


def the_group(text):
    return text["weightsManifest"][0]


def test_numbers_of_fewer_bits_are_restored(tmp_path):
    text = described(tmp_path)
    group = the_group(text)
    values = [np.arange(np.prod(e["shape"])).astype("uint8") % 7 for e in group["weights"]]
    for entry in group["weights"]:
        entry["quantization"] = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    group["paths"] = ["small.bin"]
    (tmp_path / "small.bin").write_bytes(b"".join(v.tobytes() for v in values))
    (tmp_path / "model.json").write_text(json.dumps(text))
    wanted = {e["name"]: value * 0.5 - 1 for e, value in zip(group["weights"], values)}
    for variable in folder.load(tmp_path).weights:
        found = K.get_value(variable).ravel()
        np.testing.assert_array_equal(found, wanted[variable.name.partition(":")[0]])


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "sub/x.bin", "", 7, None, "."])
def test_files_elsewhere_are_not_opened(tmp_path, name):
    path = rewritten(tmp_path, lambda text: the_group(text).update(paths=[name]))
    with pytest.raises(ModelFileError, match="no file beside it|is missing"):
        folder.load(path)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_not_followed(tmp_path):
    text = described(tmp_path)
    (shard,) = tmp_path.glob("*.bin")
    (tmp_path / "link.bin").symlink_to(shard)
    the_group(text)["paths"] = ["link.bin"]
    (tmp_path / "model.json").write_text(json.dumps(text))
    with pytest.raises(ModelFileError, match="no file beside it"):
        folder.load(tmp_path)


def huge(text):
    the_group(text)["weights"][0]["shape"] = [10**9, 10**9]


def large_layer(text):
    layer = text["modelTopology"]["model_config"]["config"]["layers"][0]
    layer["config"]["units"] = 10**12


def missing_weight(text):
    the_group(text)["weights"][0]["name"] = "other"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (huge, "its weights take .* bytes"),
        (large_layer, "numbers"),
        (missing_weight, "'dense_1/kernel'.*nothing is there"),
        (lambda text: text.pop("weightsManifest"), "weightsManifest"),
        (lambda text: text.update(format="graph-model"), "'graph-model'"),
        (lambda text: text.update(modelTopology=3), "no model"),
        (lambda text: the_group(text)["weights"].append(3), "no model"),
        (lambda text: the_group(text)["weights"][0].update(shape=[-1]), "no name or shape"),
        (lambda text: the_group(text)["weights"][0].update(dtype="object"), "'object'"),
        (lambda text: the_group(text)["weights"][0].update(quantization={"dtype": "x"}), "'x'"),
        (lambda text: the_group(text)["weights"][0].update(quantization=[1]), "no model"),
    ],
)
def test_damaged_descriptions_are_refused_with_file_and_reason(tmp_path, change, told):
    path = rewritten(tmp_path, change)
    with pytest.raises(ModelFileError, match=f"(?s)model.json.*{told}"):
        folder.load(path)


def test_arrays_and_bytes():
    arrays = {"a": np.arange(6, dtype="float32").reshape(2, 3), "b": np.array([True, False])}
    listed = manifest.entries(arrays)
    data = manifest.joined(arrays)
    assert manifest.size_of(listed) == len(data) == 26
    for name, array in manifest.separated(listed, data, {entry["name"] for entry in listed}):
        np.testing.assert_array_equal(array, arrays[name])
