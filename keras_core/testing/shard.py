"""Shards: checks dealt out, so that several runs together do all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple


class Shard(NamedTuple):
    """One of several parts, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def of(self, items: Sequence[Any]) -> list[Any]:
        """Each `count`-th item: families, and slow checks with them, are in all shards."""
        return list(items[self.number - 1 :: self.count])


def shard(text: str) -> Shard:
    """Reads a shard.

    Args:
        text: as in '2/3'.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    read = Shard(*map(int, found.groups())) if found else Shard(0, 0)
    if not 1 <= read.number <= read.count:
        raise ValueError(f"{text!r} is no shard; write the second of three as 2/3.")
    return read
