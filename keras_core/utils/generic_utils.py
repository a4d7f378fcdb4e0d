"""Lists, arguments of functions, and named objects as configurations and back."""

from __future__ import annotations

import base64
import binascii
import inspect
import marshal
import operator
import types
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Callable, TypeVar

from keras_core import newer
from keras_core.errors import shown
from keras_core.missing import did_you_mean, explain_attributes
from keras_core.utils.progbar import Progbar as Progbar  # found here by that name too

explain_attributes(globals())

_GLOBAL_CUSTOM_OBJECTS: dict[str, Any] = {}
# The tables of the scopes around, the innermost last. Each begins with what was known outside.
_scopes: ContextVar[tuple[dict[str, Any], ...]] = ContextVar("keras_core_custom", default=())


# Custom objects


class CustomObjectScope:
    """Makes objects known by name inside a `with` statement, in this thread or task alone.

    A thread that is started inside knows them if it runs in a copy of the context
    (`contextvars.copy_context().run`).

    Args:
        *args: dictionaries of name to class or function.

    Attributes:
        backup: what was known where it was last entered; for reading.

    Example:
        >>> def squared(x):
        ...     return x * x
        >>> with utils.CustomObjectScope({"squared": squared}):
        ...     layer = layers.Activation("squared")
        >>> K.eval(layer(K.constant([[3.0]]))).tolist()
        [[9.0]]
    """

    def __init__(self, *args: Mapping[str, Any] | None) -> None:
        self.custom_objects = args
        self.backup: dict[str, Any] | None = None

    def __enter__(self) -> CustomObjectScope:
        table = get_custom_objects().copy()
        self.backup = table.copy()
        for objects in self.custom_objects:
            table.update(objects or {})
        _scopes.set((*_scopes.get(), table))
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        _scopes.set(_scopes.get()[:-1])


def custom_object_scope(*args: Mapping[str, Any] | None) -> CustomObjectScope:
    """A scope in which the given objects are found by name.

    Args:
        *args: dictionaries of name to class or function.

    Returns:
        A `CustomObjectScope`, to be used in a `with` statement.

    Example:
        >>> def squared(x):
        ...     return x * x
        >>> with utils.custom_object_scope({"squared": squared}):
        ...     layer = layers.Activation("squared")
        >>> K.eval(layer(K.constant([[3.0]]))).tolist()
        [[9.0]]
    """
    return CustomObjectScope(*args)


def get_custom_objects() -> dict[str, Any]:
    """The dictionary of custom objects known here.

    Outside of scopes it is that of the whole process; add to it to register an object for good.
    Inside of a scope it is the scope's, with what was known outside, and ends with it.

    Example:
        >>> utils.get_custom_objects()["squared"] = K.square
        >>> K.eval(layers.Activation("squared")(K.constant([[3.0]]))).tolist()
        [[9.0]]
        >>> del utils.get_custom_objects()["squared"]
    """
    scopes = _scopes.get()
    return scopes[-1] if scopes else _GLOBAL_CUSTOM_OBJECTS


# Objects to configurations and back


