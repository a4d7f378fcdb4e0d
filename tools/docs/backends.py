"""The pages that say what the backends of this repository are, out of their distributions."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keras_core.graph import PRIMITIVES, Primitive
from tools.docs.lowerings import Lowerings

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Distribution:
    """A backend's folder in `plugins/`, with the engine's name for people and for imports."""

    folder: str
    engine: str
    module: str

    @property
    def place(self) -> Path:
        return ROOT / "plugins" / self.folder

    @property
    def package(self) -> Path:
        return self.place / self.folder

    @property
    def project(self) -> str:
        return (self.place / "pyproject.toml").read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        """The backend's name."""
        (found,) = re.findall(r'entry-points\."keras_core\.backends"\]\n(\w+) =', self.project)
        return found


SPECIAL = {
    "scan": "a loop that the backend writes",
    "learning_phase": "a constant in every program",
}

DISTRIBUTIONS = (
    Distribution("keras_numpy", "NumPy", "numpy"),
    Distribution("keras_tf", "TensorFlow", "tensorflow"),
    Distribution("keras_theano", "Theano", "theano"),
    Distribution("keras_jax", "JAX", "jax"),
    Distribution("keras_torch", "PyTorch", "torch"),
)


def table() -> str:
    """The backends in a table, a row each."""
    lines = [
        "| backend | distribution | engine | Python | devices | what it cannot do |",
        "|---|---|---|---|---|---|",
    ]
    for one in DISTRIBUTIONS:
        cells = (
            f"`{one.name}`",
            f"`{one.folder.replace('_', '-')}`",
            f"{one.engine} {_versions(one)}",
            _python(one),
            ", ".join(f"`{kind}`" for kind in devices(one)),
            limits(one) or "–",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _versions(one: Distribution) -> str:
    plugin = (one.package / "plugin.py").read_text(encoding="utf-8")
    exact = re.search(r'^_VERSION = "(.*)"$', plugin, flags=re.MULTILINE)
    if exact:
        return exact[1]
    ((least, below),) = re.findall(r'^_LEAST, _BELOW = "(.*)", "(.*)"$', plugin, flags=re.M)
    return f"{least} and newer, below {below}"


def _python(one: Distribution) -> str:
    (least,) = re.findall(r'^requires-python = ">=([\d.]+)', one.project, flags=re.MULTILINE)
    named = re.findall(r"Python :: (3\.\d+)", one.project)
    return f"{least} to {max(named, key=lambda v: int(v[2:]))}" if named else f"{least} and newer"


def devices(one: Distribution) -> list[str]:
    """The kinds of device that some build of the engine has, as the plugin names them."""
    tree = ast.parse((one.package / "plugin.py").read_text(encoding="utf-8"))
    tuples = [
        [str(item.value) for item in node.elts if isinstance(item, ast.Constant)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple)
    ]
    return max((kinds for kinds in tuples if "cpu" in kinds), key=len)


def limits(one: Distribution) -> str:
    """The limitations that the plugin tells the conformance kit, with their reasons."""
    if str(one.place) not in sys.path:
        sys.path.append(str(one.place))
    found = importlib.import_module(f"{one.folder}.limitations").LIMITATIONS
    reasons = dict.fromkeys(limit.reason for limit in found)
    return "; ".join(
        f"{reason} ({', '.join(f'`{x.cases}`' for x in found if x.reason == reason)})"
        for reason in reasons
    )


def lowerings_page() -> str:
    """What each primitive is lowered to, a table a family."""
    tables = {one: Lowerings(one.package / "lowering", one.module).table() for one in DISTRIBUTIONS}
    parts = [
        "# What primitives are lowered to",
        "A backend runs [primitives](../primitives.md). This page names, for each, the functions "
        "of the engine that stand in its lowering. It is read out of the backends' source files "
        "when the site is built, so a function may serve certain shapes or options alone. "
        "*Taken apart* means that the backend has no lowering, and runs the primitives that this "
        "one is made of, *not lowered* that it refuses the primitive; *no function of the engine* "
        "is a view, a method of the engine's arrays, or code of the backend's own.",
    ]
    return "\n\n".join([*parts, *_families(tables)]) + "\n"


def _families(tables: dict[Distribution, dict[str, list[str]]]) -> Iterator[str]:
    ours = [p for name, p in sorted(PRIMITIVES.items()) if not name.endswith("_test")]
    for family in sorted({primitive.family for primitive in ours}):
        yield f"## {family}"
        for primitive in (p for p in ours if p.family == family):
            rows = [
                f"| {one.engine} | {_cell(primitive, table)} |" for one, table in tables.items()
            ]
            merged = "\n".join(["| engine | lowered to |", "|---|---|", *rows])
            yield f"### `{primitive.name}` {{ #{primitive.name} }}\n\n{merged}"


def _cell(primitive: Primitive, table: dict[str, list[str]]) -> str:
    words = table.get(primitive.name)
    if words is None and primitive.name in SPECIAL:
        return SPECIAL[primitive.name]
    if words:
        return ", ".join(f"`{word}`" for word in words)
    if words is not None:
        return "no function of the engine"
    return "not lowered" if primitive.decomposition is None else "taken apart"
