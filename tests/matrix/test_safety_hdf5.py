"""HDF5 files whose own structure is damaged: found before the library follows it."""

from __future__ import annotations

import io
import struct
import zipfile

import forging
import h5py
import numpy as np
import pytest

from keras_core.errors import ModelFileError
from keras_core.layers import Dense
from keras_core.models import Sequential, load_model
from keras_core.saving.archive import CONFIG, METADATA, WEIGHTS
from keras_core.saving.inspection import inspect
from keras_core.utils import hdf5_gate

LATER = [{}, {"libver": "latest"}, {"track_order": True}, {"userblock_size": 512}]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "m.h5"
    Sequential([Dense(3, input_shape=(5,), name="first")]).save_weights(path)
    return path


def _changed(path, at, form, *values):
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, at, *values)
    path.write_bytes(content)


# Texts


def _reference(content, name):
    """Where the first text of an attribute is referred to, in the oldest form of headers."""
    return content.find(name + b"\0") + (len(name) + 8) // 8 * 8 + 24 + 8


@pytest.mark.parametrize(
    "change",
    [
        {"length": 670 * 2**20},
        {"length": 2**32 - 1, "address": 256},
        {"length": 3},
        {"index": 77},
        {"address": 2**64 - 16},
    ],
)
def test_a_text_is_as_long_as_its_reference_says(path, change):
    at = _reference(path.read_bytes(), b"keras_version")
    length, address, index = struct.unpack_from("<IQI", path.read_bytes(), at)
    assert length == len("2.3.1")
    found = {"length": length, "address": address, "index": index, **change}
    _changed(path, at, "<IQI", found["length"], found["address"], found["index"])
    model = Sequential([Dense(3, input_shape=(5,))])
    with pytest.raises(ModelFileError, match="not as long as its reference") as caught:
        model.load_weights(path)
    assert caught.value.place == "/keras_version"


@pytest.mark.parametrize("options", LATER)
@pytest.mark.parametrize("number", [3, 12])
def test_texts_of_every_form_of_headers_are_read(tmp_path, options, number):
    texts = {f"k{i}": "ä" * (3**i % 5000) for i in range(number)}
    with h5py.File(tmp_path / "t.h5", "w", **options) as file:
        file.attrs.update(texts)
        file.attrs["several"] = ["a", "", "bb"]
    gate = hdf5_gate.opened(tmp_path / "t.h5")
    assert {name: gate.attribute(name) for name in texts} == texts
    assert list(gate.attribute("several")) == ["a", "", "bb"]


@pytest.mark.parametrize("options", LATER)
def test_a_damaged_text_among_many_attributes(tmp_path, options):
    path = tmp_path / "t.h5"
    with h5py.File(path, "w", **options) as file:
        file.attrs.update({f"k{i}": "text" for i in range(12)})
        file.attrs["last"] = "the last of them"
    content = path.read_bytes()
    at = content.find(struct.pack("<I", 16), content.find(b"last\0"))
    _changed(path, at, "<I", 2**31)
    with pytest.raises(ModelFileError):
        hdf5_gate.opened(path).attribute("last")


def test_a_header_that_continues_in_itself(path):
    content = path.read_bytes()
    at = content.find(struct.pack("<HHI", 16, 16, 0))  # the message that says where it goes on
    assert at > 0
    _changed(path, at + 8, "<QQ", 96, 4096)
    with pytest.raises(ModelFileError):
        hdf5_gate.opened(path).attribute("keras_version")


@pytest.mark.parametrize("at", range(24, 96, 8))
@pytest.mark.parametrize("address", [2**63, 2**64 - 16, 2**62])
def test_addresses_that_no_stream_has(path, at, address):
    _changed(path, at, "<Q", address)
    model = Sequential([Dense(3, input_shape=(5,))])
    for source in (path, io.BytesIO(path.read_bytes())):
        try:
            model.load_weights(source)
        except ModelFileError as error:
            assert error.reason


# Indexes


@pytest.fixture
def indexed(tmp_path):
    path = tmp_path / "i.h5"
    with h5py.File(path, "w", libver="latest") as file:
        group = file.create_group("g")
        for i in range(40):
            group[f"d{i}"] = np.ones(3)
        ones = np.ones((64, 8))
        file.create_dataset("grows", data=ones, chunks=(4, 8), maxshape=(None, None))
        group.attrs.update({f"a{i}": i for i in range(20)})
    return path


def test_indexes_of_later_files_are_read(indexed):
    gate = hdf5_gate.opened(indexed)
    assert gate.array("grows").sum() == 64 * 8
    assert len(gate.group("g").names()) == 40
    assert gate.group("g").attribute("a7") == 7


@pytest.mark.parametrize(
    ("head", "at", "form", "value"),
    [
        (b"BTHD", 6, "<I", 2**31),
        (b"BTHD", 6, "<I", 0),
        (b"BTHD", 10, "<H", 0),
        (b"BTHD", 10, "<H", 2**15),
        (b"BTHD", 24, "<H", 2**15),
        (b"FRHP", 110, "<H", 0),
        (b"FRHP", 112, "<Q", 2**62),
        (b"FRHP", 112, "<Q", 0),
        (b"FRHP", 120, "<Q", 2**40),
        (b"FRHP", 128, "<H", 2**15),
    ],
)
def test_heads_of_indexes_that_cannot_be_right(indexed, head, at, form, value):
    _changed(indexed, indexed.read_bytes().find(head) + at, form, value)
    with pytest.raises(ModelFileError, match="(indexes|heaps) are damaged") as caught:
        hdf5_gate.opened(indexed)
    assert caught.value.place.startswith("byte ")


# Groups


