"""Compiled programs: variants by shape, buffers and threads, errors at run time, native code."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from keras_core.graph import Placeholder, Spec, Variable, layer_scope
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_numpy.compiler import compiled as module
from keras_numpy.compiler.compiled import Variant
from keras_numpy.compiler.memory import Memory


def dense(x, w):
    return p.tanh(p.dot(x, w, contract=((1,), (0,)), batch=((), ())))


# Variants


@pytest.fixture
def made(monkeypatch):
    """Counts the variants that are compiled."""
    variants = []

    class Counted(Variant):
        def __init__(self, *args):
            super().__init__(*args)
            variants.append(self)

    monkeypatch.setattr(module, "Variant", Counted)
    return variants


def test_each_shape_is_compiled_once(compiled, made):
    x = Placeholder((None, None))
    run = compiled([x], [x * 2.0])
    for shape in ((2, 3), (3, 2), (2, 3), (3, 2)):
        assert run(np.ones(shape, "float32"))[0].tolist() == np.full(shape, 2).tolist()
    assert len(made) == 2


def test_the_variant_that_was_not_used_for_longest_goes(compiled, made):
    x = Placeholder((None,))
    run = compiled([x], [x * 2.0])
    for n in range(module.MOST_VARIANTS):
        run(np.ones(n, "float32"))
        run(np.ones(0, "float32"))
    count = len(made)
    run(np.ones(100, "float32"))
    run(np.ones(0, "float32"))
    assert len(made) == count + 1
    run(np.ones(1, "float32"))
    assert len(made) == count + 2


def test_buffers_of_dropped_variants_are_freed(compiled):
    x = Placeholder((None,))
    run = compiled([x], [p.exp(p.tanh(x) + 1.0) * x])
    run(np.ones(3, "float32"))
    alive = weakref.ref(run.compiled._variants[((3,),)])
    gc.collect()
    gc.disable()
    try:
        for n in range(4, 5 + module.MOST_VARIANTS):
            run(np.ones(n, "float32"))
        assert alive() is None
    finally:
        gc.enable()


# Buffers


def test_memory_is_used_again():
    memory = Memory()
    first = memory.take((100,), "float64")
    memory.give_back(first)
    second = memory.take((150,), "float32")
    third = memory.take((150,), "float32")
    assert memory.nbytes == 800 + 600
    arrays = dict(zip(memory.names, memory.allocate()))
    assert np.shares_memory(arrays[first], arrays[second])
    assert not np.shares_memory(arrays[second], arrays[third])
    assert [arrays[name].shape for name in (first, second, third)] == [(100,), (150,), (150,)]


def test_small_arrays_do_not_take_large_blocks():
    memory = Memory()
    memory.give_back(memory.take((10000,), "float32"))
    memory.take((10,), "float32")
    assert memory.nbytes == 40000 + 64


def test_the_smallest_free_block_that_fits_is_taken():
    memory = Memory()
    names = [memory.take((size,), "uint8") for size in (3000, 2000, 4000, 2500)]
    for name in names:
        memory.give_back(name)
    taken = [memory.take((size,), "uint8") for size in (2100, 2100, 2100, 2100)]
    arrays = dict(zip(memory.names, memory.allocate()))
    shared = [[np.shares_memory(arrays[a], arrays[b]) for b in names] for a in taken]
    assert [row.index(True) if any(row) else None for row in shared] == [3, 0, 2, None]


def test_a_chain_lives_in_one_buffer(compiled):
    x = Placeholder((None,))
    y = x
    for _ in range(20):
        y = p.tanh(y) + 1.0
    run = compiled([x], [y * y])
    run.source((1000,))
    (variant,) = run.compiled._variants.values()
    assert variant.written.memory.nbytes <= 2 * 4000


def test_threads_have_their_own_buffers(compiled):
    x, w = Placeholder((None, 20)), Variable(np.random.default_rng(0).normal(size=(20, 20)))
    y = x
    for _ in range(5):
        y = dense(y, w)
    (_,), (rows,) = scan(
        lambda s, st: ([st[0] * s[0]], [st[0] + s[0]]), [y], [p.ones((20,), "float32")]
    )
    run = compiled([x], [rows])
    arrays = [np.full((30, 20), i / 10, "float32") for i in range(8)]
    expected = [run(array)[0] for array in arrays]
    wrong = []

    def work(array, wanted):
        for _ in range(20):
            if not np.array_equal(run(array)[0], wanted):
                wrong.append(array[0, 0])

    threads = [threading.Thread(target=work, args=pair) for pair in zip(arrays, expected)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_buffers_come_back_after_an_error(compiled):
    table, places = Placeholder((3, 2)), Placeholder((2,), "int32")
    run = compiled([table, places], [p.exp(p.gather(table, places, axis=0)) * 0.0])
    good, bad = np.array([0, 1], "int32"), np.array([0, 7], "int32")
    for _ in range(3):
        with pytest.raises(IndexError):
            run(np.ones((3, 2), "float32"), bad)
        assert run(np.ones((3, 2), "float32"), good)[0].tolist() == [[0, 0], [0, 0]]
    (variant,) = run.compiled._variants.values()
    assert len(variant._free) == 1


# Errors at run time


@pytest.mark.parametrize("bad", [-1, 5])
def test_an_index_outside_names_the_layer_and_the_line(compiled, bad):
    table, places = Variable(np.ones((5, 2))), Placeholder((None,), "int32")
    with layer_scope("embedding_1"):
        y = p.gather(table, places, axis=0)
    message = (
        rf"index {bad} is outside of \[0, 5\) \(in gather, built by layer 'embedding_1', .*:\d+\)"
    )
    with pytest.raises(IndexError, match=message):
        compiled([places], [y * 2.0])(np.array([0, bad], "int32"))


def test_sizes_that_do_not_fit_are_told_with_their_line(compiled):
    x, y = Placeholder((None, 2)), Placeholder((None, 2))
    with layer_scope("sum"):
        z = x + y
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(4, 2\) do not .* layer 'sum'"):
        compiled([x, y], [z])(np.ones((3, 2), "float32"), np.ones((4, 2), "float32"))


def test_warnings_of_numpy_are_not_shown(compiled):
    x = Placeholder((2,))
    got = compiled([x], [p.log(x), p.divide(x, x)])(np.array([0.0, -1.0], "float32"))
    assert got[0][0] == -np.inf and np.isnan(got[0][1]) and np.isnan(got[1][0])


# Native functions


def native(function, specs, *xs, **params):
    return p.native(*xs, fn=function, backend="numpy", specs=specs, **params)


def test_functions_of_arrays(compiled):
    x = Placeholder((3,))
    spec = Spec((3,), "float32")
    low, high = native(lambda a: (np.sort(a), np.sort(a)[::-1]), (spec, spec), x)
    got = compiled([x], [low, high * 2.0])(np.array([3.0, 1.0, 2.0], "float32"))
    assert [y.tolist() for y in got] == [[1, 2, 3], [6, 4, 2]]


def test_a_function_that_does_not_keep_its_word(compiled):
    x = Placeholder((3,))
    with layer_scope("odd"):
        (y,) = native(lambda a: a[1:], (Spec((3,), "float32"),), x)
    message = r"layer 'odd'.* gave \[\(\(2,\), 'float32'\)\], but \[\(\(3,\), .* was declared"
    with pytest.raises(ValueError, match=message):
        compiled([x], [y])(np.ones(3, "float32"))


def test_functions_of_another_backend(compiled):
    x = Placeholder((3,))
    (y,) = p.native(x, fn=abs, backend="other", specs=(Spec((3,), "float32"),))
    with pytest.raises(NotImplementedError, match="of the backend 'other', not of 'numpy'"):
        compiled([x], [y])(np.ones(3, "float32"))
