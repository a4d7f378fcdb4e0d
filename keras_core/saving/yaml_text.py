"""YAML text of configurations, and back, with plain values only.

Keras 2 wrote tuples and NumPy numbers with YAML's tags for Python objects. Those few are read here
by constructors of our own; every other tag of a Python object is refused.
"""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np

from keras_core.attempt import memory_limit
from keras_core.errors import ModelFileError, shortened
from keras_core.graph.spec import checked_dtype
from keras_core.saving.json_text import each_once, json_value

_YAML = "tag:yaml.org,2002:"
_PYTHON = f"{_YAML}python/"
_MERGE = f"{_YAML}merge"
_NUMBERS = (f"{_YAML}int", f"{_YAML}float")
_LONGEST_NUMBER = 40

# How many times as long as the text what it stands for may be, with references put in place.
_GROWTH = 10
_BYTES_A_VALUE = 1000
_LARGEST_MEMORY = 2**29
_NUMPY_PARTS = ("numpy.core.multiarray", "numpy._core.multiarray")


def to_yaml(config: Any, **kwargs: Any) -> str:
    """YAML text of a configuration.

    Args:
        config: dict.
        **kwargs: passed to `yaml.dump`.
    """
    import yaml

    plain = json.loads(json.dumps(config, default=json_value))
    return yaml.dump(plain, Dumper=yaml.SafeDumper, **kwargs)


def parse_yaml(text: str) -> Any:
    """Reads YAML that holds plain values, tuples and NumPy numbers.

    Args:
        text: str.

    Returns:
        Nested dicts, lists and tuples; NumPy arrays as nested lists.

    Raises:
        ModelFileError: if the text is no YAML, would make other Python objects, or grows when what
            it refers to is put in place.
    """
    import yaml

    loader = None
    try:
        _check_marks(text)
        loader = _loader(yaml.SafeLoader)(text)
        node = loader.get_single_node()
        if node is None:
            raise ModelFileError("the YAML of a model cannot be read: it is empty.")
        _check_nodes(node, len(text))
        return _checked(loader.construct_document(node))
    except ModelFileError:
        raise
    except RecursionError as error:
        raise ModelFileError("its YAML is nested too deeply to be a model's.") from error
    except Exception as error:
        raise ModelFileError(f"the YAML of a model cannot be read: {shortened(error)}") from error
    finally:
        if loader is not None:
            loader.dispose()


def _check_marks(text: str) -> None:
    """Refuses what would be too many values; each takes far more memory than it is long."""
    number = sum(map(text.count, "\n,:[{"))
    if number * _BYTES_A_VALUE > memory_limit(_LARGEST_MEMORY):
        raise ModelFileError(
            f"its YAML has some {number:,} values, too many for a model. If you trust it, read it "
            "inside of keras_core.saving.safety.memory_scope(None), or save it as JSON."
        )


def _check_nodes(root: Any, length: int) -> None:
    """Refuses what no model's YAML has, and references that multiply what the text says."""
    sizes: dict[Any, float] = {}
    waiting = [(root, False)]
    while waiting:
        node, inner_are_known = waiting.pop()
        if inner_are_known:
            sizes[node] = 1 + sum(sizes[part] for part in _parts(node))
            if sizes[node] > _GROWTH * (length + 1000):
                raise ModelFileError("its YAML has references that multiply what it says.")
        elif node not in sizes:
            _check_node(node)
            sizes[node] = math.inf  # until then; so a node that contains itself is refused
            waiting.append((node, True))
            waiting += [(part, False) for part in _parts(node)]


def _check_node(node: Any) -> None:
    if node.tag in _NUMBERS and len(node.value) > _LONGEST_NUMBER:
        raise ModelFileError(f"its YAML holds a number of {len(node.value)} digits.")
    if node.id == "mapping":
        if any(key.tag == _MERGE for key, _ in node.value):
            raise ModelFileError("its YAML merges mappings, which no model's does.")
        each_once([((key.tag, str(key.value)), None) for key, _ in node.value])


def _parts(node: Any) -> list[Any]:
    if node.id == "mapping":
        return [part for pair in node.value for part in pair]
    return node.value if node.id == "sequence" else []


def _checked(value: Any) -> Any:
    """The value, if it is made of what a configuration is made of."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, (dict, list, tuple)):
            if id(item) not in seen:
                seen.add(id(item))
                waiting += [*item, *item.values()] if isinstance(item, dict) else item
        elif item is not None and not isinstance(item, (str, int, float)):
            raise ModelFileError(f"its YAML holds a {type(item).__name__}, which no model has.")
    return value


def _loader(base: Any) -> Any:
    class Loader(base):
        pass

    Loader.add_constructor(f"{_PYTHON}tuple", _tuple)
    Loader.add_constructor(f"{_PYTHON}name:numpy.ndarray", _nothing)
    Loader.add_constructor(f"{_PYTHON}object/apply:numpy.dtype", _dtype)
    for name in ("str", "unicode"):
        Loader.add_constructor(f"{_PYTHON}{name}", Loader.construct_scalar)
    for part in _NUMPY_PARTS:
        Loader.add_constructor(f"{_PYTHON}object/apply:{part}.scalar", _scalar)
        Loader.add_constructor(f"{_PYTHON}object/apply:{part}._reconstruct", _array)
    return Loader


def _tuple(loader: Any, node: Any) -> tuple[Any, ...]:
    return tuple(loader.construct_sequence(node, deep=True))


def _nothing(loader: Any, node: Any) -> None:
    return None


def _dtype(loader: Any, node: Any) -> np.dtype[Any]:
    fields = loader.construct_mapping(node, deep=True)
    dtype = np.dtype(checked_dtype(fields["args"][0]))
    order: Any = fields["state"][1] if "state" in fields else "="
    return dtype.newbyteorder(order)


def _scalar(loader: Any, node: Any) -> Any:
    dtype, data = loader.construct_sequence(node, deep=True)
    return np.frombuffer(data, dtype, count=1)[0].item()


def _array(loader: Any, node: Any) -> Any:
    _, shape, dtype, fortran, data = loader.construct_mapping(node, deep=True)["state"]
    order: Literal["C", "F"] = "F" if fortran else "C"
    return np.frombuffer(data, dtype).reshape(shape, order=order).tolist()
