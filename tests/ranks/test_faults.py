"""What happens when a rank fails, ends, or does something else than the others."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from .launch import SOON, Started, launch

SETUP = """
    import os, signal, sys, threading, time
    import numpy as np
    import keras_core.distribute as hvd
    from keras_core import backend as K, callbacks, layers, models, utils

    hvd.init()
    RANK = hvd.rank()

    def model(units=4, activation="tanh", optimizer="sgd", loss="mse"):
        made = models.Sequential([
            layers.Dense(units, activation=activation, input_shape=(3,)), layers.Dense(1)
        ])
        made.compile(optimizer, loss)
        return made

    def data(count=64):
        rows = np.random.RandomState(0).normal(size=(count, 4))
        return rows[:, :3], rows[:, 3:]

    x, y = data()
"""


def script(body):
    return textwrap.dedent(SETUP) + textwrap.dedent(body)


# One rank comes to its end

FAULTS = {
    "raise": ('raise ValueError("broken here")', "ValueError: broken here"),
    "memory": ("raise MemoryError", "MemoryError"),
    "interrupt": ("os.kill(os.getpid(), signal.SIGINT)", "KeyboardInterrupt"),
    "exit": ("sys.exit(0)", "has come to its end while rank"),
    "exit 3": ("sys.exit(3)", "has come to its end while rank"),
    "kill": ("os.kill(os.getpid(), signal.SIGKILL)", ""),
    "terminate": ("os.kill(os.getpid(), signal.SIGTERM)", ""),
    "leave": ("os._exit(3)", ""),
}


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_one_rank_ends_all(tmp_path, fault, who):
    code, told = FAULTS[fault]
    ended = launch(
        tmp_path,
        script(f"""
        class Fault(callbacks.Callback):
            def on_batch_end(self, batch, logs=None):
                if batch == 5 and RANK == {who}:
                    {code}

        model().fit(x, y, batch_size=4, epochs=10**6, verbose=0, callbacks=[Fault()])
        """),
    )
    assert ended.status != 0
    assert told in ended.err
    if "Error" in told:
        assert f"[rank {who}] Traceback" in ended.err
    assert ended.left == []


@pytest.mark.parametrize("command", [("-m", "keras_core", "run"), ()], ids=["run", "python"])
def test_interrupt_of_launcher_ends_all(tmp_path, command):
    started = Started(
        tmp_path,
        script("""
        print("begins", flush=True)
        model().fit(x, y, batch_size=4, epochs=10**6, verbose=0)
        """),
        command=command,
    )
    wait_for(started, "begins")
    started.process.send_signal(signal.SIGINT)
    ended = started.ended(SOON)
    assert ended.status != 0
    assert ended.left == []


def wait_for(started, text):
    until = time.monotonic() + 60
    while text not in started.written()[0]:
        assert time.monotonic() < until and started.process.poll() is None, started.written()
        time.sleep(0.05)


def test_error_outside_of_runs_ends_ranks_that_wait(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        if RANK == 1:
            open("absent")
        model().fit(x, y, verbose=0)
        """),
    )
    assert ended.status != 0 and "[rank 1] FileNotFoundError" in ended.err


GENERATORS = {
    "generator": """
        def batches():
            for i in range(10**9):
                if i == 20 and RANK == 1:
                    raise OSError("no such picture")
                yield x[:8], y[:8]
        given = dict(generator=batches(), steps_per_epoch=10)
    """,
    "threads": """
        class Batches(utils.Sequence):
            def __len__(self):
                return 10**6
            def __getitem__(self, i):
                if i == 20 and RANK == 1:
                    raise OSError("no such picture")
                return x[:8], y[:8]
        given = dict(generator=Batches(), workers=2, shuffle=False)
    """,
}
GENERATORS["processes"] = GENERATORS["threads"].replace(
    "workers=2", "workers=2, use_multiprocessing=True"
)


@pytest.mark.parametrize("kind", GENERATORS)
def test_error_in_data_of_one_rank_ends_all(tmp_path, kind):
    code = (
        GENERATORS[kind].rstrip()
        + "\n        model().fit_generator(epochs=10**6, verbose=0, **given)"
    )
    ended = launch(tmp_path, script(code))
    assert ended.status != 0
    assert "[rank 1] OSError: no such picture" in ended.err
    assert ended.left == []


