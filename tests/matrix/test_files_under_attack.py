"""What is saved is saved whole: full disks, killed writers, links, devices, others at work."""

from __future__ import annotations

import errno
import importlib.util
import io
import os
import pickle
import signal
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from at_once import PATIENCE, at_once

from keras_core import backend as K
from keras_core import layers as L
from keras_core.callbacks import CSVLogger, ModelCheckpoint
from keras_core.export.tensorflowjs import folder
from keras_core.graph.hands import Hold, held_still, run_holding
from keras_core.models import Sequential, load_model
from keras_core.plugins.features import model_formats
from keras_core.saving import targets
from keras_core.utils import hdf5_gate

on_posix = pytest.mark.skipif(os.name == "nt", reason="these files are of POSIX")
_WITH_ONNX = importlib.util.find_spec("onnx") is not None


def save_weights(model, path):
    model.save_weights(path)


def in_format(name):
    def save(model, path):
        model_formats()[name].save(model, Path(path))

    return save


FILES = {
    "weights": save_weights,
    **{name: in_format(name) for name in ("hdf5", "keras", "json")},
    **({"onnx": in_format("onnx")} if _WITH_ONNX else {}),
}
ALL = {**FILES, "tensorflowjs": in_format("tensorflowjs")}
files = pytest.mark.parametrize("save", FILES.values(), ids=list(FILES))
all_formats = pytest.mark.parametrize("save", ALL.values(), ids=list(ALL))


def model_of(value, units=30):
    dense = L.Dense(units, input_shape=(30,), name=f"of_{value}")
    model = Sequential([dense])
    model.set_weights([np.full(w.shape, value, "float32") for w in model.get_weights()])
    return model


def content(path):
    """All bytes of a file, or of the files in a folder."""
    if not path.is_dir():
        return path.read_bytes()
    return {inner.name: inner.read_bytes() for inner in path.iterdir()}


# Disks and processes that end in the middle


@contextmanager
def no_file_longer_than(size):
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)


@on_posix
@all_formats
@pytest.mark.parametrize("size", [0, 1, 500])
def test_a_full_disk_leaves_what_was_there(tmp_path, save, size):
    path = tmp_path / "model"
    save(model_of(1), path)
    before = content(path)
    with no_file_longer_than(size), pytest.raises(OSError, match="too large") as raised:
        save(model_of(2), path)
    named = Path(raised.value.filename)
    assert path in (named, named.parent)
    assert not targets.is_leftover(named.name)
    assert content(path) == before
    assert os.listdir(tmp_path) == ["model"]


_KILLED = """
import os, signal, sys
import test_files_under_attack as here
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
here.ALL[sys.argv[1]](here.model_of(2, 31), sys.argv[2])
"""


@on_posix
@pytest.mark.parametrize("name", ["hdf5", "tensorflowjs"])
def test_what_a_kill_leaves_is_removed_by_the_next_save(tmp_path, name):
    path = tmp_path / "model"
    for is_first in (True, False):
        words = [sys.executable, "-c", _KILLED, name, str(path)]
        paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        done = subprocess.run(words, env={**os.environ, "PYTHONPATH": paths}, check=False)
        assert done.returncode == -signal.SIGKILL
        left = os.listdir(path if path.is_dir() else tmp_path)
        assert any(map(targets.is_leftover, left))
        if not is_first:
            assert load_model(path, compile=False).layers[0].name == "of_1"
        ALL[name](model_of(1), path)
        assert os.listdir(tmp_path) == ["model"]
        assert not path.is_dir() or len(os.listdir(path)) == 2


@pytest.mark.parametrize("save", [ALL[name] for name in ("hdf5", "keras", "json")])
def test_a_configuration_that_cannot_be_made_leaves_what_was_there(tmp_path, save):
    class Broken(L.Dense):
        def get_config(self):
            raise RuntimeError("no configuration")

        def call(self, inputs):
            return K.stop_gradient(inputs)

    path = tmp_path / "model"
    model_of(1).save(path)
    before = content(path)
    with pytest.raises(RuntimeError, match="no configuration"):
        save(Sequential([Broken(4, input_shape=(4,))]), path)
    assert content(path) == before
    assert os.listdir(tmp_path) == ["model"]


# Others who write the same


@all_formats
def test_writers_of_one_path_do_not_get_in_each_others_way(tmp_path, save):
    path = tmp_path / "model"
    models = [model_of(i) for i in range(4)]

    def work(i):
        for _ in range(5):
            save(models[i], path)
            if path.is_dir():
                load_model(path)

    at_once(work, range(4))
    assert os.listdir(tmp_path) == ["model"]
    if path.is_dir():
        assert len(os.listdir(path)) == 2


