"""All checks of all cases."""

from __future__ import annotations

import pytest

from keras_core.testing.cases import CASES
from keras_core.testing.checks import CHECKS, checks_of
from keras_core.testing.offers import want_lowered
from keras_core.testing.runners import by_backend

ALL = [(case, check) for case in CASES for check in checks_of(case)]


@pytest.mark.parametrize(("case", "check"), ALL, ids=[f"{c.name}/{check}" for c, check in ALL])
def test_conformance(case, check):
    want_lowered(case.primitive)
    CHECKS[check](case, by_backend)