SLOW_WORKERS = """
    class Batches(utils.Sequence):
        def __len__(self):
            return 10**6
        def __getitem__(self, i):
            if i > 20:
                time.sleep({pause})
            return x[:8], y[:8]

    class Seen(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            if batch == 10 and RANK == 1:
                {fault}

    model().fit_generator(
        Batches(), workers=2, use_multiprocessing=True, epochs=10**6, verbose=0, shuffle=False,
        callbacks=[Seen()],
    )
"""


@pytest.mark.parametrize("fault", ["kill", "raise", "exit"])
def test_worker_processes_end_with_their_rank_though_busy(tmp_path, fault):
    code = SLOW_WORKERS.format(fault=FAULTS[fault][0], pause=1000)
    ended = launch(tmp_path, script(code))
    assert ended.status != 0
    assert ended.left == []


def test_worker_processes_are_no_ranks(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        from keras_core import ranks

        class Batches(utils.Sequence):
            def __len__(self):
                return 4
            def __getitem__(self, i):
                assert ranks.number_launched() == 1 and ranks.current().size == 1
                return x[:8], y[:8]

        if __name__ == "__main__":
            import multiprocessing
            for method in ("fork", "spawn"):
                multiprocessing.set_start_method(method, force=True)
                history = model().fit_generator(
                    Batches(), workers=2, use_multiprocessing=True, epochs=2, verbose=0
                )
                print(method, len(history.epoch))
        """),
    )
    assert (ended.status, ended.out) == (0, "fork 2\nspawn 2\n"), ended.err


def test_fit_in_a_thread(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            losses = pool.submit(lambda: model().fit(x, y, epochs=2, verbose=0)).result().history
        print(len(losses["loss"]))
        """),
    )
    assert (ended.status, ended.out) == (0, "2\n"), ended.err


def test_error_in_a_thread_that_fits_ends_all(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        class Fault(callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if epoch == 2 and RANK == 1:
                    raise ValueError("broken here")

        def run():
            model().fit(x, y, epochs=10**6, verbose=0, callbacks=[Fault()])

        threading.Thread(target=run).start()
        while True:
            time.sleep(1)
        """),
    )
    assert ended.status != 0
    assert "[rank 1] ValueError: broken here" in ended.err


@pytest.mark.parametrize("seed", range(int(os.environ.get("KERAS_CORE_TEST_KILLS", "3"))))
def test_kill_of_a_random_rank_at_a_random_moment_ends_all(tmp_path, seed):
    chance = random.Random(seed)
    started = Started(
        tmp_path,
        script("""
        open(f"rank {RANK}", "w").write(str(os.getpid()))
        print("begins", flush=True)
        made = model()
        for _ in range(10**6):
            made.fit(x, y, batch_size=4, epochs=5, verbose=0, validation_split=0.25)
            made.predict(x)
            made.save("model.h5")
            models.load_model("model.h5")
        """),
        count=3,
    )
    wait_for(started, "begins")
    time.sleep(chance.uniform(0, 3))
    files = [tmp_path / f"rank {rank}" for rank in range(3)]
    victims = [int(file.read_text()) for file in files if file.exists()]
    os.kill(chance.choice(victims), chance.choice([signal.SIGKILL, signal.SIGTERM]))
    ended = started.ended(SOON)
    assert ended.status != 0
    assert ended.left == []


# Ranks that do different things


def refused(tmp_path, body, *told, count=2, status=1):
    ended = launch(tmp_path, script(body), count=count)
    assert ended.status != 0, ended.out
    for text in told:
        assert text in ended.err, ended.err
    assert ended.left == []


DIFFERENCES = {
    "units": (
        "model(4 + RANK).fit(x, y, verbose=0)",
        "the weights of layer 0 of the model: rank 0 has [(3, 4), (4,)]",
    ),
    "activation": (
        "model(activation=['tanh', 'relu'][RANK]).fit(x, y, verbose=0)",
        "activation of layer 0 of the model (Dense): rank 0 has 'tanh', but rank 1 has 'relu'",
    ),
    "optimizer": (
        "model(optimizer=['sgd', 'adam'][RANK]).fit(x, y, verbose=0)",
        "the optimizer: rank 0 has 'SGD', but rank 1 has 'Adam'",
    ),
    "loss": ("model(loss=['mse', 'mae'][RANK]).fit(x, y, verbose=0)", "the loss: rank 0 has 'mse'"),
    "samples": ("model().fit(*data(64 + RANK), verbose=0)", "the number of samples: rank 0 has 64"),
    "batches": ("model().fit(x, y, 60 + RANK, verbose=0)", "the size of batches: rank 0 has 60"),
    "epochs": ("model().fit(x, y, epochs=2 + RANK, verbose=0)", "the number of epochs"),
    "values": ("model().fit(x + RANK, y, verbose=0)", "the first batch of an epoch"),
    "order": ("model().fit(x, y, 8, shuffle=RANK == 0, verbose=0)", "the first batch of an epoch"),
    "validation": (
        "model().fit(x, y, validation_data=(x, y) if RANK else None, verbose=0)",
        "having data to validate on",
    ),
    "floats": (
        "K.set_floatx(['float32', 'float64'][RANK]); model().fit(x, y, verbose=0)",
        "The ranks differ in versions",
    ),
    "predicted": ("model().predict(x[RANK:])", "the number of samples: rank 0 has 64"),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_difference_is_refused(tmp_path, difference):
    code, told = DIFFERENCES[difference]
    refused(tmp_path, code, "ValueError: The ranks differ in", told)


def test_difference_is_told_on_all_ranks_who_may_go_on_together(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        try:
            model().fit(*data(64 + RANK), verbose=0)
        except ValueError as error:
            open(f"told {RANK}", "w").write(str(error))
        print(len(model().fit(x, y, verbose=0).epoch))
        """),
        count=3,
    )
    assert (ended.status, ended.out) == (0, "1\n"), ended.err
    told = [(tmp_path / f"told {rank}").read_text() for rank in range(3)]
    assert told == [told[0]] * 3
    assert "rank 0 has 64, but rank 1 has 65" in told[0]


