"""Large batches are gathered by a thread while a step runs, and nobody can tell but by the time."""

import gc
import os
import threading
import weakref

import numpy as np
import pytest

from keras_core.callbacks import LambdaCallback
from keras_core.engine.feeding import sources
from keras_core.engine.feeding.ahead import Ahead, Piece
from keras_core.engine.feeding.sources import ArraySource
from keras_core.layers import Dense
from keras_core.models import Sequential

THREAD = "keras_core_batches"


def gathering():
    return [thread for thread in threading.enumerate() if thread.name.startswith(THREAD)]


@pytest.fixture
def large(monkeypatch):
    """Takes small arrays for large ones."""
    monkeypatch.setattr(sources, "_SHUFFLED_AT_ONCE", 0)
    monkeypatch.setattr(sources, "_GATHERED_AHEAD", 1)


def mapped(folder, array):
    path = folder / f"{array.ndim}.npy"
    np.save(path, array)
    return np.load(path, mmap_mode="r")


def taken(source):
    """The numbers of an epoch's samples, which are in the second column as well."""
    source.begin()
    batches = [source.take() for _ in range(source.steps)]
    assert [size for size, _ in batches] == [len(x) for _, (x, _) in batches]
    for _, (x, y) in batches:
        assert type(x) is type(y) is np.ndarray
        assert (x[:, 1] == y).all()
    return np.concatenate([y for _, (_, y) in batches]).tolist()


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize("is_mapped", [False, True])
def test_batches_come_in_the_order_of_one_thread(large, tmp_path, shuffle, is_mapped):
    y = np.arange(11.0)
    arrays = [np.stack([-y, y], axis=1), y]
    if is_mapped:
        arrays = [mapped(tmp_path, x) for x in arrays]
    orders = []
    for entered in (True, False):
        np.random.seed(3)
        source = ArraySource(None, arrays, 4, shuffle)
        if entered:
            with source:
                orders.append([taken(source), taken(source)])
        elif not is_mapped:
            orders.append([taken(source), taken(source)])
    assert all(sorted(order) == y.tolist() for order in orders[0])
    assert orders[0][0] == (y.tolist() if shuffle is False else orders[0][0])
    assert orders[-1] == orders[0]


def test_an_epoch_that_is_broken_off_leaves_no_batch_to_the_next(large):
    y = np.arange(8.0)
    np.random.seed(1)
    with ArraySource(None, [np.stack([y, y], axis=1), y], 2, True) as source:
        source.begin()
        source.take()
        rows = taken(source)
    np.random.seed(1)
    order = np.arange(8)
    np.random.shuffle(order)
    np.random.shuffle(order)
    assert rows == y[order].tolist()


def model_and_data():
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    x = np.random.RandomState(0).standard_normal((12, 3)).astype("float32")
    return model, x, x[:, :1]


def test_a_run_has_one_thread_and_leaves_none(large):
    model, x, y = model_and_data()
    seen = []
    watch = LambdaCallback(on_batch_end=lambda *_: seen.append(len(gathering())))
    model.fit(x, y, 3, epochs=2, verbose=0, validation_split=0.5, callbacks=[watch])
    assert seen == [1, 1, 1, 1]
    assert not gathering()


def test_what_a_source_holds_goes_with_it(large):
    """Arrays are large: they must not wait for a search for cycles."""
    gc.collect()
    gc.disable()
    try:
        with ArraySource(None, [np.ones((8, 3)), np.ones((8, 1))], 3, True) as source:
            source.begin()
            source.take()
        gone = weakref.ref(source)
        del source
        assert gone() is None
    finally:
        gc.enable()


def test_small_batches_need_no_thread(monkeypatch):
    monkeypatch.setattr(sources, "_SHUFFLED_AT_ONCE", 0)
    model, x, y = model_and_data()
    seen = []
    model.fit(
        x,
        y,
        3,
        verbose=0,
        callbacks=[LambdaCallback(on_batch_end=lambda *_: seen.extend(gathering()))],
    )
    assert not seen


def test_weights_are_the_same_bit_by_bit(monkeypatch):
    weights = []
    for least in (1, 1 << 30):
        monkeypatch.setattr(sources, "_SHUFFLED_AT_ONCE", 0)
        monkeypatch.setattr(sources, "_GATHERED_AHEAD", least)
        model, x, y = model_and_data()
        model.set_weights([np.ones((3, 1)), np.zeros(1)])
        np.random.seed(5)
        model.fit(x, y, 5, epochs=3, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_a_callback_raises_ends_the_thread(large, error):
    model, x, y = model_and_data()

    def fail(batch, logs):
        assert gathering()
        raise error

    with pytest.raises(error):
        model.fit(x, y, 3, verbose=0, callbacks=[LambdaCallback(on_batch_end=fail)])
    assert not gathering()


def test_a_stop_ends_the_thread(large):
    model, x, y = model_and_data()

    def stop(batch, logs):
        model.stop_training = True

    model.fit(x, y, 3, epochs=3, verbose=0, callbacks=[LambdaCallback(on_batch_end=stop)])
    assert not gathering()


def test_errors_come_where_the_rows_are_taken():
    def gather(piece):
        return [10, 20, 30][piece.start]

    ahead = Ahead(gather)
    assert ahead.take(Piece(1, 2), Piece(3, 4)) == 20
    with pytest.raises(IndexError):
        ahead.take(Piece(3, 4), Piece(4, 4))
    ahead.stop()
    assert not gathering()


def test_another_piece_than_was_foreseen_is_gathered_in_place():
    ahead = Ahead(lambda piece: (piece, threading.current_thread().name))
    name = threading.current_thread().name
    assert ahead.take(Piece(0, 2), Piece(2, 4)) == (Piece(0, 2), name)
    assert ahead.take(Piece(4, 6), Piece(6, 8)) == (Piece(4, 6), name)
    piece, gathered_by = ahead.take(Piece(6, 8), Piece(8, 8))
    assert piece == Piece(6, 8)
    assert gathered_by.startswith(THREAD)
    ahead.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_goes_on_without_the_thread():
    ahead = Ahead(lambda piece: piece.start)
    ahead.take(Piece(0, 1), Piece(1, 2))
    child = os.fork()
    if not child:
        rows = [ahead.take(Piece(i, i + 1), Piece(i + 1, i + 2)) for i in (1, 2, 3)]
        ahead.stop()
        os._exit(0 if rows == [1, 2, 3] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ahead.take(Piece(1, 2), Piece(2, 2)) == 1
    ahead.stop()
