"""Correctness needs no C code: programs are compiled in Theano's quick mode, unless asked."""

from __future__ import annotations

import os

import pytest

from keras_core.plugins import use_backend

os.environ.setdefault("KERAS_THEANO_MODE", "FAST_COMPILE")


@pytest.fixture(autouse=True)
def _on_theano():
    with use_backend("theano"):
        yield
