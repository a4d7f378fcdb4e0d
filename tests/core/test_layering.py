"""Imports go down the house: the order is the one that docs/architecture.md gives.

Imports inside functions count, for they too tie files together; those for type checkers do not.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Imports that run upwards, and why each may.
UPWARD = {
    ("keras_core.metrics.base", "keras_core.engine.base_layer"): (
        "a Metric is a Layer, which stands in engine.base_layer because it does in Keras 2"
    ),
    ("keras_core.legacy.layers", "keras_core.layers"): (
        "a name that Keras 2 has for some layers; all else in legacy is data, for everybody to read"
    ),
}

# Folders whose files import each other in a circle, and why they may.
CIRCLES = {
    "keras_core.graph.primitives": (
        "gradients and decompositions are written with primitives of all families, through "
        "graph.primitives itself; none is used before all are there"
    ),
    "keras_core.graph.scan": "the gradient of a loop is another loop",
}

# Files that import by a name they put together, which the graph of imports does not show.
BY_NAME = {
    "keras_core.as_keras": "gives `keras.x` the module `keras_core.x`",
    "keras_core": "stands above all of the library, and imports what is first asked for",
    "keras_core.legacy.names": "gives what stands for a name of Keras 1, wherever it is",
    "keras_core.engine": "opens its own modules when they are first asked for",
    "keras_core.utils": "opens its own modules, and graph.randomness, likewise",
    "keras_core.wrappers": "opens its own module likewise",
}


class Imports(ast.NodeVisitor):
    """Gathers what one module imports.

    Args:
        path: the file.
        module: its name.
        modules: names of all modules of the package.
    """

    def __init__(self, path, module, modules):
        self.package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        self.modules = modules
        self.names = set()
        self.by_name = False
        self.visit(ast.parse(path.read_text(encoding="utf-8")))
        self.names.discard(module)

    def visit_If(self, node):
        test = node.test
        if "TYPE_CHECKING" in (getattr(test, "id", None), getattr(test, "attr", None)):
            node.body = []
        self.generic_visit(node)

    def visit_Import(self, node):
        self.names |= {alias.name for alias in node.names} & self.modules

    def visit_ImportFrom(self, node):
        above = self.package.split(".")
        above = above[: len(above) - node.level + 1] if node.level else []
        source = ".".join([*above, *([node.module] if node.module else [])])
        inner = {f"{source}.{alias.name}" for alias in node.names}
        outside = {source} if inner - self.modules else set()
        self.names |= (inner | outside) & self.modules

    def visit_Call(self, node):
        called = node.func
        name = getattr(called, "id", None) or getattr(called, "attr", None)
        self.by_name |= name in ("import_module", "__import__")
        self.generic_visit(node)


def imports_of(package):
    """The imports of each module under a folder, by the module's name."""
    paths = {_module(package, path): path for path in package.rglob("*.py")}
    return {name: Imports(path, name, set(paths)) for name, path in paths.items()}


def _module(package, path):
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circles(imports):
    """The largest sets of modules that all reach each other."""
    reached = {name: _reached(name, imports) for name in imports}
    found = {frozenset(m for m in reached[name] if name in reached[m]) for name in imports}
    return [circle for circle in found if circle]


def _reached(start, imports):
    found, waiting = set(), [start]
    while waiting:
        new = imports[waiting.pop()].names - found
        found |= new
        waiting += new
    return found


def floors():
    """The part of the package that each name in the document's list stands for, and its floor."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"## The order of imports\n.*?```text\n(.*?)```", text, flags=re.DOTALL)
    lines = reversed(listed.splitlines())
    return {part: floor for floor, line in enumerate(lines) for part in line.split()}


def part_of(module):
    """The folder or file right in the package that a module belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


@pytest.fixture(scope="module")
def core():
    return imports_of(ROOT / "keras_core")


