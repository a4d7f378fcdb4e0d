"""Callbacks: which hooks are called with what, and what the built-in ones do."""

from __future__ import annotations

import csv
import socket
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from json import dumps, loads
from urllib.parse import parse_qs, urlencode
from urllib.request import Request, urlopen

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.callbacks import (
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    RemoteMonitor,
    TerminateOnNaN,
)
from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.optimizers import SGD

X = np.arange(6, dtype="float32").reshape(6, 1)
Y = 2 * X[:, 0]


def line(optimizer="sgd", metrics=("mae",)):
    model = Sequential([Dense(1, input_shape=(1,), kernel_initializer="zeros")])
    model.compile(optimizer, "mse", metrics=list(metrics))
    return model


class Recorder(Callback):
    """Notes each hook with its index and the names in its logs."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def _note(self, hook, index, logs):
        self.calls.append((hook, index, None if logs is None else list(logs)))


def _recording(name):
    if "batch" in name or "epoch" in name:

        def hook(self, index, logs=None):
            self._note(name, index, logs)
            getattr(Callback, name)(self, index, logs)
    else:

        def hook(self, logs=None):
            self._note(name, None, logs)

    return hook


for _name in [name for name in vars(Callback) if name.startswith("on_")]:
    setattr(Recorder, _name, _recording(_name))

BEGIN, END = ["batch", "size"], ["batch", "size", "loss", "mae"]
OUT = ["batch", "size", "outputs"]


def train_batch(index):
    hooks = ("on_train_batch_begin", "on_batch_begin", "on_train_batch_end", "on_batch_end")
    return [(hook, index, BEGIN if hook.endswith("begin") else END) for hook in hooks]


def test_batch(index):
    return [("on_test_batch_begin", index, BEGIN), ("on_test_batch_end", index, END)]


test_batch.__test__ = False
VALUES = ["val_loss", "val_mae", "loss", "mae"]
TEST = [("on_test_begin", None, None), *test_batch(0), *test_batch(1), ("on_test_end", None, None)]


def test_hooks_of_fit():
    recorder = Recorder()
    line().fit(X, Y, 4, validation_data=(X, Y), callbacks=[recorder], verbose=0)
    assert recorder.calls == [
        ("on_train_begin", None, None),
        ("on_epoch_begin", 0, []),
        *train_batch(0),
        *train_batch(1),
        *TEST,
        ("on_epoch_end", 0, VALUES),
        ("on_train_end", None, None),
    ]


def test_hooks_of_fit_generator():
    recorder = Recorder()
    line().fit_generator(iter([(X, Y)]), 1, callbacks=[recorder], verbose=0, workers=0)
    assert recorder.calls == [
        ("on_train_begin", None, None),
        ("on_epoch_begin", 0, []),
        *train_batch(0),
        ("on_epoch_end", 0, ["loss", "mae"]),
        ("on_train_end", None, None),
    ]


def test_hooks_of_evaluate_and_predict():
    recorder, model = Recorder(), line()
    model.evaluate(X, Y, 4, callbacks=[recorder], verbose=0)
    assert recorder.calls == TEST
    recorder.calls.clear()
    model.predict(X, callbacks=[recorder])
    assert recorder.calls == [
        ("on_predict_begin", None, None),
        ("on_predict_batch_begin", 0, BEGIN),
        ("on_predict_batch_end", 0, OUT),
        ("on_predict_end", None, None),
    ]


def test_single_batches_call_no_hook():
    recorder, model = Recorder(), line()
    model.fit(X, Y, callbacks=[recorder], verbose=0)
    recorder.calls.clear()
    model.train_on_batch(X, Y)
    model.test_on_batch(X, Y)
    model.predict_on_batch(X)
    assert recorder.calls == []


class BatchSizes(Callback):
    def on_train_begin(self, logs=None):
        self.at_begin, self.sizes, self.losses = self.validation_data, [], []

    def on_batch_end(self, batch, logs=None):
        self.sizes.append((batch, logs["size"]))
        self.losses.append(float(logs["loss"]))


def test_params_and_validation_data():
    watcher = BatchSizes()
    line().fit(X, Y, 4, 2, validation_data=(X[:3], Y[:3]), callbacks=[watcher], verbose=0)
    assert watcher.params == {
        "batch_size": 4,
        "do_validation": True,
        "epochs": 2,
        "metrics": ["loss", "mae", "val_loss", "val_mae"],
        "samples": 6,
        "steps": None,
        "verbose": 0,
    }
    assert watcher.at_begin is None
    x, y, weights = watcher.validation_data
    np.testing.assert_array_equal(x, X[:3])
    np.testing.assert_array_equal(y, Y[:3, None])
    np.testing.assert_array_equal(weights, np.ones(3))
    assert watcher.sizes == [(0, 4), (1, 2)] * 2


def test_params_of_fit_generator():
    watcher = BatchSizes()
    line().fit_generator(iter([(X, Y)]), 1, callbacks=[watcher], verbose=0, workers=0)
    assert watcher.params == {
        "do_validation": False,
        "epochs": 1,
        "metrics": ["loss", "mae", "val_loss", "val_mae"],
        "steps": 1,
        "verbose": 0,
    }


def test_watched_and_unwatched_training_agree():
    histories = []
    for watchers in ([], [BatchSizes()]):
        model = line()
        history = model.fit(X, Y, 4, 3, shuffle=False, callbacks=watchers, verbose=0)
        histories.append((history.history, [w.tolist() for w in model.get_weights()]))
    for name, values in histories[0][0].items():
        np.testing.assert_allclose(values, histories[1][0][name], rtol=1e-6)
    assert histories[0][1] == histories[1][1]


def test_unwatched_training_tells_loggers_in_groups(monkeypatch):
    from keras_core.callbacks import BaseLogger

    told = []
    take = BaseLogger.on_batches_end
    monkeypatch.setattr(
        BaseLogger,
        "on_batches_end",
        lambda self, count, logs: (told.append((count, logs["size"])), take(self, count, logs)),
    )
    line().fit(X, Y, 1, 2, verbose=0)
    assert told == [(6, 6), (6, 6)]


def test_epoch_loss_is_the_mean_over_samples():
    watcher, model = BatchSizes(), line()
    history = model.fit(X, Y, 4, shuffle=False, callbacks=[watcher], verbose=0)
    first, second = watcher.losses
    assert history.history["loss"][0] == pytest.approx((4 * first + 2 * second) / 6)
    assert type(history.history["loss"][0]) is float


class StopAt(Callback):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def on_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == self.batch


@pytest.mark.parametrize(
    "batch, validation, epochs, keys",
    [
        (0, True, 1, {"loss"}),
        (1, False, 1, {"loss"}),
        # The validation after the last batch sets stop_training back.
        (1, True, 3, {"loss", "val_loss"}),
    ],
)
def test_stop_in_a_batch(batch, validation, epochs, keys):
    data = (X, Y) if validation else None
    model = line(metrics=())
    history = model.fit(X, Y, 4, 3, validation_data=data, callbacks=[StopAt(batch)], verbose=0)
    assert len(history.epoch) == epochs
    assert set(history.history) == keys


class PredictAtEnd(Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.predict(X)


class StopAtEnd(Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


@pytest.mark.parametrize(
    "order, epochs", [((StopAtEnd, PredictAtEnd), 3), ((PredictAtEnd, StopAtEnd), 1)]
)
def test_prediction_sets_stop_training_back(order, epochs):
    history = line().fit(X, Y, epochs=3, callbacks=[kind() for kind in order], verbose=0)
    assert len(history.epoch) == epochs


def test_early_stopping_keeps_the_best_weights():
    values = iter([3.0, 1.0, 2.0, 2.0, 0.0])
    weights = []

    class Judge(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["judged"] = next(values)
            weights.append(self.model.get_weights())

    model = line()
    stopping = EarlyStopping("judged", patience=2, mode="min", restore_best_weights=True)
    history = model.fit(X, Y, epochs=9, callbacks=[Judge(), stopping], verbose=0)
    assert history.history["judged"] == [3.0, 1.0, 2.0, 2.0]
    assert stopping.stopped_epoch == 3
    for kept, best in zip(model.get_weights(), weights[1]):
        np.testing.assert_array_equal(kept, best)


def drive(callback, values, name="val_loss", model=None):
    """Calls a callback with made up values, and returns the epoch in which it stopped."""
    callback.set_model(model or line())
    callback.model.stop_training = False
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {name: value})
        if callback.model.stop_training:
            return epoch
    return None


@pytest.mark.parametrize(
    "options, name, values, stop",
    [
        ({"patience": 1}, "val_loss", [2, 1, 1, 1], 2),
        ({"patience": 0}, "val_loss", [2, 1, 1.5], 2),
        ({"patience": 2, "min_delta": 0.5}, "val_loss", [2, 1.8, 1.6, 1.2], 2),
        ({"patience": 1}, "val_acc", [0.1, 0.2, 0.3, 0.3], 3),
        ({"mode": "max", "patience": 1}, "val_loss", [1, 2, 3, 2], 3),
        ({"baseline": 1.0, "patience": 2}, "val_loss", [3, 2, 0.5], 1),
    ],
)
def test_when_early_stopping_stops(options, name, values, stop):
    assert drive(EarlyStopping(name, **options), values, name) == stop


def test_early_stopping_says_so(capsys):
    callback = EarlyStopping(verbose=1)
    drive(callback, [1, 2])
    callback.on_train_end()
    assert capsys.readouterr().out == "Epoch 00002: early stopping\n"


def rates(callback, values):
    model = line()
    found = []
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        logs = {"val_loss": value}
        callback.on_epoch_end(epoch, logs)
        found.append(float(K.get_value(model.optimizer.lr)))
    return found


def test_reduce_on_plateau():
    callback = ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, min_lr=0.004)
    values = [1, 1, 1, 1, 1, 1, 1, 1, 1]
    # Two epochs without progress, one of cooldown, and two more; then the rate is at its least.
    expected = [0.01, 0.01, 0.005, 0.005, 0.004, 0.004, 0.004, 0.004, 0.004]
    np.testing.assert_allclose(rates(callback, values), expected, rtol=1e-6)


def test_reduce_on_plateau_takes_the_old_name_of_min_delta(capsys):
    with pytest.warns(UserWarning, match="min_delta"):
        callback = ReduceLROnPlateau(factor=0.1, patience=1, verbose=1, epsilon=0.5)
    np.testing.assert_allclose(rates(callback, [1, 0.8]), [0.01, 0.001], rtol=1e-6)
    out = capsys.readouterr().out
    assert out.startswith("\nEpoch 00002: ReduceLROnPlateau reducing learning rate to 0.00")


def test_learning_rate_scheduler(capsys):
    model = line()
    schedule = LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1), verbose=1)
    history = model.fit(X / 10, Y, epochs=2, callbacks=[schedule], verbose=0)
    np.testing.assert_allclose(history.history["lr"], [0.5, 0.25])
    assert list(history.history) == ["loss", "mae", "lr"]
    assert "\nEpoch 00002: LearningRateScheduler setting learning rate to 0.25.\n" in (
        capsys.readouterr().out
    )
    drive(LearningRateScheduler(lambda epoch, rate: rate * 0.5), [0], model=model)
    assert K.get_value(model.optimizer.lr) == pytest.approx(0.125)


def test_terminate_on_nan(capsys):
    with pytest.warns(UserWarning, match="NaN"):
        history = line().fit(X, np.full(6, np.nan), 2, 3, callbacks=[TerminateOnNaN()], verbose=0)
    assert len(history.epoch) == 1
    assert capsys.readouterr().out == "Batch 0: Invalid loss, terminating training\n"


def test_model_checkpoint_names_and_period(tmp_path):
    pattern = tmp_path / "w.{epoch:02d}.h5"
    checkpoint = ModelCheckpoint(pattern, save_weights_only=True, period=2)
    line().fit(X, Y, epochs=5, callbacks=[checkpoint], verbose=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.02.h5", "w.04.h5"]


def test_model_checkpoint_saves_the_best(tmp_path, capsys):
    path = tmp_path / "best.h5"
    model = line()
    checkpoint = ModelCheckpoint(path, save_best_only=True, verbose=1, save_weights_only=True)
    checkpoint.set_model(model)
    for epoch, value in enumerate([2.0, 1.0, 3.0]):
        model.set_weights([[[float(epoch)]], [0.0]])
        checkpoint.on_epoch_end(epoch, {"val_loss": value})
    model.load_weights(path)
    assert model.get_weights()[0] == 1.0
    assert capsys.readouterr().out == (
        f"\nEpoch 00001: val_loss improved from inf to 2.00000, saving model to {path}\n"
        f"\nEpoch 00002: val_loss improved from 2.00000 to 1.00000, saving model to {path}\n"
        "\nEpoch 00003: val_loss did not improve from 1.00000\n"
    )


def test_model_checkpoint_saves_whole_models(tmp_path):
    from keras_core.models import load_model

    model = line()
    model.fit(X, Y, callbacks=[ModelCheckpoint(tmp_path / "model.h5")], verbose=0)
    again = load_model(tmp_path / "model.h5")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.metrics_names == ["loss", "mae"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_logger(tmp_path, separator):
    path = tmp_path / "log.csv"
    model = line()
    first = CSVLogger(path, separator)
    history = model.fit(X, Y, epochs=2, validation_split=0.5, callbacks=[first], verbose=0)
    more = CSVLogger(path, separator, append=True)
    model.fit(X, Y, epochs=1, validation_split=0.5, callbacks=[more], verbose=0)
    with open(path, newline="") as file:
        rows = list(csv.reader(file, delimiter=separator))
    assert rows[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [row[0] for row in rows[1:]] == ["0", "1", "0"]
    np.testing.assert_allclose([float(row[1]) for row in rows[1:3]], history.history["loss"])


def test_csv_logger_after_an_early_stop(tmp_path):
    path = tmp_path / "log.csv"
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    logger.on_epoch_end(1, {"loss": 0.5})
    logger.on_train_end()
    assert path.read_text().splitlines() == ["epoch,loss,val_loss", "0,1.0,2.0", "1,0.5,NA"]


def test_lambda_callback_calls_its_functions():
    calls = []
    callback = LambdaCallback(
        on_train_begin=lambda logs: calls.append("train"),
        on_epoch_end=lambda epoch, logs: calls.append(epoch),
        on_batch_begin=lambda batch, logs: calls.append("batch"),
        on_test_begin=lambda logs: calls.append("test"),
    )
    line().fit(X, Y, validation_data=(X, Y), callbacks=[callback], verbose=0)
    assert calls == ["train", "batch", "test", 0]


class Posts:
    """A package `requests` that sends with the standard library, and what came of it."""

    class exceptions:
        RequestException = OSError

    @staticmethod
    def post(url, data=None, json=None, headers=None):
        kind = "application/x-www-form-urlencoded" if json is None else "application/json"
        body = urlencode(data) if json is None else dumps(json, allow_nan=False)
        headers = {"Content-Type": kind, **(headers or {})}
        return urlopen(Request(url, body.encode(), headers), timeout=30)


@pytest.fixture
def server(monkeypatch):
    """A web server's address and what was posted to it."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    monkeypatch.setitem(sys.modules, "requests", Posts)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


