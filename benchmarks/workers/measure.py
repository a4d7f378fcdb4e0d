"""What the workers share: the task, clocks, memory, and the line that tells the result."""

from __future__ import annotations

import importlib
import json
import sys
from statistics import median
from threading import Event, Thread
from time import perf_counter
from types import SimpleNamespace

STATUS = "/proc/self/status"


def task():
    """Returns what this process is to measure: `case`, `scale` and `package`."""
    return SimpleNamespace(**json.loads(sys.argv[1]))


def report(**values):
    """Prints seconds and megabytes as the process's last line."""
    print(json.dumps({"memory": peak_megabytes(), **values}))


def once(operation):
    """Reports an operation that a process can do only once."""
    report(seconds=timed(operation))


def repeated(operation, scale, steps=1):
    """Reports the seconds of a step of an operation, and of its first call, which may compile."""
    first = timed(operation)
    report(seconds=median_of(operation, 2 * scale) / steps, first=first)


def imported(package):
    """Returns Keras, whole."""
    for name in (f"{package}.layers", f"{package}.models"):
        importlib.import_module(name)
    return importlib.import_module(package)


def imported_with_engine(package):
    """The same with the library that computes, which keras_core imports when it needs it."""
    keras = imported(package)
    if package == "keras_core":
        keras.plugins.current_backend()
    return keras


def clocked(operation):
    """Returns what one call of an operation returned, and how many seconds it took."""
    start = perf_counter()
    result = operation()
    return result, perf_counter() - start


def timed(operation):
    """Returns how many seconds one call of an operation took."""
    return clocked(operation)[1]


def median_of(operation, seconds, least=3):
    """Returns the median seconds of a call, of as many as there is time for, one left out."""
    operation()
    times = []
    while len(times) < least or sum(times) < seconds:
        times.append(timed(operation))
    return median(times)


def peak_megabytes():
    """Returns the most memory that this process has held."""
    try:
        # What getrusage says is at least what the process held that started this one.
        return _status("VmHWM")
    except OSError:
        return _peak_of_getrusage()


def _peak_of_getrusage():
    try:
        import resource
    except ImportError:
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _status(name):
    """A size that the kernel tells of this process, in megabytes."""
    with open(STATUS) as lines:
        kilobytes = next(line.split()[1] for line in lines if line.startswith(name))
    return int(kilobytes) * 1024 / 1e6


class UnmappedPeak:
    """The most memory held while it is entered, but for pages of mapped files.

    Those the kernel takes back when it needs them. It tells no peak of the rest, so a thread looks.

    Attributes:
        megabytes: the peak; that of all memory where the kernel does not tell them apart.
    """

    def __init__(self, interval=0.01):
        self.megabytes = 0.0
        self._interval = interval
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._done.set()
        self._thread.join()
        self._look()

    def _watch(self):
        while not self._done.wait(self._interval):
            self._look()

    def _look(self):
        try:
            now = _status("RssAnon") + _status("RssShmem")
        except OSError:
            now = peak_megabytes()
        self.megabytes = max(self.megabytes, now)
