"""Sums over all processes, in two that MPI starts."""

from __future__ import annotations

import json
import os

import pytest

from keras_core.testing.launching import launched, launcher
from keras_core.testing.offers import want_lowered
from keras_core.testing.two_ranks import CHECKS

SCRIPT = "keras_core.testing.two_ranks"
_FOUND: dict[str, dict[str, str]] = {}


def outcomes(backend):
    """What came of all checks, which two processes have done once for a backend."""
    if backend not in _FOUND:
        environment = {**os.environ, "KERAS_BACKEND": backend}
        done = launched(2, ["-m", SCRIPT], environment)
        told = [line for line in done.stdout.splitlines() if line.startswith("{")]
        assert told, f"two processes came to no end: {done.stdout[-2000:]}"
        _FOUND[backend] = json.loads(told[-1])
    return _FOUND[backend]


@pytest.mark.parametrize("check", CHECKS)
def test_two_ranks(conformance_backend, check):
    want_lowered("all_reduce")
    launcher()
    failure = outcomes(conformance_backend.name)[check]
    assert failure is None, failure