SENT = {"loss": np.float32(0.5), "one": np.ones(1), "two": [np.int64(1), np.nan], "word": "a"}


def test_remote_monitor_posts_a_form(server):
    root, received = server
    line().fit(X, Y, epochs=2, verbose=0, callbacks=[RemoteMonitor(root, field="values")])
    RemoteMonitor(root, "/there", headers={"Content-Type": "text/own"}).on_epoch_end(3, SENT)
    (path, kind, body), _, (own_path, own_kind, own_body) = received
    assert (path, kind) == ("/publish/epoch/end/", "application/x-www-form-urlencoded")
    assert list(loads(parse_qs(body)["values"][0])) == ["epoch", "loss", "mae"]
    assert (own_path, own_kind) == ("/there", "text/own")
    assert parse_qs(own_body)["data"] == [
        '{"epoch": 3, "loss": 0.5, "one": 1.0, "two": [1, NaN], "word": "a"}'
    ]


def test_remote_monitor_posts_json(server):
    root, received = server
    RemoteMonitor(root, send_as_json=True).on_epoch_end(3, SENT)
    ((_, kind, body),) = received
    assert kind == "application/json"
    assert loads(body) == {"epoch": 3, "loss": 0.5, "one": 1.0, "two": [1, None], "word": "a"}


