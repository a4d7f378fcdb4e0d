"""Where random numbers come from: one seed, a stream a node, a step a call.

A draw depends on (seed, step, stream) alone, so that a run is repeated by setting its seed again.
Initial values are drawn here with NumPy at step 0: equal seeds give equal weights on all backends.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

import numpy as np

RandomState = tuple[int, int]

_SEEDED = 1 << 40


class Run:
    """What a seed starts: a seed and the streams handed out since."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.streams: Iterator[int] = count()


_run = Run(int(np.random.SeedSequence().generate_state(1)[0]))


def current_run() -> Run:
    return _run


def set_random_seed(seed: int) -> None:
    """Seeds Python's `random`, NumPy's global generator and the random tensors of this package.

    Args:
        seed: int in [0, 2**32).

    Raises:
        ValueError: `seed` is no such int.
    """
    global _run
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: the seed must be an int in [0, 2**32), not {seed!r}.")
    random.seed(int(seed))
    np.random.seed(int(seed))
    _run = Run(int(seed))


def new_stream(seed: int | None = None) -> int:
    """A stream for a random node: a new one, or the one that belongs to an explicit seed."""
    if seed is None:
        return next(_run.streams)
    return _SEEDED + int(seed) % _SEEDED


def has_own_seed(stream: int) -> bool:
    """Whether a stream belongs to an explicit seed, so that the run's seed does not count."""
    return stream >= _SEEDED


def generator(state: RandomState, stream: int) -> np.random.Generator:
    """NumPy's generator for a random node at one step. An explicit seed replaces the run's."""
    seed, step = state
    run_seed = 0 if has_own_seed(stream) else seed
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((run_seed, step, stream))))
