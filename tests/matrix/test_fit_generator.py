"""Training, evaluation and prediction on generators and Sequences, with and without workers."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
import time
import zipfile

import numpy as np
import pytest

from keras_core.engine import training_generator
from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence, get_file
from keras_core.utils.data_utils import validate_file

X = np.arange(20, dtype="float32").reshape(10, 2) / 20
Y = X[:, :1] - X[:, 1:]


def line():
    model = Sequential([Dense(1, input_shape=(2,), kernel_initializer="ones")])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def batches(size=4, weights=False):
    while True:
        for start in range(0, 10, size):
            part = slice(start, start + size)
            yield (X[part], Y[part], np.full(len(X[part]), 2.0))[: 3 if weights else 2]


class Batches(Sequence):
    def __init__(self, size=4):
        self.size, self.ends = size, 0

    def __len__(self):
        return -(-10 // self.size)

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return X[part], Y[part]

    def on_epoch_end(self):
        self.ends += 1


@pytest.fixture
def reference():
    """Training on the arrays themselves, in order."""
    model = line()
    history = model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return model, history.history


WORKERS = [
    {"workers": 0},
    {"workers": 1},
    {"workers": 1, "max_queue_size": 1},
]


@pytest.mark.parametrize("workers", WORKERS)
def test_generator_trains_like_arrays(reference, workers):
    model = line()
    history = model.fit_generator(batches(), 3, 2, verbose=0, **workers)
    for name, values in reference[1].items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-6)
    for a, b in zip(model.get_weights(), reference[0].get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("workers", [*WORKERS, {"workers": 2}])
def test_sequence_trains_like_arrays(reference, workers):
    model = line()
    history = model.fit_generator(Batches(), epochs=2, shuffle=False, verbose=0, **workers)
    for name, values in reference[1].items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-6)


def test_fit_takes_generators(reference):
    history = line().fit(Batches(), epochs=2, shuffle=False, verbose=0, workers=0)
    np.testing.assert_allclose(history.history["loss"], reference[1]["loss"], rtol=1e-6)
    history = line().fit(batches(), steps_per_epoch=3, epochs=2, verbose=0)
    np.testing.assert_allclose(history.history["loss"], reference[1]["loss"], rtol=1e-6)


class Heard(Sequential):
    """Notes which of its methods for generators are called."""

    def __init__(self, layers):
        super().__init__(layers)
        self.heard = []

    def fit_generator(self, generator, **options):
        self.heard.append("fit")
        return super().fit_generator(generator, **options)

    def evaluate_generator(self, generator, **options):
        self.heard.append("evaluate")
        return super().evaluate_generator(generator, **options)

    def predict_generator(self, generator, **options):
        self.heard.append("predict")
        return super().predict_generator(generator, **options)


def test_a_subclass_may_do_generators_in_its_own_way(reference):
    model = Heard([Dense(1, input_shape=(2,), kernel_initializer="ones")])
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(batches(), steps_per_epoch=3, epochs=2, verbose=0)
    assert history.history.keys() == reference[1].keys()
    np.testing.assert_allclose(model.get_weights()[0], reference[0].get_weights()[0], rtol=1e-6)
    found = model.evaluate(batches(), steps=3, verbose=0)[1], model.predict(batches(), steps=3)
    assert model.heard == ["fit", "evaluate", "predict"]
    for got, wanted in zip(found, (model.evaluate(X, Y, verbose=0)[1], model.predict(X))):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="leave it out"):
        model.fit(batches(), Y, steps_per_epoch=3, verbose=0)
    assert len(model.heard) == 3


@pytest.mark.parametrize("data", [X, X[:1], {"x": X}], ids=["array", "row", "dict"])
def test_validation_data_that_are_no_pair_are_refused(data):
    with pytest.raises(ValueError, match="validation_data has to be"):
        line().fit(X, Y, validation_data=data, verbose=0)


def test_sequence_hears_of_the_end_of_an_epoch():
    sequence = Batches()
    line().fit_generator(sequence, epochs=3, verbose=0, workers=0)
    assert sequence.ends == 3


def test_generators_may_give_weights():
    model = line()
    plain = line().fit_generator(batches(), 3, verbose=0, workers=0)
    double = model.fit_generator(batches(weights=True), 3, verbose=0, workers=0)
    first = line().test_on_batch(X[:4], Y[:4])[0]
    assert first > 0
    assert double.history["loss"][0] == pytest.approx(2 * plain.history["loss"][0], rel=1e-3)


def test_class_weights_with_generators():
    model = Sequential([Dense(1, input_shape=(2,), kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    ones = iter([(X, np.ones(10))])
    history = model.fit_generator(ones, 1, class_weight={1: 3.0}, verbose=0, workers=0)
    assert history.history["loss"] == pytest.approx([3.0])


@pytest.mark.parametrize("workers", [0, 1])
def test_validation_data_of_each_kind(workers):
    kinds = [((X, Y), None), (batches(), 3), (Batches(), None)]
    for data, steps in kinds:
        history = line().fit_generator(
            batches(),
            3,
            2,
            validation_data=data,
            validation_steps=steps,
            verbose=0,
            workers=workers,
        )
        assert list(history.history) == ["val_loss", "val_mae", "loss", "mae"]
        assert len(history.history["val_mae"]) == 2


def test_functions_of_the_old_module_are_the_methods(reference):
    model = line()
    history = training_generator.fit_generator(model, batches(), 3, 2, 0, workers=0)
    np.testing.assert_allclose(history.history["loss"], reference[1]["loss"], rtol=1e-6)
    found = training_generator.evaluate_generator(model, batches(), 3)
    assert found[1] == pytest.approx(model.evaluate(X, Y, verbose=0)[1], rel=1e-5)
    found = training_generator.predict_generator(model, batches(), 3)
    np.testing.assert_allclose(found, model.predict(X), rtol=1e-6, atol=1e-6)


def test_what_is_refused_starts_no_worker(monkeypatch):
    started = []
    monkeypatch.setattr(OrderedEnqueuer, "start", lambda *_, **__: started.append(1))
    with pytest.raises(TypeError, match="callbacks"):
        line().fit_generator(batches(), 3, callbacks=3, validation_data=Batches(), verbose=0)
    assert not started


def test_evaluate_generator_accumulates_metrics():
    model = line()
    expected = model.evaluate(X, Y, verbose=0)
    _, mae = model.evaluate_generator(batches(), 3)
    assert mae == pytest.approx(expected[1], rel=1e-5)
    assert model.evaluate(Batches(), verbose=0)[1] == pytest.approx(expected[1], rel=1e-5)


def test_predict_generator_joins_batches():
    model = line()
    expected = model.predict(X)
    for generator, steps in ((batches(), 3), (Batches(), None)):
        found = model.predict_generator(generator, steps)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    bare = (X[i : i + 5] for i in (0, 5))
    np.testing.assert_allclose(model.predict(bare, steps=2), expected, rtol=1e-6, atol=1e-6)


def test_training_leaves_no_thread_behind():
    before = threading.active_count()
    for _ in range(3):
        line().fit_generator(batches(), 3, verbose=0)
        line().fit_generator(Batches(), verbose=0, workers=2)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


# Enqueuers


def test_ordered_enqueuer_keeps_the_order():
    enqueuer = OrderedEnqueuer(Batches(1))
    enqueuer.start(workers=3, max_queue_size=4)
    taken = enqueuer.get()
    found = [next(taken)[0][0, 0] for _ in range(20)]
    enqueuer.stop()
    assert found == [*X[:, 0], *X[:, 0]]
    assert not enqueuer.is_running()


def test_ordered_enqueuer_shuffles():
    enqueuer = OrderedEnqueuer(Batches(1), shuffle=True)
    enqueuer.start()
    taken = enqueuer.get()
    epochs = [[next(taken)[0][0, 0] for _ in range(10)] for _ in range(3)]
    enqueuer.stop()
    assert all(sorted(epoch) == sorted(X[:, 0]) for epoch in epochs)
    assert epochs[0] != epochs[1] or epochs[1] != epochs[2]


# A fork of a process with threads is warned of since Python 3.12.
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@FORKS
def test_processes_make_batches():
    enqueuer = OrderedEnqueuer(Batches(5), use_multiprocessing=True)
    enqueuer.start(workers=2)
    taken = enqueuer.get()
    found = [next(taken)[0] for _ in range(2)]
    enqueuer.stop()
    np.testing.assert_array_equal(np.concatenate(found), X)


def test_generator_enqueuer_ends_with_its_generator():
    enqueuer = GeneratorEnqueuer(iter([1, 2, 3]))
    enqueuer.start()
    assert list(enqueuer.get()) == [1, 2, 3]
    assert not enqueuer.is_running()


class Broken(Batches):
    def __getitem__(self, index):
        raise OSError("no such batch")


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_errors_of_workers_reach_the_caller(workers):
    with pytest.raises(OSError, match="no such batch"):
        line().fit_generator(Broken(), verbose=0, workers=workers)


@pytest.mark.parametrize("workers", [0, 1, 4])
@pytest.mark.parametrize("epochs", [1, 2])
def test_errors_at_the_end_of_an_epoch_reach_the_caller(workers, epochs):
    class Failing(Batches):
        def on_epoch_end(self):
            raise KeyError("the end")

    with pytest.raises(KeyError, match="the end"):
        line().fit_generator(Failing(), epochs=epochs, workers=workers, verbose=0)


@pytest.mark.parametrize("workers", [-1, 0, 1])
def test_fewer_workers_than_one_make_batches_in_place(workers):
    threads = []

    class Told(Batches):
        def __getitem__(self, index):
            threads.append(threading.current_thread() is threading.main_thread())
            return super().__getitem__(index)

    line().fit(Told(), workers=workers, verbose=0)
    assert set(threads) == {workers < 1}


def test_a_sequence_without_length():
    class Bare(Sequence):
        pass

    with pytest.raises(NotImplementedError, match="Bare.*__len__"):
        line().fit_generator(Bare(), verbose=0)


@FORKS
def test_copies_of_a_generator_are_warned_of():
    with pytest.warns(UserWarning, match="Sequence"), pytest.raises(Exception):  # noqa: B017
        # A generator cannot be sent to a process that is not a fork of this one.
        line().fit_generator(iter([]), 1, verbose=0, workers=2, use_multiprocessing=True)


# Files


@pytest.fixture
def served(tmp_path):
    """A function that puts content under an address."""

    def serve(name, content):
        path = tmp_path / "server" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path.as_uri()

    return serve


def test_get_file_downloads_once(served, tmp_path, capsys):
    origin = served("a.txt", b"text")
    digest = hashlib.sha256(b"text").hexdigest()
    options = {"file_hash": digest, "cache_dir": str(tmp_path)}
    path = get_file("a.txt", origin, **options)
    assert path == os.path.join(str(tmp_path), "datasets", "a.txt")
    with open(path, "rb") as file:
        assert file.read() == b"text"
    assert "Downloading data from" in capsys.readouterr().out
    assert get_file("a.txt", origin, **options) == path
    assert capsys.readouterr().out == ""


def test_get_file_replaces_a_file_of_another_hash(served, tmp_path):
    digest = hashlib.md5(b"new").hexdigest()
    get_file("a.txt", served("old.txt", b"old"), cache_dir=str(tmp_path))
    path = get_file("a.txt", served("new.txt", b"new"), md5_hash=digest, cache_dir=str(tmp_path))
    assert validate_file(path, digest)


def test_get_file_refuses_a_wrong_hash(served, tmp_path):
    with pytest.raises(OSError, match="another hash"):
        get_file("a.txt", served("a.txt", b"text"), file_hash="0" * 64, cache_dir=str(tmp_path))
    assert os.listdir(tmp_path / "datasets") == []


def archive(kind, name):
    data = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(data, "w") as made:
            made.writestr(name, "inside")
    else:
        with tarfile.open(fileobj=data, mode="w:gz") as made:
            entry = tarfile.TarInfo(name)
            entry.size = 6
            made.addfile(entry, io.BytesIO(b"inside"))
    return data.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_get_file_unpacks(served, tmp_path, kind):
    origin = served("a", archive(kind, "folder/b.txt"))
    get_file("a", origin, extract=True, cache_dir=str(tmp_path))
    assert (tmp_path / "datasets" / "folder" / "b.txt").read_text() == "inside"


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_get_file_refuses_paths_outside(served, tmp_path, kind):
    origin = served("a", archive(kind, "../../evil.txt"))
    with pytest.raises(ValueError, match="outside"):
        get_file("a", origin, extract=True, cache_dir=str(tmp_path))
    assert not (tmp_path / "evil.txt").exists()


def test_get_file_untars(served, tmp_path):
    path = get_file(
        "d", served("d", archive("tar", "d/b.txt")), untar=True, cache_dir=str(tmp_path)
    )
    assert os.listdir(path) == ["b.txt"]