def serialize_keras_object(instance: Any) -> Any:
    """What JSON can hold of an object: its class name and configuration, or its function name.

    Args:
        instance: object with a `get_config` method, function, or None.

    Returns:
        A dictionary with `class_name` and `config`, a name, or None.

    Raises:
        ValueError: `instance` has neither `get_config` nor `__name__`.

    Example:
        >>> utils.serialize_keras_object(regularizers.l1(0.5))
        {'class_name': 'L1L2', 'config': {'l1': 0.5, 'l2': 0.0}}
        >>> utils.serialize_keras_object(activations.relu)
        'relu'
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        return {"class_name": type(instance).__name__, "config": whole_config(instance)}
    if hasattr(instance, "__name__"):
        return instance.__name__
    raise ValueError(
        f"Cannot serialize {instance!r}: it has neither a get_config() method nor a __name__. "
        "Give its class a get_config() that returns its constructor arguments."
    )


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object that a configuration or a name stands for.

    Args:
        identifier: dictionary with `class_name` and `config`, or a name. A class given by name is
            made without arguments; a function is returned as it is.
        module_objects: name to class or function, the built-in ones.
        custom_objects: name to class or function, looked up first.
        printable_module_name: what is looked for, in error messages.

    Returns:
        An object or a function.

    Raises:
        ValueError: the name is unknown, or the dictionary lacks `class_name` or `config`.
        TypeError: `identifier` is neither a dictionary nor a name.

    Example:
        >>> data = {"class_name": "Box", "config": {"size": 3}}
        >>> class Box:
        ...     def __init__(self, size):
        ...         self.size = size
        >>> utils.deserialize_keras_object(data, {"Box": Box}).size
        3
    """
    own = (custom_objects or {}, get_custom_objects(), _GLOBAL_CUSTOM_OBJECTS)
    tables = (*own, {} if module_objects is None else module_objects)
    if isinstance(identifier, dict):
        name, config = _envelope(identifier, printable_module_name)
        found = _find_by_name(name, tables, printable_module_name)
        takes_arguments = getattr(module_objects, "takes_arguments", None)
        if takes_arguments and not (takes_arguments(found) or any(name in t for t in own)):
            raise ValueError(
                f"The {printable_module_name} {shown(name)} is a function: it has a name alone, "
                "and no configuration."
            )
        return _from_config(found, config, custom_objects or {})
    if isinstance(identifier, str):
        found = _find_by_name(identifier, tables, printable_module_name)
        return found() if inspect.isclass(found) else found
    raise TypeError(
        f"Could not interpret serialized {printable_module_name}: {shown(identifier)} is a "
        f"{type(identifier).__name__}; expected a name or a dictionary with "
        "'class_name' and 'config'."
    )


def _envelope(identifier: dict[str, Any], kind: str) -> tuple[str, dict[str, Any]]:
    if "class_name" not in identifier or "config" not in identifier:
        raise ValueError(
            f"Improper config format of {kind}: {shown(identifier)}. "
            "It needs the keys 'class_name' and 'config'."
        )
    if not isinstance(identifier["class_name"], str):
        raise ValueError(
            f"Improper config of a {kind}: its class_name is {shown(identifier['class_name'])}, "
            "no name."
        )
    return identifier["class_name"], identifier["config"]


def _find_by_name(name: str, tables: Sequence[Mapping[str, Any]], kind: str) -> Any:
    from keras_core.plugins import features

    for table in tables:
        found = table.get(name)
        if callable(found):
            return found
    added = features.custom_objects()
    if name in added:
        return added[name]
    # Copied, since other threads may register objects meanwhile.
    names = {n for t in tables for n, v in dict(t).items() if callable(v) and n[:1] != "_"}
    near = newer.hint(kind, name) or did_you_mean(name, names)
    raise ValueError(
        f"Unknown {kind}: {shown(name)}.{near} Your own {kind} is found "
        f"by name when it is passed as custom_objects={{{shown(name)}: ...}}, or inside a "
        "custom_object_scope."
    )


def _from_config(made_by: Any, config: dict[str, Any], custom_objects: Mapping[str, Any]) -> Any:
    if not hasattr(made_by, "from_config"):
        with CustomObjectScope(custom_objects):
            return made_by(**config)
    if has_arg(made_by.from_config, "custom_objects"):
        everything = {**_GLOBAL_CUSTOM_OBJECTS, **get_custom_objects(), **custom_objects}
        return made_by.from_config(config, custom_objects=everything)
    with CustomObjectScope(custom_objects):
        return made_by.from_config(config)


# Functions as data


