"""What the workers share: clocks, memory, data, and the line that tells the result."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

DIGITS = Path(__file__).parents[2] / "keras_core" / "datasets" / "data" / "digits.npz"
BATCH = 32


def quick():
    """Tells whether a rough figure is enough."""
    return "quick" in sys.argv


def report(seconds):
    """Prints the result as the last line of the process."""
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}))


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
    """Returns the median seconds of a call, the first ones left out."""
    for _ in range(warm_up):
        operation()
    return median(timed(operation) for _ in range(max(5, calls // 10) if quick() else calls))


def digits():
    """Returns the training images `(samples, 64)` in [0, 1] and their classes `(samples,)`."""
    import numpy as np

    with np.load(DIGITS) as arrays:
        x = arrays["x_train"].reshape(-1, 64).astype("float32") / 16
        return x, arrays["y_train"].astype("int32")


def per_step_of_fit(fit, samples):
    """Returns the seconds a step of `fit(epochs)`, after an epoch to warm up."""
    epochs = 3 if quick() else 20
    fit(1)
    steps = epochs * -(-samples // BATCH)
    return timed(lambda: fit(epochs)) / steps
