"""JAX's share in Python's garbage collection, in which no Ctrl-C can be lost."""

from __future__ import annotations

import gc
from functools import partial
from typing import Any

_OF_JAX = "_xla_gc_callback"


def heed_signals() -> None:
    """Puts a callback without Python code in place of the one that JAX has the collector call.

    Python runs handlers of signals where a function of Python begins, and throws away what is
    raised in a callback of its collector: KeyboardInterrupt was lost there about once in a hundred
    times.
    """
    for place, callback in enumerate(gc.callbacks):
        if getattr(callback, "__name__", "") == _OF_JAX:
            names = callback.__globals__
            module = names.get("_jax") or names["xla_client"]._xla  # JAX before 0.6
            gc.callbacks[place] = _calling(module.collect_garbage)


def _calling(function: Any) -> Any:
    """What takes the collector's arguments and calls a function without any, all of it in C.

    It sets the attribute "start" or "stop", whose property asks for the next item, which is what
    the function gives.
    """
    asking = property(fset=next)
    kind = type(
        "Collector", (), {"__next__": staticmethod(function), "start": asking, "stop": asking}
    )
    return partial(setattr, kind())
