"""The settings of keras_core, each declared once in `OPTIONS`.

A setting is taken from the first of these that gives it: a `set_*` call, the environment variable,
the file `keras.json` in `keras_home()`, the default. The file has Keras 2's keys; it is read when a
setting is first asked for, and never written.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, NamedTuple

from keras_core import namespaces
from keras_core.errors import SettingsError
from keras_core.once import Once
from keras_core.warned import warn

__all__ = [
    "OPTIONS",
    "Option",
    "Resolved",
    "epsilon",
    "file_settings",
    "floatx",
    "forget",
    "get_option",
    "image_data_format",
    "keras_home",
    "resolve",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_option",
    "settings_file",
    "snapshot",
]

__dir__ = namespaces.listing(__all__)


@dataclass(frozen=True)
class Option:
    """One setting.

    Args:
        name: the key in `keras.json`.
        parse: turns what was given (text, or a value out of the file) into the setting's value, and
            raises ValueError for what cannot be one.
        default: the value where nobody gave one.
        environment: the environment variable.
        wanted: the allowed values, in words.
        description: one line.

    Example:
        >>> option = keras.config.OPTIONS["floatx"]
        >>> option.default, option.environment
        ('float32', 'KERAS_FLOATX')
    """

    name: str
    parse: Callable[[Any], Any]
    default: Any
    environment: str
    wanted: str
    description: str


class Resolved(NamedTuple):
    """A setting's value and, for people, where it came from.

    Example:
        >>> value, source = keras.config.resolve("epsilon")
        >>> value
        1e-07
    """

    value: Any
    source: str


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError
        return str(value)

    return parse


def _small_number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    number = float(value)
    if not 0 <= number < math.inf:
        raise ValueError
    return number


def _count(value: Any) -> int:
    number = int(value)
    if isinstance(value, (bool, float)) or number < 1:
        raise ValueError
    return number


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


_SWITCH = MappingProxyType({"true": True, "1": True, "false": False, "0": False, "auto": None})


def _switch(value: Any) -> bool | None:
    name = str(value).lower()
    if name not in _SWITCH:
        raise ValueError
    return _SWITCH[name]


def _names(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError
    return tuple(name.strip() for name in names if name.strip())


OPTIONS = MappingProxyType(
    {
        option.name: option
        for option in (
            Option(
                "floatx",
                _one_of("float16", "float32", "float64"),
                "float32",
                "KERAS_FLOATX",
                "'float16', 'float32' or 'float64'",
                "dtype of weights and of placeholders that name none",
            ),
            Option(
                "epsilon",
                _small_number,
                1e-7,
                "KERAS_EPSILON",
                "a finite number of at least 0",
                "small number that keeps divisions and logarithms finite",
            ),
            Option(
                "image_data_format",
                _one_of("channels_last", "channels_first"),
                "channels_last",
                "KERAS_IMAGE_DATA_FORMAT",
                "'channels_last' or 'channels_first'",
                "where images hold their channels, unless a layer says otherwise",
            ),
            Option(
                "backend",
                _name,
                None,
                "KERAS_BACKEND",
                "the name of an installed backend",
                "backend that runs programs",
            ),
            Option(
                "device",
                _name,
                None,
                "KERAS_CORE_DEVICE",
                "the name of a device, as keras_core.devices() gives them",
                "device that programs run on; none: the backend's first one",
            ),
            Option(
                "jit_compile",
                _switch,
                None,
                "KERAS_JIT_COMPILE",
                "true, false or 'auto'",
                "whether backends that can compile programs as a whole do; auto: where it pays",
            ),
            Option(
                "threads",
                _count,
                None,
                "KERAS_CORE_THREADS",
                "a whole number of at least 1",
                "threads that the NumPy backend works on; none: one for each core",
            ),
            Option(
                "disabled_plugins",
                _names,
                (),
                "KERAS_CORE_DISABLE_PLUGINS",
                "names of plugins, separated by commas",
                "plugins that are left alone although they are installed",
            ),
        )
    }
)

_chosen: dict[str, Any] = {}


def keras_home() -> Path:
    """Returns the folder of `keras.json`: `KERAS_HOME`, else `.keras` in the home directory.

    Who has no home directory has it among the temporary files, as in Keras 2.

    Example:
        >>> keras.config.keras_home().is_absolute()
        True
    """
    home = os.environ.get("KERAS_HOME")
    if home:
        return Path(home)
    try:
        return Path.home() / ".keras"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / ".keras"


def settings_file() -> Path:
    """Returns the path of `keras.json`, whether it exists or not.

    Example:
        >>> keras.config.settings_file().name
        'keras.json'
    """
    return keras_home() / "keras.json"


def file_settings() -> dict[str, Any]:
    """Returns what `keras.json` says; empty, with a warning, where it is not readable as JSON.

    Example:
        >>> isinstance(keras.config.file_settings(), dict)
        True
    """
    return _read_settings(settings_file())


@Once
def _read_settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        settings = error
    if isinstance(settings, dict):
        return settings
    reason = settings if isinstance(settings, Exception) else "its content is not a JSON object"
    warn(
        f"{path} is ignored: {reason}. Mend it, or remove it to use the defaults.",
    )
    return {}


def resolve(name: str) -> Resolved:
    """Finds a setting in the environment, the file or the defaults, and says where it was found.

    Args:
        name: one of `OPTIONS`.

    Raises:
        ValueError: there is no such option, or what was given for it is not allowed.

    Example:
        >>> keras.config.resolve("epsilon").value
        1e-07
    """
    option = _option(name)
    from_environment = os.environ.get(option.environment)
    if from_environment:
        source = f"environment variable {option.environment}"
        return Resolved(_parse(option, from_environment, source), source)
    in_file = file_settings()
    if in_file.get(name) is not None:
        source = f"'{name}' in {settings_file()}"
        return Resolved(_parse(option, in_file[name], source), source)
    return Resolved(option.default, "default")


def get_option(name: str) -> Any:
    """Returns a setting's value, found once and then remembered.

    Example:
        >>> keras.config.get_option("floatx")
        'float32'
    """
    try:
        return _chosen[name]
    except KeyError:
        # Not to overrule what another thread may have set meanwhile.
        return _chosen.setdefault(name, resolve(name).value)


def set_option(name: str, value: Any) -> None:
    """Gives a setting a value for this process.

    Raises:
        ValueError: there is no such option, or the value is not allowed.

    Example:
        >>> keras.config.set_option("floatx", "float64")
        >>> K.ones((2,)).dtype
        'float64'
        >>> keras.config.set_option("floatx", "float32")
    """
    option = _option(name)
    _chosen[name] = _parse(option, value, f"set_{name}")


def forget() -> None:
    """Drops what was set and remembered, so that environment and file are read again.

    Example:
        >>> keras.config.set_option("floatx", "float64")
        >>> keras.config.forget()
        >>> keras.config.get_option("floatx")
        'float32'
    """
    _chosen.clear()
    _read_settings.forget()


def snapshot() -> MappingProxyType[str, Any]:
    """Returns a read-only copy of the numeric settings, for a backend that is being made.

    Example:
        >>> keras.config.snapshot()["floatx"]
        'float32'
    """
    names = ("floatx", "epsilon", "image_data_format")
    return MappingProxyType({name: get_option(name) for name in names})


def _option(name: str) -> Option:
    if name not in OPTIONS:
        raise ValueError(f"There is no option {name!r}; the options are {', '.join(OPTIONS)}.")
    return OPTIONS[name]


def _parse(option: Option, value: Any, source: str) -> Any:
    try:
        return option.parse(value)
    except (TypeError, ValueError):
        raise SettingsError(
            f"{option.name} must be {option.wanted}; {source} gave {value!r}."
        ) from None


def floatx() -> str:
    """Returns the name of the default float type, such as 'float32'.

    Example:
        >>> K.floatx()
        'float32'
    """
    return get_option("floatx")


def set_floatx(floatx: str) -> None:
    """Sets the default float type.

    Args:
        floatx: 'float16', 'float32' or 'float64'.

    Raises:
        ValueError: another type.

    Example:
        >>> K.set_floatx("float64")
        >>> K.ones((2,)).dtype
        'float64'
    """
    set_option("floatx", floatx)


def epsilon() -> float:
    """Returns the small number that keeps divisions and logarithms finite.

    Example:
        >>> K.epsilon()
        1e-07
    """
    return get_option("epsilon")


def set_epsilon(e: float) -> None:
    """Sets the number that `epsilon` returns.

    Args:
        e: a finite number of at least 0.

    Raises:
        ValueError: it is negative, infinite or not a number.

    Example:
        >>> K.set_epsilon(1e-5)
        >>> K.epsilon()
        1e-05
    """
    set_option("epsilon", e)


def image_data_format() -> str:
    """Returns 'channels_last' or 'channels_first'.

    Example:
        >>> K.image_data_format()
        'channels_last'
    """
    return get_option("image_data_format")


def set_image_data_format(data_format: str) -> None:
    """Sets where images hold their channels, for layers that do not say it themselves.

    Args:
        data_format: 'channels_last' (batch, rows, columns, channels) or 'channels_first'
            (batch, channels, rows, columns).

    Raises:
        ValueError: another format.

    Example:
        >>> K.set_image_data_format("channels_first")
        >>> layers.Conv2D(8, 3)(layers.Input((3, 28, 28))).shape
        (None, 8, 26, 26)
    """
    set_option("image_data_format", data_format)