@on_posix
def test_a_file_that_was_just_begun_is_no_leftover(tmp_path, monkeypatch):
    path, hold, begun = tmp_path / "x", targets._hold, []

    def interrupted(file, **options):
        if not begun:
            begun.append(file.name)
            targets.remove_leftovers(str(tmp_path))
        return hold(file, **options)

    monkeypatch.setattr(targets, "_hold", interrupted)
    with targets.replacing(path) as file:
        file.write(b"all")
    assert path.read_bytes() == b"all"


@on_posix
def test_a_pipe_that_is_named_like_a_leftover_is_passed_by(tmp_path):
    pipe = Path(f"{targets._unfinished(str(tmp_path / 'x'))}01234567.tmp")
    os.mkfifo(pipe)
    with targets.replacing(tmp_path / "x") as file:
        file.write(b"all")
    assert sorted(os.listdir(tmp_path)) == sorted([pipe.name, "x"])


@on_posix
def test_a_file_that_is_just_moved_is_no_leftover_and_can_be_read(tmp_path, monkeypatch):
    path, replace = tmp_path / "x.h5", os.replace

    def interrupted(old, new):
        targets.remove_leftovers(str(tmp_path))
        replace(old, new)
        assert load_model(path).layers[0].name == "of_1"

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.warns(UserWarning, match="no training configuration"):
        model_of(1).save(path)


def test_a_file_that_is_replaced_while_it_is_opened_is_read_whole(tmp_path, monkeypatch):
    path, check = tmp_path / "x.h5", hdf5_gate._checked_file
    model_of(1, 2).save_weights(path)
    saved = []

    def interrupted(file):
        limits = check(file)
        if not saved:
            saved.append(model_of(2, 4000))
            saved[0].save_weights(path)
        return limits

    monkeypatch.setattr(hdf5_gate, "_checked_file", interrupted)
    monkeypatch.setattr(hdf5_gate, "_FREE_MEMORY", 0)
    model = model_of(3, 4000)
    model.load_weights(path)
    assert all((w == 2).all() for w in model.get_weights())


def test_a_folder_is_not_read_while_it_is_written(tmp_path, monkeypatch):
    path, write, seen = tmp_path / "web", folder._write, []
    folder.save(model_of(1), path)
    reader = threading.Thread(target=lambda: seen.append(folder.load(path).layers[0].name))

    def slow(file, data):
        if not reader.is_alive():
            reader.start()
            reader.join(0.2)
            assert not seen
        write(file, data)

    monkeypatch.setattr(folder, "_write", slow)
    folder.save(model_of(2), path)
    reader.join(PATIENCE)
    assert seen == ["of_2"]


# What a path may be


@on_posix
@files
def test_links_are_followed(tmp_path, save):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/model")
    for _ in range(2):
        save(model_of(1), tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert os.listdir(tmp_path / "folder") == ["model"]


@on_posix
@all_formats
@pytest.mark.parametrize("aim", ["nowhere/model", "link"])
def test_links_that_lead_nowhere_are_refused(tmp_path, save, aim):
    (tmp_path / "link").symlink_to(aim)
    with pytest.raises(OSError, match=r"nowhere|symbolic links|is no folder of"):
        save(model_of(1), tmp_path / "link")
    assert os.listdir(tmp_path) == ["link"]
    assert os.readlink(tmp_path / "link") == aim


@on_posix
@files
def test_a_file_that_is_not_to_be_written_is_refused(tmp_path, monkeypatch, save):
    path = tmp_path / "model"
    path.write_text("kept")
    path.chmod(0o444)
    # Whoever is the system's administrator may write to any file.
    monkeypatch.setattr(os, "access", lambda file, mode: bool(os.stat(file).st_mode & 0o222))
    with pytest.raises(PermissionError, match="model"):
        save(model_of(1), path)
    assert path.read_text() == "kept"
    assert os.listdir(tmp_path) == ["model"]


@on_posix
@files
def test_a_pipe_is_written_to_and_stays_one(tmp_path, save):
    path, found = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()), daemon=True)
    reader.start()
    save(model_of(1), path)
    reader.join(PATIENCE)
    assert len(found[0]) > 500
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device /dev/full")
@files
def test_a_device_that_is_full_says_so(save):
    with pytest.raises(OSError, match="/dev/full") as raised:
        save(model_of(1), "/dev/full")
    assert raised.value.errno == errno.ENOSPC
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


@on_posix
def test_a_folder_format_is_not_written_over_a_device():
    with pytest.raises(FileExistsError, match="/dev/null"):
        ALL["tensorflowjs"](model_of(1), "/dev/null")


