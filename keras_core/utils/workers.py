"""A crew: threads that do tasks in the order given, each by itself or in a process of its own."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import queue
import signal
import threading
import traceback
from concurrent.futures import Future
from contextlib import nullcontext
from contextvars import copy_context
from multiprocessing import util  # noqa: F401  (see _start_no_more)
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Callable

from keras_core.graph.hands import nothing_runs

Setup = tuple[Callable[..., None], tuple[Any, ...]]

# Pipes that a process inherits from another start would hide the end of a third one.
_starting = threading.Lock()
_ending = threading.Event()
_LOOKS_EVERY = 1.0


@atexit.register
def _start_no_more() -> None:
    """Python ends the processes that it sees at its end, and then waits for all that there are.

    It does so after this: what `multiprocessing.util` registered before is called later.
    """
    with _starting:
        _ending.set()


class WorkerTraceback(Exception):
    """Where in a worker process an error came from; the cause of that error."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


class Crew:
    """Workers that do tasks one after the other.

    None of them keeps the interpreter from ending, also one that never comes back from its task.

    Args:
        size: number of workers.
        setup: a function and its arguments, with which each process begins; None works in threads.
    """

    def __init__(self, size: int, setup: Setup | None = None) -> None:
        self.size = size
        self._tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._helpers: list[_Helper] = []
        for _ in range(size):
            # With the backend in use and the custom objects that are known here.
            work = copy_context().run
            threading.Thread(target=work, args=(self._work, setup), daemon=True).start()

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future:
        """Has a task done; the result or error will be in what is returned."""
        future: Future = Future()
        self._tasks.put((future, task, arguments))
        return future

    def close(self) -> None:
        """Cancels what nobody has begun; workers end with the task that they have in hand."""
        try:
            while True:
                self._tasks.get_nowait()[0].cancel()
        except (queue.Empty, TypeError):  # None: closed before
            pass
        for _ in range(self.size):
            self._tasks.put(None)

    def kill(self) -> None:
        """Does so, and ends processes in the middle of their tasks."""
        self.close()
        for helper in self._helpers:
            helper.process.kill()

    def _work(self, setup: Setup | None) -> None:
        helper: _Helper | None = None
        try:
            for future, task, arguments in iter(self._tasks.get, None):
                try:
                    if setup is None:
                        future.set_result(task(*arguments))
                        continue
                    helper = helper or self._new_helper(setup)
                    future.set_result(helper(task, arguments))
                # SystemExit, too, is for whoever waits for the result.
                except BaseException as error:
                    future.set_exception(error)
        finally:
            if helper is not None:
                helper.end()

    def _new_helper(self, setup: Setup) -> _Helper:
        helper = _Helper(setup)
        self._helpers.append(helper)
        return helper


class _Helper:
    """A process that does tasks for a thread.

    Args:
        setup: a function and its arguments, with which the process begins.

    Raises:
        TypeError: these cannot be sent to a process, which is started without a copy of this one.
    """

    def __init__(self, setup: Setup) -> None:
        context = multiprocessing.get_context()
        forks = context.get_start_method() == "fork"
        with nothing_runs() if forks else nullcontext(), _starting:
            if _ending.is_set():
                raise RuntimeError("The interpreter ends, so no worker process is started.")
            self._pipe, others_end = context.Pipe()
            arguments = (others_end, self._pipe, *setup)
            self.process: Any = context.Process(target=_serve, args=arguments, daemon=True)
            try:
                self.process.start()
            except (TypeError, AttributeError, pickle.PicklingError) as error:
                raise TypeError(
                    "use_multiprocessing: with the start method "
                    f"{multiprocessing.get_start_method()!r} data have to be pickled to reach a "
                    f"process, and these cannot be ({error}). Use a Sequence of plain attributes, "
                    "use_multiprocessing=False, or multiprocessing.set_start_method('fork')."
                ) from error
            finally:
                others_end.close()

    def __call__(self, task: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        answer = self._answer(task, arguments)
        if answer is None:
            raise RuntimeError(self._told_death())
        result, error, origin = answer
        if error is not None:
            error.__cause__ = WorkerTraceback(origin)
            raise error
        return result

    def _answer(self, task: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What the process says to a task; None if it dies (an error would keep what was sent)."""
        try:
            self._pipe.send((task, arguments))
            while not self._pipe.poll(_LOOKS_EVERY):
                if not self.process.is_alive():
                    return None
            return self._pipe.recv()
        except (EOFError, OSError):
            return None

    def end(self) -> None:
        """Lets the process end, and waits until it has."""
        self._pipe.close()
        self.process.join()

    def _told_death(self) -> str:
        self.process.join(_LOOKS_EVERY)
        code = self.process.exitcode
        if code is None or code >= 0:
            how = f"ended by itself with exit code {code}"
            hint = (
                "If it could not start, let the script begin its work under "
                "if __name__ == '__main__':"
            )
        else:
            how = f"was ended by signal {-code}"
            hint = (
                "The system sends signal 9 where memory runs out: use fewer workers or smaller "
                "batches."
                if -code == getattr(signal, "SIGKILL", 9)
                else "A library crashed in it; try use_multiprocessing=False to see where."
            )
        return (
            f"Worker process {self.process.pid} {how} before it had made its batch, so the run "
            f"cannot go on. {hint}"
        )


def _serve(pipe: Any, others_end: Any, setup: Callable[..., None], arguments: Any) -> None:
    """What a process does: tasks that come through a pipe, until that is closed."""
    others_end.close()
    # Ctrl-C reaches all processes of a terminal; whoever started this one sees to its end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    setup(*arguments)
    try:
        while True:
            pipe.send_bytes(_outcome(*pipe.recv()))
    except (EOFError, OSError):
        # Nobody waits any more; what else runs in this copy of a process is of no concern.
        os._exit(0)


def _end_with_parent() -> None:
    """Ends a process, also in the midst of a task, whose parent was killed."""
    parent: Any = multiprocessing.parent_process()
    wait([parent.sentinel])
    os._exit(1)


def _outcome(task: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Result, error and its traceback, pickled."""
    try:
        return ForkingPickler.dumps((task(*arguments), None, None))
    except BaseException as error:
        return ForkingPickler.dumps((None, _portable(error), traceback.format_exc()))


def _portable(error: BaseException) -> BaseException:
    """The error, or one that says the same where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
