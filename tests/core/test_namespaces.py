"""What modules show of themselves: their own names, and none that they import for their own use."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import keras_core

PUBLIC = {
    "keras_core": keras_core,
    **{
        value.__name__: value
        for value in (getattr(keras_core, name) for name in keras_core.__all__)
        if isinstance(value, ModuleType)
    },
}

# What has names of its own: the others hold modules alone.
WITH_NAMES = [name for name, module in PUBLIC.items() if hasattr(module, "__all__")]


def shown(module):
    """The public names in `dir`, without those of pytest, which no program can write."""
    return {name for name in dir(module) if name.isidentifier() and not name.startswith("_")}


def modules_in(module):
    """The names of the modules in a package."""
    return {found.name for found in pkgutil.iter_modules(getattr(module, "__path__", ()))}


@pytest.mark.parametrize("name", PUBLIC)
def test_dir_shows_no_foreign_names(name):
    module = PUBLIC[name]
    assert shown(module) - modules_in(module) - set(getattr(module, "__all__", ())) == set()


@pytest.mark.parametrize("name", WITH_NAMES)
def test_all_names_are_shown_and_there(name):
    module = PUBLIC[name]
    assert set(module.__all__) <= shown(module)
    assert all(hasattr(module, own) for own in module.__all__)


@pytest.mark.parametrize("name", WITH_NAMES)
def test_star_import_gives_what_all_says(name):
    taken: dict = {}
    exec(f"from {name} import *", taken)
    assert set(taken) - {"__builtins__"} == set(PUBLIC[name].__all__)


def test_modules_with_a_public_api_say_what_it_is():
    assert set(PUBLIC) - set(WITH_NAMES) == {
        "keras_core.legacy",
        "keras_core.saving",
        "keras_core.testing",
    }


@pytest.mark.parametrize(
    ("module", "name"), [("layers", "core"), ("utils", "np_utils"), ("activations", "K")]
)
def test_names_that_are_not_shown_can_be_asked_for(module, name):
    assert hasattr(importlib.import_module(f"keras_core.{module}"), name)
