"""What the documents say: links lead somewhere, tables agree with the code, examples run."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import keras_core
from keras_core import config
from keras_core.plugins import Backend
from keras_core.plugins.authoring import FunctionalBackend

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md"]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))

PLUGINS = sorted((ROOT / "plugins").glob("*/pyproject.toml"))
PYPROJECTS = [ROOT / "pyproject.toml", *PLUGINS]
# Read on the pages of a package index, and not in the repository alone.
READMES = [path.with_name("README.md") for path in PYPROJECTS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_repository_lead_to_files(document):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert not missing


def home():
    """The address that pyproject.toml names, below which the files of the repository lie."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^Homepage = "(.*)"$', text, flags=re.MULTILINE).group(1)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_links_of_what_is_shown_elsewhere_are_whole_addresses_of_files_here(readme):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", readme.read_text(encoding="utf-8"))
    assert targets and all(target.startswith("https://") for target in targets)
    ours = [target for target in targets if target.startswith(home())]
    paths = [re.sub(r"^/(blob|tree)/main/", "", target[len(home()) :]) for target in ours]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("pyproject", PYPROJECTS, ids=lambda path: path.parent.name)
def test_addresses_of_a_distribution_are_those_of_the_repository(pyproject):
    text = pyproject.read_text(encoding="utf-8")
    (table,) = re.findall(r"^\[project.urls\]\n(.*?)\n\n", text, flags=re.MULTILINE | re.DOTALL)
    addresses = re.findall(r'= "(.*)"$', table, flags=re.MULTILINE)
    assert len(addresses) == 5 and all(address.startswith(home()) for address in addresses)


def test_whoever_needs_the_core_asks_for_its_major_version():
    assert re.fullmatch(r"2\.4\.\d+", keras_core.__version__)
    needing = [*PYPROJECTS[1:], *(ROOT / "tests" / "meta" / "fixtures").glob("*/pyproject.toml")]
    needing.append(ROOT / "keras_core" / "cli" / "template" / "common" / "pyproject.toml.txt")
    needing.append(ROOT / "docs" / "writing-a-backend.md")
    for path in needing:
        asked = re.findall(r'"(keras-core\b.*?)"', path.read_text(encoding="utf-8"))
        assert asked == ["keras-core>=2.4,<3"], path


GUIDE = ROOT / "docs" / "writing-a-backend.md"
TEMPLATE = ROOT / "keras_core" / "cli" / "template" / "common" / "README.md.txt"


@pytest.mark.parametrize("document", [*READMES, GUIDE, TEMPLATE], ids=lambda path: path.parent.name)
def test_where_something_is_installed_the_other_project_of_that_name_is_told_apart(document):
    text = document.read_text(encoding="utf-8")
    assert "pip install" in text
    assert "PyPI" in text and "another project" in text and "0.x" in text


def test_table_of_settings_is_that_of_the_code():
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for option in config.OPTIONS.values():
        default = f"`{option.default}`" if option.default else "none"
        row = (f"`{option.name}`", f"`{option.environment}`", default, option.wanted)
        assert "| " + " | ".join((*row, option.description)) + " |" in text
    assert text.count("\n| `") == len(config.OPTIONS)


@pytest.mark.parametrize(
    ("kind", "begin", "made_of_others"),
    [
        (Backend, "**Every method", set()),
        (
            FunctionalBackend,
            "**What `FunctionalBackend` adds",
            {"compile", "compile_loop", "template", "inline"},
        ),
    ],
)
def test_the_guide_lists_every_method_of_the_contract(kind, begin, made_of_others):
    text = GUIDE.read_text(encoding="utf-8")
    table = text[text.index(begin) :]
    rows = table[: table.index("\n\n", table.index("\n| "))].splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("|")]
    told = {name for cell in cells for name in re.findall(r"`(\w+)", cell)}
    public = {name for name in vars(kind) if not name.startswith("_")}
    assert public - made_of_others <= told


def code_of_the_guide():
    text = (ROOT / "docs" / "writing-a-backend.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_kernel_of_the_guide_hands_on_what_it_does_not_serve():
    names = {"my_kernel": {"mine": "my kernel"}.get}
    exec("from keras_core.plugins import hookimpl\n" + code_of_the_guide()[2], names)
    lowerings = names["keras_core_lowerings"]
    numpy = SimpleNamespace(name="numpy", lowerings={"conv": lambda node: f"usual for {node}"})
    lower = lowerings(numpy)["conv"]
    assert (lower("mine"), lower("another")) == ("my kernel", "usual for another")
    assert lowerings(SimpleNamespace(name="other")) == {}


def test_backend_of_the_guide_runs_a_program(sandbox):
    plugin, backend, _ = code_of_the_guide()
    plugin = plugin.replace("keras_mine.backend", "keras_mine_backend")
    sandbox.distribution("keras-mine", plugin, "mine")
    (sandbox.site / "keras_mine_backend.py").write_text(backend)
    code = """
        import numpy as np
        from keras_core import backend as K
        x, w = K.placeholder((None, 2)), K.variable([3.0, 4.0])
        f = K.function([x], [x * w], updates=[K.update_add(w, w)])
        print(f([np.ones((1, 2))])[0].tolist(), f([np.ones((1, 2))])[0].tolist(), K.get_value(w))
    """
    done = sandbox.run(code, KERAS_BACKEND="mine")
    assert done.stdout == "[[3.0, 4.0]] [[6.0, 8.0]] [12. 16.]\n", done.stderr
