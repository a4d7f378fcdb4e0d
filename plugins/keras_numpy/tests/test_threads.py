"""Large work is shared out to threads, and nobody can tell from the numbers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from keras_core import config
from keras_core.graph import Placeholder, Variable, gradients
from keras_core.graph import primitives as p
from keras_numpy import blas, threads

RNG = np.random.default_rng(5)


@pytest.fixture
def threads_are():
    yield lambda count: config.set_option("threads", count)
    config.forget()


def floats(*shape):
    return RNG.normal(size=shape).astype("float32")


# Sharing


@pytest.mark.parametrize("count", [1, 2, 5, 64])
@pytest.mark.parametrize(("total", "step"), [(0, 1), (1, 1), (7, 2), (100, 1), (100, 1000)])
def test_each_piece_is_done_once(threads_are, count, total, step):
    threads_are(count)
    done = []
    threads.share(lambda start, stop, place: done.append((start, stop, place)), total, step)
    ranges = [(i, min(i + step, total)) for i in range(0, total, step)]
    assert sorted(piece[:2] for piece in done) == ranges
    assert all(0 <= place < count for _, _, place in done)


def test_several_threads_work_at_once_each_in_its_own_place(threads_are):
    threads_are(3)
    together, seen, taken = threading.Barrier(3, timeout=30), set(), []

    def piece(start, stop, place):
        taken.append(place)
        together.wait()
        seen.add(threading.get_ident())

    threads.share(piece, 3, 1)
    assert sorted(taken) == [0, 1, 2] and len(seen) == 3


@pytest.mark.parametrize("fails", [0, 1, 2])
def test_an_error_arrives_when_all_are_done(threads_are, fails):
    threads_are(3)
    together, under_way = threading.Barrier(3, timeout=30), []

    def piece(start, stop, place):
        together.wait()
        if place == fails:
            raise ZeroDivisionError(place)
        under_way.append(place)
        time.sleep(0.05)
        under_way.remove(place)

    with pytest.raises(ZeroDivisionError):
        threads.share(piece, 3, 1)
    assert under_way == []
    threads.share(lambda *_: under_way.append(1), 4, 1)
    assert len(under_way) == 4


def test_work_within_shared_work_stays_in_its_thread(threads_are):
    threads_are(2)
    homes = []

    def outer(start, stop, place):
        here = threading.get_ident()
        threads.share(lambda *_: homes.append(threading.get_ident() == here), 8, 1)

    threads.share(outer, 4, 1)
    assert homes == [True] * 32


def test_no_thread_warns_of_numbers(threads_are):
    threads_are(2)
    together = threading.Barrier(2, timeout=30)

    def piece(start, stop, place):
        together.wait()
        np.log(np.full(4, -1.0))

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        threads.share(piece, 2, 1)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many"])
def test_what_is_no_number_of_threads_is_refused(threads_are, value):
    with pytest.raises(ValueError, match="threads must be a whole number of at least 1"):
        threads_are(value)


# Products


def blas_threads():
    return [library.num_threads for library in blas._libraries()]


def test_blas_has_one_thread_within_and_its_own_again_after(threads_are):
    threads_are(2)
    before = blas_threads()
    with blas.one_thread():
        with blas.one_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    with pytest.raises(ZeroDivisionError), blas.one_thread():
        raise ZeroDivisionError
    assert blas_threads() == before


@pytest.mark.parametrize("transposed", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize(("m", "k", "n"), [(500, 70, 300), (90, 300, 800), (2, 3, 5), (97, 1, 99)])
def test_products_in_pieces(threads_are, monkeypatch, m, k, n, transposed):
    threads_are(2)
    monkeypatch.setattr(blas, "PIECE", 1000)
    a, b, out = floats(m, k), floats(k, n), np.empty((m, n), "float32")
    expected = a.astype("float64") @ b
    a, b = (np.ascontiguousarray(x.T).T if i in transposed else x for i, x in enumerate((a, b)))
    blas.in_pieces(a, b, out)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-4)


# Programs


def with_gradients(y, *xs):
    return [y, *gradients([y], xs)]


def convolution(groups):
    x, kernel = Placeholder((6, 33, 30, 8)), Placeholder((3, 3, 8 // groups, 16))
    y = p.conv(
        x,
        kernel,
        strides=(1, 2),
        padding="same",
        dilation=(1, 1),
        groups=groups,
        data_format="channels_last",
    )
    return [x, kernel], with_gradients(y, x, kernel)


def pooling(name):
    x = Placeholder((16, 64, 64, 8))
    options = {"size": (3, 3), "strides": (2, 2), "padding": "same"}
    return [x], with_gradients(getattr(p, name)(x, data_format="channels_last", **options), x)


def elementwise():
    x, y = Placeholder((700, 1001)), Placeholder((1001,))
    hidden = p.tanh(x * 2.0 + y)
    return [x, y], [p.sigmoid(hidden) * y, p.exp(x), *gradients([hidden], [x, y])]


def batches():
    x, weight = Placeholder((40, 30, 30, 16)), Placeholder((16,))
    y, mean, var = p.batch_norm_train(x, weight, weight, axes=(0, 1, 2), epsilon=1e-3)
    return [x, weight], [y, mean, var, *gradients([y * y], [x, weight])]


def product():
    x, w = Placeholder((700, 300)), Placeholder((300, 500))
    y = p.dot(x, w, contract=((1,), (0,)), batch=((), ()))
    return [x, w], with_gradients(y, x, w)


def rows():
    table, numbers = Placeholder((1000, 64)), Placeholder((20, 1000), "int32")
    return [table, numbers], [p.gather(table, numbers, axis=0)]


PROGRAMS = {
    "convolution": lambda: convolution(1),
    "groups": lambda: convolution(2),
    "depthwise": lambda: convolution(8),
    "max_pool": lambda: pooling("max_pool"),
    "avg_pool": lambda: pooling("avg_pool"),
    "elementwise": elementwise,
    "batches": batches,
    "product": product,
    "rows": rows,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_results_are_equal_bit_by_bit_whatever_the_number_of_threads(
    compiled, threads_are, monkeypatch, name
):
    from keras_numpy.lowering import _depthwise, convolution, pooling

    for module in (_depthwise, convolution, pooling):
        monkeypatch.setattr(module, "BLOCK", 1 << 16)
    inputs, outputs = PROGRAMS[name]()
    arrays = [
        floats(*x.shape) if x.dtype == "float32" else RNG.integers(0, 1000, x.shape, "int32")
        for x in inputs
    ]
    found = []
    for count in (1, 2, 7):
        threads_are(count)
        found.append([y.copy() for y in compiled(inputs, outputs)(*arrays)])
    for several in found[1:]:
        for one, other in zip(found[0], several):
            np.testing.assert_array_equal(one, other)


def test_an_update_of_a_large_variable_is_shared_out(compiled, threads_are):
    threads_are(2)
    w, g = Variable(np.ones((900, 1000), "float32")), Placeholder((900, 1000))
    run = compiled([g], [], [(w, w - p.sqrt(g * g) * 0.5)])
    assert "def block_" in run.source((900, 1000))
    run(np.full((900, 1000), 4, "float32"))
    np.testing.assert_array_equal(w.get_value(), np.full((900, 1000), -1))


# Processes

WORK = """
import threading
import numpy as np
from keras_core import config
from keras_numpy import blas, threads

config.set_option("threads", 3)
done = []
def work():
  with blas.one_thread():
    threads.share(lambda *_: done.append(np.dot(np.ones(9), np.ones(9))), 9, 1)
work()
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", WORK + code], capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_fork_has_threads_of_its_own():
    code = """
import os, warnings
warnings.simplefilter("ignore")
child = os.fork()
work()
if child == 0:
    os._exit(len(done))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len(done))
"""
    done = run(code)
    assert done.stdout == "18 18\n", done.stderr


def test_work_goes_on_while_the_interpreter_ends():
    code = """
import atexit
atexit.register(lambda: (work(), print(len(done))))
"""
    done = run(code)
    assert (done.stdout, done.stderr) == ("18\n", "")
