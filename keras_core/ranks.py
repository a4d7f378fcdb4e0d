"""The processes that work together on one task: a rank each, of which the first is 0.

There is one process unless `keras_core.distribute.init` makes it one of several; then `current()`
is what carries numbers between them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

# What the launchers of MPICH, Intel MPI, Open MPI and Slurm tell their processes.
_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "PMIX_SIZE")

# The process that is a rank, for those that it starts: they inherit what the launcher told it.
_RANK = "KERAS_CORE_RANK_PROCESS"


def number_launched() -> int:
    """The number of processes that a launcher of MPI says it started; 1 where there is none.

    A process that one of these has started, such as a worker, is none of them.
    """
    if not _is_launched():
        return 1
    return max((int(os.environ[name]) for name in _SIZES if os.environ.get(name)), default=1)


def number_by_torchrun() -> int:
    """The number of processes that `torchrun` says it started, to which this one belongs."""
    by_torchrun = _is_launched() and "TORCHELASTIC_RUN_ID" in os.environ
    return int(os.environ.get("WORLD_SIZE", "1")) if by_torchrun else 1


def _is_launched() -> bool:
    """Whether what a launcher says is said to this process, and not to a rank that started it."""
    return os.environ.get(_RANK, str(os.getpid())) == str(os.getpid())


def mark_process() -> None:
    """Has processes that this one starts know that they are no ranks."""
    os.environ[_RANK] = str(os.getpid())


# After how many seconds a rank that waits tells of it.
PATIENCE = 1.0

# How many arrays are shown of those that are added up.
_SHOWN = 3

SAME_CALLS = (
    "All ranks have to make the same calls of fit, evaluate, predict and save, with the same "
    "callbacks; where only one of them prints or writes, ask for the rank around that alone."
)

_calls: ContextVar[tuple[str, ...]] = ContextVar("calls", default=())


@contextmanager
def within(call: str) -> Iterator[None]:
    """Names what is going on, so that ranks that do different things can be told."""
    token = _calls.set((*_calls.get(), call))
    try:
        yield
    finally:
        _calls.reset(token)


def calls() -> str:
    """What is going on, the innermost call last."""
    return ", ".join(_calls.get()) or "the script"


class World:
    """All ranks, as one of them sees them; here the one process that is alone.

    Each method but `abort` is called by all ranks, in the same order.

    Attributes:
        rank: number of this process, from 0.
        size: number of processes.
        local_rank: number of this process among those of its machine.
        local_size: number of processes of this machine.
        shares_runs: whether the ranks share the work of each run of a model; False where each has
            data and runs of its own, and only gradients are averaged, as Horovod has it.
        sends_meanwhile: whether it pays that sums of large arrays begin before all is computed
            that is to be added up.
        shares_updates: whether it pays that each rank updates some rows of large variables, and
            gets the others from `spread`.
    """

    rank = 0
    size = 1
    local_rank = 0
    local_size = 1
    shares_runs = True
    sends_meanwhile = False
    shares_updates = False

    def sums(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        """The sums of arrays over all ranks.

        Args:
            arrays: the arrays, of equal shapes and dtypes on each rank.
            into: arrays in C order that take the sums, or None for new ones.
        """
        if into is None:
            return list(arrays)
        for array, place in zip(arrays, into):
            place[...] = array
        return list(into)

    def begin(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray]
    ) -> Callable[[], object]:
        """Begins sums of arrays over all ranks, which are not to change until the end.

        Args:
            arrays: the arrays, of equal shapes and dtypes on each rank.
            into: arrays in C order that take the sums.

        Returns:
            What ends them: when it comes back, they are there.
        """
        self.sums(arrays, into)
        return _nothing

    def begin_rows(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray]
    ) -> Callable[[], object]:
        """Begins sums of arrays over all ranks, of which each rank needs its own rows alone.

        Args:
            arrays: the arrays, of equal shapes and dtypes on each rank.
            into: arrays in C order, of which the rows that `part_of` gives to this rank take the
                sums.

        Returns:
            What ends them: when it comes back, they are there.
        """
        return self.begin(arrays, into)

    def gathered(self, value: T) -> list[T]:
        """A value of each rank, which can be pickled, in their order."""
        return [value]

    def from_rank(self, root: int, value: T) -> T:
        """What one rank has as `value`, which can be pickled."""
        return value

    def joined(self, array: np.ndarray) -> np.ndarray:
        """The rows of all ranks' arrays, one rank after the other."""
        return array

    def spread(self, arrays: Sequence[np.ndarray]) -> None:
        """Gives all ranks the rows of arrays that are right on one each.

        Args:
            arrays: arrays of equal shapes and dtypes on each rank. Of each, the rows that
                `part_of` gives to this rank are sent, and the others are written.
        """

    def wait(self) -> None:
        """Comes back when all ranks have called it."""

    def abort(self) -> None:
        """Ends all ranks."""

    def on_first(self, action: Callable[[], T]) -> T | None:
        """Has the first rank do something, for which the others wait.

        Returns:
            What it gives on the first rank, else None.

        Raises:
            RuntimeError: it failed on the first rank, where its own error is raised.
        """
        failure, result = None, None
        if self.rank == 0:
            try:
                result = action()
            except Exception as error:
                failure = error
        told = self.from_rank(0, failure and f"{type(failure).__name__}: {failure}")
        if failure is not None:
            raise failure
        if told is not None:
            raise RuntimeError(f"rank 0 failed, so rank {self.rank} does not go on: {told}")
        return result

    def agree(self, values: dict[str, Any]) -> None:
        """Refuses what differs from rank to rank.

        Args:
            values: what this rank has, short to show, by what it is.

        Raises:
            ValueError: on all ranks, if they do not have equal values.
        """
        first, *others = self.gathered(values)
        for rank, other in enumerate(others, 1):
            for what, value in first.items():
                if other.get(what) != value:
                    raise ValueError(
                        f"The ranks differ in {what}: rank 0 has {value!r}, but rank {rank} has "
                        f"{other.get(what)!r}. Each rank has to run the same script on the same "
                        "data."
                    )


