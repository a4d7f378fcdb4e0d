"""The notebooks run from beginning to end, and show what is kept in them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples" / "notebooks").glob("*.ipynb"))

RUN = """
import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
client = NotebookClient(notebook, timeout=300, kernel_name="python3", coalesce_streams=True)
client.execute()
nbformat.write(notebook, sys.argv[2])
"""


def shown(path):
    """The kinds of what each cell shows: `stdout`, or the media types of a value."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        [output.get("name") or sorted(output["data"]) for output in cell.get("outputs", [])]
        for cell in cells
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_shows_what_is_kept(notebook, tmp_path):
    again = tmp_path / "again.ipynb"
    command = [sys.executable, "-c", RUN, notebook, again]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert shown(again) == shown(notebook)
