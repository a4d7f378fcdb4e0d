"""Random programs, by seed: those that the NumPy backend is tried with."""

from __future__ import annotations

from importlib import util
from pathlib import Path

import pytest

_PATH = Path(__file__).parents[2] / "keras_numpy" / "tests" / "test_fuzz.py"


def _loaded():
    spec = util.spec_from_file_location("random_programs", _PATH)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROGRAMS = _loaded()


@pytest.mark.parametrize("seed", range(PROGRAMS.PROGRAMS))
def test_random_programs(compiled, seed):
    PROGRAMS.run_and_compare(compiled, PROGRAMS.Case(seed))


@pytest.mark.parametrize("seed", range(5))
def test_random_programs_of_large_arrays(compiled, seed):
    PROGRAMS.run_and_compare(compiled, PROGRAMS.Case(seed, large=True), calls=2)
