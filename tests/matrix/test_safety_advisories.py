"""Hostile files after the published advisories about Keras files, each refused with its reason.

They are made here, by code; what each would have done in Keras leaves a trace in `effects`, which
stays empty. Each is tried as HDF5, JSON and YAML, in every way that reads such a file.
"""

from __future__ import annotations

import json
import os
import sys

import h5py
import numpy as np
import pytest
import yaml

from keras_core import layers, metrics, optimizers
from keras_core.errors import ModelFileError
from keras_core.layers import Dense, Lambda
from keras_core.models import (
    Sequential,
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
)
from keras_core.saving.safety import in_safe_mode
from keras_core.utils.generic_utils import func_dump

effects: list[str] = []


@pytest.fixture(autouse=True)
def _no_effects(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = os.listdir(tmp_path), set(sys.modules)
    yield
    assert effects == []
    assert "antigravity" not in set(sys.modules) - before[1]


def dumped():
    """Bytecode of a function that nobody has."""
    code = compile("lambda x: __import__('os').mkdir('done') or x", "hostile", "eval").co_consts[0]
    return list(func_dump(type(dumped)(code, {})))


def sequential(*configs):
    first = {"class_name": "Dense", "config": {"units": 1, "batch_input_shape": [None, 2]}}
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [first, *configs]}}


def keras3(module, class_name, config, registered_name=None):
    """An object in the words of Keras 3."""
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered_name,
    }


def lambda_of(function, function_type="lambda"):
    config = {"function": function, "function_type": function_type, "arguments": {}}
    return {"class_name": "Lambda", "config": config}


