"""The text of a program of Keras 1, rewritten call by call, by the table of `keras_core.legacy`.

Layout and comments stay, since the tree that is changed holds them (LibCST).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Callable, cast

import libcst as cst
from libcst.metadata import (
    ExpressionContext,
    ExpressionContextProvider,
    MetadataWrapper,
    PositionProvider,
    QualifiedNameProvider,
    QualifiedNameSource,
    ScopeProvider,
)

from keras_core.legacy import names
from keras_core.legacy.call import OldCall, Written
from keras_core.legacy.composed import COMPOSED
from keras_core.legacy.conversion import converted
from keras_core.legacy.table import FUNCTIONS, METHODS, PARAMS, WEIGHTS, Row, row_of

Note = tuple[int, str]

_PACKAGES = ("keras", "keras_core")
# Where the classes of the table are found.
_HOMES = ("callbacks", "engine", "layers", "legacy", "models", "preprocessing")
_METHODS = {name: row for rows in METHODS.values() for name, row in rows.items()}
_WEIGHT = "initializers make no weight of a shape: write normal(stddev=0.05)(shape), for instance"
_ATROUS = {f"AtrousConv{end}{n}D": f"Conv{n}D" for end in ("", "olution") for n in (1, 2)}


class NotPython(ValueError):
    """A text that is no Python program."""


class Expression:
    """An argument whose value only a run can tell.

    Args:
        node: the expression.
        batch_size: of a generator, the size of its batches; None where it cannot be told.

    Attributes:
        name: what a name or an attribute of one is called; empty of anything else.
        has_several_inputs: whether a model of this name was made by merging others.
    """

    def __init__(self, node: cst.BaseExpression, batch_size: Any = None) -> None:
        self.node = node
        self.batch_size = batch_size
        self.name = _dotted(node)
        self.has_several_inputs = False

    def __floordiv__(self, other: Any) -> Expression:
        return Expression(_quotient(self, other))

    def __rfloordiv__(self, other: Any) -> Expression:
        return Expression(_quotient(other, self))

    def __call__(self) -> None:
        """Lets the rules take it for the function that it may be."""


def _quotient(left: Any, right: Any) -> cst.BinaryOperation:
    return cst.BinaryOperation(_operand(left), cst.FloorDivide(), _operand(right))


def _operand(value: Any) -> cst.BaseExpression:
    node = value.node if isinstance(value, Expression) else cst.parse_expression(repr(value))
    return _in_parentheses(node)


def _in_parentheses(node: Any) -> Any:
    """An expression that operators can stand beside."""
    stands = isinstance(node, (cst.Attribute, cst.Call, cst.Integer, cst.Name, cst.Subscript))
    if stands or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


# What makes generators of batches, with the place of the size among its arguments.
_FLOWS = {"flow": 2, "flow_from_directory": 5}
_USUAL_SIZE = 32


def _batch_size(node: cst.BaseExpression) -> Any:
    """The size of the batches that a call of a `flow` makes; None of anything else."""
    if not (isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)):
        return None
    place = _FLOWS.get(node.func.attr.value)
    if place is None or any(arg.star for arg in node.args):
        return None
    named = [a.value for a in node.args if a.keyword and a.keyword.value == "batch_size"]
    placed = [a.value for a in node.args if not a.keyword][place:]
    return _value(next(iter(named or placed), cst.Integer(str(_USUAL_SIZE))))


def _batch_sizes(module: cst.Module) -> dict[str, Any]:
    """The size of the batches of each generator that has a name, by this name."""
    found: dict[str, list[cst.BaseExpression]] = {}

    class Assignments(cst.CSTVisitor):
        def visit_Assign(self, node: cst.Assign) -> None:
            for target in node.targets:
                if isinstance(target.target, cst.Name):
                    found.setdefault(target.target.value, []).append(node.value)

    module.visit(Assignments())
    return {name: _batch_size(values[0]) for name, values in found.items() if len(values) == 1}


def _merged(module: cst.Module) -> set[str]:
    """The names of models that begin with others, merged."""
    found: set[str] = set()

    class Merges(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            first = node.args[0].value if node.args else None
            is_add = isinstance(node.func, cst.Attribute) and node.func.attr.value == "add"
            if is_add and isinstance(first, cst.Call) and _last(first.func) == "Merge":
                found.add(_dotted(cst.ensure_type(node.func, cst.Attribute).value))

        def visit_Assign(self, node: cst.Assign) -> None:
            value = node.value
            if isinstance(value, cst.Call) and _last(value.func) == "Sequential" and value.args:
                listed = value.args[0].value
                elements = listed.elements if isinstance(listed, cst.List) else ()
                first = elements[0].value if elements else None
                if isinstance(first, cst.Call) and _last(first.func) == "Merge":
                    found.update(_dotted(target.target) for target in node.targets)

    module.visit(Merges())
    return found


def _last(node: cst.BaseExpression) -> str:
    return _dotted(node).rpartition(".")[2]


def upgraded(source: bytes) -> tuple[bytes, list[Note]]:
    """Rewrites a program.

    Args:
        source: the file's bytes.

    Returns:
        The new bytes, and for what could not be converted the line (of the old text) and why.

    Raises:
        NotPython: the program cannot be parsed.
    """
    try:
        module = cst.parse_module(source)
    except (cst.ParserSyntaxError, UnicodeDecodeError, LookupError) as error:
        raise NotPython(str(error)) from error
    wrapper = MetadataWrapper(module)
    calls = _Calls(wrapper.module)
    changed = wrapper.visit(calls)
    used = _names_in(changed)
    changed = changed.visit(_Imports(calls.imports, used, calls.starred))
    return changed.bytes, sorted({*calls.notes, *calls.notes_of_imports(used)})


def _names_in(module: cst.Module) -> set[str]:
    """The names that a program uses, those that it imports left out."""
    found: set[str] = set()

    class Names(cst.CSTVisitor):
        def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
            return False

        def visit_Attribute(self, node: cst.Attribute) -> bool:
            node.value.visit(self)
            return False

        def visit_Arg(self, node: cst.Arg) -> bool:
            node.value.visit(self)
            return False

        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

        def visit_Assign(self, node: cst.Assign) -> None:
            listed = _value(node.value) if _dotted(node.targets[0].target) == "__all__" else ()
            if isinstance(listed, (list, tuple)):
                found.update(name for name in listed if isinstance(name, str))

    module.visit(Names())
    return found


def _starred(module: cst.Module) -> list[str]:
    """The modules within Keras all of whose names a program imports."""
    found: list[str] = []

    class Stars(cst.CSTVisitor):
        def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
            path = _package_path(node)
            if path and isinstance(node.names, cst.ImportStar):
                found.append(_module_today(path))

    module.visit(Stars())
    return found


def _module_today(path: str) -> str:
    """Today's name of a module; those stay that have something of their own for Keras 1."""
    kept = path.partition(".")[0] in names.KEPT_MODULES
    return path if kept else names.module_today(path)