def test_different_backends_are_refused(tmp_path):
    refused(
        tmp_path,
        """
        import sys
        numpy = sys.modules["numpy"]
        if RANK:
            numpy.__version__ = "1.0"
        model().fit(x, y, verbose=0)
        """,
        "ValueError: The ranks differ in versions",
        "NumPy 1.0",
    )


def test_layers_have_other_names_where_a_rank_has_made_others(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        if RANK == 0:
            model()
        print(len(model().fit(x, y, verbose=0, shuffle=False).epoch))
        """),
    )
    assert (ended.status, ended.out) == (0, "1\n"), ended.err


CALLS = {
    "fit and predict": (
        "made = model(); made.fit(x, y, verbose=0) if RANK == 0 else made.predict(x)",
        "rank 0 waits in fit (the values of all ranks), but rank 1 in predict",
    ),
    "fit and evaluate in the other order": (
        """
        made = model()
        calls = [lambda: made.fit(x, y, verbose=0), lambda: made.evaluate(x, y, verbose=0)]
        for call in calls[:: 1 - 2 * RANK]:
            call()
        """,
        "rank 0 waits in fit (the values of all ranks), but rank 1 in evaluate",
    ),
    "steps of other kinds": (
        """
        made = model()
        made.train_on_batch(x, y)
        made.test_on_batch(x, y)
        for _ in range(100):
            (made.train_on_batch if RANK else made.test_on_batch)(x, y)
        """,
        "rank 0 waits in the script (sums of",
    ),
    "steps of other models": (
        "model(4 + RANK).train_on_batch(x, y)",
        "rank 0 waits in the script (the first sums of",
    ),
    "evaluate on one rank in fit": (
        """
        made = model()
        at_end = lambda epoch, logs: RANK or made.evaluate(x, y, verbose=0)
        made.fit(x, y, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=at_end)])
        """,
        "rank 0 waits in fit, evaluate (the values of all ranks), but rank 1 in fit, what",
    ),
    "evaluate on one rank after a batch": (
        """
        made = model()
        made.train_on_batch(x, y)
        made.evaluate(x, y, verbose=0)
        at_end = lambda batch, logs: RANK or made.evaluate(x, y, verbose=0)
        made.fit(x, y, verbose=0, callbacks=[callbacks.LambdaCallback(on_batch_end=at_end)])
        """,
        "rank 0 waits in fit, evaluate (the values of all ranks), but rank 1 in fit, whether",
    ),
    "a checkpoint on one rank": (
        """
        mine = [callbacks.ModelCheckpoint("m.h5")] if RANK == 0 else []
        model().fit(x, y, verbose=0, epochs=3, callbacks=mine)
        """,
        "rank 0 waits in fit, save_model (a value of rank 0), but rank 1 in fit",
    ),
    "saved by one rank": (
        "RANK or model().save('m.h5')",
        "rank 1 has come to its end while rank 0 waits for it in save_model",
    ),
    "an error that a rank lets pass": (
        """
        class Fault(callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if RANK == 1:
                    raise ValueError("broken here")
        made = model()
        try:
            made.fit(x, y, verbose=0, callbacks=[Fault()])
        except ValueError:
            made.fit(x, y, verbose=0)
        """,
        "rank 0 waits in fit, what callbacks decided (a value of rank 0), but rank 1 in fit (the",
    ),
    "an error in an epoch of updates in pieces": (
        """
        made = models.Sequential([layers.Dense(600, input_shape=(4,)), layers.Dense(600)])
        made.compile("adam", "mse")
        x, y = np.ones((16, 4)), np.ones((16, 600))
        def batches():
            for number in range(10):
                if number == 6 and RANK == 1:
                    raise KeyError("here")
                yield x, y
        try:
            made.fit(batches(), steps_per_epoch=10, verbose=0, workers=0)
        except KeyError:
            made.evaluate(x, y, verbose=0)
        """,
        "rank 0 waits in fit (sums of rows of float32 (600, 600)), but rank 1 in evaluate",
    ),
    "an error while sums are under way": (
        """
        from keras_core import ranks
        world, five, seven = ranks.current(), [np.ones(5)], [np.ones(7)]
        for arrays in (five, seven):
            world.sums(arrays)
        if RANK:
            with ranks.within("one"):
                world.gathered(1)
        with ranks.within("two"):
            end = world.begin(five, [np.ones(5)])
            world.sums(seven)
            end()
        """,
        "rank 0 waits in two (sums of 1 arrays, float64 (5,)), but rank 1 in one",
    ),
}


@pytest.mark.parametrize("calls", CALLS)
def test_different_calls_are_told(tmp_path, calls):
    code, told = CALLS[calls]
    refused(tmp_path, code, "RuntimeError: ", told)


def test_whoever_was_told_and_goes_on_is_told_again(tmp_path):
    refused(
        tmp_path,
        """
        from keras_core import ranks
        made = model()
        made.train_on_batch(x, y)
        for number in range(2):
            try:
                made.evaluate(x, y, verbose=0) if RANK else made.train_on_batch(x, y)
            except RuntimeError as error:
                print("told", RANK, number, error, file=sys.stderr, flush=True)
        ranks.current().gathered(1)
        """,
        "told 0 0 The ranks do not make",
        "told 0 1 The ranks do not make",
    )


def test_third_rank_is_told_as_well(tmp_path):
    refused(
        tmp_path,
        """
        made = model()
        made.train_on_batch(x, y)
        if RANK == 2:
            made.predict(x)
        made.train_on_batch(x, y)
        """,
        "rank 0 waits in the script (sums of",
        "but rank 2 in predict",
        count=3,
    )


@pytest.mark.parametrize("kind", ["generator", "sequence"])
def test_other_batches_on_each_rank_are_told(tmp_path, kind):
    refused(
        tmp_path,
        f"""
        chance = np.random.RandomState(RANK)
        class Batches(utils.Sequence):
            def __len__(self):
                return 4
            def __getitem__(self, i):
                return chance.normal(size=(8, 3)), np.zeros((8, 1))
        def batches():
            while True:
                yield Batches()[0]
        given = {{"generator": batches(), "sequence": Batches()}}[{kind!r}]
        model().fit_generator(given, steps_per_epoch=4, verbose=0)
        """,
        "The ranks differ in the first batch of an epoch",
    )


def test_callbacks_that_see_batches_on_one_rank_alone(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        class Stop(callbacks.Callback):
            def on_batch_end(self, batch, logs=None):
                self.model.stop_training = batch == 2
        made = model()
        steps = []
        class Count(callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                steps.append(int(K.get_value(made.optimizer.iterations)))
        mine = [Stop()] if RANK == 0 else []
        made.fit(x, y, 4, epochs=2, verbose=0, callbacks=[*mine, Count()])
        open(f"steps {RANK}", "w").write(str(steps))
        """),
    )
    assert ended.status == 0, ended.err
    assert [(tmp_path / f"steps {rank}").read_text() for rank in range(2)] == ["[3]", "[3]"]