def _nothing() -> None:
    pass


_world = World()


def current() -> World:
    """The ranks that work together."""
    return _world


def become(world: World) -> None:
    """Makes this process one of several, or one that is alone."""
    global _world
    _world = world


def sums_over_ranks(
    arrays: Sequence[np.ndarray], into: Sequence[np.ndarray] | None = None
) -> list[np.ndarray]:
    """The sums of arrays over all processes that work together, as the primitive `all_reduce` says.

    Args:
        arrays: the arrays, of equal shapes and dtypes in each process.
        into: arrays in C order that take the sums, or None for new ones.

    Returns:
        The sums. In a process that is alone they are the arrays themselves, unless `into` is given.
    """
    return _world.sums(arrays, into)


def begin_sums(arrays: Sequence[np.ndarray], into: Sequence[np.ndarray]) -> Callable[[], object]:
    """Begins sums of arrays over all processes that work together.

    Args:
        arrays: the arrays, of equal shapes and dtypes in each process; they are not to change until
            the end.
        into: arrays in C order that take the sums.

    Returns:
        What ends them: when it comes back, they are there.
    """
    return _world.begin(arrays, into)


def sends_meanwhile() -> bool:
    """Whether it pays to begin sums of large arrays before all is computed that is added up."""
    return _world.sends_meanwhile


def share_runs() -> bool:
    """Whether there are several ranks that share the work of each run of a model."""
    return _world.size > 1 and _world.shares_runs


def is_first() -> bool:
    """Whether this rank prints and writes for all."""
    return _world.rank == 0 or not share_runs()


def once(what: str, action: Callable[[], T]) -> T | None:
    """Does something that is to be done once, on the first rank, for which the others wait.

    Args:
        what: the name of what is done.
        action: does it.
    """
    if not share_runs():
        return action()
    with within(what):
        return _world.on_first(action)


def of_first(what: str, action: Callable[[], T]) -> T:
    """What something gives on the first rank, which the others take over.

    Args:
        what: the name of what is done.
        action: does it.
    """
    if not share_runs():
        return action()
    with within(what):
        return cast(T, _world.from_rank(0, _world.on_first(action)))


def part_of(count: int, rank: int, size: int) -> slice:
    """The rows of a batch that are a rank's: equally many for each, one more for the first ones."""
    least, more = divmod(count, size)
    start = rank * least + min(rank, more)
    return slice(start, start + least + (rank < more))


class At(NamedTuple):
    """Where a rank is.

    Attributes:
        number: how many operations it has begun.
        key: what tells its operation from others; empty when it does no more.
        shown: that, in words.
    """

    number: int
    key: str
    shown: str


def told_end(ended: int, rank: int, shown: str) -> str:
    """That one rank has come to its end."""
    return (
        f"rank {ended} has come to its end while rank {rank} waits for it in {shown}. {SAME_CALLS}"
    )


def told_difference(places: dict[int, str]) -> str:
    """That ranks do different things, of which the first one and the first other are named."""
    first, *others = places.items()
    other = next(other for other in others if other[1] != first[1])
    return (
        f"The ranks do not make the same calls: rank {first[0]} waits in {first[1]}, but rank "
        f"{other[0]} in {other[1]}. {SAME_CALLS}"
    )


def verdict(places: Mapping[int, At], left: Mapping[int, At]) -> str | None:
    """What is wrong where ranks wait, if anything.

    Args:
        places: where ranks wait, as far as it is known.
        left: where ranks came to their end.
    """
    for ended, end in sorted(left.items()):
        for rank, at in sorted(places.items()):
            if at.number > end.number:
                return told_end(ended, rank, at.shown)
    for rank, at in sorted(places.items()):
        for other, its in sorted(places.items()):
            if at.number == its.number and at.key != its.key:
                return told_difference({rank: at.shown, other: its.shown})
    return None


def shown_sums(arrays: Sequence[Any]) -> str:
    """What is added up, in words."""
    first = ", ".join(f"{x.dtype} {x.shape}" for x in arrays[:_SHOWN])
    return f"sums of {len(arrays)} arrays, {first}{', ...' * (len(arrays) > _SHOWN)}"
