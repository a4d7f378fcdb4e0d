"""What some Keras had and keras_core has not says so, whichever way it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
import re

import pytest

import keras_core
from keras_core import missing, newer


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


def test_under_the_old_name_it_says_so_as_well(sandbox):
    statements = (
        "from keras.backend.tensorflow_backend import _preprocess_padding",
        "import keras.backend.theano_backend as t; t._preprocess_padding",
        "from keras.regularizers import EigenvalueRegularizer",
        "import keras; keras.regularizers.EigenvalueRegularizer",
    )
    code = f"""
        import keras_core
        keras_core.install_as_keras()
        for statement in {statements}:
            try:
                exec(statement)
            except (ImportError, AttributeError) as error:
                print("rite" in str(error), str(error))
    """
    lines = sandbox.run(code).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["True"] * len(statements), lines


@pytest.mark.parametrize("path", sorted(newer.INSTEAD))
def test_what_is_newer_says_what_to_write(path):
    home, _, name = f"keras_core.{path}".rpartition(".")
    told = f"keras.{path} is newer than Keras 2.3.1. Write {newer.INSTEAD[path]}."
    with pytest.raises(AttributeError, match=re.escape(told)):
        getattr(importlib.import_module(home), name)
    if path in newer.MODULES:
        assert importlib.util.find_spec(f"keras_core.{path}") is None
    else:
        with pytest.raises(ImportError, match=re.escape(told)):
            exec(f"from {home} import {name}", {})


def test_what_no_keras_has_is_an_ordinary_error():
    with pytest.raises(ModuleNotFoundError, match="^No module named 'keras_core.nothing'$"):
        importlib.import_module("keras_core.nothing")
    with pytest.raises(AttributeError, match="^module 'keras_core.utils' has no attribute 'nix'$"):
        _ = keras_core.utils.nix
    assert importlib.util.find_spec("keras_core.nothing") is None
