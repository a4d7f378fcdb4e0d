"""`keras-core inspect`: what it finds, without an engine."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from keras_core.cli import main

_DATA = Path(__file__).parent.parent / "data"


def inspected(capsys, path, status=0, *options):
    assert main(["inspect", str(path), *options]) == status
    out = capsys.readouterr()
    return out.err if status else out.out


def written(tmp_path, layers, name="m.json"):
    entries = [{"class_name": kind, "config": config} for kind, config in layers]
    text = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": entries}})
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_a_whole_file_of_keras_2(capsys):
    out = inspected(capsys, _DATA / "keras_2_3_1" / "adam.h5")
    assert "HDF5, a whole model" in out
    assert "written by  Keras 2.3.1" in out
    assert "engine      tensorflow" in out
    assert "optimizer   Adam(" in out
    assert "Nothing suspicious" in out


def test_the_shape_that_a_model_takes_is_told(capsys, tmp_path):
    config = {"name": "d", "units": 2, "batch_input_shape": [None, 8, 3]}
    out = inspected(capsys, written(tmp_path, [("Dense", config)]))
    assert "d (Dense)  units=2, batch_input_shape=[None, 8, 3]" in out


def test_a_text_that_is_no_model_is_said_to_be_none(capsys, tmp_path):
    path = tmp_path / "m.h5"
    path.write_text("hello")
    assert "neither HDF5 nor an archive" in inspected(capsys, path, status=1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cnn_th_dimth.h5", "names of its arrays are those of theano; it matters here"),
        ("cnn_tf_dimth.weights.h5", "names of its arrays are those of tensorflow; it matters here"),
        ("cnn_tf_dimth.yaml", "it matters here"),
        ("numbered_cnn.weights.h5", "            it matters here"),
        ("numbered_rnn.weights.h5", None),
        ("merges_cos_tf_dimtf.h5", None),
    ],
)
def test_the_engine_of_convolutions_of_keras_1_is_asked_for(capsys, name, told):
    out = inspected(capsys, _DATA / "keras_1_2_2" / name)
    assert "the file does not say" in out
    assert (told or "written_on=") in out if told else "written_on=" not in out


def test_an_archive_of_keras_3(capsys):
    out = inspected(capsys, _DATA / "later_keras" / "keras_3" / "nested.keras")
    assert "written by  Keras 3.15.1" in out
    assert "inner (Functional)  shared: called 2 times" in out
    assert "  d1 (Dense)  units=4" in out
    assert "layers/functional/layers/dense/vars/0  (4, 4) float32" in out


def test_a_file_of_weights_alone(capsys):
    out = inspected(capsys, _DATA / "keras_2_3_1" / "cudnn_gru.weights.h5")
    assert "weights alone" in out
    assert "array(s)" in out


def test_weights_by_path(tmp_path, capsys):
    archive = zipfile.ZipFile(_DATA / "later_keras" / "tf_keras" / "cells.keras")
    (tmp_path / "x.weights.h5").write_bytes(archive.read("model.weights.h5"))
    out = inspected(capsys, tmp_path / "x.weights.h5")
    assert "layers/rnn/cell/cells/gru_cell/vars/0" in out


def test_all_of_it_as_json(capsys):
    path = _DATA / "later_keras" / "tf_keras" / "adam.keras"
    report = json.loads(inspected(capsys, path, 0, "--json"))
    assert report["writer"] == "tf-keras, or tf.keras, 2.21.0"
    assert report["optimizer"]["class_name"] == "Adam"
    assert report["state"] == 13
    assert [(x["name"], x["kind"]) for x in report["layers"]] == [
        ("x", "InputLayer"),
        ("d", "Dense"),
        ("b", "BatchNormalization"),
        ("e", "Dense"),
    ]
    assert sum(int(np.prod(x["shape"])) for x in report["weights"] if "layers/" in x["name"]) == 35


def test_json_and_yaml(tmp_path, capsys):
    path = written(tmp_path, [("Dense", {"name": "d", "units": 3})])
    assert "d (Dense)  units=3" in inspected(capsys, path)
    text = "class_name: Sequential\nconfig:\n- class_name: Dense\n  config: {name: d, units: 3}\n"
    (tmp_path / "m.yaml").write_text(text + "keras_version: 1.2.2\nbackend: theano\n")
    out = inspected(capsys, tmp_path / "m.yaml")
    assert "d (Dense)  units=3" in out
    assert "written by  Keras 1.2.2" in out
    assert "engine      theano" in out


SUSPICIOUS = {
    "code": (("Lambda", {"name": "l", "function": ["4wA=", None, None]}), "Python code"),
    "unknown": (("Evil", {"name": "l"}), "not built in"),
    "huge": (("Dense", {"name": "l", "units": 10**12}), "enormous 'units'"),
    "text": (("Dense", {"name": "l", "activation": "x" * 20_000}), "20,000 characters"),
}


@pytest.mark.parametrize("case", SUSPICIOUS)
def test_what_is_suspicious_in_a_configuration(case, tmp_path, capsys):
    layer, message = SUSPICIOUS[case]
    out = inspected(capsys, written(tmp_path, [layer]))
    assert "SUSPICIOUS: layer 'l'" in out
    assert message in out


def test_links_and_odd_members_are_told(tmp_path, capsys):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"a"])
        file["a"] = h5py.ExternalLink("other.h5", "/a")
        file["b"] = h5py.SoftLink("/c")
    out = inspected(capsys, tmp_path / "m.h5")
    assert out.count("a link to another place") == 2
    source = _DATA / "later_keras" / "keras_3" / "cells.keras"
    (tmp_path / "m.keras").write_bytes(source.read_bytes())
    with zipfile.ZipFile(tmp_path / "m.keras", "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../x.py", "x")
        file.writestr("run.sh", " " * 1_000_000)
    out = inspected(capsys, tmp_path / "m.keras")
    assert "points out of the archive" in out
    assert "'run.sh' is none of Keras's" in out
    assert "to 1,000,000" in out


@pytest.mark.parametrize("content", [b"", b"{}", b"hello", b"\x00\x01", b"PK\x03\x04", b"[1]"])
def test_what_is_no_model_file_gets_one_message(content, tmp_path, capsys):
    (tmp_path / "x").write_bytes(content)
    assert inspected(capsys, tmp_path / "x", 1).count("keras-core:") == 1


def test_a_missing_file_gets_one_message(tmp_path, capsys):
    assert (
        inspected(capsys, tmp_path / "x", 1) == f"keras-core: There is no file {tmp_path / 'x'}.\n"
    )


def test_no_engine_is_started(sandbox):
    done = sandbox.run(
        f"""
        import sys
        from keras_core.cli import main

        main(["inspect", {str(_DATA / "keras_2_3_1" / "adam.h5")!r}])

        engines = {{"tensorflow", "theano", "keras_numpy.backend", "keras_tf.backend"}}
        print(sorted(engines & set(sys.modules)))
        """
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
