"""What `test_collective` has two processes do.

`mpiexec -n 2 python -m keras_core.testing.two_ranks` does it by hand. Each check is a function that
all ranks run. The first rank prints a line of JSON: by the name of each check None, or the error of
the first rank that had one.
"""

from __future__ import annotations

import json
import traceback
from typing import Any, Callable

import numpy as np

from keras_core import distribute, ranks
from keras_core.graph import Function, Placeholder, Tensor, gradients
from keras_core.graph import primitives as p
from keras_core.graph.scan.build import scan

DTYPES = ("float16", "float32", "float64", "int32", "int64")
SHAPES = ((4, 3), (), (0, 2), (2, 1, 5))


def _of_rank(shape: tuple[int, ...], dtype: str, rank: int) -> np.ndarray:
    """Small whole numbers, so that sums are exact, others on each rank."""
    count = int(np.prod(shape))
    return np.asarray((np.arange(count).reshape(shape) + 1) * (rank + 1), dtype)


def _own(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return _of_rank(shape, dtype, ranks.current().rank)


def _total(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return _of_rank(shape, dtype, 0) + _of_rank(shape, dtype, 1)


def _messages() -> int:
    world: Any = ranks.current()
    return world.messages


def check_sums(unknown: bool = False) -> None:
    """Of all dtypes and kinds of shapes, in one node."""
    for dtype in DTYPES:
        known = (tuple(None if unknown else n for n in shape) for shape in SHAPES)
        xs = [Placeholder(shape, dtype) for shape in known]
        found = Function(xs, p.all_reduce(*xs)).run([_own(shape, dtype) for shape in SHAPES])
        for value, shape in zip(map(np.asarray, found), SHAPES):
            assert (value.shape, value.dtype) == (shape, dtype)
            np.testing.assert_array_equal(value, _total(shape, dtype))


def check_sums_of_unknown_sizes() -> None:
    """The same where no size is known before run time."""
    check_sums(unknown=True)


def check_what_is_fed_stays() -> None:
    """Nobody's own array takes the sum."""
    x = Placeholder((2, 3))
    fed = _own((2, 3))
    total, same = Function([x], [p.all_reduce(x)[0], p.add(x, x)])([fed])
    np.testing.assert_array_equal(total, _total((2, 3)))
    np.testing.assert_array_equal(fed, _own((2, 3)))
    np.testing.assert_array_equal(same, 2 * fed)


def check_large_tensors() -> None:
    """Larger than what is packed with others, and than a piece."""
    x = Placeholder((None,))
    (total,) = Function([x], [p.negative(p.all_reduce(x)[0])])([_own((1_500_000,))])
    np.testing.assert_array_equal(total, -_total((1_500_000,)))


def check_gradient() -> None:
    """Each rank's loss counts: the sums of all ranks' cotangents."""
    x = Placeholder((2, 3))
    (g,) = gradients([p.square(p.all_reduce(x)[0])], [x])
    assert g is not None
    (value,) = Function([x], [g])([_own((2, 3))])
    np.testing.assert_array_equal(value, 2 * 2 * _total((2, 3)))


def check_gradient_of_one_of_several() -> None:
    """What no loss reads has a cotangent of zeros."""
    x, y = Placeholder((2, 3)), Placeholder((4,))
    total, _ = p.all_reduce(x, y)
    by_x, by_y = gradients([p.square(total)], [x, y])
    assert by_x is not None and by_y is not None
    found = Function([x, y], [by_x, by_y])([_own((2, 3)), _own((4,))])
    np.testing.assert_array_equal(found[0], 2 * 2 * _total((2, 3)))
    np.testing.assert_array_equal(found[1], np.zeros(4))


def check_one_message() -> None:
    """Sums that do not need each other are joined."""
    xs = [Placeholder((3,)) for _ in range(4)]
    program = Function(xs, [p.square(p.all_reduce(x)[0]) for x in xs])
    before = _messages()
    for value in program([_own((3,))] * 4):
        np.testing.assert_array_equal(value, _total((3,)) ** 2)
    assert _messages() == before + 1


def check_one_after_the_other() -> None:
    """Sums that need each other: the message of the second one holds what the first one gave."""
    x = Placeholder((3,))
    once = p.all_reduce(x)[0]
    twice = p.all_reduce(p.multiply(once, x))[0]
    before = _messages()
    first, second = Function([x], [once, twice])([_own((3,))])
    np.testing.assert_array_equal(first, _total((3,)))
    np.testing.assert_array_equal(second, _total((3,)) ** 2)
    assert _messages() == before + 2


def _each_row(x: Tensor) -> Tensor:
    """The sum over all ranks of each row, in a loop."""
    return scan(lambda rows, states: ([p.all_reduce(*rows)[0]], []), [x], [])[1][0]


def check_loops() -> None:
    """A message at each step."""
    x = Placeholder((None, 5))
    before = _messages()
    (value,) = Function([x], [_each_row(x)])([_own((4, 5))])
    np.testing.assert_array_equal(value, _total((4, 5)))
    assert _messages() == before + 4


def check_order_of_loops() -> None:
    """Loops that do not need each other run in one order on all ranks, which send other sizes."""
    x, y = Placeholder((4, 5)), Placeholder((3, 2))
    arrays, shapes = [_own((4, 5)), _own((3, 2))], ((4, 5), (3, 2))
    for turn in (1, -1):
        found = Function([x, y], [_each_row(x), _each_row(y)][::turn])(arrays)
        for value, shape in zip(found, shapes[::turn]):
            np.testing.assert_array_equal(value, _total(shape))


def check_sums_of_no_rows() -> None:
    """A rank without rows sends zeros."""
    x = Placeholder((None, 3))
    rows = _own((2, 3))[: ranks.current().rank * 2]
    (value,) = Function([x], [p.all_reduce(p.reduce_sum(x, axes=(0,), keepdims=False))[0]])([rows])
    np.testing.assert_array_equal(value, _of_rank((2, 3), "float32", 1).sum(0))


CHECKS: dict[str, Callable[[], None]] = {
    name.removeprefix("check_"): check
    for name, check in globals().items()
    if name.startswith("check_")
}


def outcome(check: Callable[[], None]) -> str | None:
    """The error of the first rank on which a check fails."""
    failure = None
    try:
        check()
    except Exception:
        failure = f"rank {ranks.current().rank}: {traceback.format_exc()}"
    return next((told for told in ranks.current().gathered(failure) if told), None)


def main() -> None:
    """Does all checks, in each rank."""
    distribute.init(quiet=False)
    outcomes = {name: outcome(check) for name, check in CHECKS.items()}
    if ranks.current().rank == 0:
        print(json.dumps(outcomes), flush=True)


if __name__ == "__main__":
    main()
