"""Keeps the settings of whoever runs the tests out of them."""

from __future__ import annotations

import os
import tempfile


def pytest_configure(config):
    folder = tempfile.TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    os.environ["KERAS_HOME"] = folder.name
