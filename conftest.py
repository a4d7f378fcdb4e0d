"""Ends a run of tests in which one hangs, and tells where it does."""

from __future__ import annotations

import faulthandler
import os

import pytest

LONGEST = int(os.environ.get("KERAS_CORE_TEST_LONGEST", "1200"))  # seconds
ERRORS = pytest.StashKey[int]()


def pytest_configure(config):
    # While a test runs, what it writes to standard error is caught.
    config.stash[ERRORS] = os.dup(2)


def pytest_unconfigure(config):
    os.close(config.stash[ERRORS])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    # Not an exception: an engine that waits for itself would not see it.
    faulthandler.dump_traceback_later(LONGEST, exit=True, file=item.config.stash[ERRORS])
    yield
    faulthandler.cancel_dump_traceback_later()
