"""What Keras 2 has and keras_core has not says so, whichever way it is asked for."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

import keras_core
from keras_core import missing

NAMES = [(package, name) for package in missing.NAMES for name in missing.NAMES[package]]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_a_name_called_missing_is_not_there(package, name):
    module = importlib.import_module(f"keras_core.{package}")
    assert not hasattr(module, name)
    with pytest.raises(AttributeError, match=f"Keras 2 has keras.{package}.{name}; keras_core"):
        getattr(module, name)
    with pytest.raises(ImportError, match=rf"What there is: dir\(keras_core.{package}\)$"):
        exec(f"from keras_core.{package} import {name}", {})


@pytest.mark.parametrize("module", sorted(missing.ENGINE_MODULES))
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("_get_available_gpus", "keras-core doctor"),
        ("_preprocess_padding", "write it with K functions"),
        ("tf", "import that engine itself"),
    ],
)
def test_what_belonged_to_an_engine_says_why_it_is_gone(module, name, told):
    home = importlib.import_module(f"keras_core.backend.{module}")
    assert not hasattr(home, name)
    with pytest.raises(AttributeError, match=f"has no '{name}': .*{told}"):
        getattr(home, name)
    with pytest.raises(ImportError, match=f"has no '{name}': .*{told}"):
        exec(f"from keras_core.backend.{module} import {name}", {})


def test_what_no_keras_has_is_an_ordinary_error():
    with pytest.raises(ModuleNotFoundError, match="^No module named 'keras_core.nothing'$"):
        importlib.import_module("keras_core.nothing")
    with pytest.raises(AttributeError, match="^module 'keras_core.utils' has no attribute 'nix'$"):
        _ = keras_core.utils.nix
    assert importlib.util.find_spec("keras_core.nothing") is None