CONFIGURATIONS = {
    "CVE-2024-3660 code in a Lambda layer": (lambda_of(dumped()), "Lambda layer made of bytecode"),
    "CVE-2024-3660 code in its shape": (
        {
            "class_name": "Lambda",
            "config": {**lambda_of("relu", "raw")["config"], "output_shape": dumped()}
            | {"output_shape_type": "lambda", "function": "relu", "function_type": "function"},
        },
        "Unknown function in Lambda layer|bytecode",
    ),
    "CVE-2024-3660 code inside of a wrapper": (
        {"class_name": "TimeDistributed", "config": {"layer": lambda_of(dumped())}},
        "Lambda layer made of bytecode",
    ),
    "CVE-2025-1550 a function of any module": (
        keras3("os", "system", ["touch done"], "system"),
        "Unknown layer: 'system'",
    ),
    "CVE-2025-1550 a module by its path": (
        {"class_name": "subprocess.Popen", "config": {"args": ["touch", "done"]}},
        "Unknown layer: 'subprocess.Popen'",
    ),
    "CVE-2025-1550 a function where an activation stands": (
        {"class_name": "Activation", "config": {"activation": "os.system"}},
        "Unknown activation function: 'os.system'",
    ),
    "CVE-2025-1550 a module that is imported by being named": (
        keras3("antigravity", "geohash", {}, "geohash"),
        "Unknown layer: 'geohash'",
    ),
    "CVE-2025-8747 a function of Keras that fetches files": (
        {
            "class_name": "Dense",
            "config": {
                "units": 1,
                "activation": {
                    "class_name": "get_file",
                    "config": {"fname": "done", "origin": "file:///etc/hostname"},
                },
            },
        },
        "Unknown activation function: 'get_file'",
    ),
    "CVE-2025-8747 the same in a Lambda layer": (
        lambda_of("get_file", "function"),
        "Unknown function in Lambda layer: 'get_file'",
    ),
    "CVE-2025-9906 safe mode switched off by a call": (
        keras3("keras.config", "enable_unsafe_deserialization", [], "enable"),
        "Unknown layer: 'enable_unsafe_deserialization'",
    ),
    "CVE-2025-9906 safe mode as an option of a layer": (
        {"class_name": "Dense", "config": {"units": 1, "safe_mode": False}},
        "unknown keyword.*safe_mode",
    ),
    "CVE-2025-12058 a layer that reads a file of words": (
        {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
        "Unknown layer: 'StringLookup'",
    ),
    "CVE-2025-12058 the same from the network": (
        {"class_name": "IntegerLookup", "config": {"vocabulary": "http://127.0.0.1:9/"}},
        "Unknown layer: 'IntegerLookup'",
    ),
    "CVE-2026-1462 a SavedModel beside the file": (
        {"class_name": "TFSMLayer", "config": {"filepath": "saved", "call_endpoint": "serve"}},
        "Unknown layer: 'TFSMLayer'",
    ),
}


def _as_hdf5(config):
    with h5py.File("m.h5", "w") as file:
        file.attrs["keras_version"] = b"2.3.1"
        file.attrs["model_config"] = json.dumps(config).encode()
        file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
    return load_model("m.h5")


READERS = {
    "hdf5": _as_hdf5,
    "json": lambda config: model_from_json(json.dumps(config)),
    "yaml": lambda config: model_from_yaml(yaml.safe_dump(config)),
    "config": model_from_config,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("advisory", CONFIGURATIONS)
def test_configurations(advisory, reader):
    config, reason = CONFIGURATIONS[advisory]
    with pytest.raises(ModelFileError, match=reason):
        READERS[reader](json.loads(json.dumps(sequential(config))))
    assert in_safe_mode()
    assert os.listdir() in ([], ["m.h5"])


@pytest.mark.parametrize(
    "read",
    [
        lambda config: Sequential.from_config(sequential(config)["config"]),
        layers.deserialize,
        lambda config: Lambda.from_config(config["config"]),
        lambda config: layers.TimeDistributed.from_config({"layer": config}),
    ],
)
def test_code_by_ways_around_the_loader(read):
    """CVE-2025-9905 and CVE-2026-12481: safe mode that some ways of reading do not know."""
    with pytest.raises(ValueError, match="bytecode"):
        read(lambda_of(dumped()))
    assert os.listdir() == []


def test_code_in_an_old_hdf5_file():
    """CVE-2025-9905: safe mode that counts for one format alone."""
    with pytest.raises(ModelFileError, match="bytecode"):
        _as_hdf5(sequential(lambda_of(dumped())))
    assert os.listdir() == ["m.h5"]


@pytest.mark.parametrize("kind", ["optimizer_config", "loss", "metrics"])
@pytest.mark.parametrize("name", ["os.system", "get_file", "deserialize", "StringLookup"])
def test_names_in_the_training_configuration(kind, name):
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    model.save("m.h5")
    with h5py.File("m.h5", "a") as file:
        training = json.loads(file.attrs["training_config"])
        named = {"class_name": name, "config": {}}
        training[kind] = [named] if kind == "metrics" else named
        file.attrs["training_config"] = json.dumps(training)
    with pytest.raises(ModelFileError, match=f"Unknown .*'{name}'"):
        load_model("m.h5")
    for family in (optimizers, metrics):
        with pytest.raises(ValueError, match="Unknown"):
            family.deserialize({"class_name": name, "config": {}})


@pytest.mark.parametrize("shape", [(2**40, 2**20), (2**31, 1), (10**5, 10**5)])
def test_shapes_that_no_memory_holds(shape):
    """CVE-2026-0897: a dataset whose shape is claimed, and nothing of it stored."""
    model = Sequential([Dense(1, input_shape=(2,), name="d")])
    model.save_weights("m.h5")
    with h5py.File("m.h5", "a") as file:
        del file["d/d/kernel:0"]
        file.create_dataset("d/d/kernel:0", shape, "f4", chunks=(1, 1))
    before = model.get_weights()
    with pytest.raises(ModelFileError, match="bytes were to be read"):
        model.load_weights("m.h5")
    assert all((a == b).all() for a, b in zip(before, model.get_weights()))


LINKS = (h5py.ExternalLink("/etc/passwd", "/"), h5py.SoftLink("/d/d/bias:0"))


@pytest.mark.parametrize("link", [*LINKS, None])
def test_arrays_in_other_places(link):
    """CVE-2026-1669: a weight file that has another file read, by a link or as its storage."""
    model = Sequential([Dense(1, input_shape=(2,), name="d")])
    model.save_weights("m.h5")
    with h5py.File("m.h5", "a") as file:
        del file["d/d/kernel:0"]
        if link is None:
            file.create_dataset("d/d/kernel:0", (2, 1), "f4", external=[("/etc/passwd", 0, 8)])
        else:
            file["d/d/kernel:0"] = link
    with pytest.raises(ModelFileError, match="link to another place|kept in another file"):
        model.load_weights("m.h5")


def test_yaml_that_makes_objects():
    """CVE-2021-37678: YAML that makes any object of Python."""
    for text in ("!!python/object/apply:os.mkdir [done]", "!!python/name:os.system ''"):
        with pytest.raises(ModelFileError, match="YAML"):
            model_from_yaml(text)
        with pytest.raises(ModelFileError, match="YAML"):
            model_from_yaml(f"class_name: Sequential\nconfig: {text}")
    assert os.listdir() == []
