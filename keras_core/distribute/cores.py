"""Each rank's part of the cores of its machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from keras_core.config import get_option
from keras_core.ranks import World

# Where the threads of this process are listed.
_THREADS = Path("/proc/self/task")

_before: set[int] = set()


def take_part(world: World) -> None:
    """Binds this process to its part of the cores that it would share with other ranks.

    Else each rank would have a thread for each core, and the threads would be in each other's way.
    Engines count the cores when they are first used, so this comes before. Where a launcher has
    bound the ranks already, or the setting `threads` is given, nothing is changed.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    own = socket.gethostname(), sorted(os.sched_getaffinity(0)), get_option("threads")
    found = world.gathered(own)
    sharing = [rank for rank, other in enumerate(found) if other == own]
    if len(sharing) > 1 and not own[2]:
        _before.update(own[1])
        _bind(part_of(own[1], sharing.index(world.rank), len(sharing)))


def part_of(cores: list[int], place: int, count: int) -> list[int]:
    """The cores for one of so many processes: parts that do not overlap, if there are enough."""
    start, stop = (len(cores) * i // count for i in (place, place + 1))
    return cores[start : max(stop, start + 1)]


def give_back() -> None:
    """Lets this process use the cores again that it could use before."""
    if _before:
        _bind(_before)
        _before.clear()


def _bind(cores: Iterable[int]) -> None:
    """Binds all threads of this process, of which libraries have started some on import."""
    for thread in _THREADS.iterdir() if _THREADS.exists() else [Path("0")]:
        with suppress(OSError):  # it has ended
            os.sched_setaffinity(int(thread.name), cores)
