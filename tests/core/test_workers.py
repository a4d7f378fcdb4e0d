"""Workers that fail: what they raise arrives, and none of them holds up the end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from itertools import count

import pytest

from keras_core.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence

FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
ENDS = [SystemExit(3), KeyboardInterrupt(), GeneratorExit()]


class Numbers(Sequence):
    def __init__(self, make=lambda index: index, at_end=lambda: None, length=3):
        self.make, self.at_end, self.length = make, at_end, length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return self.make(index)

    def on_epoch_end(self):
        self.at_end()


def raising(error):
    def act(*_):
        raise error

    return act


def generated(error):
    yield 0
    raise error


def taken(enqueuer, number, **options):
    enqueuer.start(**options)
    batches = enqueuer.get()
    try:
        return [next(batches) for _ in range(number)]
    finally:
        enqueuer.stop()


@pytest.mark.parametrize("error", ENDS)
@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=FORKS)])
def test_what_ends_a_program_arrives_from_a_worker(error, processes):
    for enqueuer in (
        OrderedEnqueuer(Numbers(raising(error)), processes),
        GeneratorEnqueuer(generated(error), processes),
    ):
        with pytest.raises(type(error)):
            taken(enqueuer, 3)
        assert not enqueuer.is_running()


@pytest.mark.parametrize("error", ENDS)
def test_what_ends_a_program_arrives_from_the_end_of_an_epoch(error):
    enqueuer = OrderedEnqueuer(Numbers(at_end=raising(error)))
    with pytest.raises(type(error)):
        taken(enqueuer, 4)
    with pytest.raises(type(error)):
        enqueuer.join_end_of_epoch()


@pytest.mark.parametrize("size", [0, -1, 1])
def test_a_queue_without_room_has_room_for_one(size):
    drawn = count()
    generator = (next(drawn) for _ in count())
    assert taken(GeneratorEnqueuer(generator), 4, max_queue_size=size) == [0, 1, 2, 3]
    # Besides what was taken: one waits, one waits to wait, one is in hand.
    assert next(drawn) <= 4 + 3


def fail_deep_inside(index):
    raise ValueError(f"batch {index} is bad")


class Unportable(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


@FORKS
@pytest.mark.parametrize("processes", [False, True])
def test_an_error_arrives_with_its_own_traceback(processes):
    with pytest.raises(ValueError, match="batch 0 is bad") as caught:
        taken(OrderedEnqueuer(Numbers(fail_deep_inside), processes), 1)
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert "in fail_deep_inside" in shown


@FORKS
def test_an_error_that_cannot_travel_is_told():
    with pytest.raises(RuntimeError, match="Unportable: a and b"):
        taken(OrderedEnqueuer(Numbers(raising(Unportable("a", "b"))), True), 1)


@FORKS
def test_results_that_cannot_travel_are_told():
    # Python 3.13.0 says it of the local object alone.
    with pytest.raises((TypeError, AttributeError, RuntimeError), match="pickle|local object"):
        taken(OrderedEnqueuer(Numbers(lambda index: lambda: index), True), 1)


@FORKS
@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda _: os.kill(os.getpid(), signal.SIGKILL), "signal 9.*memory runs out"),
        (lambda _: os.kill(os.getpid(), signal.SIGTERM), "signal 15.*where"),
        (lambda _: os._exit(4), "exit code 4"),
    ],
)
def test_a_process_that_dies_is_told(end, told):
    with pytest.raises(RuntimeError, match=f"Worker process.*{told}"):
        taken(OrderedEnqueuer(Numbers(end), True), 1, workers=2)


@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=FORKS)])
def test_ctrl_c_while_workers_start_stops_them(monkeypatch, processes):
    class Interrupted(threading.Thread):
        def start(self):
            super().start()
            if threading.current_thread() is threading.main_thread():
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(threading, "Thread", Interrupted)
    enqueuer = OrderedEnqueuer(Numbers(length=1000), processes)
    with pytest.raises(KeyboardInterrupt):
        enqueuer.start(workers=2)
    assert not enqueuer.is_running()
    assert not enqueuer.run_thread.is_alive()


def test_ctrl_c_while_workers_are_stopped_ends_their_processes(monkeypatch):
    class Processes:
        killed = False

        def kill(self):
            self.killed = True

    enqueuer, crew = OrderedEnqueuer(Numbers()), Processes()
    enqueuer.start()
    enqueuer.get()
    monkeypatch.setattr(enqueuer.run_thread, "join", raising(KeyboardInterrupt()))
    enqueuer._crew = crew
    with pytest.raises(KeyboardInterrupt):
        enqueuer.stop()
    assert crew.killed


AN_END = """
    import threading
    from keras_core.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence

    class Numbers(Sequence):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            if index and {batch}:
                threading.Event().wait()
            return index

        def on_epoch_end(self):
            if {end}:
                threading.Event().wait()

    enqueuer = OrderedEnqueuer(Numbers(), {processes})
    enqueuer.start(workers=2)
    print(next(enqueuer.get()))
    if {stops}:
        enqueuer.stop(timeout=0.1)
"""


@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("stops", [False, True])
@pytest.mark.parametrize("batch", [False, True])
def test_a_worker_that_blocks_lets_the_interpreter_end(sandbox, processes, stops, batch):
    text = AN_END.format(batch=batch, end=not batch, processes=processes, stops=stops)
    done = sandbox.run(text)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="there is no fork here")
def test_a_worker_that_starts_as_the_interpreter_ends_is_ended_as_well(sandbox):
    done = sandbox.run(
        """
        import multiprocessing, os, time
        from keras_core.utils import OrderedEnqueuer, Sequence

        class Numbers(Sequence):
            def __len__(self):
                return 1

            def __getitem__(self, index):
                time.sleep(1000)

        multiprocessing.set_start_method("fork")
        os.register_at_fork(before=lambda: (print("forks", flush=True), time.sleep(1)))
        enqueuer = OrderedEnqueuer(Numbers(), True)
        enqueuer.start(workers=1)
        time.sleep(0.5)
        """
    )
    assert (done.returncode, done.stdout) == (0, "forks\n"), done.stderr


STARTED = """
    import multiprocessing
    import sys
    import threading

    import numpy as np

    from keras_core.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence


    class Products(Sequence):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return (np.ones((200, 200)) @ np.full((200, 200), index)).sum()


    if __name__ == "__main__":
        multiprocessing.set_start_method(sys.argv[1])
        a = np.ones((300, 300))
        threads = [threading.Thread(target=lambda: a @ a) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        enqueuer = OrderedEnqueuer(Products(), use_multiprocessing=True)
        enqueuer.start(workers=2)
        batches = enqueuer.get()
        print([int(next(batches)) // 200**3 for _ in range(4)])
        enqueuer.stop()
        enqueuer = GeneratorEnqueuer((i for i in range(3)), use_multiprocessing=True)
        enqueuer.start()
        try:
            print(list(enqueuer.get()))
        except TypeError as error:
            print("refused", "start method" in str(error))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_start_by_every_method(sandbox, tmp_path, method):
    script = tmp_path / "started.py"
    script.write_text("\n".join(line[4:] for line in STARTED.splitlines()))
    done = sandbox.command(sys.executable, str(script), method)
    last = "[0, 1, 2]" if method == "fork" else "refused True"
    assert done.stdout.splitlines() == ["[0, 1, 2, 3]", last], done.stderr
    assert not done.stderr or method == "fork"
