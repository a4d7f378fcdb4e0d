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


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_can_fail(check):
    """Each check notices results that are 1 % off, of any case that it applies to."""

    def faulty(inputs, outputs, arrays):
        return [value * 1.01 + 0.01 for value in by_reference(inputs, outputs, arrays)]

    def misshapen(inputs, outputs, arrays):
        return [value[..., None] for value in by_reference(inputs, outputs, arrays)]

    for case in [c for c in CASES if c.primitive == "sigmoid_grad"]:
        with pytest.raises(AssertionError):
            CHECKS[check](case, misshapen if check == "empty" else faulty)
