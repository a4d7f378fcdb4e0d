"""`.keras` archives that somebody made to do harm, or that are damaged."""

from __future__ import annotations

import io
import json
import struct
import sys
import zipfile

import h5py
import pytest

from keras_core.errors import ModelFileError
from keras_core.models import load_model

_CONFIG = {"class_name": "Sequential", "config": {"name": "m", "layers": []}}


def weights(fill=lambda file: None):
    image = io.BytesIO()
    with h5py.File(image, "w") as file:
        file.create_group("layers")
        fill(file)
    return image.getvalue()


def archive(path, packed=zipfile.ZIP_STORED, **members):
    given = {"metadata": b"{}", "config": json.dumps(_CONFIG), "weights": weights(), **members}
    names = {"metadata": "metadata.json", "config": "config.json", "weights": "model.weights.h5"}
    with zipfile.ZipFile(path, "w", packed) as file:
        for key, content in given.items():
            if content is not None:
                file.writestr(names.get(key, key), content)
    return path


def refused(path, message):
    with pytest.raises(ModelFileError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("member", ["config", "weights"])
def test_a_missing_member_is_named(member, tmp_path):
    refused(archive(tmp_path / "m.keras", **{member: None}), "has no member")


def test_a_bomb_is_not_unpacked(tmp_path):
    content = b" " * 300_000_000
    refused(archive(tmp_path / "m.keras", zipfile.ZIP_DEFLATED, config=content), "300,000,000")
    refused(archive(tmp_path / "m.keras", zipfile.ZIP_DEFLATED, weights=content), "300,000,000")


def test_a_bomb_that_claims_to_be_small_is_cut(tmp_path):
    path = archive(tmp_path / "m.keras", zipfile.ZIP_DEFLATED, config=b" " * 300_000_000)
    size = struct.pack("<I", 300_000_000)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 10)))
    refused(path, "zip archive|unpacks to more")


def test_packing_that_keras_does_not_use_is_refused(tmp_path):
    refused(archive(tmp_path / "m.keras", zipfile.ZIP_BZIP2), "packed in a way")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path):
    path = archive(tmp_path / "m.keras")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", "{}")
    refused(path, "one name")


def test_members_that_point_outside_are_never_written(tmp_path):
    path = archive(tmp_path / "m.keras", **{"../evil.txt": b"evil", "assets/../../evil": b"evil"})
    load_model(path, compile=False)
    assert [x.name for x in tmp_path.iterdir()] == ["m.keras"]
    assert not (tmp_path.parent / "evil.txt").exists()


@pytest.mark.parametrize("content", [b"", b"[", b"[]", b"3", b'{"a": 1, "a": 2}', b"[" * 100_000])
def test_a_configuration_that_is_none_is_refused(content, tmp_path):
    refused(archive(tmp_path / "m.keras", config=content), "config.json")


def test_weights_are_opened_through_the_gate(tmp_path):
    def link(file):
        file["layers/x"] = h5py.ExternalLink("/etc/passwd", "/")

    refused(archive(tmp_path / "m.keras", weights=weights(link)), "not followed")
    refused(archive(tmp_path / "m.keras", weights=b"no HDF5"), "HDF5")


@pytest.mark.parametrize("cut", [10, 100, 400])
def test_an_archive_that_is_cut_off_is_refused(cut, tmp_path):
    path = archive(tmp_path / "m.keras")
    path.write_bytes(path.read_bytes()[:-cut])
    refused(path, "zip archive")


def test_classes_of_other_modules_are_not_imported(tmp_path):
    entry = {"module": "antigravity", "class_name": "fly", "registered_name": None}
    layer = {**entry, "config": {"name": "x", "trainable": True}}
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    refused(archive(tmp_path / "m.keras", config=json.dumps(config)), "'fly'")
    assert "antigravity" not in sys.modules


def test_bytecode_of_a_lambda_is_not_run(tmp_path):
    function = {"class_name": "__lambda__", "config": {"code": "4wAA", "defaults": None}}
    inner = {"name": "x", "trainable": True, "function": function}
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": inner}
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    refused(archive(tmp_path / "m.keras", config=json.dumps(config)), "bytecode")
