"""Where random numbers come from: one seed, a stream a node, a step a call.

A draw depends on (seed, step, stream) alone. A node takes its stream from NumPy's global generator
when it is built, unless it has a seed of its own; so `np.random.seed` repeats what is built after
it, and `set_random_seed` also what draws of nodes that were built before. Initial values are drawn
here with NumPy at step 0: equal seeds give equal weights on all backends.
"""

from __future__ import annotations

import random

import numpy as np

RandomState = tuple[int, int]

# Streams below are drawn, those above belong to explicit seeds.
_SEEDED = 1 << 40


class Run:
    """What a seed starts: functions count their calls from 0 again."""

    def __init__(self, seed: int) -> None:
        self.seed = seed


_run = Run(0)


def current_run() -> Run:
    """What the last seed started; another object, with its `seed`, once a new one is set."""
    return _run


def set_random_seed(seed: int) -> None:
    """Seeds Python's `random`, NumPy's global generator and the random tensors of this package.

    Args:
        seed: int in [0, 2**32).

    Raises:
        ValueError: `seed` is no such int.

    Example:
        >>> utils.set_random_seed(1)
        >>> first = K.eval(K.random_normal((2,))).tolist()
        >>> utils.set_random_seed(1)
        >>> K.eval(K.random_normal((2,))).tolist() == first
        True
    """
    global _run
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: the seed must be an int in [0, 2**32), not {seed!r}.")
    random.seed(int(seed))
    np.random.seed(int(seed))
    _run = Run(int(seed))


def new_stream(seed: int | None = None) -> int:
    """A stream for a random node: one that NumPy draws, or that of an explicit seed."""
    if seed is None:
        return int(np.random.randint(_SEEDED, dtype=np.int64))
    return _SEEDED + int(seed) % _SEEDED


def has_own_seed(stream: int) -> bool:
    """Whether a stream belongs to an explicit seed, so that the run's seed does not count."""
    return stream >= _SEEDED


def inside_loop(state: RandomState, t: int) -> RandomState:
    """The state of step `t` of a loop, apart from those of all other steps, calls and loops around.

    The seed stays, so that an explicit one can take its place.
    """
    seed, step = state
    return seed, ((step + 1) << 32) + t


def generator(state: RandomState, stream: int) -> np.random.Generator:
    """NumPy's generator for a random node at one step. An explicit seed replaces the run's."""
    seed, step = state
    run_seed = 0 if has_own_seed(stream) else seed
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((run_seed, step, stream))))
