"""Readings that fail at any of their steps, names of any kind, and commands on files of others."""

from __future__ import annotations

import json
import os
import random
import sys
import zipfile

import numpy as np
import pytest

from keras_core import (
    activations,
    backend,
    cli,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from keras_core import layers as L
from keras_core.backend import naming
from keras_core.errors import ModelFileError
from keras_core.models import Sequential, load_model
from keras_core.utils import get_custom_objects
from keras_core.utils.hdf5_gate import Gate

X, Y = np.ones((2, 5), "float32"), np.ones((2, 2), "float32")


def _trained():
    model = Sequential([L.Dense(3, input_shape=(5,), name="first"), L.Dense(2, name="second")])
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(X, Y)
    return model


def _state(model):
    """All that a reading which fails must leave as it was."""
    return (
        [value.tobytes() for value in model.get_weights()],
        [value.tobytes() for value in model.optimizer.get_weights()],
        dict(naming._uids),
        dict(get_custom_objects()),
        backend.backend(),
        backend.learning_phase(),
        [layer.name for layer in model.layers],
        model.optimizer.get_config(),
        random.getstate(),
        np.random.get_state()[1].tobytes(),
    )


class _Broken(Exception):
    pass


def _failing_at(monkeypatch, step):
    """Lets the steps of a gate fail from a number on; returns a list with the number of steps."""
    taken = [0]
    names = ("attribute", "array", "group", "has_attribute", "has_object", "array_shape")
    originals = {name: getattr(Gate, name) for name in names}
    for name in names:

        def wrapped(self, *arguments, _original=originals[name]):
            taken[0] += 1
            if taken[0] == step:
                raise _Broken(f"at step {step}")
            return _original(self, *arguments)

        monkeypatch.setattr(Gate, name, wrapped)
    return taken


READERS = {
    "load_weights": lambda model, path: model.load_weights(path / "m.h5"),
    "by_name": lambda model, path: model.load_weights(path / "m.h5", by_name=True),
    "load_model": lambda model, path: load_model(path / "m.h5"),
    "archive": lambda model, path: load_model(path / "m.keras"),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_reading_that_fails_at_any_step_leaves_all_as_it_was(tmp_path, reader, monkeypatch):
    model, other = _trained(), _trained()
    for name in ("m.h5", "m.keras"):
        other.save(tmp_path / name)
    read = READERS[reader]
    with monkeypatch.context() as patched:
        taken = _failing_at(patched, 0)
        read(model, tmp_path)
    model = _trained()
    before = _state(model)
    assert taken[0] > 10
    for step in range(1, taken[0] + 1):
        with monkeypatch.context() as patched:
            _failing_at(patched, step)
            with pytest.raises((ModelFileError, _Broken), match=f"at step {step}"):
                read(model, tmp_path)
        assert _state(model) == before, step
    assert np.isfinite(model.train_on_batch(X, Y)).all()


# Names

FAMILIES = {
    "loss": (losses, lambda name: losses.deserialize(name)),
    "metric": (metrics, lambda name: metrics.deserialize(name)),
    "activation": (activations, lambda name: activations.deserialize(name)),
    "initializer": (initializers, lambda name: initializers.deserialize(_named(name))),
    "regularizer": (regularizers, lambda name: regularizers.deserialize(_named(name))),
    "constraint": (constraints, lambda name: constraints.deserialize(_named(name))),
    "optimizer": (optimizers, lambda name: optimizers.deserialize(_named(name))),
    "layer": (L, lambda name: L.deserialize(_named(name))),
}
# What the modules of Keras 2.3.1 have beside what they are for.
GLOBALS = [
    *("absolute_import", "division", "print_function", "six", "np", "K", "copy", "warnings"),
    *("math", "abc", "os", "sys", "types", "Layer_", "serialize", "deserialize", "get", "tf"),
    *("deserialize_keras_object", "serialize_keras_object", "load_backend", "interfaces"),
    *("zip", "to_list", "unpack_singleton", "losses_utils", "metrics_utils", "clip_norm", "ABC"),
    *("Any", "eval", "exec", "open", "__builtins__", "__import__", "__class__", "os.system"),
    *("has_arg", "wraps", "Iterable", "Callable", "annotations", "families", "slots", "Family"),
]


@pytest.mark.parametrize("kind", FAMILIES)
def test_globals_of_modules_are_no_names(kind):
    module, read = FAMILIES[kind]
    for name in {*GLOBALS, *_private(module)}:
        with pytest.raises((ValueError, TypeError)):
            read(name)


def _private(module):
    """What a module has for its own use: imported modules, typing, whatever is underlined."""
    names = [name for name in vars(module) if name.startswith("_")]
    return names + [name for name, value in vars(module).items() if type(value) is type(os)]


def _named(name):
    return {"class_name": name, "config": {}}


def test_names_are_of_their_own_kind():
    for name in ("relu", "l2", "Adam", "Dense", "max_norm", "Zeros"):
        with pytest.raises(ValueError, match="nknown|no loss"):
            losses.deserialize(name)
    for name in ("relu", "l2", "Adam", "mse", "max_norm", "Zeros", "MeanSquaredError"):
        with pytest.raises(ValueError, match="nknown|no layer"):
            L.deserialize(_named(name))


# Commands


def _run(capsys, *words):
    status = cli.main([*map(str, words)])
    told = capsys.readouterr()
    return status, told.err


def _zip(path, members, packing=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in members.items():
            file.writestr(name, content)


@pytest.fixture
def folder(tmp_path):
    model = Sequential([L.Dense(3, input_shape=(5,), name="first")])
    for name in ("m.keras", "m.h5", "m.tfjs"):
        model.save(str(tmp_path / name))
    (tmp_path / "out").mkdir()
    return tmp_path


def _members(folder):
    with zipfile.ZipFile(folder / "m.keras") as file:
        return {name: file.read(name) for name in file.namelist()}


def _encrypted(folder):
    content = bytearray((folder / "m.keras").read_bytes())
    for signature, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        place = content.find(signature)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(signature, place + 1)
    (folder / "m.keras").write_bytes(content)
    return "m.keras"


def _large_directory(folder):
    content = bytearray((folder / "m.keras").read_bytes())
    at = content.find(b"PK\1\2")
    content[at + 20 : at + 28] = b"\xff" * 8  # as a zip of 64 bits says
    (folder / "m.keras").write_bytes(content)
    return "m.keras"


def _bomb(folder):
    _zip(folder / "m.keras", {**_members(folder), "model.weights.h5": bytes(2**27)})
    return "m.keras"


def _above(folder):
    members = _members(folder)
    members["../config.json"] = members.pop("config.json")
    _zip(folder / "m.keras", members)
    return "m.keras"


def _linked_member(folder):
    members = _members(folder)
    link = zipfile.ZipInfo("config.json")
    link.external_attr = 0o120777 << 16
    del members["config.json"]
    _zip(folder / "m.keras", {**members, link: b"/etc/passwd"})
    return "m.keras"


def _shards(change):
    def changed(folder):
        path = folder / "m.tfjs/model.json"
        described = json.loads(path.read_text())
        change(described["weightsManifest"][0], folder / "m.tfjs")
        path.write_text(json.dumps(described))
        return "m.tfjs"

    return changed


def _first_shard(put):
    def change(group, folder):
        (folder / group["paths"][0]).unlink()
        put(folder / group["paths"][0])

    return _shards(change)


def _file(name, content):
    def made(folder):
        (folder / name).write_bytes(content)
        return name

    return made


def _pipe(name):
    def made(folder):
        os.mkfifo(folder / name)
        return name

    return made


def _large_text(folder):
    with open(folder / "m.json", "wb") as file:
        file.truncate(2**31)
    return "m.json"


def _large_description(folder):
    with open(folder / "m.tfjs/model.json", "wb") as file:
        file.truncate(2**31)
    return "m.tfjs"


HOSTILE = {
    "encrypted": _encrypted,
    "a size of 64 bits": _large_directory,
    "a bomb": _bomb,
    "a member above": _above,
    "a member that is a link": _linked_member,
    "a shard above": _shards(lambda group, _: group.update(paths=["../m.h5"])),
    "a shard elsewhere": _shards(lambda group, _: group.update(paths=["/etc/passwd"])),
    "a shard of a long name": _shards(lambda group, _: group.update(paths=["a" * 9000])),
    "a shard of no name": _shards(lambda group, _: group.update(paths=["a\0b"])),
    "counts": _shards(lambda group, _: group["weights"][0].update(shape=[10**9, 10**9])),
    "a shard that is a pipe": _first_shard(os.mkfifo),
    "a shard that is a link": _first_shard(lambda path: path.symlink_to("/etc/passwd")),
    "a shard that is a folder": _first_shard(os.mkdir),
    "a large description": _large_description,
    "a key twice": _file("m.json", b'{"class_name": "Model", "class_name": "Model"}'),
    "nested": _file("m.json", b"[" * 100_000),
    "a number": _file("m.json", b"3"),
    "nothing": _file("m.json", b""),
    "no text": _file("m.json", b"\xff\xfe\0"),
    "a large text": _large_text,
    "a pipe": _pipe("p.h5"),
    "a pipe as archive": _pipe("p.keras"),
    "a pipe as text": _pipe("p.json"),
    "half a file": lambda folder: _file("m.h5", (folder / "m.h5").read_bytes()[:3000])(folder),
    "objects": _file("m.yaml", b"!!python/object/apply:os.system [echo]"),
    "a circle": _file("m.yaml", b"class_name: &a [*a]"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
@pytest.mark.parametrize("out", ["o.h5", "o.json", "o.keras", "o.tfjs"])
@pytest.mark.parametrize("case", HOSTILE)
def test_converting_a_hostile_file_ends_with_one_message(folder, case, out, capsys):
    path = folder / HOSTILE[case](folder)
    status, told = _run(capsys, "convert", path, folder / "out" / out)
    assert status == 1
    assert told.startswith("keras-core convert: ")
    assert path.name in told
    assert len(told) < 1000
    assert "Traceback" not in told
    assert not list((folder / "out").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
@pytest.mark.parametrize("case", [case for case in HOSTILE if "shard" not in case])
def test_inspecting_a_hostile_file_ends_with_one_message(folder, case, capsys):
    path = folder / HOSTILE[case](folder)
    status, told = _run(capsys, "inspect", path)
    assert status == 1
    assert told.startswith("keras-core: ")
    assert len(told) < 1000
    assert "Traceback" not in told