def _function(path: str) -> Row | None:
    """The row of a function by its path, or by that of a package that has it too."""
    home, _, name = path.rpartition(".")
    for known, row in FUNCTIONS.items():
        if known == path or (known.startswith(f"{home}.") and known.endswith(f".{name}")):
            return row
    return None


def _is_known(path: str) -> bool:
    """Whether the tables say something of a name."""
    named = path in names.RENAMED or path in names.KEPT or path in names.GONE
    home, _, name = path.rpartition(".")
    is_class = name in _ATROUS or name in COMPOSED or row_of(name) is not None
    return named or _function(path) is not None or (is_class and home.split(".")[0] in _HOMES)


def _is_gone(path: str) -> bool:
    """Whether Keras 2 has no such name, or warns of it."""
    return path in names.RENAMED or path in names.KEPT or path in names.GONE or path in _LEFT


def _is_layer(node: cst.BaseExpression) -> bool:
    """Whether an expression can only be a layer: `model.layers[0]`, `model.get_layer('a')`."""
    if isinstance(node, cst.Subscript):
        return isinstance(node.value, cst.Attribute) and node.value.attr.value == "layers"
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "get_layer"
    )


class _Calls(cst.CSTTransformer):
    """Rewrites calls and names; gathers which names the imports have to change.

    Attributes:
        notes: what is left as it was, with its line.
        imports: the full name of a name that was replaced, to those that took its place.
        starred: the modules within Keras all of whose names are imported.
    """

    METADATA_DEPENDENCIES = (
        ExpressionContextProvider,
        QualifiedNameProvider,
        PositionProvider,
        ScopeProvider,
    )

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        text = module.code
        self._quote = '"' if text.count('"') > text.count("'") else "'"
        self._used = _names_in(module)
        self.starred = _starred(module)
        self._known = _Known(_batch_sizes(module), _merged(module))
        self._applied: dict[int, cst.Name] = {}
        self._composed: set[int] = set()
        self._written_out: set[int] = set()
        self._keywords: set[int] = set()
        self._called: set[int] = set()
        self._met: set[str] = set()
        self._gone: list[tuple[str, str, int]] = []
        self.notes: list[Note] = []
        self.imports: dict[str, set[str]] = {}

    # What is meant

    def _path(self, node: cst.CSTNode) -> str | None:
        """The name within Keras of what an expression means; None of anything else."""
        if not isinstance(node, (cst.Attribute, cst.Name)):
            return None
        for found in self.get_metadata(QualifiedNameProvider, node, set()):
            package, _, path = found.name.partition(".")
            if found.source is QualifiedNameSource.IMPORT and package in _PACKAGES:
                return _module_today(path)
        return self._starred_path(node)

    def _starred_path(self, node: cst.CSTNode) -> str | None:
        """The name within Keras of what `import *` alone can have given."""
        if not (isinstance(node, cst.Name) and self._is_free(node)):
            return None
        paths = (f"{home}.{node.value}" for home in self.starred)
        return next(filter(_is_known, paths), None)

    def _is_free(self, node: cst.Name) -> bool:
        context = self.get_metadata(ExpressionContextProvider, node, None)
        known = self.get_metadata(QualifiedNameProvider, node, set())
        return context is ExpressionContext.LOAD and not known and id(node) not in self._keywords

    def visit_Arg(self, node: cst.Arg) -> None:
        self._keywords.add(id(node.keyword))

    def _row(self, node: cst.Call) -> tuple[str, Row] | None:
        """The name and the row of what is called."""
        path = self._path(node.func)
        if path is None:
            return self._row_of_method(node)
        name = path.rpartition(".")[2]
        if name in _ATROUS:
            name = _ATROUS[name]
        if path in names.KEPT:
            return ("merge", FUNCTIONS["layers.merge"]) if name == "merge" else None
        row = _function(path)
        if row is not None:
            return name, row
        found = row_of(name)
        return (name, found) if found and path.split(".")[0] in _HOMES else None

    def _makes_weight(self, node: cst.Call) -> bool:
        """Whether a function of `keras.initializations` is called with a shape."""
        known = self.get_metadata(QualifiedNameProvider, node.func, set())
        paths = [found.name.partition(".")[2] for found in known]
        return any(p.startswith("initializations.") and p[16:] != "get" for p in paths)

    def _row_of_method(self, node: cst.Call) -> tuple[str, Row] | None:
        if not isinstance(node.func, cst.Attribute):
            return None
        row = _METHODS.get(node.func.attr.value)
        if row is None:
            return None
        keywords = {arg.keyword.value for arg in node.args if arg.keyword}
        first = _value(node.args[0].value) if node.args and not node.args[0].keyword else None
        is_old = not row.marks.isdisjoint(keywords) or isinstance(first, row.unlike)
        return (node.func.attr.value, row) if is_old else None

    # Changes

    def visit_Call(self, node: cst.Call) -> None:
        inner = node.func
        self._called.add(id(inner))
        if isinstance(inner, cst.Call) and len(node.args) == 1:
            value = node.args[0].value
            if isinstance(value, cst.Name):
                self._applied[id(inner)] = value
        if self._composition(inner):
            self._composed.add(id(inner))

    def _composition(self, func: cst.CSTNode) -> Row | None:
        """The row of a layer that several stand for today."""
        home, _, name = (self._path(func) or "").rpartition(".")
        return COMPOSED.get(name) if home.split(".")[0] in _HOMES else None

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if id(original_node.func) in self._written_out:
            return updated_node.func
        composition = self._composition(original_node.func)
        if composition is not None:
            return self._recomposed(original_node, updated_node, composition)
        if self._path(original_node.func) in _SUMMARIES:
            return _of_model(updated_node)
        if self._makes_weight(original_node):
            self._note(original_node, _WEIGHT)
        found = self._row(original_node)
        if found is None:
            return updated_node
        name, row = found
        if any(arg.star for arg in updated_node.args):
            is_gone = self._path(original_node.func) in names.KEPT
            if is_gone or not row.marks.isdisjoint(_keywords(updated_node)):
                self._note(original_node, f"{name}: its arguments are unpacked; see what they are")
            return updated_node
        given = _Arguments(updated_node.args, self._quote, self._known)
        path = self._path(original_node.func) or ""
        if path.rpartition(".")[2] in _ATROUS and "atrous_rate" in given.kwargs:
            given.rename("atrous_rate", "dilation_rate")
        try:
            call = converted(name, row, given.args, given.kwargs)
        except (TypeError, ValueError) as error:
            self._note(original_node, str(error))
            return updated_node
        return self._rewritten(original_node, updated_node, call, given, name)

    def _recomposed(self, original: cst.Call, updated: cst.Call, row: Row) -> cst.BaseExpression:
        """What is written for a layer that several stand for; it stays where that is not known."""
        path = self._path(original.func) or ""
        name = path.rpartition(".")[2]
        if any(arg.star for arg in updated.args) or "#" in cst.Module([]).code_for_node(updated):
            advice = names.explanation(f"keras.{path}") or f"{name} is a layer of Keras 1."
            self._note(original, f"{advice} Its arguments are unpacked, or commented on.")
            return updated
        given = _Arguments(updated.args, self._quote, self._known)
        call = OldCall(name, given.args, given.kwargs)
        if id(original) in self._applied:
            call.applied = Expression(self._applied[id(original)])
        was_applied = call.applied is not None
        try:
            for rule in row.rules:
                rule(call)
        except (TypeError, ValueError) as error:
            self._note(original, str(error))
            return updated
        takes_input = was_applied and call.applied is None
        call.applied = None
        try:
            new = given.composed(call, lambda name: self._imported_name(original.func, path, name))
        except ValueError as error:
            code = cst.Module([]).code_for_node(given.composed(call, cst.Name))
            self._note(original, f"keras.{path} is left. Write {code}; {error}")
            return updated
        for note in call.notes:
            self._note(original, note)
        if takes_input:
            self._written_out.add(id(original))
        return new

    def _imported_name(self, func: Any, path: str, name: str) -> cst.BaseExpression:
        """The name of what takes part in the place of something, imported as that was.

        Raises:
            ValueError: the program uses the name otherwise, or has no name for its module.
        """
        target = f"{_HOME_OF.get(name, 'layers')}.{name}"
        if isinstance(func, cst.Attribute):
            package, _, home = _dotted(func.value).partition(".")
            if target.startswith("layers.") and home in ("", "layers"):
                return func.with_changes(attr=cst.Name(name))
            if package not in _PACKAGES:
                raise ValueError(f"{name} is to be imported from keras.{target[: -len(name) - 1]}.")
            return cst.parse_expression(f"{package}.{target}")
        if self._is_taken(func, target):
            raise ValueError(f"the program has another {name}.")
        self.imports.setdefault(path, set()).update({target} if name not in self._imported else ())
        return cst.Name(name)

    def _rewritten(
        self,
        original: cst.Call,
        updated: cst.Call,
        call: OldCall,
        given: _Arguments,
        name: str,
    ) -> cst.BaseExpression:
        path = self._path(original.func) or ""
        replaced = path.rpartition(".")[2]
        renamed = call.name != replaced and (call.name != name or replaced in _ATROUS)
        if not call.is_old and not renamed:
            return updated
        if not self._check_values(original, call):
            return updated
        func = updated.func
        if renamed:
            new = self._renamed(original.func, path, call.name)
            if new is None:
                return updated
            func = new
        for note in call.notes:
            self._note(original, note)
        result = updated.with_changes(func=func, args=given.nodes(call))
        if call.applied is None:
            return result
        return cst.Call(result, [cst.Arg(given.node(call.applied))])

    def _check_values(self, node: cst.CSTNode, call: OldCall) -> bool:
        """Whether no argument whose words have changed is known at run time alone."""
        unsure = [
            new
            for new in ("data_format", "implementation", "unit_forget_bias", "mode")
            if isinstance(call.kwargs.get(new), Expression)
        ]
        if call.is_old and unsure and "data_format" in unsure:
            self._note(node, f"{call.name}: the values of data_format are written otherwise now")
            return False
        return True

    def _renamed(self, node: cst.CSTNode, path: str, new: str) -> cst.BaseExpression | None:
        """The function under its new name; None where the program uses that name otherwise."""
        if isinstance(node, cst.Attribute):
            return node.with_changes(attr=cst.Name(new))
        home = path.split(".")[0]
        home = "layers" if home in ("engine", "models", "layers") else home
        if self._is_taken(node, f"{home}.{new}"):
            self._note(
                node,
                f"keras.{path} is keras.{home}.{new} now, but {new} is something else in this "
                f"program. Give that another name, or write keras.{home}.{new} here.",
            )
            return None
        self.imports.setdefault(f"{path}", set()).add(f"{home}.{new}")
        self._used.add(new)
        return cst.Name(new)

    def _is_taken(self, node: cst.CSTNode, target: str) -> bool:
        """Whether the program uses the last name of a path, and for something else."""
        home, _, name = target.rpartition(".")
        if name not in self._used or self._is_imported(name):
            return False
        scope = self.get_metadata(ScopeProvider, node, None)
        return home not in self.starred or scope is None or bool(scope[name])

    def _is_imported(self, name: str) -> bool:
        added: set[str] = set().union(*self.imports.values())
        return name in self._imported or name in {path.rpartition(".")[2] for path in added}

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        if _package_path(node) is not None and not isinstance(node.names, cst.ImportStar):
            aliases = [a for a in node.names if not a.asname]
            self._imported |= {a.name.value for a in aliases if isinstance(a.name, cst.Name)}
            line = self.get_metadata(PositionProvider, node).start.line
            paths = [(_imported_path(node, alias), _local(alias)) for alias in node.names]
            self._gone += [(path, local, line) for path, local in paths if _is_gone(path)]
        return False

    def notes_of_imports(self, used: set[str]) -> list[Note]:
        """What is imported still though it is gone, where no use of it is told of.

        Args:
            used: the names that the program uses still.
        """
        left = [(p, line) for p, local, line in self._gone if local in used and p not in self._met]
        return [(line, _explanation(path)) for path, line in left]

    def visit_Module(self, node: cst.Module) -> None:
        self._imported: set[str] = set()

    def leave_Comparison(
        self, original_node: cst.Comparison, updated_node: cst.Comparison
    ) -> cst.BaseExpression:
        left = original_node.left
        is_ordering = isinstance(left, cst.Call) and self._path(left.func) in (
            "backend.image_dim_ordering",
            "backend.image_data_format",
        )
        if not is_ordering or len(updated_node.comparisons) != 1:
            return updated_node
        (target,) = updated_node.comparisons
        words = {"tf": "channels_last", "th": "channels_first"}
        value = words.get(str(_value(target.comparator)))
        if value is None or not isinstance(updated_node.left, cst.Call):
            return updated_node
        self.notes = [n for n in self.notes if n != self._ordering_note(left)]
        new = cst.SimpleString(f"{self._quote}{value}{self._quote}")
        old = cst.ensure_type(left, cst.Call).func
        func = self._renamed(old, "backend.image_dim_ordering", "image_data_format")
        return updated_node.with_changes(
            left=updated_node.left.with_changes(func=func or updated_node.left.func),
            comparisons=[target.with_changes(comparator=new)],
        )

    def leave_Subscript(
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.BaseExpression:
        element = updated_node.slice[0]
        key = element.slice.value if isinstance(element.slice, cst.Index) else None
        today = PARAMS.get(str(_value(key))) if isinstance(key, cst.SimpleString) else None
        if today is None or _last(updated_node.value) != "params":
            return updated_node
        index = cst.Index(cst.SimpleString(f"{self._quote}{today}{self._quote}"))
        return updated_node.with_changes(slice=[element.with_changes(slice=index)])

    def _ordering_note(self, node: cst.CSTNode) -> Note:
        return self._at(node, names.explanation("keras.backend.image_dim_ordering") or "")

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        return self._today(original_node, updated_node)

    def leave_Attribute(
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        name = original_node.attr.value
        if name in WEIGHTS and _is_layer(original_node.value):
            other = ", or embeddings of an Embedding" if name == "W" else ""
            self._note(original_node, f"{name} of a layer is {WEIGHTS[name]} now{other}.")
        return self._today(original_node, updated_node)

    def _today(self, original: Any, updated: Any) -> cst.BaseExpression:
        path = self._path(original)
        if path is None or path == "backend.set_image_dim_ordering":
            return updated
        self._met.add(path)
        if id(original) in self._composed:
            return updated
        if path in names.KEPT and id(original) not in self._called:
            self._note(original, _explanation(path))
            return updated
        if path in names.MODULES.values():
            return self._of_module(original, updated, path)
        target = names.RENAMED.get(path)
        if path in names.GONE or path == "backend.image_dim_ordering" or path in _LEFT:
            self._note(original, _explanation(path))
            return updated
        if target is None:
            return updated
        home, _, new = target.rpartition(".")
        if isinstance(original, cst.Attribute):
            same_home = path.rpartition(".")[0] == home
            if not same_home:
                self._note(original, names.explanation(f"keras.{path}") or "")
                return updated
            return updated.with_changes(attr=cst.Name(new))
        if self._is_taken(original, target):
            self._note(original, names.explanation(f"keras.{path}") or "")
            return updated
        self.imports.setdefault(path, set()).add(target)
        return cst.Name(new)

    def _of_module(self, original: Any, updated: Any, path: str) -> cst.BaseExpression:
        """A module under the name that it has today."""
        new = cst.Name(path.rpartition(".")[2])
        if isinstance(original, cst.Attribute):
            return updated.with_changes(attr=new)
        old = {old.rpartition(".")[2]: old for old, now in names.MODULES.items() if now == path}
        if original.value not in old or (new.value in self._used):
            return updated
        self.imports.setdefault(old[original.value], set()).add(path)
        return new

    def _note(self, node: cst.CSTNode, text: str) -> None:
        self.notes.append(self._at(node, text))

    def _at(self, node: cst.CSTNode, text: str) -> Note:
        return self.get_metadata(PositionProvider, node).start.line, text


# What still works, with a warning, and has no call to be rewritten to.
_LEFT = {
    f"{home}.{name}": f"{name} is a layer of Keras 1; see the documentation for what to write"
    for home in ("layers", "legacy.layers", "layers.core")
    for name in ("MaxoutDense", "Highway")
} | {f"{home}.Merge": "" for home in ("layers", "models", "engine", "engine.topology")}


def _explanation(path: str) -> str:
    return names.explanation(f"keras.{path}") or _LEFT.get(path, "")


# What took the layers of a model, and takes the model.
_SUMMARIES = {"utils.layer_utils.print_summary", "utils.print_summary"}


def _of_model(call: cst.Call) -> cst.Call:
    """A call with a model in the place of the list of its layers."""
    first = call.args[0] if call.args else None
    value = first and first.value
    if first is None or not isinstance(value, cst.Attribute) or value.attr.value != "layers":
        return call
    return call.with_changes(args=[first.with_changes(value=value.value), *call.args[1:]])


# Where what takes their place is, that is no layer.
_HOME_OF = {"Model": "models", "Sequential": "models", "int_shape": "backend"}


class _Imports(cst.CSTTransformer):
    """Imports what took the place of names, and no longer what was replaced everywhere.

    Args:
        replaced: the names, with those that took their place.
        used: the names that the program uses still.
        starred: the modules all of whose names are imported.
    """

    def __init__(
        self, replaced: dict[str, set[str]], used: set[str], starred: Sequence[str]
    ) -> None:
        super().__init__()
        self._starred = starred
        self._removed: set[int] = set()
        self._replaced = replaced
        self._used = used

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        if not updated_node.body:
            self._removed.add(id(original_node))
        return updated_node

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        return self._with_comments(original_node, updated_node)

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        return self._with_comments(original_node, updated_node)

    def _with_comments(self, original: Any, updated: Any) -> Any:
        """Statements with the comments before those that were removed."""
        pending: list[cst.EmptyLine] = []
        body, left = [], iter(updated.body)
        for statement in original.body:
            if id(statement) in self._removed:
                lines = statement.leading_lines
                pending += lines if any(line.comment for line in lines) else []
                continue
            kept = next(left)
            if pending:
                kept = kept.with_changes(leading_lines=[*pending, *kept.leading_lines])
            body.append(kept)
            pending = []
        return updated.with_changes(body=body, footer=[*pending, *updated.footer])

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import:
        aliases = [a.with_changes(name=_of_today(a.name)) for a in updated_node.names]
        return updated_node.with_changes(names=aliases)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> Any:
        home = _package_path(updated_node)
        if home is None:
            return updated_node
        home = _module_today(home)
        updated_node = updated_node.with_changes(module=_of_today(updated_node.module))
        if isinstance(updated_node.names, cst.ImportStar):
            return self._after_star(updated_node, home)
        kept, needed = [], {}
        for alias in updated_node.names:
            path = _imported_path(original_node, alias)
            if path not in self._replaced:
                if _is_gone(path) and _local(alias) not in self._used:
                    continue
                today = cst.Name(_module_today(path).rpartition(".")[2])
                kept.append(alias.with_changes(name=today) if alias.asname else alias)
                continue
            needed.update(dict.fromkeys(sorted(self._replaced[path])))
            if _local(alias) in self._used:
                kept.append(alias)
        if not (kept or needed):
            return cst.RemoveFromParent()
        return self._with(updated_node, kept, list(needed), home)

    def _after_star(self, node: cst.ImportFrom, home: str) -> Any:
        """All names of a module, and those that took the place of some and are elsewhere."""
        paths = [path for path in self._replaced if path.rpartition(".")[0] == home]
        targets = {target for path in paths for target in self._replaced.pop(path)}
        missed = sorted(t for t in targets if t.rpartition(".")[0] not in self._starred)
        imports = self._with(node, [], missed, home) if missed else []
        return cst.FlattenSentinel(_separated([node, *imports]))

    def _with(
        self, node: cst.ImportFrom, kept: list[cst.ImportAlias], needed: list[str], home: str
    ) -> Any:
        bound = {_local(alias) for alias in kept}
        here: list[cst.ImportAlias] = []
        elsewhere: dict[str, list[cst.ImportAlias]] = {}
        for target in needed:
            module, _, name = target.rpartition(".")
            if name in bound:
                continue
            if module == home:
                here.append(cst.ImportAlias(cst.Name(name)))
            else:
                elsewhere.setdefault(module, []).append(cst.ImportAlias(cst.Name(name)))
        statements = []
        if kept or here:
            statements.append(
                node.with_changes(names=_joined([*kept, *here], cast(Any, node.names)))
            )
        package = _dotted(node.module).partition(".")[0]
        for module, aliases in elsewhere.items():
            source = _path_of(f"{package}.{module}")
            statements.append(cst.ImportFrom(source, aliases))
        return cst.FlattenSentinel(_separated(statements))


def _of_today(node: Any) -> Any:
    """The name of a module in an import, as it is today."""
    package, _, path = _dotted(node).partition(".")
    today = _module_today(path)
    return node if path == today or package not in _PACKAGES else _path_of(f"{package}.{today}")


def _path_of(text: str) -> cst.Attribute:
    return cst.ensure_type(cst.parse_expression(text), cst.Attribute)


def _separated(statements: Sequence[cst.ImportFrom]) -> list[cst.ImportFrom]:
    semicolon = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))
    return [s.with_changes(semicolon=semicolon) for s in statements[:-1]] + list(statements[-1:])