def test_the_order_names_each_part_of_the_package(core):
    assert set(floors()) == {part_of(module) for module in core}


def test_no_import_runs_up_or_along_a_floor_but_for_those_listed(core):
    floor = floors()
    wrong = {
        (module, target)
        for module in core
        for target in core[module].names
        if part_of(module) != part_of(target) and floor[part_of(module)] <= floor[part_of(target)]
    }
    assert wrong == set(UPWARD)


def test_no_files_import_each_other_in_a_circle_but_for_those_listed(core):
    found = circles(core)
    within = {
        folder: [c for c in found if all(f"{m}.".startswith(f"{folder}.") for m in c)]
        for folder in CIRCLES
    }
    assert all(within.values()), "a folder is listed that has no circle"
    assert [sorted(c) for c in found if not any(c in listed for listed in within.values())] == []


def test_only_the_listed_files_import_by_name(core):
    assert {module for module in core if core[module].by_name} == set(BY_NAME)


@pytest.mark.parametrize(
    "name", ["keras_jax", "keras_numpy", "keras_tf", "keras_theano", "keras_torch"]
)
def test_no_circle_in_a_backend(name):
    imports = imports_of(ROOT / "plugins" / name / name)
    assert len(imports) > 5 and circles(imports) == []


PUBLIC = ("keras_core.graph", "keras_core.plugins", "keras_core.plugins.authoring")
BACKENDS = [
    *(ROOT / "plugins").glob("keras_*/keras_*/**/*.py"),
    *(ROOT / "tests" / "meta" / "fixtures").rglob("*.py"),
    *(ROOT / "keras_core" / "cli" / "template" / "PACKAGE").rglob("*.txt"),
]


def private_imports(text):
    """What a text imports of the core beside the names that are public to plugins."""
    found = re.findall(r"^\s*import (keras_core\S*)", text, flags=re.MULTILINE)
    pattern = r"^\s*from (keras_core(?![a-z_])\S*) import (\([^)]*\)|.*)"
    for module, names in re.findall(pattern, text, flags=re.MULTILINE):
        public = import_module(module).__all__ if module in PUBLIC else ()
        imported = [name.split(" as ")[0].strip("() \n") for name in names.split(",")]
        found += [f"{module}.{name}" for name in imported if name and name not in public]
    return found


@pytest.mark.parametrize("path", BACKENDS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_backends_import_of_the_core_what_is_public_to_plugins(path):
    assert private_imports(path.read_text(encoding="utf-8")) == []


def test_private_imports_are_seen():
    text = "import keras_core.graph\n    from keras_core.graph import (\n    Node,\n    order,\n)\n"
    assert private_imports(text) == ["keras_core.graph", "keras_core.graph.order"]
    assert private_imports("from keras_core import config") == ["keras_core.config"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("import house.low", {"house.low"}),
        ("from house import low, mid", {"house.low", "house.mid"}),
        ("from house import low, thing", {"house.low", "house"}),
        ("from house.low import thing", {"house.low"}),
        ("from . import low", {"house.low"}),
        ("from .low import thing", {"house.low"}),
        ("def f():\n    from house.low import thing", {"house.low"}),
        ("if TYPE_CHECKING:\n    import house.low\nelse:\n    import house.mid", {"house.mid"}),
        ("import os", set()),
    ],
)
def test_imports_are_seen(tmp_path, text, wanted):
    modules = {"house", "house.low", "house.mid", "house.top"}
    path = tmp_path / "top.py"
    path.write_text(text)
    assert Imports(path, "house.top", modules).names == wanted


def test_circle_through_a_function_is_seen(tmp_path):
    house = tmp_path / "house"
    house.mkdir()
    (house / "low.py").write_text("def f():\n    from house.top import g\n")
    (house / "top.py").write_text("from house.low import f\n")
    (house / "mid.py").write_text("from house.low import f\n")
    assert circles(imports_of(house)) == [{"house.low", "house.top"}]