def _with_weights(path, change):
    """An archive whose weights are changed."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in (METADATA, CONFIG, WEIGHTS)}
    image = io.BytesIO(members[WEIGHTS])
    with h5py.File(image, "r+") as store:
        change(store)
    members[WEIGHTS] = image.getvalue()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


def _circles(store):
    for number in range(20):
        store[f"layers/again{number}"] = store["/"]
        store[f"layers/dense/again{number}"] = store["layers"]


def test_groups_in_circles_are_entered_once(tmp_path):
    model = Sequential([Dense(3, input_shape=(5,))])
    model.save(tmp_path / "m.keras")
    _with_weights(tmp_path / "m.keras", _circles)
    found = load_model(tmp_path / "m.keras", compile=False)
    np.testing.assert_array_equal(found.get_weights()[0], model.get_weights()[0])
    assert len(inspect(tmp_path / "m.keras").weights) == 2


def test_groups_that_are_nested_too_deeply(tmp_path):
    Sequential([Dense(3, input_shape=(5,))]).save(tmp_path / "m.keras")
    _with_weights(tmp_path / "m.keras", lambda store: store.create_group("/".join("x" * 200)))
    with pytest.raises(ModelFileError, match="nested too deeply"):
        load_model(tmp_path / "m.keras", compile=False)


# Filters


def test_arrays_that_are_packed_twice(path):
    with h5py.File(path, "a") as file:
        del file["first/first/kernel:0"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((5, 3))
        plan.set_deflate(9)
        plan.set_filter(h5py.h5z.FILTER_LZF, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((5, 3))
        name = b"first/first/kernel:0"
        h5py.h5d.create(file.id, name, h5py.h5t.NATIVE_FLOAT, space, plan)
    with pytest.raises(ModelFileError, match="packed by filters"):
        Sequential([Dense(3, input_shape=(5,))]).load_weights(path)


# What else an HDF5 file may hold: read, or refused with its reason


def _dataset(path, libver, fill):
    with h5py.File(path, "w", libver=libver) as file:
        fill(file)
    return hdf5_gate.opened(path)


def _low_level(file, plan, dtype=h5py.h5t.NATIVE_FLOAT):
    space = h5py.h5s.create_simple((4, 3))
    return h5py.Dataset(h5py.h5d.create(file.id, b"x", dtype, space, plan))


def _plan():
    return h5py.h5p.create(h5py.h5p.DATASET_CREATE)


def _compact(file):
    plan = _plan()
    plan.set_layout(h5py.h5d.COMPACT)
    _low_level(file, plan)[...] = 1


def _early(file):
    plan = _plan()
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_chunk((2, 3))
    _low_level(file, plan)[...] = 1


def _named_type(file):
    file["type"] = np.dtype("f4")
    file.create_dataset("x", data=np.ones((4, 3)), dtype=file["type"])


READ = {
    "compact": _compact,
    "contiguous": lambda file: file.create_dataset("x", data=np.ones((4, 3))),
    "chunks made early": _early,
    "a named type": _named_type,
    "a fill value": lambda file: file.create_dataset("x", (4, 3), "f4", fillvalue=1),
    "chunks not written": lambda file: file.create_dataset(
        "x", (4, 3), "f4", fillvalue=1, chunks=(1, 3), maxshape=(None, 3)
    ),
}


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("case", READ)
def test_arrays_of_every_layout_are_read(tmp_path, case, libver):
    found = _dataset(tmp_path / "x.h5", libver, READ[case]).array("x")
    np.testing.assert_array_equal(found, np.ones((4, 3)))


def _circle(file):
    file["x"], file["y"] = h5py.SoftLink("/y"), h5py.SoftLink("/x")


def _region(file):
    file["d"] = np.ones(3)
    file.create_dataset("x", data=file["d"].regionref[:2], dtype=h5py.regionref_dtype)


def _bits(file):
    _low_level(file, _plan(), h5py.h5t.STD_B8LE)


def _number_bits(file):
    file.create_dataset("x", data=np.arange(12).reshape(4, 3), scaleoffset=0)


def _type_for_array(file):
    file["x"] = np.dtype("f4")


REFUSED = {
    "soft links in a circle": (_circle, "a link to another place"),
    "a region": (_region, "no array of numbers"),
    "bits": (_bits, "no array of numbers"),
    "a filter of the library's": (_number_bits, "packed by filters"),
    "a type": (_type_for_array, "no array of numbers"),
}


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_plain_array_is_refused(tmp_path, case, libver):
    fill, reason = REFUSED[case]
    gate = _dataset(tmp_path / "x.h5", libver, fill)
    with pytest.raises(ModelFileError, match=reason):
        gate.array("x")
    assert list(gate.walk())


def test_an_unknown_filter(tmp_path):
    plan = _plan()
    plan.set_chunk((2, 3))
    plan.set_filter(32013, h5py.h5z.FLAG_OPTIONAL, ())
    gate = _dataset(tmp_path / "x.h5", "earliest", lambda file: _low_level(file, plan))
    with pytest.raises(ModelFileError, match="packed by filters"):
        gate.array("x")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_links_of_a_kind_that_users_define(tmp_path, libver):
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        file["external"] = h5py.ExternalLink("a", "/b")
    content = (tmp_path / "x.h5").read_bytes()
    at = content.index(b"external") - 1
    while content[at] != 64:  # the number of external links
        at -= 1
    changed = content[:at] + bytes([200]) + content[at + 1 :]
    for part in forging.parts(content):
        if part[0] < at < (part[1] or 0):
            changed = forging.signed(changed, part)
    gate = hdf5_gate.opened_content(changed, "x.h5")
    with pytest.raises(ModelFileError, match="a link to another place"):
        gate.group("external")
