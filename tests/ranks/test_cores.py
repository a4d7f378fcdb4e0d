"""Each rank has its part of the machine's cores."""

from __future__ import annotations

import json
import os

import pytest

from keras_core.distribute.cores import part_of

from .launch import launch

SCRIPT = """
    import json, os
    from keras_core import distribute

    before = sorted(os.sched_getaffinity(0))
    distribute.init(quiet=False)
    rank, bound = distribute.rank(), sorted(os.sched_getaffinity(0))
    distribute.shutdown()
    with open(f"{rank}.json", "w") as file:
        json.dump([before, bound, sorted(os.sched_getaffinity(0))], file)
"""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system binds no processes to cores"
)


def places(folder, **environment):
    ended = launch(folder, SCRIPT, **environment)
    assert ended.status == 0, ended
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("count", range(1, 9))
def test_parts_are_whole_and_equal_up_to_one(count):
    parts = [part_of([*range(10, 17)], place, count) for place in range(count)]
    assert {core for part in parts for core in part} == {*range(10, 17)}
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1 and min(sizes) >= 1
    assert sum(sizes) == max(7, count)


def test_ranks_share_the_cores_and_give_them_back(tmp_path):
    found = places(tmp_path)
    cores = found[0][0]
    assert [before == after == cores for before, _, after in found] == [True, True]
    bound = [bound for _, bound, _ in found]
    if len(cores) > 1:
        assert sorted(bound[0] + bound[1]) == cores


def test_whoever_chose_a_number_of_threads_keeps_the_cores(tmp_path):
    for before, bound, _ in places(tmp_path, KERAS_CORE_THREADS="2"):
        assert bound == before
