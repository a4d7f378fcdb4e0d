"""The notebooks are kept as they were run: all of them, in order, with small outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples" / "notebooks").glob("*.ipynb"))


def test_there_are_three():
    assert len(NOTEBOOKS) == 3


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def code_cells(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_it_was_run_in_order(notebook):
    cells = code_cells(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


def test_it_shows_models_and_trainings(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell["outputs"]]
    pages = ["".join(x["data"]["text/html"]) for x in outputs if "text/html" in x.get("data", {})]
    assert any("<table " in page for page in pages)
    assert any("<svg " in page for page in pages)
    assert {x.get("name", "stdout") for x in outputs} == {"stdout"}
    assert not [x for x in outputs if x["output_type"] == "error"]


def test_its_outputs_are_small_and_of_no_machine(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert len(text.encode()) < 200_000
    assert not re.findall(r"/(?:tmp|home|root|Users)/", text)
    written = "".join(
        "".join(x["text"]) for cell in code_cells(notebook) for x in cell["outputs"] if "text" in x
    )
    assert written.count("\n") < 100 and "\b" not in written and "\r" not in written
