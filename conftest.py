"""Keeps the settings of whoever runs the tests out of them, and chance as well."""

from __future__ import annotations

import os
import sys
import tempfile

import pytest


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=0, help="the seed that every test starts from")


def pytest_configure(config):
    folder = tempfile.TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    os.environ["KERAS_HOME"] = folder.name


@pytest.fixture(autouse=True, scope="module")
def _engines_forget():
    """An engine that keeps all that it compiled would take more memory from file to file."""
    yield
    if "keras_core.plugins.discovery" in sys.modules:
        sys.modules["keras_core.plugins.discovery"].let_engines_forget()


@pytest.fixture(autouse=True)
def _seeded(request):
    """A failure repeats, alone and in any order; other numbers are tried with another seed."""
    from keras_core.utils import set_random_seed

    set_random_seed(request.config.getoption("--seed"))
