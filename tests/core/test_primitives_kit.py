"""Every case of the conformance kit, computed by the references: shape rules and gradients."""

from __future__ import annotations

import pytest

from keras_core.graph.primitive import PRIMITIVES
from keras_core.testing.cases import CASES
from keras_core.testing.checks import CHECKS, checks_of
from keras_core.testing.runners import by_reference

ALL = [(case, check) for case in CASES for check in checks_of(case)]
ELSEWHERE = {"scan", "native", "learning_phase"}


@pytest.mark.parametrize(("case", "check"), ALL, ids=[f"{c.name}/{check}" for c, check in ALL])
def test_by_reference(case, check):
    CHECKS[check](case, by_reference)


def test_every_primitive_has_a_case():
    covered = {case.primitive for case in CASES}
    random = {name for name, primitive in PRIMITIVES.items() if primitive.random}
    assert set(PRIMITIVES) - covered - random <= ELSEWHERE


def test_names_of_cases_are_unique():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
