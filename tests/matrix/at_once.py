"""Runs work in threads that start together."""

from __future__ import annotations

import threading

THREADS = 8
PATIENCE = 100  # seconds, after which threads are taken to wait for each other


def at_once(work, arguments=range(THREADS)):
    """The results of `work` for each argument, run in threads that start together."""
    results, barrier = [None] * len(arguments), threading.Barrier(len(arguments))

    def run(i):
        barrier.wait()
        try:
            results[i] = work(arguments[i])
        except Exception as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(len(arguments))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "threads wait for each other"
    errors = [result for result in results if isinstance(result, Exception)]
    if errors:
        raise errors[0]
    return results
