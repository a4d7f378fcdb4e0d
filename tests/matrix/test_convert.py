"""`keras-core convert`: models go from format to format and predict the same."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from exported_models import arrays_of, model_of, outputs_of

from keras_core import cli
from keras_core.models import load_model
from keras_core.plugins import ModelFormat
from keras_core.saving import files

MODELS = ("mlp", "nested_and_shared", "bidirectional", "embedded_lstm", "conv_2d")


def convert(*words):
    return cli.main(["convert", *map(str, words)])


@pytest.mark.parametrize("name", MODELS)
def test_a_model_goes_through_all_formats_and_comes_back(tmp_path, name, capsys):
    model = model_of(name)
    arrays = arrays_of(model)
    model.save(str(tmp_path / "first.h5"))
    path = tmp_path / "first.h5"
    for name in ("a.json", "b.tfjs", "c.keras", "web", "last.h5"):
        options = ["--to", "tensorflowjs"] if name == "web" else []
        assert convert(path, tmp_path / name, *options) == 0
        path = tmp_path / name
        assert f"is written as {path}" in capsys.readouterr().out
    for found, wanted in zip(
        outputs_of(load_model(path, compile=False), arrays), outputs_of(model, arrays)
    ):
        np.testing.assert_array_equal(found, wanted)


def test_the_state_of_training_is_kept_where_the_format_has_it(tmp_path):
    model = model_of("bidirectional")
    model.compile("adam", "mse")
    x = arrays_of(model)[0]
    model.train_on_batch(x, np.zeros((3, 6)))
    model.save(str(tmp_path / "first.h5"))
    assert convert(tmp_path / "first.h5", tmp_path / "second.hdf5") == 0
    back = load_model(str(tmp_path / "second.hdf5"))
    for one in (model, back):
        one.train_on_batch(x, np.zeros((3, 6)))
    for found, wanted in zip(back.get_weights(), model.get_weights()):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_folders_are_loaded_and_saved_by_their_ending(tmp_path):
    model = model_of("mlp")
    path = str(tmp_path / "model.tfjs")
    model.save(path)
    arrays = arrays_of(model)
    np.testing.assert_array_equal(outputs_of(load_model(path), arrays), outputs_of(model, arrays))


@pytest.mark.parametrize("ending", [".weights.h5", "_weights.h5", ".h5"])
def test_weights_beside_json_are_found_by_the_names_that_people_give_them(tmp_path, ending):
    model = model_of("mlp")
    (tmp_path / "model.json").write_text(model.to_json())
    model.save_weights(str(tmp_path / f"model{ending}"))
    assert convert(tmp_path / "model.json", tmp_path / "whole.h5") == 0
    back = load_model(str(tmp_path / "whole.h5"), compile=False)
    for found, wanted in zip(back.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(found, wanted)


def test_json_without_weights_is_refused(tmp_path, capsys):
    (tmp_path / "model.json").write_text(model_of("mlp").to_json())
    assert convert(tmp_path / "model.json", tmp_path / "whole.h5") == 1
    assert "holds no weights, and there is no model.weights.h5" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]


@pytest.fixture
def saved(tmp_path):
    model_of("mlp").save(str(tmp_path / "model.h5"))
    return tmp_path / "model.h5"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["out.xyz"], "none of the endings .h5, .hdf5"),
        (["out.h5", "--to", "caffe"], "there is no format 'caffe'; there are hdf5"),
        (["out.h5", "--from", "caffe"], "there is no format 'caffe'; there are hdf5"),
        (["out.h5", "--from", "onnx"], "format 'onnx' are only written"),
    ],
)
def test_formats_that_are_not_there(saved, capsys, words, told):
    out, *options = words
    assert convert(saved, saved.parent / out, *options) == 2
    assert told in capsys.readouterr().err
    assert list(saved.parent.iterdir()) == [saved]


def test_a_format_that_is_only_read(saved, capsys, monkeypatch):
    reading = ModelFormat("reading", (".read",), "read alone", load=load_model)
    monkeypatch.setattr(files, "by_ending", lambda path: reading)
    assert convert(saved, saved.parent / "out.read") == 2
    assert "format 'reading' are only read" in capsys.readouterr().err


def test_a_layer_that_cannot_be_written_leaves_what_is_there(saved, capsys):
    out = saved.parent / "out.tfjs"
    assert convert(saved, out) == 0
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    other = saved.parent / "other.h5"
    model_of("elu_alpha").save(str(other))
    assert convert(other, out) == 2
    assert "Layer 'elu_1' cannot be written" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_a_damaged_file_is_told_of(tmp_path, capsys):
    (tmp_path / "model.h5").write_bytes(b"no model")
    assert convert(tmp_path / "model.h5", tmp_path / "out.onnx") == 1
    assert "model.h5" in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()


def test_files_have_the_layout_of_keras_2(saved):
    assert convert(saved, saved.parent / "back.json") == 0
    assert convert(saved.parent / "back.json", saved.parent / "back.h5") == 0
    with h5py.File(saved.parent / "back.h5", "r") as file:
        assert {"keras_version", "backend", "model_config"} <= set(file.attrs)


OLD = Path(__file__).parents[1] / "data" / "keras_1_2_2"


def test_a_file_that_does_not_say_its_engine_is_converted_as_it_is_said(tmp_path):
    with np.load(OLD / "cnn_th_dimth.npz") as stored:
        x, wanted = stored["x0"], stored["predict0"]
    for name in ("cnn_th_dimth.h5", "cnn_th_dimth.json"):
        for engine, agrees in (("theano", True), ("tensorflow", False)):
            assert convert(OLD / name, tmp_path / "out.h5", "--written-on", engine) == 0
            found = load_model(str(tmp_path / "out.h5"), compile=False).predict(x)
            assert np.allclose(found, wanted, atol=1e-5) == agrees


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["torch"], "written_on names the engine"),
        (["theano"], "says that it was written on 'tensorflow'"),
    ],
)
def test_a_wrong_word_on_the_engine_is_refused(saved, tmp_path, capsys, words, told):
    assert convert(saved, tmp_path / "out.h5", "--written-on", *words) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out.h5").exists()