def _joined(
    aliases: Iterable[cst.ImportAlias], before: Sequence[cst.ImportAlias]
) -> list[cst.ImportAlias]:
    """A list of names with commas between; one after the last only where there was one."""
    listed = list(aliases)
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    for index, alias in enumerate(listed[:-1]):
        if isinstance(alias.comma, cst.MaybeSentinel):
            listed[index] = alias.with_changes(comma=comma)
    listed[-1] = listed[-1].with_changes(comma=before[-1].comma)
    return listed


def _local(alias: cst.ImportAlias) -> str:
    name = alias.asname.name if alias.asname else alias.name
    return cst.ensure_type(name, cst.Name).value


def _package_path(node: cst.ImportFrom) -> str | None:
    """The module within Keras that names are imported from; None of another package."""
    package, _, path = _dotted(node.module).partition(".")
    return path if package in _PACKAGES and not node.relative else None


def _imported_path(node: cst.ImportFrom, alias: cst.ImportAlias) -> str:
    """The name within Keras of what is imported, its module under today's name."""
    home = _module_today(_package_path(node) or "")
    return f"{home}.{cst.ensure_type(alias.name, cst.Name).value}".lstrip(".")


def _dotted(node: cst.BaseExpression | None) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _keywords(node: cst.Call) -> set[str]:
    return {arg.keyword.value for arg in node.args if arg.keyword}


