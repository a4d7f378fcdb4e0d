"""What Keras 2 has and keras_core has not says so, whichever way it is asked for."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

import keras_core
from keras_core import missing

MODULES = sorted(missing.MODULES)
NAMES = [(package, name) for package in missing.NAMES for name in missing.NAMES[package]]


@pytest.mark.parametrize("name", MODULES)
def test_what_is_called_missing_is_not_there(name):
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(f"keras_core.{name}")
    assert f"Keras 2 has keras.{name}; keras_core does not have it yet" in str(caught.value)


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_a_name_called_missing_is_not_there(package, name):
    module = importlib.import_module(f"keras_core.{package}")
    assert not hasattr(module, name)
    with pytest.raises(AttributeError, match=f"Keras 2 has keras.{package}.{name}; keras_core"):
        getattr(module, name)
    with pytest.raises(ImportError, match=rf"What there is: dir\(keras_core.{package}\)$"):
        exec(f"from keras_core.{package} import {name}", {})


@pytest.mark.parametrize(
    ("statement", "told"),
    [],
)
def test_statements_of_programs_say_what_is_missing(statement, told):
    with pytest.raises(ImportError, match=f"Keras 2 has {told}"):
        exec(statement, {})


def test_an_attribute_says_it_too():
    with pytest.raises(AttributeError, match="Keras 2 has keras.wrappers;"):
        _ = keras_core.wrappers


def test_under_the_old_name_it_says_so_as_well(sandbox):
    statements = ()
    code = f"""
        import keras_core
        keras_core.install_as_keras()
        for statement in {statements}:
            try:
                exec(statement)
            except (ImportError, AttributeError) as error:
                print("Keras 2 has keras." in str(error), str(error))
    """
    lines = sandbox.run(code).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["True"] * len(statements), lines


def test_what_no_keras_has_is_an_ordinary_error():
    with pytest.raises(ModuleNotFoundError, match="^No module named 'keras_core.nothing'$"):
        importlib.import_module("keras_core.nothing")
    with pytest.raises(AttributeError, match="^module 'keras_core.utils' has no attribute 'nix'$"):
        _ = keras_core.utils.nix
    assert importlib.util.find_spec("keras_core.nothing") is None
