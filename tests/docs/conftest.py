"""The built site and its sources, and a table of what was tried."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_COUNTS = pytest.StashKey[Counter]()


def pytest_configure(config):
    config.stash[_COUNTS] = Counter()


@pytest.fixture(scope="session")
def tried(pytestconfig):
    """Counts of what was tried; they are printed at the end."""
    return pytestconfig.stash[_COUNTS]


@pytest.fixture(scope="session")
def site():
    """The folder of the site that `mkdocs build` made."""
    place = ROOT / "build" / "site"
    assert (place / "index.html").exists(), "build the site first: python -m mkdocs build --strict"
    return place


def pytest_terminal_summary(terminalreporter, config):
    counts = config.stash[_COUNTS]
    if counts:
        told = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
        terminalreporter.write_line(f"tried: {told}")
