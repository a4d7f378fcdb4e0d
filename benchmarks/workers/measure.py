"""What the workers share: clocks, memory, data, and the line that tells the result."""

from __future__ import annotations

import json
import math
import sys
from collections import namedtuple
from pathlib import Path
from statistics import median
from time import perf_counter

Timing = namedtuple("Timing", ["seconds", "first"])

DIGITS = Path(__file__).parents[2] / "keras_core" / "datasets" / "data" / "digits.npz"
BATCH = 32


def quick():
    """Tells whether a rough figure is enough."""
    return "quick" in sys.argv


def report(result):
    """Prints a Timing, or the seconds of what is done only once, as the process's last line."""
    timing = result if isinstance(result, Timing) else Timing(result, math.nan)
    print(json.dumps(dict(timing._asdict(), megabytes=peak_megabytes())))


def peak_megabytes():
    """Returns the most memory that this process has held."""
    try:
        import resource
    except ImportError:
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def timed(operation):
    """Returns how many seconds one call of an operation took."""
    start = perf_counter()
    operation()
    return perf_counter() - start


def per_call(operation, calls, warm_up=3):
    """Returns the median seconds of a call, the first ones left out, and those of the first."""
    first = timed(operation)
    for _ in range(warm_up):
        operation()
    count = max(5, calls // 10) if quick() else calls
    return Timing(median(timed(operation) for _ in range(count)), first)


def digits():
    """Returns the training images `(samples, 64)` in [0, 1] and their classes `(samples,)`."""
    import numpy as np

    with np.load(DIGITS) as arrays:
        x = arrays["x_train"].reshape(-1, 64).astype("float32") / 16
        return x, arrays["y_train"].astype("int32")


def per_step_of_fit(fit, samples):
    """Returns the seconds a step of `fit(epochs)`, and those of the epoch before."""
    epochs = 3 if quick() else 20
    first = timed(lambda: fit(1))
    steps = epochs * -(-samples // BATCH)
    return Timing(timed(lambda: fit(epochs)) / steps, first)
