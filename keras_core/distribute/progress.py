"""Messages that go on while this process computes."""

from __future__ import annotations

import threading
import time
from typing import Any

# Seconds between two looks: a network of 1 GB/s has sent half of what the system keeps for it.
_PAUSE = 0.0005


class Progress:
    """Calls MPI now and then, in a thread, while something is on its way.

    Most of what MPI has to do for a message happens within some call of MPI, whichever it is. NumPy
    leaves other threads their turn while it computes.

    Args:
        comm: any communicator; what comes by it is looked at, not taken.
    """

    def __init__(self, comm: Any) -> None:
        self._comm = comm
        self._on_their_way = 0
        self._is_over = False
        self._anything = threading.Event()
        self._thread: threading.Thread | None = None

    def begun(self) -> None:
        """Something is on its way."""
        self._on_their_way += 1
        self._anything.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._go_on, daemon=True)
            self._thread.start()

    def ended(self) -> None:
        """Something has arrived."""
        self._on_their_way -= 1
        if not self._on_their_way:
            self._anything.clear()

    def stop(self) -> None:
        """Ends the thread."""
        self._is_over = True
        self._anything.set()
        if self._thread is not None:
            self._thread.join()

    def _go_on(self) -> None:
        while self._anything.wait() and not self._is_over:
            self._comm.Iprobe()
            time.sleep(_PAUSE)