@on_posix
@all_formats
@pytest.mark.parametrize(
    "name", ["n" * 255, "\udcff\udcfe", "模型\n'"], ids=["long", "bytes", "text"]
)
def test_any_name_that_a_file_can_have(tmp_path, save, name):
    for _ in range(2):
        save(model_of(1), tmp_path / name)
        assert os.listdir(tmp_path) == [name]


@on_posix
@all_formats
def test_what_the_file_system_refuses_is_told_of_the_path(tmp_path, save):
    with pytest.raises(OSError, match="too long") as raised:
        save(model_of(1), tmp_path / ("n" * 256))
    assert os.path.basename(raised.value.filename) == "n" * 256
    assert not os.listdir(tmp_path)


@on_posix
@all_formats
def test_a_path_that_is_short_where_one_is(tmp_path, monkeypatch, save):
    monkeypatch.chdir(tmp_path)
    for _ in range(18):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    save(model_of(1), "model")
    assert os.listdir() == ["model"]


@all_formats
def test_a_missing_folder_is_named(tmp_path, save):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere.*make it first"):
        save(model_of(1), tmp_path / "nowhere" / "model")


@all_formats
def test_another_folder_is_left_alone(tmp_path, save):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(OSError, match=str(tmp_path)):
        save(model_of(1), tmp_path)
    assert os.listdir(tmp_path) == ["mine"]


# Other targets


@pytest.mark.parametrize("ending", [".h5", ".keras", ".tfjs"])
def test_nothing_is_written_over_without_a_yes(tmp_path, monkeypatch, ending):
    path = tmp_path / f"model{ending}"
    model_of(1).save(path, overwrite=False)
    before, asked = content(path), []

    def answer(prompt):
        asked.append(prompt)
        return "ny"[len(asked) - 1]

    monkeypatch.setattr("builtins.input", answer)
    model_of(2).save(path, overwrite=False)
    assert content(path) == before
    model_of(2).save(path, overwrite=False)
    assert content(path) != before
    assert len(asked) == 2
    assert str(path) in asked[0]


def test_a_folder_may_be_named_with_its_slash(tmp_path):
    model_of(1).save(f"{tmp_path}/web.tfjs/")
    assert load_model(f"{tmp_path}/web.tfjs/").layers[0].name == "of_1"


class Slow(io.RawIOBase):
    """A raw stream that takes a hundred bytes at a time, as pipes and full disks may."""

    def __init__(self):
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.parts.append(bytes(data[:100]))
        return len(self.parts[-1])


def as_archive(model, stream):
    from keras_core.saving.archive import save_model

    save_model(model, stream)


@pytest.mark.parametrize("save", [Sequential.save, Sequential.save_weights, as_archive])
def test_a_raw_stream_gets_all_bytes(save):
    model, slow = model_of(1), Slow()
    save(model, slow)
    other = model_of(2)
    if save is Sequential.save_weights:
        other.load_weights(io.BytesIO(b"".join(slow.parts)))
    else:
        other = load_model(io.BytesIO(b"".join(slow.parts)), compile=False)
    assert all((w == 1).all() for w in other.get_weights())


def test_a_stream_that_takes_nothing_now_is_told_of():
    class Busy(Slow):
        def write(self, data):
            return None

    with pytest.raises(BlockingIOError, match="no more bytes"):
        model_of(1).save(Busy())


@pytest.mark.parametrize("save", [Sequential.save, Sequential.save_weights])
def test_streams_of_text_are_refused(save):
    stream = io.StringIO()
    with pytest.raises(ValueError, match="open binary file"):
        save(model_of(1), stream)
    assert not stream.getvalue()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0, 1e-40])
@pytest.mark.parametrize("ending", [".h5", ".keras", ".tfjs"])
def test_any_number_comes_back(tmp_path, ending, value):
    path = tmp_path / f"model{ending}"
    model = model_of(0)
    model.set_weights([np.full(w.shape, value, "float32") for w in model.get_weights()])
    model.save(path)
    for found, wanted in zip(load_model(path, compile=False).get_weights(), model.get_weights()):
        assert found.tobytes() == wanted.tobytes()


@on_posix
def test_a_csv_file_that_is_added_to_may_be_a_device(tmp_path):
    model = model_of(1)
    model.compile("sgd", "mse")
    log = CSVLogger("/dev/null", append=True)
    model.fit(np.zeros((4, 30)), np.zeros((4, 30)), verbose=0, callbacks=[log])
    if os.path.exists("/dev/full"):
        with pytest.raises(OSError, match="No space left"):
            log = CSVLogger("/dev/full", append=True)
            model.fit(np.zeros((4, 30)), np.zeros((4, 30)), verbose=0, callbacks=[log])


