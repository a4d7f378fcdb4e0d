"""Keeps the settings of whoever runs the tests out of them, and chance, and ends what hangs."""

from __future__ import annotations

import faulthandler
import os
import sys
import tempfile
from collections import Counter

import pytest

# Seconds after which a test that hangs ends the run, with the stacks of all threads.
LONGEST = int(os.environ.get("KERAS_CORE_TEST_LONGEST", "600"))
ERRORS = pytest.StashKey[int]()


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=0, help="the seed that every test starts from")
    parser.addoption(
        "--one-in", type=int, default=1, metavar="N", help="run one in N cases of each test"
    )


def pytest_configure(config):
    folder = tempfile.TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    os.environ["KERAS_HOME"] = folder.name
    # While a test runs, what it writes to standard error is caught.
    config.stash[ERRORS] = os.dup(2)
    config.add_cleanup(lambda: os.close(config.stash[ERRORS]))


def pytest_collection_modifyitems(config, items):
    """Leaves out all but the first, the N-th … case of each test, and no test as a whole."""
    seen = Counter()
    kept, left = [], []
    for item in items:
        test = item.nodeid.partition("[")[0]
        (left if seen[test] % config.getoption("--one-in") else kept).append(item)
        seen[test] += 1
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    # Not an exception: an engine that waits for itself would not see it.
    faulthandler.dump_traceback_later(LONGEST, exit=True, file=item.config.stash[ERRORS])
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True, scope="module")
def _engines_forget():
    """An engine that keeps all that it compiled would take more memory from file to file."""
    yield
    if "keras_core.plugins.discovery" in sys.modules:
        sys.modules["keras_core.plugins.discovery"].let_engines_forget()


@pytest.fixture(autouse=True)
def _seeded(request):
    """A failure repeats, alone and in any order; other numbers are tried with another seed."""
    from keras_core.utils import set_random_seed

    set_random_seed(request.config.getoption("--seed"))