def test_remote_monitor_goes_on_without_a_server(monkeypatch):
    monkeypatch.setitem(sys.modules, "requests", Posts)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.warns(UserWarning, match=r"could not reach http.*Training goes on"):
            history = line().fit(X, Y, epochs=2, verbose=0, callbacks=[RemoteMonitor(root)])
    assert history.epoch == [0, 1]


def test_remote_monitor_misses_requests_before_training(monkeypatch):
    monkeypatch.setitem(sys.modules, "requests", None)
    model = line()
    before = model.get_weights()
    with pytest.raises(ImportError, match="pip install requests"):
        model.fit(X, Y, verbose=0, callbacks=[RemoteMonitor()])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_callback_list_calls_all():
    recorders = CallbackList([Recorder()])
    recorders.append(Recorder())
    recorders.on_batch_end(2, {"loss": 1})
    assert [r.calls for r in recorders] == [
        [("on_train_batch_end", 2, ["loss"]), ("on_batch_end", 2, ["loss"])]
    ] * 2


def test_validation_frequency():
    history = line(metrics=()).fit(
        X, Y, epochs=4, validation_data=(X, Y), validation_freq=2, verbose=0
    )
    assert {k: len(v) for k, v in history.history.items()} == {"val_loss": 2, "loss": 4}
    history = line(metrics=()).fit(
        X, Y, epochs=4, validation_data=(X, Y), validation_freq=[1, 2, 4], verbose=0
    )
    assert len(history.history["val_loss"]) == 3