# Beside training


def counting_model():
    """A model, and a function that raises each number of it and of its optimizer by one."""
    chain = [L.Dense(4, name=f"dense_{i}") for i in range(20)]
    model = Sequential([L.Dense(4, input_shape=(4,), name="first"), *chain])
    model.compile("rmsprop", "mse")
    model.train_on_batch(np.ones((4, 4)), np.ones((4, 4)))
    weights = [*model.weights, *model.optimizer.weights]
    K.batch_set_value([(w, np.zeros(w.shape)) for w in weights])
    return model, K.function([], [], [K.update_add(w, K.ones(w.shape, w.dtype)) for w in weights])


def numbers_in_weights(model, path):
    model.save_weights(path)
    found = []
    with h5py.File(path, "r") as file:
        file.visititems(lambda _, x: found.append(x[()]) if isinstance(x, h5py.Dataset) else None)
    return found


def numbers_in_model(ending):
    def numbers(model, path):
        model.save(f"{path}{ending}")
        loaded = load_model(f"{path}{ending}", compile=ending != ".tfjs")
        state = loaded.optimizer.get_weights() if loaded.optimizer else []
        return [*loaded.get_weights(), *state]

    return numbers


def numbers_in_pickle(model, path):
    loaded = pickle.loads(pickle.dumps(model))
    return [*loaded.get_weights(), *loaded.optimizer.get_weights()]


def numbers_in_onnx(model, path):
    onnx = pytest.importorskip("onnx")
    model_formats()["onnx"].save(model, path)
    arrays = map(onnx.numpy_helper.to_array, onnx.load(str(path)).graph.initializer)
    return [array for array in arrays if array.dtype == "float32"]


READERS = {
    "weights": numbers_in_weights,
    **{ending: numbers_in_model(ending) for ending in (".h5", ".keras", ".tfjs")},
    "pickle": numbers_in_pickle,
    "onnx": numbers_in_onnx,
}


@pytest.mark.parametrize("numbers", READERS.values(), ids=list(READERS))
def test_a_file_that_is_saved_beside_training_has_one_step(tmp_path, numbers):
    model, step = counting_model()
    ended = threading.Event()

    def train():
        while not ended.is_set():
            step([])

    trainer = threading.Thread(target=train, daemon=True)
    trainer.start()
    try:
        for _ in range(5):
            found = numbers(model, tmp_path / "model")
            # The optimizer's settings, which a later Keras keeps beside its state, are none.
            values = {float(x) for array in found for x in np.ravel(array)}
            assert len(values) == 1
    finally:
        ended.set()
        trainer.join(PATIENCE)


def test_an_inner_call_does_not_wait_for_who_waits_for_the_outer_one():
    variables = [K.variable(np.zeros(1)) for _ in range(2)]
    writes = threading.Thread(
        target=lambda: K.batch_set_value([(v, np.ones(1)) for v in variables]), daemon=True
    )
    with held_still(variables):
        writes.start()
        writes.join(0.2)
        assert writes.is_alive()
        inner = Hold(None, variables)
        assert run_holding(inner, lambda: K.batch_get_value(variables)[0].tolist()) == [0]
    writes.join(PATIENCE)
    assert K.get_value(variables[1]).tolist() == [1]


# A save that failed, and is tried again


def test_a_checkpoint_that_failed_is_made_again_with_the_state_of_then(tmp_path, monkeypatch):
    x = np.linspace(-1, 1, 4 * 30).reshape(4, 30)
    model = model_of(0.1)
    model.compile("adam", "mse")
    model.fit(x, x, verbose=0)
    path, fsync = tmp_path / "model.h5", os.fsync

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device.*model\.h5"):
        model.fit(x, x, verbose=0, callbacks=[ModelCheckpoint(path, "loss")])
    monkeypatch.setattr(os, "fsync", fsync)
    model.save(path)
    loaded = load_model(path)
    assert int(loaded.optimizer.get_weights()[0]) == 2
    for one in (model, loaded):
        one.train_on_batch(x, x)
    for found, wanted in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(found, wanted)


def test_a_folder_that_another_writer_fills_meanwhile_is_written_too(tmp_path, monkeypatch):
    """Its model.json comes after it was looked for, and before the folder is listed."""
    first, second = model_of(0), model_of(1)
    folder.save(first, tmp_path / "model")
    monkeypatch.setattr(folder.Path, "exists", lambda self: False)
    folder.save(second, tmp_path / "model")
    monkeypatch.undo()
    for a, b in zip(load_model(tmp_path / "model").get_weights(), second.get_weights()):
        np.testing.assert_array_equal(a, b)
