"""The functions that this program has, among which those of a configuration are recognised."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np

from keras_core.attempt import undo_by
from keras_core.errors import shown
from keras_core.graph.spec import checked_dtype
from keras_core.saving.json_text import json_value
from keras_core.utils.code_text import code_of, name_in, read_code

# The functions that layers were given and that are alive, the latest last.
_given: dict[int, weakref.ref] = {}


def remember(function):
    """Notes a function that a layer is made of."""
    if isinstance(function, FunctionType):
        key = id(function)
        before = _given.pop(key, None)
        _given[key] = weakref.ref(function, lambda _: _given.pop(key, None))
        if before is None:
            undo_by(lambda: _given.pop(key, None))


def named(name):
    """The function of a name, of the main program or given to a layer before; None without one.

    Raises:
        ValueError: if layers were given several that differ.
    """
    main = vars(sys.modules["__main__"]).get(name)
    if isinstance(main, FunctionType) and main.__module__ == "__main__":
        return main
    found = _different(name)
    if len(found) > 1:
        gc.collect()  # what nobody uses any more may still be there
        found = _different(name)
    if len(found) > 1:
        raise ValueError(
            f"The file has a Lambda layer with a function {name!r}, and this program has "
            f"{len(found)} functions of that name that differ. Say which one is meant: "
            f"custom_objects={{{name!r}: ...}}."
        )
    return found[0] if found else None


def matching(dumped, custom_objects):
    """The function of this program that does what dumped bytecode does; None without one.

    Nothing of the bytecode is run: it is compared with that of functions that are here.

    Args:
        dumped: code, defaults and closure, as `plain_dump` gives them.
        custom_objects: dict from names to functions, the first to be looked at.
    """
    text, defaults, closure = (*dumped, None, None)[:3]
    code = read_code(text)
    if code is None:
        return None
    name = name_in(code)
    if callable(custom_objects.get(name)):
        return custom_objects[name]
    functions = _functions(custom_objects)
    alike = [f for f in functions if _is(f.__code__, name, code)]
    same = [f for f in alike if _as_text(*_values(f)) == _as_text(defaults, closure)]
    if same and not _has_objects(closure):
        return same[0]
    if same:
        return same[0] if len(same) == 1 else None
    for function in functions:
        for inner in _codes_in(function.__code__):
            if _is(inner, name, code):
                return _made(inner, function.__globals__, defaults, closure)
    return None


def _is(code, name, wanted):
    return code.co_name == name and code_of(code) == wanted


def plain_dump(dumped):
    """Defaults and closure of what `func_dump` gave, as values for JSON."""
    code, defaults, closure = dumped
    return code, _plain_values(defaults), _plain_values(closure)


def plain(value):
    """A value for JSON: arrays, functions and other objects as a dict that says what they are."""
    if isinstance(value, np.ndarray):
        return {"type": "ndarray", "value": value.tolist(), "dtype": value.dtype.name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, FunctionType):
        return {"type": "function", "value": value.__name__}
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return {"type": "object", "value": type(value).__name__}
    return value


def restored(value):
    """Undoes `plain`; what is no plain value and no array comes back as None."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "ndarray":
        return _array(value["value"], value.get("dtype"))
    if kind == "function":
        return named(value["value"])
    return None if kind == "object" else value


def _array(values, dtype):
    """An array of numbers; a dtype of texts could be of any size."""
    try:
        return np.array(values, dtype=None if dtype is None else checked_dtype(dtype))
    except TypeError as error:
        raise ValueError(
            f"A Lambda layer has an array of dtype {shown(dtype)}, no numbers."
        ) from error


def _plain_values(values):
    return None if values is None else [plain(value) for value in values]


def _values(function):
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return _plain_values(function.__defaults__), _plain_values(cells) or None


def _as_text(defaults, closure):
    return json.dumps([defaults, closure], default=json_value, sort_keys=True)


def _has_objects(closure):
    return any(
        isinstance(v, dict) and v.get("type") in ("object", "function") for v in closure or ()
    )


def _alive():
    """The functions that layers were given, the latest first."""
    found = [reference() for reference in list(_given.values())]
    return [function for function in reversed(found) if function is not None]


def _different(name):
    """Functions of a name that differ in what they do."""
    found: dict[Any, Any] = {}
    for function in _alive():
        if function.__name__ == name:
            key = function.__code__, _as_text(*_values(function))
            found.setdefault(key, function)
    return list(found.values())


def _functions(custom_objects):
    """The functions of this program: given by name, given to layers, of the main program."""
    main = list(vars(sys.modules["__main__"]).values())
    classes = [c for c in main if isinstance(c, type) and c.__module__ == "__main__"]
    methods = [member for c in classes for member in vars(c).values()]
    found = [*custom_objects.values(), *_alive(), *main, *methods]
    return [f for f in found if isinstance(f, FunctionType)]


def _codes_in(code):
    """A code object and those of the functions that are defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_in(constant)


def _made(code, names, defaults, closure):
    """A function of code of this program, with values of a file; None if those do not fit."""
    values = [restored(value) for value in closure or ()]
    if len(values) != len(code.co_freevars) or _is_lost(closure, values):
        return None
    default_values = None if defaults is None else tuple(restored(v) for v in defaults)
    cells = tuple(CellType(value) for value in values)
    return FunctionType(code, names, None, default_values, cells or None)


def _is_lost(closure, values):
    return any(new is None and old is not None for old, new in zip(closure or (), values))
