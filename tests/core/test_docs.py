"""What the documents say: links lead somewhere, tables agree with the code, examples run."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import keras_core
from keras_core import config
from keras_core.plugins import Backend
from keras_core.plugins.authoring import FunctionalBackend
from keras_core.plugins.contract import BACKEND_API

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "examples" / "README.md",
]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))

# Pages of the site that are made when it is built; `tests/docs` looks at them.
SITE = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
MADE = set(re.findall(r"([\w/-]+\.md)$", SITE, flags=re.MULTILINE))

PLUGINS = sorted((ROOT / "plugins").glob("*/pyproject.toml"))
PYPROJECTS = [ROOT / "pyproject.toml", *PLUGINS]
# Read on the pages of a package index, and not in the repository alone.
READMES = [path.with_name("README.md") for path in PYPROJECTS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_repository_lead_to_files(document):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert set(missing) <= MADE


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
RELEASES = ROOT / "docs" / "releases.md"
TEMPLATE = ROOT / "keras_core" / "cli" / "template" / "common" / "README.md.txt"


EXTRA = re.compile(r"keras-core\[[a-z,]+\]([^'\"`\s]*)['\"]")
INSTALLING = [path for path in DOCUMENTS if "keras-core[" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    "document",
    [*READMES, GUIDE, TEMPLATE, RELEASES, *INSTALLING],
    ids=lambda path: path.parent.name,
)
def test_where_something_is_installed_the_other_project_of_that_name_is_told_apart(document):
    text = document.read_text(encoding="utf-8")
    assert "pip install" in text
    assert "PyPI" in text and "another project" in text and "0.x" in text


def test_extras_of_the_core_are_asked_for_with_its_version():
    """A bare name may bring the other project of that name."""
    sources = [*(ROOT / "keras_core").rglob("*.py"), *(ROOT / "examples").glob("*.py"), *DOCUMENTS]
    told = [a for path in sources for a in EXTRA.findall(path.read_text(encoding="utf-8"))]
    assert len(told) > 6 and set(told) == {">=2.4,<3"}


def test_versions_that_are_told_are_those_of_the_code():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == keras_core.__version__
    line = ".".join(keras_core.__version__.split(".")[:2])
    for path in (RELEASES, ROOT / "SECURITY.md"):
        assert f"{line}.x" in path.read_text(encoding="utf-8")
    contract = ".".join(map(str, BACKEND_API))
    assert f"is its version, {contract} now" in RELEASES.read_text(encoding="utf-8")


def test_the_workflow_runs_every_environment_of_tox_and_nothing_else():
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    wanted = re.sub(
        r"py\{39,313\}-numpy", "py39-numpy\npy313-numpy", tox["tox"]["env_list"]
    ).split()
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    lists = job["strategy"]["matrix"]["environments"]
    assert sorted(",".join(lists).split(",")) == sorted(wanted)
    systems = {one["system"] for one in job["strategy"]["matrix"]["include"]}
    assert systems == {"macos-latest", "windows-latest"}
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == ["python -m pip install tox", "tox run -e ${{ matrix.environments }}"]


FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[0-9]-*.yml"))


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_forms_of_issues_ask_what_an_answer_needs(form):
    asked = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert asked["name"] and asked["description"]
    fields = [field for field in asked["body"] if field["type"] != "markdown"]
    names = [field["id"] for field in fields]
    assert len(names) == len(set(names)) and all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)
    commands = re.findall(r"`keras-core ([a-z-]+)", form.read_text(encoding="utf-8"))
    modules = [ROOT / "keras_core" / "cli" / f"{c.replace('-', '_')}.py" for c in commands]
    assert modules and all(path.exists() for path in modules)


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
