"""The collector of reference cycles rests while nodes are made, and only then."""

from __future__ import annotations

import gc

import pytest

from keras_core.graph import Placeholder, Program
from keras_core.graph import passes as q
from keras_core.graph.collector import collector_paused
from keras_core.graph.primitive import Primitive, _registry
from keras_core.graph.spec import Spec


@pytest.fixture
def watching():
    """A primitive that cannot be folded, and what it saw of the collector then."""
    seen = []

    def fold(node):
        seen.append(gc.isenabled())
        raise ValueError("no constant")

    primitive = Primitive("watching_test", lambda x: Spec(x.sizes, x.dtype), lambda x: x, fold=fold)
    yield primitive, seen
    del _registry[primitive.name]


def test_it_rests_within_passes_and_works_again_after_an_error(watching):
    primitive, seen = watching
    x = Placeholder((None, 2))
    with pytest.raises(ValueError, match="no constant"):
        q.optimize(Program([x], [primitive(x)]))
    assert seen == [False] and gc.isenabled()


def test_whoever_turned_it_off_keeps_it_off():
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_works_again_when_all_is_done():
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    q.optimize(Program([], []))
    assert gc.isenabled()
