"""HDF5 files whose structures lead where they should not, with checksums that are right."""

from __future__ import annotations

import re
import struct
import subprocess
import sys

import forging
import h5py
import numpy as np
import pytest

from keras_core.errors import ModelFileError
from keras_core.layers import Dense
from keras_core.models import Sequential, load_model
from keras_core.utils import hdf5_gate

VERSIONS = ["earliest", "v108", "v110", "v112", "v114", "v200", "latest"]


def _opened(content):
    return hdf5_gate.opened_content(content, "s.h5")


def _bounds():
    known = [x for x in VERSIONS if x in h5py._hl.files.libver_dict]
    return [(low, high) for i, low in enumerate(known) for high in known[max(i, 1) :]]


@pytest.mark.parametrize(("low", "high"), _bounds())
def test_what_h5py_writes_is_read(low, high):
    options = [{}, {"track_order": True}, {"userblock_size": 1024}][len(low + high) % 3]
    content = forging.sample({"libver": (low, high), **options})
    found = forging.read_all(_opened(content))
    refused = {path: value for path, value in found.items() if isinstance(value, ModelFileError)}
    assert set(refused) == {"few/soft", "type"}
    assert found["many@a57"] == "text 57"
    assert all((x == 1).all() for x in found.values() if getattr(x, "dtype", None) == np.float64)
    assert sum(path.startswith("arrays") for path in found) == 18


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_models_in_files_of_each_form(tmp_path, libver):
    model = Sequential([Dense(3, input_shape=(5,)), Dense(2)])
    model.compile("adam", "mse")
    with h5py.File(tmp_path / "m.h5", "w", libver=libver) as file:
        model.save(file)
    for a, b in zip(load_model(tmp_path / "m.h5").get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_files_that_were_edited(tmp_path):
    for form in forging.FORMS:
        (tmp_path / "m.h5").write_bytes(forging.sample(form))
        with h5py.File(tmp_path / "m.h5", "a") as file:
            for name in [*file["many"]][::2]:
                del file["many"][name], file["many"].attrs[f"a{name}"]
            del file["arrays1"], file["few/up"]
            file["arrays0/long"].resize((900,))
            file["arrays0/long"][...] = 1
            file["arrays0/grows twice"].resize((3, 9))
        gate = hdf5_gate.opened(tmp_path / "m.h5")
        with gate.node:
            found = forging.read_all(gate)
        assert found["arrays0/long"].sum() == 900
        assert "many/1" in found
        assert "many/2" not in found


def _places(content, signature):
    return [m.start() for m in re.finditer(re.escape(signature), content)]


def _put(content, signature, at, form, value):
    """A value in each structure of a kind, signed anew."""
    known = {m.start(): None for m in re.finditer(re.escape(signature), content)}
    known = {start: forging.checksum_of(content, start) for start in known}
    for place in _places(content, signature):
        new = struct.pack(form, value(place) if callable(value) else value)
        content = content[: place + at] + new + content[place + at + len(new) :]
        if known[place]:
            content = forging.signed(content, (place, known[place]))
    return content


@pytest.mark.parametrize(
    ("signature", "at", "form", "value"),
    [
        (b"TREE\0", 8, "<B", 9),  # a sibling is not followed
        (b"TREE\0", 5, "<B", 3),
        (b"TREE\0", 6, "<H", 500),
        (b"TREE\0", 32, "<Q", lambda place: place),
        (b"TREE\1", 5, "<B", 1),
        (b"TREE\1", 6, "<H", 60000),
        (b"TREE\1", 24, "<I", 0),  # a chunk of no bytes, with which a filter goes on for ever
        (b"TREE\1", 24, "<I", 2**31),
        (b"SNOD\1", 6, "<H", 9999),
        (b"SNOD\1", 8, "<Q", 2**40),
        (b"HEAP\0", 8, "<Q", 2**50),
        (b"HEAP\0", 16, "<Q", 2**33),
    ],
)
def test_structures_of_the_first_form(signature, at, form, value):
    content = forging.sample({"libver": "earliest"})
    changed = _put(content, signature, at, form, value)
    assert changed != content
    if value == 9:
        assert forging.read_all(_opened(changed))["many/7"].sum() == 2
        return
    with pytest.raises(ModelFileError, match="damaged|outside of the file") as caught:
        _opened(changed)
    assert caught.value.place.startswith("byte ")


def test_free_names_in_circles():
    content = forging.sample({"libver": "earliest"})
    heap = content.index(b"HEAP\0")
    _, free, start = struct.unpack_from("<QQQ", content, heap + 8)
    circle = struct.pack("<QQ", free, 16)
    with pytest.raises(ModelFileError, match="names are damaged"):
        _opened(content[: start + free] + circle + content[start + free + 16 :])


@pytest.mark.parametrize(
    ("signature", "at", "form", "value"),
    [
        (b"BTHD\0\5", 12, "<H", 60000),
        (b"BTHD\0\5", 24, "<H", 77),
        (b"BTHD\0\5", 26, "<Q", 2**60),
        (b"BTHD\0\5", 16, "<Q", lambda place: place),
        (b"BTHD\0\x08", 10, "<H", 13),
        (b"FRHP\0", 132, "<Q", lambda place: place),
        (b"FRHP\0", 140, "<H", 40),
        (b"FRHP\0", 7, "<H", 8),
        (b"FAHD\0", 5, "<B", 1),
        (b"FAHD\0", 6, "<B", 200),
        (b"FAHD\0", 8, "<Q", 2**61),
        (b"FAHD\0", 16, "<Q", lambda place: place),
        (b"EAHD\0", 6, "<B", 9),
        (b"EAHD\0", 7, "<B", 200),
        (b"EAHD\0", 9, "<B", 0),
        (b"EAHD\0", 44, "<Q", 2**61),
        (b"EAHD\0", 60, "<Q", lambda place: place),
        (b"EASB\0", 20, "<Q", lambda place: place),
        (b"BTLF\0\x0b", 14, "<H", 0),  # chunks of no bytes
        (b"FADB\0\1", 22, "<H", 0),
        (b"EAIB\0\1", 22, "<H", 0),
        (b"EADB\0\1", 26, "<H", 0),
        (b"BTLF\0\x08", 14, "<B", 2),  # an attribute that is kept in a table of the whole file
        (b"OCHK", 4, "<B", 16),
    ],
)
def test_structures_of_later_forms(signature, at, form, value):
    content = forging.sample({"libver": "latest"})
    changed = _put(content, signature, at, form, value)
    assert changed != content
    with pytest.raises(
        ModelFileError, match="damaged|outside of the file|packed|size|of a kind"
    ) as caught:
        assert forging.read_all(_opened(changed)) is None
    assert caught.value.reason


def test_inner_nodes_that_lead_to_one_leaf():
    content = forging.sample({"libver": "latest"})
    node = content.index(b"BTIN\0\5")
    end = forging.checksum_of(content, node)
    first = struct.unpack_from("<Q", content, node + 6 + 11)
    pointers = content[node + 6 : end]
    again = pointers.replace(pointers[-9:-1], pointers[-18:-10])
    assert first
    assert again != pointers
    changed = content[: node + 6] + again + content[end:]
    with pytest.raises(ModelFileError, match="indexes are damaged"):
        _opened(forging.signed(changed, (node, end)))


@pytest.mark.parametrize("form", range(len(forging.FORMS)))
def test_a_forged_file_is_refused_or_read(form):
    """In a process of its own, since the library may crash, or never come back."""
    done = subprocess.run(
        [sys.executable, forging.__file__, str(form)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 3
