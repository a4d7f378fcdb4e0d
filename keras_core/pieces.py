"""Updates that ranks share out: each does some rows of a large variable, and gets the others.

What an optimizer does with a weight is the same on all ranks. In pieces each does it for its own
rows alone. The weights are whole after each step. What only the same rows of the update read, such
as moments, is whole on no rank until the end of the pieces.

Reference: Rajbhandari, Rasley, Ruwase and He, "ZeRO", SC 2020, of which this is the first stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from keras_core import ranks
from keras_core.warned import warn

if TYPE_CHECKING:
    import numpy as np

# Arrays that are in pieces, by their identities; None where nothing is to be.
_in_pieces: ContextVar[dict[int, np.ndarray] | None] = ContextVar("in_pieces", default=None)


def shares_updates() -> bool:
    """Whether it pays to share updates out."""
    return ranks.current().shares_updates


def rows_to_update(count: int) -> tuple[int, int]:
    """The first of the rows that this rank is to update, out of so many, and the one behind the
    last."""
    if _in_pieces.get() is None:
        return 0, count
    world = ranks.current()
    part = ranks.part_of(count, world.rank, world.size)
    return part.start, part.stop


def rows_updated(read: Sequence[np.ndarray], own: Sequence[np.ndarray]) -> None:
    """Gives all ranks the rows that each has updated.

    Args:
        read: arrays that others than this update read.
        own: arrays of which the update alone reads anything, a row for the same row.
    """
    pieces = _in_pieces.get()
    if pieces is not None:
        ranks.current().spread(read)
        pieces.update((id(array), array) for array in own)


def sums_for_updates(
    arrays: Sequence[np.ndarray], into: Sequence[np.ndarray], updating: Sequence[int]
) -> None:
    """Puts sums over all ranks into places.

    Args:
        arrays: the arrays, of equal shapes and dtypes on each rank.
        into: arrays in C order that take the sums.
        updating: the places among them of those of which an update alone reads anything, a row for
            the same row.
    """
    world = ranks.current()
    if _in_pieces.get() is None:
        world.sums(arrays, into)
        return
    others = [i for i in range(len(arrays)) if i not in updating]
    end = world.begin_rows([arrays[i] for i in updating], [into[i] for i in updating])
    if others:
        world.sums([arrays[i] for i in others], [into[i] for i in others])
    end()


@contextmanager
def in_pieces() -> Iterator[None]:
    """A context of all ranks within which they share updates out, and nobody looks at state."""
    pieces: dict[int, np.ndarray] = {}
    token = _in_pieces.set(pieces)
    try:
        yield
    except BaseException:
        if pieces:
            warn(
                "Training was broken off within an epoch, where each rank has its own rows alone "
                "of the optimizer's state. Before the model is trained on, or saved with its "
                "optimizer, compile it anew or load what was saved; its weights are whole."
            )
        raise
    finally:
        _in_pieces.reset(token)
    ranks.current().spread(list(pieces.values()))
