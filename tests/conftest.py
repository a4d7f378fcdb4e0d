"""Fixtures for tests that need a process or a distribution of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

# A shell that starts tests in the background has them ignore Ctrl-C, and all processes they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SETTINGS = ("KERAS_BACKEND", "KERAS_HOME", "KERAS_FLOATX", "KERAS_EPSILON")
SETTINGS += ("KERAS_IMAGE_DATA_FORMAT", "KERAS_CORE_DISABLE_PLUGINS")


class Sandbox:
    """A home directory and a folder of distributions for fresh processes."""

    def __init__(self, path):
        self.home = path / "home"
        self.site = path / "site"
        self.home.mkdir()
        self.site.mkdir()

    def run(self, code, *options, **environment):
        """Runs Python code in a fresh process and returns it, finished."""
        return self.command(sys.executable, *options, "-c", textwrap.dedent(code), **environment)

    def command(self, *words, **environment):
        """Runs a command in a fresh process and returns it, finished."""
        inherited = {k: v for k, v in os.environ.items() if k not in SETTINGS}
        inherited.update(HOME=str(self.home), PYTHONPATH=str(self.site), **environment)
        return subprocess.run(
            words, env=inherited, cwd=self.home, capture_output=True, text=True, timeout=120
        )

    def settings(self, text):
        """Writes keras.json in the home directory."""
        folder = self.home / ".keras"
        folder.mkdir(exist_ok=True)
        (folder / "keras.json").write_text(text)

    def distribution(self, name, plugin, entry, group="keras_core.backends", version="1.0"):
        """Installs a distribution with one plugin module and one entry point."""
        module = name.replace("-", "_")
        (self.site / f"{module}.py").write_text(textwrap.dedent(plugin))
        info = self.site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{entry} = {module}\n")


@pytest.fixture
def sandbox(tmp_path):
    return Sandbox(tmp_path)