# Files


def test_full_disk_of_the_first_rank_stops_all(tmp_path):
    refused(
        tmp_path,
        """
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        made = model()
        if RANK == 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        try:
            made.save_weights("m.h5")
        except Exception as error:
            resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1)) if RANK == 0 else None
            open(f"told {RANK}", "w").write(f"{type(error).__name__}: {error}")
            raise
        """,
        "OSError",
    )


@pytest.mark.parametrize("callback", ["BackupAndRestore('b')", "ModelCheckpoint('m.h5')"])
def test_callback_that_cannot_write_stops_all(tmp_path, callback):
    refused(
        tmp_path,
        f"""
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if RANK == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            model().fit(x, y, verbose=0, epochs=10**6, callbacks=[callbacks.{callback}])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)) if RANK else None
        """,
    )


def test_log_on_a_full_device_stops_all(tmp_path):
    refused(
        tmp_path,
        """
        class Log(callbacks.CSVLogger):
            pass
        model().fit(x, y, verbose=0, epochs=10**6, callbacks=[Log("/dev/full")])
        """,
        "[rank 0] OSError: [Errno 28] No space left on device",
    )


def test_callbacks_write_once(tmp_path):
    (tmp_path / "logs").mkdir()
    ended = launch(
        tmp_path,
        script("""
        import builtins
        opened = []
        class Checkpoint(callbacks.ModelCheckpoint):
            pass
        model().fit(x, y, verbose=0, epochs=2, callbacks=[
            callbacks.CSVLogger("log.csv"), callbacks.ModelCheckpoint("m-{epoch}.h5"),
            callbacks.TensorBoard("logs", update_freq="batch"),
        ])
        """),
    )
    assert ended.status == 0, ended.err
    assert (tmp_path / "log.csv").read_text().count("\n") == 3
    names = sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".h5", ".csv"))
    assert names == ["log.csv", "m-1.h5", "m-2.h5"]
    assert len(list((tmp_path / "logs").rglob("events*"))) == 1


