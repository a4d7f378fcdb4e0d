"""What is made of the code is whole, and the checks find what is wrong."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from keras_core.graph import PRIMITIVES
from keras_numpy.lowering import LOWERINGS
from tools.docs import backends, docstrings, reference, speed, systems, texts
from tools.docs.lowerings import Lowerings

PAGES = reference.pages()
TABLES = {
    one.name: Lowerings(one.package / "lowering", one.module).table()
    for one in backends.DISTRIBUTIONS
}
RUNNER = Path(__file__).with_name("run_page.py")


def test_the_reference_has_every_public_object_once():
    paths = [entry.path for page in PAGES for entry in page.entries]
    assert len(paths) == len(set(paths))
    names = {name for page in PAGES for entry in page.entries for name in entry.names}
    for module in ("models", "layers", "losses", "optimizers", "callbacks", "backend", "utils"):
        full = importlib.import_module(f"keras_core.{module}")
        shown = [name for name in full.__all__ if callable(getattr(full, name))]
        assert [name for name in shown if name not in names] == []


def test_the_readme_shows_what_was_measured():
    assert speed.summary() in (backends.ROOT / "README.md").read_text(encoding="utf-8")


def test_source_files_tell_the_lowerings_that_numpy_has():
    assert set(TABLES["numpy"]) == set(LOWERINGS)
    assert TABLES["numpy"]["tanh"] == ["np.tanh"]


def test_numpy_refuses_no_primitive():
    needed = [p for n, p in PRIMITIVES.items() if p.decomposition is None and n[-5:] != "_test"]
    assert {p.name for p in needed} - set(TABLES["numpy"]) == set(backends.SPECIAL)


def test_tables_have_a_row_for_each():
    rows = backends.table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [one.name for one in backends.DISTRIBUTIONS]
    assert systems.page().count("test_formats_genuine.py") == 2
    assert texts.gallery().count("![") == len(texts.pictures())


def test_sections_of_docstrings():
    text = "What.\n\nArgs:\n    x: a *b*\n        more.\n    y: c.\n\nReturns:\n    All.\n\n"
    made = docstrings.as_markdown(text + "Example:\n    >>> 1 + 1\n    2")
    assert "- **`x`**: a &#42;b&#42; more.\n- **`y`**: c." in made
    assert "**Returns:** All." in made and "```pycon\n>>> 1 + 1\n2\n```" in made


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("python\nmissing\n", "NameError"),
        ("pycon\n>>> 1 + 1\n3\n", "Expected"),
        ("sh\nkeras-core inspect nothing.h5\n", "nothing.h5"),
        ("sh\nkeras-core doctor\npip install x\n", "does not say so"),
    ],
)
def test_code_that_fails_is_told(block, told, tmp_path):
    (tmp_path / "given.py").write_text("")
    page = tmp_path / "page.md"
    page.write_text(f"```{block}```\n")
    words = [sys.executable, RUNNER, tmp_path / "given.py", page]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and told in done.stderr
