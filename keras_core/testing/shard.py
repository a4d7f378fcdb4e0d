"""Shards: checks dealt out, so that several runs together do all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple


class Shard(NamedTuple):
    """One of several parts, counted from 1."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def of(self, items: Sequence[Any]) -> list[Any]:
        """Each `total`-th item: families, and slow checks with them, are in all shards."""
        return list(items[self.number - 1 :: self.total])


def shard(text: str) -> Shard:
    """Reads a shard.

    Args:
        text: as in '2/3'.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    read = Shard(*map(int, found.groups())) if found else Shard(0, 0)
    if not 1 <= read.number <= read.total:
        raise ValueError(f"{text!r} is no shard; write the second of three as 2/3.")
    return read
