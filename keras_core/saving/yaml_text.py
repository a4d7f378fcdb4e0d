"""YAML text of configurations, and back, with plain values only.

Keras 2 wrote tuples and NumPy numbers with YAML's tags for Python objects. Those few are read here
by constructors of our own; every other tag of a Python object is refused.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np

from keras_core.saving.json_text import json_value

_PYTHON = "tag:yaml.org,2002:python/"
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
        ValueError: if the text is no YAML, or would make other Python objects.
    """
    import yaml

    try:
        return yaml.load(text, Loader=_loader(yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(f"The YAML of a model cannot be read: {error}") from error


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
    dtype = np.dtype(fields["args"][0])
    if dtype.kind not in "biuf":
        raise ValueError(f"A configuration in YAML holds values of dtype {dtype}, no numbers.")
    order = fields["state"][1] if "state" in fields else "="
    return dtype.newbyteorder(order)


def _scalar(loader: Any, node: Any) -> Any:
    dtype, data = loader.construct_sequence(node, deep=True)
    return np.frombuffer(data, dtype, count=1)[0].item()


def _array(loader: Any, node: Any) -> Any:
    _, shape, dtype, fortran, data = loader.construct_mapping(node, deep=True)["state"]
    order: Literal["C", "F"] = "F" if fortran else "C"
    return np.frombuffer(data, dtype).reshape(shape, order=order).tolist()
