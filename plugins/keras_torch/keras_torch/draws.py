"""What the random numbers of a node depend on, as one number."""

from __future__ import annotations

from keras_core.plugins.authoring import has_own_seed

_MASK = (1 << 64) - 1


def mixed(*numbers: int) -> int:
    """Numbers spread over the range of uint64, one after the other (SplitMix64)."""
    mix = 0
    for number in numbers:
        mix = (mix + int(number) + 0x9E3779B97F4A7C15) & _MASK
        mix = ((mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mix = ((mix ^ (mix >> 27)) * 0x94D049BB133111EB) & _MASK
        mix ^= mix >> 31
    return mix >> 1


def seed_for(seed: int, stream: int) -> int:
    """The run's seed; nothing for a stream that belongs to an explicit seed."""
    return 0 if has_own_seed(stream) else seed
