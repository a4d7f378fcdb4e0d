"""What each primitive is lowered to on each backend, as their source files say.

The files are read and not run, so that no engine has to be installed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

# Words of the engines that compute nothing, or only make things fit.
_NO_WORK = {
    *("cast", "convert_to_tensor", "asarray", "constant", "init_scope", "OpError", "reshape"),
    *("HIGHEST", "jax_default_matmul_precision", "channels_last", "channels_last_3d", "empty"),
    *("expand_dims", "squeeze", "zeros", "ones", "full", "empty_like", "zeros_like", "prod"),
    *("shape_padaxis", "alloc", "patternbroadcast", "errors", "size", "ones_like"),
    *("Tensor", "ndarray", "Array", "dtype", "newaxis", "Size", "Shape", "TensorShape", "Variable"),
    *("float16", "float32", "float64", "int32", "int64", "bool_", "uint8", "integer", "floating"),
    *(
        "errstate",
        "issubdtype",
        "iinfo",
        "finfo",
        "ops",
        "math",
        "raw_ops",
        "random",
        "nn",
        "DType",
    ),
    *("TensorVariable", "Variable", "shape", "rank", "name_scope", "inf", "nan", "pi", "generic"),
}


class Source:
    """One module of a folder of lowerings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    @cached_property
    def definitions(self) -> dict[str, ast.AST]:
        """Functions and values by the name that the module gives them."""
        found: dict[str, ast.AST] = {}
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found[node.name] = node
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found.update((t.id, node.value) for t in targets if isinstance(t, ast.Name))
        return found

    def engine_names(self, engine: str) -> set[str]:
        """What stands for the engine or a part of it in this module."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {a.asname or a.name for a in node.names if a.name.split(".")[0] == engine}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == engine:
                found |= {a.asname or a.name for a in node.names}
        return found

    def siblings(self) -> dict[str, str]:
        """Names that come from other modules of the same folder, with the module's name."""
        imports = (node for node in self.tree.body if isinstance(node, ast.ImportFrom))
        homes = ((node, node.module or "") for node in imports)
        return {
            alias.asname or alias.name: home.rpartition(".")[2]
            for node, home in homes
            for alias in node.names
            if ".lowering." in home
        }


class Lowerings:
    """All lowerings of a backend.

    Args:
        folder: its package `lowering`.
        engine: the name by which the engine is imported.
    """

    def __init__(self, folder: Path, engine: str) -> None:
        self.engine = engine
        self.modules = {path.stem: Source(path) for path in sorted(folder.glob("*.py"))}

    def table(self) -> dict[str, list[str]]:
        """The engine's words that stand in the lowering of each primitive."""
        return {
            name: sorted(set(self._words(value, module, set())))
            for module in self.modules.values()
            for name, value in _entries(module)
        }

    def _words(self, node: ast.AST, module: Source, seen: set[str]) -> Iterator[str]:
        names = module.engine_names(self.engine)
        for part in _without_annotations(node):
            if isinstance(part, ast.Attribute):
                words = _dotted(part)
                if words and words[0] in names and words[-1] not in _NO_WORK:
                    yield ".".join(words)
            elif isinstance(part, ast.Name):
                yield from self._behind(part.id, module, seen)

    def _behind(self, name: str, module: Source, seen: set[str]) -> Iterator[str]:
        home = self.modules.get(module.siblings().get(name, ""), module)
        place = f"{home.path}:{name}"
        definition = home.definitions.get(name)
        if definition is not None and place not in seen and name != "LOWERINGS":
            seen.add(place)
            yield from self._words(definition, home, seen)


def _entries(module: Source) -> Iterator[tuple[str, ast.AST]]:
    """Pairs of a primitive and the expression that lowers it."""
    yield from _of_dictionary(module.definitions.get("LOWERINGS"), module)


def _of_dictionary(value: ast.AST | None, module: Source) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(value, ast.DictComp):  # of the items of a dictionary with a name
        source = value.generators[0].iter
        names = [n.id for n in ast.walk(source) if isinstance(n, ast.Name)]
        value = module.definitions.get(names[0])
    if not isinstance(value, ast.Dict):
        return
    for key, item in zip(value.keys, value.values):
        if isinstance(key, ast.Constant):
            yield str(key.value), item
        else:
            named = module.definitions.get(item.id) if isinstance(item, ast.Name) else item
            yield from _of_dictionary(named, module)


def _without_annotations(node: ast.AST) -> Iterator[ast.AST]:
    """The outermost dotted words and all names below a node, but for types of arguments."""
    if isinstance(node, (ast.Attribute, ast.Name)):
        yield node
        if isinstance(node, ast.Attribute) and _dotted(node):
            return
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield from _without_annotations(part)


def _dotted(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return [*before, node.attr] if before else []
    return []