def test_saved_model_is_there_for_all_at_once(tmp_path):
    ended = launch(
        tmp_path,
        script("""
        made = model()
        made.fit(x, y, verbose=0)
        for i in range(20):
            made.save(f"m{i}.h5")
            loaded = models.load_model(f"m{i}.h5")
            made.save_weights(f"w{i}.h5")
            made.load_weights(f"w{i}.h5")
        loaded.fit(x, y, verbose=0)
        print("went through")
        """),
        count=3,
    )
    assert (ended.status, ended.out) == (0, "went through\n"), ended.err


RESUMED = """
    import glob
    class Break(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2 and sys.argv[1] == "break":
                os.kill(os.getpid(), signal.SIGKILL)

    np.random.seed(3)
    made = model(optimizer="adam")
    kept = [callbacks.BackupAndRestore(sys.argv[2])] if len(sys.argv) > 2 else []
    made.fit(x, y, 10, epochs=4, verbose=0, callbacks=[*kept, Break()])
    if RANK == 0:
        np.savez(sys.argv[1], *made.get_weights())
"""


@pytest.mark.parametrize(("before", "after"), [(2, 3), (2, 1), (1, 2)])
def test_run_goes_on_with_another_number_of_ranks(tmp_path, before, after):
    broken = launch(tmp_path, script(RESUMED), "break", "backup", count=before)
    assert broken.status != 0 and (tmp_path / "backup").exists()
    resumed = launch(tmp_path, script(RESUMED), "resumed", "backup", count=after)
    whole = launch(tmp_path, script(RESUMED), "whole", count=1)
    assert (resumed.status, whole.status) == (0, 0), resumed.err + whole.err
    with np.load(tmp_path / "resumed.npz") as found, np.load(tmp_path / "whole.npz") as wanted:
        for name in wanted.files:
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5, atol=1e-7)


def test_processes_of_torchrun_are_refused_where_the_backend_has_no_part_in_it():
    launched = {**os.environ, "TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "2"}
    script = ["-c", "from keras_core import distribute; distribute.init()"]
    for words in (script, ["-m", "keras_core", "run", "-m", "this"]):
        done = subprocess.run(
            [sys.executable, *words], env=launched, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 1
        assert "torchrun started 2 processes, but the backend 'numpy'" in done.stderr
        assert not done.stdout
