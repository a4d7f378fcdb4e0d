"""The digits that ship in the package, and the data sets that are downloaded.

Those are read from small files of the published layouts, since tests have no network.
"""

from __future__ import annotations

import copyreg
import gzip
import hashlib
import io
import json
import os
import pickle
import runpy
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from keras_core import datasets
from keras_core.config import image_data_format, set_image_data_format
from keras_core.datasets import (
    _files,
    boston_housing,
    cifar,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

DATA = Path(__file__).parents[1] / "data" / "keras_preprocessing_1_1_0"
CASES = SimpleNamespace(**runpy.run_path(str(DATA / "make.py")))
FACTS = json.loads((DATA / "facts.json").read_text())["datasets"]


def test_digits_have_the_published_number_of_images_and_range():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, y_train.shape) == ((1433, 8, 8), (1433,))
    assert (x_test.shape, y_test.shape) == ((364, 8, 8), (364,))
    assert {a.dtype.name for a in (x_train, y_train, x_test, y_test)} == {"uint8"}
    images = np.concatenate([x_train, x_test])
    assert (images.min(), images.max()) == (0, 16)


def test_digits_have_the_published_number_of_images_a_class():
    (_, y_train), (_, y_test) = digits.load_data()
    counts = np.bincount(np.concatenate([y_train, y_test]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert set(np.bincount(y_test)) <= {35, 36, 37}


def test_parts_share_no_image():
    (x_train, _), (x_test, _) = digits.load_data()
    assert not {x.tobytes() for x in x_train} & {x.tobytes() for x in x_test}


# Where the others come from

S3 = "https://s3.amazonaws.com/"
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
CIFAR = "https://www.cs.toronto.edu/~kriz/"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder of the data sets, in a cache of its own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "datasets"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def offline(monkeypatch):
    def refuse(request, **_):
        raise OSError("there is no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


# As Keras 2.3.1 asks for them; it knows no hashes of cifar and fashion_mnist.
@pytest.mark.parametrize(
    ("load", "origin", "digest", "path"),
    [
        (
            boston_housing.load_data,
            S3 + "keras-datasets/boston_housing.npz",
            "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
            "boston_housing.npz",
        ),
        (
            mnist.load_data,
            S3 + "img-datasets/mnist.npz",
            "8a61469f7ea1b51cbae51d4f78837e45",
            "mnist.npz",
        ),
        (
            imdb.load_data,
            S3 + "text-datasets/imdb.npz",
            "599dadb1135973df5b59232a0e9a887c",
            "imdb.npz",
        ),
        (
            imdb.get_word_index,
            S3 + "text-datasets/imdb_word_index.json",
            "bfafd718b763782e994055a2d397834f",
            "imdb_word_index.json",
        ),
        (
            reuters.load_data,
            S3 + "text-datasets/reuters.npz",
            "87aedbeb0cb229e378797a632c1997b6",
            "reuters.npz",
        ),
        (
            reuters.get_word_index,
            S3 + "text-datasets/reuters_word_index.json",
            "4d44cc38712099c9e383dc6e5f11a921",
            "reuters_word_index.json",
        ),
        (
            fashion_mnist.load_data,
            FASHION + "train-labels-idx1-ubyte.gz",
            "25c81989df183df01b3e8a0aad5dffbe",
            os.path.join("fashion-mnist", "train-labels-idx1-ubyte.gz"),
        ),
        (
            cifar10.load_data,
            CIFAR + "cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            "cifar-10-batches-py.tar.gz",
        ),
        (
            cifar100.load_data,
            CIFAR + "cifar-100-python.tar.gz",
            "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            "cifar-100-python.tar.gz",
        ),
    ],
)
def test_without_a_network_it_is_told_what_is_to_lie_where(
    home, offline, load, origin, digest, path
):
    with pytest.raises(OSError, match="there is no network") as caught:
        load()
    kind = "sha256" if len(digest) == 64 else "md5"
    assert f"download of {origin} failed" in str(caught.value)
    assert f"its {kind} is {digest}" in str(caught.value)
    assert str(caught.value).endswith(f" put it at {home / path}.")


def test_all_of_keras_2_are_listed():
    assert set(dir(datasets)) == {
        *("boston_housing", "cifar10", "cifar100", "digits", "fashion_mnist", "imdb", "mnist"),
        "reuters",
    }


def accept(monkeypatch, module, path, name="HASH"):
    """Takes the hash of a made-up file for the published one."""
    monkeypatch.setattr(module, name, hashlib.sha256(Path(path).read_bytes()).hexdigest())


# Texts and houses


@pytest.fixture
def known(home, monkeypatch):
    CASES.write_datasets(str(home))
    for module in (imdb, reuters, boston_housing):
        accept(monkeypatch, module, home / f"{module.__name__.rpartition('.')[2]}.npz")
    return home


def plain(loaded):
    return [
        [list(row) if hasattr(row, "__len__") else row for row in array.tolist()]
        for part in loaded
        for array in part
    ]


@pytest.mark.parametrize(("name", "number"), CASES.DATASETS)
def test_parts_are_those_of_keras_2(known, name, number):
    loaded = getattr(datasets, name).load_data(**CASES.DATASETS[name, number])
    assert plain(loaded) == FACTS[f"{name}_{number}"]


def test_the_global_generator_is_left_alone(known):
    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    imdb.load_data(), reuters.load_data(), boston_housing.load_data()
    assert np.random.rand() == expected


def test_texts_are_lists_whatever_their_lengths(known):
    (x_train, _), _ = imdb.load_data(num_words=2, oov_char=None)
    assert (x_train.dtype, x_train.shape, x_train[0]) == (np.dtype(object), (6,), [1])


@pytest.mark.parametrize("module", [imdb, reuters])
def test_texts_refuse_what_makes_no_sense(known, module):
    with pytest.raises(ValueError, match="maxlen=2"):
        module.load_data(maxlen=2)
    with pytest.raises(TypeError, match="no arguments foo"):
        module.load_data(foo=1)
    with pytest.warns(UserWarning, match="num_words"):
        former = module.load_data(nb_words=9)
    assert plain(former) == plain(module.load_data(num_words=9))


def test_houses_refuse_parts_of_no_size(known):
    with pytest.raises(ValueError, match=r"in \[0, 1\), not 1.0"):
        boston_housing.load_data(test_split=1.0)


@pytest.mark.parametrize("module", [imdb, reuters])
def test_words_have_ranks(home, monkeypatch, module):
    path = home / f"{module.__name__.rpartition('.')[2]}_word_index.json"
    path.write_text('{"the": 1, "na\\u00efve": 2}', encoding="utf-8")
    accept(monkeypatch, module, path, "WORDS_HASH")
    assert module.get_word_index() == {"the": 1, "na\u00efve": 2}


# Images


def random_bytes(*shape):
    return np.random.RandomState(sum(shape)).randint(0, 256, shape).astype("uint8")


def test_mnist_is_read_from_its_file(home, monkeypatch):
    arrays = {
        "x_train": random_bytes(5, 28, 28),
        "y_train": random_bytes(5),
        "x_test": random_bytes(2, 28, 28),
        "y_test": random_bytes(2),
    }
    np.savez(home / "mine.npz", **arrays)
    accept(monkeypatch, mnist, home / "mine.npz")
    (x_train, y_train), (x_test, y_test) = mnist.load_data("mine.npz")
    for name, array in zip(arrays, (x_train, y_train, x_test, y_test)):
        np.testing.assert_array_equal(array, arrays[name])
        assert array.flags.writeable


def test_fashion_mnist_is_read_from_its_files(home, monkeypatch):
    arrays = [random_bytes(5), random_bytes(5, 28, 28), random_bytes(2), random_bytes(2, 28, 28)]
    folder = home / "fashion-mnist"
    folder.mkdir()
    for name, array in zip(fashion_mnist.HASHES, arrays):
        head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
        (folder / name).write_bytes(gzip.compress(head + array.tobytes()))
        digest = hashlib.md5((folder / name).read_bytes()).hexdigest()
        monkeypatch.setitem(fashion_mnist.HASHES, name, digest)
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    for found, array in zip((y_train, x_train, y_test, x_test), arrays):
        np.testing.assert_array_equal(found, array)


def test_a_file_of_another_kind_is_told():
    with pytest.raises(ValueError, match="no IDX file"):
        _files.numbers_of_idx(io.BytesIO(b"something else"))


def as_python_2_wrote_it(batch):
    """A pickle with the names that NumPy had then, and keys of bytes."""
    text = pickle.dumps({key.encode(): batch[key] for key in batch}, protocol=2)
    return text.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def tar_of(folder, files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as made:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return data.getvalue()


@pytest.fixture(params=["channels_last", "channels_first"])
def data_format(request):
    before = image_data_format()
    set_image_data_format(request.param)
    yield request.param
    set_image_data_format(before)


def as_images(rows, data_format):
    images = rows.reshape(-1, 3, 32, 32)
    return images if data_format == "channels_first" else images.transpose(0, 2, 3, 1)


def test_cifar10_is_read_from_its_archive(home, monkeypatch, data_format):
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    rows = {name: random_bytes(2, 3072 + place)[:, :3072] for place, name in enumerate(names)}
    files = {
        name: as_python_2_wrote_it({"data": rows[name].copy(), "labels": [place, 9]})
        for place, name in enumerate(names)
    }
    archive = home / "cifar-10-batches-py.tar.gz"
    archive.write_bytes(tar_of("cifar-10-batches-py", files))
    accept(monkeypatch, cifar10, archive)
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    wanted = np.concatenate([rows[name] for name in names[:5]])
    np.testing.assert_array_equal(x_train, as_images(wanted, data_format))
    np.testing.assert_array_equal(x_test, as_images(rows["test_batch"], data_format))
    assert y_train.tolist() == [[0], [9], [1], [9], [2], [9], [3], [9], [4], [9]]
    assert y_test.tolist() == [[5], [9]] and y_test.dtype == "uint8"


@pytest.mark.parametrize(("mode", "expected"), [("fine", [[7], [8]]), ("coarse", [[1], [2]])])
def test_cifar100_is_read_from_its_archive(home, monkeypatch, mode, expected):
    batch = {"data": random_bytes(2, 3072), "fine_labels": [7, 8], "coarse_labels": [1, 2]}
    files = dict.fromkeys(("train", "test"), as_python_2_wrote_it(batch))
    archive = home / "cifar-100-python.tar.gz"
    archive.write_bytes(tar_of("cifar-100-python", files))
    accept(monkeypatch, cifar100, archive)
    (x_train, y_train), (x_test, y_test) = cifar100.load_data(mode)
    assert x_train.shape == x_test.shape == (2, 32, 32, 3)
    assert y_train.tolist() == y_test.tolist() == expected
    with pytest.raises(ValueError, match="'fine' or 'coarse', not 'both'"):
        cifar100.load_data("both")


def test_an_unpacked_folder_is_used_as_it_lies(home, offline):
    batch = {"data": random_bytes(2, 3072), "labels": [1, 2]}
    folder = home / "cifar-10-batches-py"
    folder.mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        (folder / name).write_bytes(as_python_2_wrote_it(batch))
    (x_train, _), _ = cifar10.load_data()
    assert len(x_train) == 10


def test_a_folder_that_was_not_unpacked_to_its_end_is_completed(home, monkeypatch):
    batch = {"data": random_bytes(2, 3072), "fine_labels": [7, 8]}
    files = dict.fromkeys(("train", "test"), as_python_2_wrote_it(batch))
    archive = home / "cifar-100-python.tar.gz"
    archive.write_bytes(tar_of("cifar-100-python", files))
    accept(monkeypatch, cifar100, archive)
    (home / "cifar-100-python").mkdir()
    (home / "cifar-100-python" / "train").write_bytes(files["train"])
    assert len(cifar100.load_data()[1][0]) == 2


def test_a_folder_that_cannot_be_completed_is_told(home, offline):
    (home / "cifar-10-batches-py").mkdir()
    with pytest.raises(OSError, match=r"cifar-10-python\.tar\.gz(.|\n)*put it at"):
        cifar10.load_data()


# Nothing in a file is run


class Told:
    """Says when it is made."""

    made = 0

    def __new__(cls, *_):
        Told.made += 1
        return super().__new__(cls)

    def __reduce__(self):
        return Told, ()


class Extended:
    def __reduce__(self):
        return "EXTENDED"


EXTENDED = Extended()


def lying_array():
    """An array whose dtype says of objects that they are none, so that bytes would be pointers."""
    made = np.empty(1, dtype=object)
    made[0] = [1]
    text = pickle.dumps(made, protocol=2)
    assert text.count(b"K?t") == 1
    return text.replace(b"K?t", b"K\0t")


HOSTILE = {
    "object": lambda: pickle.dumps({"data": Told()}),
    "array_of_objects": lambda: pickle.dumps({"data": np.array([Told(), 1], dtype=object)}),
    "array_of_nested": lambda: pickle.dumps({"data": np.array([[Told()], None], dtype=object)}),
    "function": lambda: b"cos\nsystem\n(S'true'\ntR.",
    "numpy_function": lambda: b"cnumpy\nload\n(S'x'\ntR.",
    "attribute": lambda: b"\x80\x04\x8c\x05numpy\x8c\x0cndarray.dump\x93.",
    "text": lambda: pickle.dumps({"data": np.array(["a"])}),
    "structure": lambda: pickle.dumps({"data": np.zeros(1, [("a", "O")])}),
    "persistent": lambda: b"P1\n.",
    "encoding": lambda: b"c_codecs\nencode\n(Vabc\nVrot13\ntR.",
    "cut_off": lambda: pickle.dumps({"data": random_bytes(9)})[:-9],
    "empty": lambda: b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_pickle_of_anything_else_is_refused(tmp_path, name):
    path = tmp_path / "batch"
    path.write_bytes(HOSTILE[name]())
    Told.made = 0
    with pytest.raises(ValueError, match=f"^{path} is not the file it should be: "):
        cifar.load_batch(str(path))
    assert Told.made == 0


def test_a_registered_extension_is_refused_as_well(tmp_path):
    copyreg.add_extension(__name__, "EXTENDED", 240)
    try:
        (tmp_path / "batch").write_bytes(b"\x80\x02\x82\xf0.")
        with pytest.raises(ValueError, match="it asks for"):
            cifar.load_batch(str(tmp_path / "batch"))
    finally:
        copyreg.remove_extension(__name__, "EXTENDED", 240)


def test_flags_in_a_file_are_not_believed(tmp_path):
    (tmp_path / "batch").write_bytes(lying_array())
    assert _files.unpickled(str(tmp_path / "batch")).tolist() == [[1]]


@pytest.mark.parametrize(
    "array", [np.array([Told(), 1], dtype=object), np.array([[1, "a"], [2]], dtype=object)]
)
def test_texts_of_anything_else_are_refused(home, monkeypatch, array):
    np.savez(home / "reuters.npz", x=array, y=np.arange(2))
    accept(monkeypatch, reuters, home / "reuters.npz")
    Told.made = 0
    with pytest.raises(ValueError, match=r"reuters.npz is not the file it should be"):
        reuters.load_data()
    assert Told.made == 0


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["uint8", ">i2", "float32", "bool"])
def test_arrays_of_all_protocols_are_read(tmp_path, protocol, order, dtype):
    array = np.asarray(random_bytes(3, 4) % 2, dtype=dtype, order=order)
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({b"data": array, "labels": [1]}, protocol))
    found = _files.unpickled(str(path))
    np.testing.assert_array_equal(found[b"data"], array)
    assert found["labels" if "labels" in found else b"labels"] == [1]


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_an_npz_are_read_in_their_order(tmp_path, order):
    arrays = {"a": np.asarray(random_bytes(3, 4), order=order), "b": np.array(3.5)}
    np.savez_compressed(tmp_path / "x.npz", **arrays)
    a, b = _files.arrays_of(str(tmp_path / "x.npz"), "a", "b")
    np.testing.assert_array_equal(a, arrays["a"])
    assert b == 3.5
    with pytest.raises(ValueError, match=r"x.npz is not the file it should be"):
        _files.arrays_of(str(tmp_path / "x.npz"), "absent")
    (tmp_path / "x.npz").write_bytes(b"no zip")
    with pytest.raises(ValueError, match=r"x.npz is not the file it should be"):
        _files.arrays_of(str(tmp_path / "x.npz"), "a")
