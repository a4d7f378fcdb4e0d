"""All code on all pages runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.docs.reference import GIVEN
from tools.docs.sources import pages

PAGES = pages()
RUNS = re.compile(r"^ *```(?:python|pycon|sh)\b", re.MULTILINE)


def groups():
    """A page that people wrote has a process of its own; those of the reference share one."""
    found = {}
    for name in (name for name, text in PAGES.items() if RUNS.search(text)):
        found.setdefault(name.partition("/")[0] if "reference/" in name else name, []).append(name)
    return list(found.items())


@pytest.mark.parametrize(
    "names", [names for _, names in groups()], ids=[one for one, _ in groups()]
)
def test_code_runs(names, tmp_path, tried):
    for name in names:
        page = tmp_path / "pages" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(PAGES[name], encoding="utf-8")
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {**os.environ, "KERAS_BACKEND": "numpy", "KERAS_HOME": str(tmp_path / "home")}
    runner = Path(__file__).with_name("run_page.py")
    given = tmp_path / "given.py"
    given.write_text(GIVEN, encoding="utf-8")
    words = [sys.executable, runner, given, *(tmp_path / "pages" / name for name in names)]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    tried.update(json.loads(done.stdout.splitlines()[-1]))
    tried["pages with code"] += len(names)