def func_dump(
    func: types.FunctionType,
) -> tuple[str, tuple[Any, ...] | None, tuple[Any, ...] | None]:
    """A function as data.

    Args:
        func: a Python function.

    Returns:
        Tuple of its bytecode (base64 text), its default arguments and the values of its closure;
        None where there are no defaults or no closure.
    """
    code = base64.encodebytes(marshal.dumps(func.__code__)).decode("ascii")
    closure = tuple(cell.cell_contents for cell in func.__closure__ or ())
    return code, func.__defaults__, closure or None


def func_load(
    code: Any,
    defaults: Sequence[Any] | None = None,
    closure: Sequence[Any] | None = None,
    globs: dict[str, Any] | None = None,
) -> types.FunctionType:
    """The function that `func_dump` turned into data. Whoever wrote the data can run any code.

    Args:
        code: bytecode as text, or the whole tuple that `func_dump` returned.
        defaults: default arguments.
        closure: values, or cells, of the closure.
        globs: global names the function sees; those of this module by default.

    Returns:
        A Python function.

    Raises:
        ValueError: the bytecode is damaged, or of another version of Python.
    """
    if isinstance(code, (tuple, list)):
        code, defaults, closure = code
    cells = None if closure is None else tuple(_as_cell(value) for value in closure)
    defaults = None if defaults is None else tuple(defaults)
    return types.FunctionType(
        _load_code(code), globals() if globs is None else globs, None, defaults, cells
    )


def _as_cell(value: Any) -> types.CellType:
    return value if isinstance(value, types.CellType) else types.CellType(value)


