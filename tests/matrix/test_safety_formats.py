"""Folders of TensorFlow.js, texts and names: what they may take, and what they may not mean."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_core.engine.network import _distinct_names
from keras_core.errors import ModelFileError
from keras_core.export.tensorflowjs import folder, manifest
from keras_core.graph.spec import checked_dtype
from keras_core.layers import Dense, Embedding
from keras_core.models import Sequential, load_model, model_from_json, model_from_yaml
from keras_core.saving.json_text import parse_json
from keras_core.saving.safety import memory_scope

# TensorFlow.js


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "m.tfjs"
    Sequential([Dense(3, input_shape=(5,), name="first")]).save(path)
    return path


def _changed(path, change):
    described = json.loads((path / "model.json").read_text())
    change(described["weightsManifest"][0])
    (path / "model.json").write_text(json.dumps(described))


def test_a_shard_that_is_named_again_and_again(path):
    (path / "again.bin").write_bytes(bytes(4000))

    def repeat(group):
        group["paths"] += ["again.bin"] * 1000
        group["weights"].append({"name": "w", "shape": [1000, 1000], "dtype": "float32"})

    _changed(path, repeat)
    with pytest.raises(ModelFileError, match="names one of its files twice"):
        load_model(path)


def _quantized(group):
    group["paths"].append("bytes.bin")
    fewer = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    entry = {"name": "w", "shape": [18 * 2**20], "dtype": "float32", "quantization": fewer}
    group["weights"].append(entry)


def test_numbers_of_few_bits_that_become_large(path, monkeypatch):
    with open(path / "bytes.bin", "wb") as file:
        file.truncate(18 * 2**20)
    _changed(path, _quantized)
    restored = []
    made = manifest._restored
    monkeypatch.setattr(manifest, "_restored", lambda *a: restored.append(a[1]["name"]) or made(*a))
    assert load_model(path).count_params() == 18
    assert restored == ["first/kernel", "first/bias"]
    with memory_scope(2**24), pytest.raises(ModelFileError, match="no more than"):
        load_model(path)


def test_a_large_model_of_8_bits_needs_no_word(tmp_path):
    rows = 18 * 2**20
    Sequential([Embedding(4, 1, input_length=1, name="e")]).save(tmp_path / "m.tfjs")
    described = json.loads((tmp_path / "m.tfjs/model.json").read_text())
    layers = described["modelTopology"]["model_config"]["config"]["layers"]
    layers[-1]["config"]["input_dim"] = rows
    group = described["weightsManifest"][0]
    fewer = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    group["weights"][0].update(shape=[rows, 1], quantization=fewer)
    (tmp_path / "m.tfjs/model.json").write_text(json.dumps(described))
    with open(tmp_path / "m.tfjs" / group["paths"][0], "wb") as file:
        file.truncate(rows)
    (found,) = load_model(tmp_path / "m.tfjs").get_weights()
    assert found.shape == (rows, 1)
    assert found[-1] == -1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_pipe_in_place_of_the_description(tmp_path):
    os.mkfifo(tmp_path / "model.json")
    with pytest.raises(ModelFileError, match="no regular file"):
        folder.load(Path(tmp_path / "model.json"))


def test_weights_of_a_folder_are_set(path):
    model = load_model(path)
    kernel, bias = model.get_weights()
    assert kernel.any()
    assert not bias.any()
    np.testing.assert_array_equal(load_model(path).get_weights()[0], kernel)


# Texts


@pytest.mark.parametrize("unit", ["[],", '{"":{}},', "0,", "[[]],"])
@pytest.mark.parametrize("kind", [str, str.encode])
def test_json_of_far_more_values_than_a_model_has(unit, kind):
    with pytest.raises(ModelFileError, match="too many for a text of its length"):
        parse_json(kind("[" + unit * 2_000_000 + "0]"))


def test_json_of_few_and_long_values_is_read():
    assert len(parse_json(json.dumps(["a" * 100] * 50_000))) == 50_000


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16", "utf-32-be"])
def test_bytes_of_json_choose_no_codec(encoding):
    with pytest.raises(ModelFileError, match="it is no JSON"):
        parse_json('{"a": 1}'.encode(encoding))


def test_bytes_of_json_are_utf_8():
    assert parse_json('{"a": "é"}'.encode()) == parse_json('{"a": "é"}'.encode("utf-8-sig"))


@pytest.mark.parametrize("dtype", ["2.3.1", "(2,)f4", "f4,f4", "2f4", "1+1,f4", "f4,(2+2)f8"])
@pytest.mark.parametrize("read", [model_from_json, model_from_yaml])
def test_a_dtype_is_never_compiled(dtype, read, monkeypatch):
    config = {"name": "d", "units": 2, "batch_input_shape": [None, 3], "dtype": dtype}
    layers = [{"class_name": "Dense", "config": config}]
    text = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    monkeypatch.setattr("ast.literal_eval", None)
    with pytest.raises(ModelFileError, match="is not a tensor dtype"):
        read(text)


@pytest.mark.parametrize("dtype", [["f4"], [("a", "f4")], {"names": ["a"], "formats": ["f4"]}])
def test_a_list_of_fields_is_no_dtype(dtype):
    with pytest.raises(TypeError, match="is not a tensor dtype"):
        checked_dtype(dtype)


@pytest.mark.parametrize("dtype", ["f4", "<f4", "=f4", "single", np.float32, np.dtype("f4")])
def test_other_names_of_a_dtype(dtype):
    assert checked_dtype(dtype) == "float32"


# Names


class _Counted(str):
    """A text that counts how often it is compared."""

    compared = 0

    def __eq__(self, other):
        _Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_names_of_many_outputs_are_made_in_as_many_steps():
    names = [_Counted("d") for _ in range(2000)]
    assert _distinct_names(names)[:3] == ["d", "d_1", "d_2"]
    assert _Counted.compared < 10 * len(names)


def test_numbered_names_pass_over_given_ones():
    assert _distinct_names(["a", "a", "a_1", "a"]) == ["a", "a_2", "a_1", "a_3"]
