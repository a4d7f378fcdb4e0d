"""keras_core under the name of keras: `import keras` and `import keras.x.y` give its modules."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import keras_core
from keras_core.legacy import names

API_VERSION = "2.3.1"

_FOLDER = str(Path(__file__).with_name("path"))
# What `from keras import *` gives in Keras 2.
_STARRED = (
    *("activations", "applications", "backend", "callbacks", "constraints", "datasets", "engine"),
    *("initializers", "layers", "losses", "metrics", "models", "optimizers", "preprocessing"),
    *("regularizers", "utils", "wrappers", "Input", "Model", "Sequential"),
)
# Parts of an installed Keras that TensorFlow imports for itself.
_INSIDE_ANOTHER_KERAS = frozenset({"_tf_keras", "api", "protobuf", "src"})

_displaced: dict[str, ModuleType] = {}
# What modules list for `import *` by themselves.
_listed: dict[str, list[str]] = {}


class _Keras(ModuleType):
    """The module `keras`: keras_core, with the version whose API it has."""

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__("keras", keras_core.__doc__)
        self.__version__ = API_VERSION
        self.__file__ = keras_core.__file__
        self.__spec__ = spec
        self.__path__ = _locations_of_another()
        self.__all__ = [name for name in _STARRED if name in dir(keras_core)]

    def __getattr__(self, name: str) -> Any:
        return getattr(keras_core, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(keras_core)})


class _Finder(MetaPathFinder, Loader):
    """Finds for `keras.x.y` the module `keras_core.x.y`, which stands under both names then."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _is_answered(fullname):
            return _part_of_another(fullname, path)
        if not _is_there(fullname):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        # The import system hands out what stands here, instead of the module it has made.
        sys.modules[spec.name] = (
            _Keras(spec) if spec.name == "keras" else _with_old_names(_counterpart(spec.name))
        )


_finder = _Finder()


def install_as_keras() -> None:
    """Makes `import keras`, and that of each submodule, give keras_core.

    `keras.layers` is `keras_core.layers` then, and `keras.__version__` is '2.3.1', the version of
    the API. That goes for this process and for workers that it starts with `multiprocessing`,
    until `uninstall_as_keras`; another Keras that is installed is passed over. To run a script
    that way from its first line: `keras-core run script.py`.

    Warns:
        UserWarning: another Keras has been imported already; who holds its modules keeps them.

    Example:
        >>> keras.install_as_keras()
        >>> import keras as installed
        >>> installed.layers.Dense is layers.Dense
        True
        >>> keras.uninstall_as_keras()
    """
    if _finder in sys.meta_path:
        return
    _displaced.update((name, sys.modules.pop(name)) for name in _answered_so_far())
    if "keras" in _displaced:
        _warn_of(_displaced["keras"])
    sys.meta_path.insert(0, _finder)
    names.answer(True)
    # Behind the script's own folder, in front of what is installed.
    if _FOLDER not in sys.path:
        sys.path.insert(1, _FOLDER)
    import_module("keras")


def uninstall_as_keras() -> None:
    """Undoes `install_as_keras`: `import keras` finds what is installed under that name again.

    Example:
        >>> keras.install_as_keras()
        >>> keras.uninstall_as_keras()  # `import keras` finds what is installed again, if anything
    """
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    names.answer(False)
    for name, listed in _listed.items():
        vars(import_module(name))["__all__"] = listed
    _listed.clear()
    sys.path[:] = [folder for folder in sys.path if folder != _FOLDER]
    for name in _answered_so_far():
        del sys.modules[name]
    sys.modules.update(_displaced)
    _displaced.clear()


def _is_answered(name: str) -> bool:
    top, *below = name.split(".")
    return top == "keras" and not _INSIDE_ANOTHER_KERAS.intersection(below[:1])


def _is_there(name: str) -> bool:
    try:
        return find_spec(_counterpart(name)) is not None
    except ModuleNotFoundError as error:
        # With the name asked for, `from keras import name` would put up with the error.
        error.name = _counterpart(name)
        raise


def _with_old_names(name: str) -> ModuleType:
    """A module, whose `import *` gives the names of Keras 1 as well."""
    module = import_module(name)
    old = names.starred(name)
    if old and "__all__" in vars(module):
        listed = _listed.setdefault(name, module.__all__)
        vars(module)["__all__"] = [*listed, *(one for one in old if one not in listed)]
    return module


def _answered_so_far() -> list[str]:
    return [name for name in sys.modules if _is_answered(name)]


def _counterpart(name: str) -> str:
    path = name[len("keras.") :]
    today = names.KEPT_MODULES.get(path) or names.module_today(path)
    return ".".join(["keras_core", *filter(None, [today])])


def _locations_of_another() -> list[str]:
    """Where the parts of another Keras lie that TensorFlow asks for."""
    path = [folder for folder in sys.path if folder != _FOLDER]
    spec = PathFinder.find_spec("keras", path)
    return list((spec and spec.submodule_search_locations) or ())


def _part_of_another(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Finds what TensorFlow asks of another Keras, which lies beside keras_core's modules."""
    if name.partition(".")[0] != "keras":
        return None
    found = PathFinder.find_spec(name, path)
    if found is None:
        raise ModuleNotFoundError(
            f"{name} is no part of keras_core, which stands for keras here, nor of another Keras "
            "that is installed. A program that needs tf.keras as well writes `import keras_core "
            "as keras` instead.",
            name=name,
        )
    return found


def _warn_of(another: ModuleType) -> None:
    version = getattr(another, "__version__", "of unknown version")
    warnings.warn(
        f"Another Keras, {version} in {getattr(another, '__file__', None)}, has been imported "
        "already. From here on `import keras` gives keras_core; what was imported before stays "
        "what it is, and the two do not mix. Call install_as_keras() before any `import keras`, "
        "or use `keras-core run script.py`.",
        stacklevel=3,
    )
