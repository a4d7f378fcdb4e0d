"""Several threads at once, as checks need them."""

from __future__ import annotations

import sys
import threading
from contextvars import copy_context
from typing import Any, Callable


def in_threads(*works: Callable[[], Any]) -> list[Any]:
    """Results of functions that run at once, each in a thread with the present backend.

    Threads change often, so that what they might tear is torn.
    """
    results: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(number: int, work: Callable[[], Any]) -> None:
        start.wait()
        try:
            results[number] = work()
        except BaseException as error:
            results[number] = error

    threads = [
        threading.Thread(target=copy_context().run, args=(run, number, work))
        for number, work in enumerate(works)
    ]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
