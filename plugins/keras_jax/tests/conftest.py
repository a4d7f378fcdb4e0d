"""The tests of this backend run on it."""

from __future__ import annotations

import pytest

from keras_core import backend as K
from keras_core.plugins import load_backend, use_backend


@pytest.fixture(autouse=True)
def backend():
    with use_backend("jax"):
        K.clear_session()
        yield load_backend("jax")
        K.clear_session()


@pytest.fixture
def traces(monkeypatch):
    """What has been traced: an entry for each time that JAX traced a program or a loop of one."""
    from keras_jax import pure

    seen = []
    for kind in (pure.PureProgram, pure.Loop):
        record(monkeypatch, kind, "compute", seen)
    return seen


@pytest.fixture
def eager(monkeypatch):
    """What was run eagerly: an entry for each run."""
    from keras_jax import pure

    seen = []
    record(monkeypatch, pure.PureProgram, "eagerly", seen)
    return seen


def record(monkeypatch, kind, name, seen):
    method = getattr(kind, name)

    def counted(self, *arguments):
        seen.append(self)
        return method(self, *arguments)

    monkeypatch.setattr(kind, name, counted)