def _load_code(text: str) -> types.CodeType:
    try:
        raw = base64.decodebytes(text.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        raw = text.encode("raw_unicode_escape")  # what Keras 2.0 wrote
    try:
        code = marshal.loads(raw)
    except (ValueError, EOFError, TypeError) as error:
        raise ValueError(
            f"The bytecode of a function cannot be read ({error}): it is damaged, or was written "
            "by another version of Python. Save the model with a named function, and pass that as "
            "custom_objects."
        ) from error
    if not isinstance(code, types.CodeType):
        raise ValueError(
            f"The bytecode of a function holds a {type(code).__name__} instead of code."
        )
    return code


def getargspec(fn: Callable[..., Any]) -> inspect.FullArgSpec:
    """The argument specification of a function, as `inspect.getfullargspec` gives it."""
    return inspect.getfullargspec(fn)


def whole_config(instance: Any) -> dict[str, Any]:
    """The configuration of an object, with what Keras 2 has no entry for and so would lose."""
    return {**instance.get_config(), **getattr(instance, "_beside_config", {})}


def config_with(names: Iterable[str]) -> str:
    """What a get_config is to return that gives these arguments too, as an error shows it."""
    kept = ", ".join(f"{name!r}: self.{name}" for name in names)
    return f"{{**super().get_config(), {kept}}}"


def named_parameters(fn: Callable[..., Any]) -> list[str]:
    """The names of a function's parameters in their order, without `self`, `*args`, `**kwargs`."""
    unnamed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = inspect.signature(fn).parameters.values()
    return [x.name for x in found if x.name != "self" and x.kind not in unnamed]


def has_arg(fn: Callable[..., Any], name: str, accept_all: bool = False) -> bool:
    """Whether a callable takes an argument by this name.

    Args:
        fn: the callable.
        name: name of the argument.
        accept_all: whether a `**kwargs` of the callable counts.

    Returns:
        bool; False for what does not tell its arguments, such as functions written in C.
    """
    try:
        parameters = inspect.signature(fn).parameters
    except ValueError:
        return False
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    if name in parameters and parameters[name].kind in by_name:
        return True
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return accept_all and takes_all


# Lists


def to_list(x: Any, allow_tuple: bool = False) -> list[Any]:
    """`x` if it is a list, else a list of `x` alone.

    Args:
        x: anything.
        allow_tuple: turn a tuple into a list of its elements, rather than a list of the tuple.

    Returns:
        list.
    """
    if isinstance(x, list):
        return x
    if allow_tuple and isinstance(x, tuple):
        return list(x)
    return [x]


def unpack_singleton(x: Any) -> Any:
    """The element of a list or tuple of one, else `x` itself."""
    return x[0] if isinstance(x, (list, tuple)) and len(x) == 1 else x


def object_list_uid(object_list: Any) -> str:
    """A text that is equal for equal lists of the same objects, in the same order."""
    return ", ".join(str(abs(id(x))) for x in to_list(object_list))


def is_all_none(iterable_or_element: Any) -> bool:
    """Whether an object, or every element of a list or tuple, is None."""
    return all(x is None for x in to_list(iterable_or_element, allow_tuple=True))


def slice_arrays(arrays: Any, start: Any = None, stop: int | None = None) -> Any:
    """Rows of an array, or of each array in a list.

    Args:
        arrays: array, list of arrays (None is passed through), or None.
        start: index of the first row, or a list or integer array of row indices.
        stop: index after the last row; not with a list of indices.

    Returns:
        An array for an array, a list for a list, `[None]` for None.

    Raises:
        ValueError: both a list of indices and `stop` are given.
    """
    if arrays is None:
        return [None]
    by_index = hasattr(start, "__len__")
    if by_index and stop is not None:
        raise ValueError(
            f"slice_arrays takes a list of indices or start and stop, not both; got stop={stop}."
        )
    # h5py selects rows by a list, not by an array.
    rows = start.tolist() if hasattr(start, "tolist") and by_index else start
    key = rows if by_index else slice(start, stop)
    if isinstance(arrays, list):
        return [None if x is None else x[key] for x in arrays]
    return arrays[key]


def transpose_shape(shape: Sequence[Any], target_format: str, spatial_axes: Sequence[int]) -> Any:
    """A shape given as channels last, in another data format.

    Args:
        shape: tuple or list, with channels on the last axis.
        target_format: `'channels_first'` or `'channels_last'`.
        spatial_axes: indices of the spatial axes in `shape`.

    Returns:
        The shape in the target format, of the type of `shape`.

    Raises:
        ValueError: unknown data format.
    """
    if target_format == "channels_last":
        return shape
    if target_format != "channels_first":
        raise ValueError(
            f"Unknown data_format {target_format!r}; expected 'channels_first' or 'channels_last'."
        )
    spatial = [shape[axis] for axis in spatial_axes]
    first = [*shape[: spatial_axes[0]], shape[-1], *spatial]
    return first if isinstance(shape, list) else tuple(first)


Number = TypeVar("Number", bound=float)


def checked_number(
    who: str, value: Number, least: float | None = None, most: float | None = None
) -> Number:
    """The value, if it is a number, and within bounds.

    Args:
        who: what messages call it.
        value: what a user gave.
        least, most: the bounds, None for none.

    Raises:
        TypeError: it is no number.
        ValueError: it is out of bounds.
    """
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"{who} must be a number, but got {value!r}.")
    if least is not None and value < least:
        raise ValueError(f"{who} must be at least {least}, but got {value!r}.")
    if most is not None and value > most:
        raise ValueError(f"{who} must be at most {most}, but got {value!r}.")
    return value


def checked_whole_number(who: str, value: Any, least: int | None = None) -> int:
    """The same where it has to be whole, as an int.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is less than the least one.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{who} must be a whole number, but got {value!r}.") from None
    return checked_number(who, number, least)


def check_for_unexpected_keys(
    name: str, input_dict: Mapping[str, Any], expected_values: Iterable[str]
) -> None:
    """Refuses a dictionary that has keys nobody asked for.

    Args:
        name: what the dictionary is, for the message.
        input_dict: the dictionary.
        expected_values: the keys it may have.

    Raises:
        ValueError: there is an unexpected key.
    """
    expected = list(expected_values)
    unknown = [key for key in input_dict if key not in expected]
    if unknown:
        raise ValueError(
            f"Unknown entries in the dictionary of {name}: {unknown}. Expected some of {expected}."
        )