def test_initial_epoch():
    assert line().fit(X, Y, epochs=5, initial_epoch=3, verbose=0).epoch == [3, 4]


class CompilesAnew(Callback):
    """Compiles the model without metrics before the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.model.compile("sgd", "mse")


@pytest.mark.parametrize("others", [[], [LambdaCallback(on_batch_end=lambda batch, logs: None)]])
def test_a_run_goes_on_as_it_began_when_a_callback_compiles_the_model(others):
    # One weight w that is not trained: the loss is the mean of (2 - w)**2 x**2, mae of (2 - w) x.
    model = line(SGD(0.0))
    callbacks = [CompilesAnew(), *others]
    history = model.fit(X, Y, 6, 3, 0, callbacks, validation_data=(X, Y)).history
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(
        ["loss", "mae", "val_loss", "val_mae"], 3
    )
    np.testing.assert_allclose(history["loss"], [4 * 55 / 6] * 3, rtol=1e-6)
    np.testing.assert_allclose(history["mae"], [5] * 3, rtol=1e-6)
    np.testing.assert_allclose(history["val_mae"], [5] * 3, rtol=1e-6)


@pytest.mark.parametrize("nothing", [None, False, [], ()])
def test_no_validation_data(nothing):
    for data in [(X, Y), ((x for x in [(X, Y)]), None)]:
        steps = None if data[1] is not None else 1
        history = line().fit(*data, validation_data=nothing, steps_per_epoch=steps, verbose=0)
        assert list(history.history) == ["loss", "mae"]


@pytest.mark.parametrize(("said", "other"), [("accuracy", "acc"), ("acc", "accuracy")])
def test_an_accuracy_is_found_by_its_other_spelling(tmp_path, said, other):
    model = Sequential(
        [Dense(1, activation="sigmoid", kernel_initializer="ones", input_shape=(2,))]
    )
    model.compile("sgd", "binary_crossentropy", metrics=[said])
    x, y = np.ones((8, 2)), np.ones((8, 1))
    monitor = f"val_{other}"
    path = str(tmp_path / f"{{epoch}}-{{{monitor}:.1f}}.h5")
    mine = [
        ModelCheckpoint(path, monitor=monitor, save_best_only=True),
        EarlyStopping(monitor=monitor, patience=1),
        ReduceLROnPlateau(monitor=monitor, patience=1),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(x, y, epochs=4, verbose=0, validation_split=0.5, callbacks=mine).history
    assert history[monitor] == history[f"val_{said}"]
    assert len(history["loss"]) == 2
    assert sorted(history) == sorted(["loss", said, "lr", "val_loss", f"val_{said}"])
    assert [file.name[:2] for file in tmp_path.iterdir()] == ["1-"]
    with pytest.raises(KeyError, match="val_prec"):
        history["val_prec"]
