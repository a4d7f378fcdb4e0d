"""Python's garbage collector calls JAX without running any Python code."""

from __future__ import annotations

import gc
import sys

from keras_core.plugins import load_backend
from keras_jax.collecting import _calling


def test_the_collector_runs_no_function_of_jax_in_python():
    load_backend("jax")
    names, old = [], sys.getprofile()
    sys.setprofile(lambda frame, event, _: event == "call" and names.append(frame.f_code.co_name))
    try:
        gc.collect()
    finally:
        sys.setprofile(old)
    assert "_xla_gc_callback" not in names


def test_a_function_is_called_at_the_begin_and_at_the_end_of_each_collection():
    calls = []
    callback = _calling(lambda: calls.append(1))
    gc.callbacks.append(callback)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(callback)
    assert len(calls) >= 2