def _value(node: cst.BaseExpression) -> Any:
    """The value of a literal; the expression of anything else."""
    try:
        return ast.literal_eval(cst.Module([]).code_for_node(node))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    if isinstance(node, (cst.List, cst.Tuple)) and not any(
        isinstance(e, cst.StarredElement) for e in node.elements
    ):
        values = [_value(e.value) for e in node.elements]
        return values if isinstance(node, cst.List) else tuple(values)
    return Expression(node)


@dataclass
class _Known:
    """What a program tells of its names: the batch sizes of generators, and merged models."""

    batch_sizes: dict[str, Any]
    merged: set[str]


class _Arguments:
    """The arguments of a call, as values for the rules and as nodes for the text.

    Args:
        args: the nodes.
        quote: how new texts are quoted.
        known: what the program tells of names.
    """

    def __init__(self, args: Sequence[cst.Arg], quote: str, known: _Known) -> None:
        self._given = list(args)
        self._values = [_value(arg.value) for arg in args]
        for value in self._values:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(one, Expression):
                    one.batch_size = known.batch_sizes.get(one.name, _batch_size(one.node))
                    one.has_several_inputs = one.name in known.merged
        self._naming: Callable[[str], cst.BaseExpression] = cst.Name
        self._quote = quote
        pairs = list(zip(args, self._values))
        self.args = tuple(value for arg, value in pairs if not arg.keyword)
        self.kwargs = {arg.keyword.value: value for arg, value in pairs if arg.keyword}

    def rename(self, old: str, new: str) -> None:
        """Gives a keyword another name."""
        self.kwargs = {new if name == old else name: v for name, v in self.kwargs.items()}

    def nodes(self, call: OldCall) -> list[cst.Arg]:
        """The arguments of the converted call; those that stay keep what is around them."""
        listed = [self._arg(None, value) for value in call.args]
        named = {**call.kwargs, **call.written}
        listed += [self._arg(name, value) for name, value in named.items()]
        if not listed:
            return []
        last = self._given[-1]
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        for index, arg in enumerate(listed[:-1]):
            if isinstance(arg.comma, cst.MaybeSentinel):
                blank = cst.SimpleWhitespace("")
                listed[index] = arg.with_changes(comma=comma, whitespace_after_arg=blank)
        listed[-1] = listed[-1].with_changes(
            comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
        )
        return listed

    def _arg(self, name: str | None, value: Any) -> cst.Arg:
        known = self._known(name, value)
        keyword = None if name is None else cst.Name(name)
        if known is not None:
            equal = known.equal if known.keyword else _EQUAL
            return known.with_changes(keyword=keyword, equal=equal if keyword else _NO_EQUAL)
        node = self.node(value)
        return cst.Arg(node, keyword, equal=_EQUAL if keyword else _NO_EQUAL)

    def _known(self, name: str | None, value: Any) -> cst.Arg | None:
        same = [arg for arg, v in zip(self._given, self._values) if v is value]
        by_name = [a for a in same if (a.keyword.value if a.keyword else None) == name]
        return next(iter(by_name or same), None)

    def node(self, value: Any) -> cst.BaseExpression:
        """The expression of a value."""
        for arg, known in zip(self._given, self._values):
            if known is value:
                return arg.value
        if isinstance(value, Expression):
            return value.node
        if isinstance(value, OldCall):
            return self._call(value)
        if isinstance(value, Written):
            parts = [_in_parentheses(self.node(one)) for one in value.values]
            codes = [cst.Module([]).code_for_node(part) for part in parts]
            return cst.parse_expression(value.template.format(*codes))
        if isinstance(value, (tuple, list)):
            elements = [cst.Element(self.node(one)) for one in value]
            return cst.Tuple(elements) if isinstance(value, tuple) else cst.List(elements)
        if isinstance(value, str):
            return cst.SimpleString(f"{self._quote}{value}{self._quote}")
        return cst.parse_expression(repr(value))

    def composed(
        self, call: OldCall, naming: Callable[[str], cst.BaseExpression]
    ) -> cst.BaseExpression:
        """The expression of a call that has others in it.

        Args:
            call: the call.
            naming: the expression for the name of what is called.
        """
        self._naming = naming
        return self._call(call)

    def _call(self, call: OldCall) -> cst.Call:
        args = [cst.Arg(self.node(value)) for value in call.args]
        for name, value in {**call.kwargs, **call.written}.items():
            args.append(cst.Arg(self.node(value), cst.Name(name), equal=_EQUAL))
        result = cst.Call(self._naming(call.name), args)
        applied = [] if call.applied is None else [cst.Arg(self.node(call.applied))]
        return cst.Call(result, applied) if applied else result


_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_NO_EQUAL = cst.MaybeSentinel.DEFAULT
