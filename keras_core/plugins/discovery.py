"""Which backend runs programs: how it is chosen, switched and loaded."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from keras_core import config
from keras_core.errors import (
    BackendChoiceWarning,
    BackendLoadError,
    BackendNotFoundError,
    PluginError,
)
from keras_core.plugins import features, installed, known
from keras_core.plugins.contract import BACKEND_API, Backend, BackendInfo, Problem, speaks_this_api
from keras_core.plugins.installed import Plugin
from keras_core.plugins.manager import FAILURES, ask, load, lock, reason, warn_of
from keras_core.warned import warn

_VARIABLE = config.OPTIONS["backend"].environment
_UNASKED = ". Keras writes such a file unasked, also when TensorFlow is imported"


class Choice(NamedTuple):
    """The backend that was or would be chosen, the rule that did it, and KERAS_BACKEND then.

    Attributes:
        doubt: where `keras.json`, which other programs write too, asks for something that may not
            be meant: what it asks for, what runs, and how to settle it.
    """

    name: str
    rule: str
    environment: str | None
    doubt: str | None = None


class Inspection(NamedTuple):
    """What is known of an installed backend: its description, or what is wrong with it."""

    name: str
    release: str
    info: BackendInfo | None
    problem: str | None
    disabled: bool

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the plugin, or what keeps its engine from running."""
        if self.problem:
            return (self.problem,)
        return tuple(map(str, self.info.problems)) if self.info else ()


_within: ContextVar[str | None] = ContextVar("keras_core_backend", default=None)
_device: ContextVar[str | None] = ContextVar("keras_core_device", default=None)
_choice: Choice | None = None
_backends: dict[str, Backend] = {}


def _environment() -> str | None:
    # Asked at each call of a function: get() would raise and catch an error where it is unset.
    return os.environ[_VARIABLE] if _VARIABLE in os.environ else None  # noqa: SIM401


def backend_name() -> str:
    """Returns the name of the backend that runs programs here, or would; loads nothing."""
    return _within.get() or _choice_of_the_process().name


def current_backend() -> Backend:
    """Returns the backend that runs programs here, on the device in use, loading it at first need.

    Raises:
        BackendNotFoundError: it is not installed.
        BackendLoadError: its plugin fails.
        PluginConflictError: two distributions claim its name.
        ValueError: it has no such device.
    """
    # As `_loaded_backend` does, but for the call: each step asks.
    name = _within.get() or _choice_of_the_process().name
    backend = _backends.get(name) or load_backend(name)
    chosen = _device.get() or config.get_option("device")
    return backend if chosen is None else backend.on(chosen)


def _loaded_backend() -> Backend:
    """The backend in use, whatever the device."""
    return _backends.get(backend_name()) or load_backend(backend_name())


def let_engines_forget() -> None:
    """Has each engine that is loaded let go of what it keeps of programs for later."""
    for backend in list(_backends.values()):
        backend.forget()


def devices() -> tuple[str, ...]:
    """Returns the names of the devices that the backend in use can run programs on.

    The first is the one where nobody chooses.

    Example:
        >>> keras.devices()
        ('cpu',)
    """
    return _loaded_backend().devices()


@contextmanager
def device(name: str) -> Iterator[None]:
    """Runs programs on a device within a `with` block, in this thread or task alone.

    Values of variables are carried over when a program next needs them. The setting `device`
    chooses for the whole process.

    Args:
        name: one of `devices()`, such as `'cuda:1'`.

    Raises:
        ValueError: the backend has no such device.

    Example:
        >>> with keras.device("cpu"):
        ...     print(K.eval(K.square(3.0)))
        9.0
    """
    _loaded_backend().on(name)
    token = _device.set(name)
    try:
        yield
    finally:
        _device.reset(token)


def set_backend(name: str) -> None:
    """Makes a backend the one that runs programs from now on, in the whole process.

    Values of variables are carried over when a program next needs them.

    Args:
        name: an installed backend's name.

    Raises:
        BackendNotFoundError: it is not installed.
        PluginConflictError: two distributions claim the name.

    Example:
        >>> keras.set_backend("numpy")
        >>> K.backend()
        'numpy'
    """
    global _choice
    plugin = find(name)
    with lock:
        _choice = Choice(plugin.name, "set_backend", _environment())


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Runs programs on another backend within a `with` block, in this thread or task alone.

    Args:
        name: an installed backend's name.

    Raises:
        BackendNotFoundError: it is not installed.
        PluginConflictError: two distributions claim the name.

    Example:
        >>> with keras.use_backend("numpy"):
        ...     print(K.backend(), K.eval(K.square(3.0)))
        numpy 9.0
    """
    token = _within.set(find(name).name)
    try:
        yield
    finally:
        _within.reset(token)


def choose() -> Choice:
    """Applies the rules of choice afresh: environment, keras.json, the only one, numpy.

    The environment is obeyed. A name in the file is a preference, for other programs write that
    file: a backend that is not there gives way to one that is.
    """
    environment = _environment()
    asked, source = config.resolve("backend")
    usual = _usual_choice(environment)
    if not asked:
        return usual
    choice = Choice(known.full_name(asked), source, environment)
    return choice if environment else _preferred(choice, usual)


def _usual_choice(environment: str | None) -> Choice:
    names = list(installed.enabled(installed.BACKENDS))
    if len(names) == 1:
        return Choice(names[0], "the only backend installed", environment)
    return Choice(known.DEFAULT, "default", environment)


def _preferred(asked: Choice, usual: Choice) -> Choice:
    """What `keras.json` asks for, or what runs without it, and what is in doubt then."""
    there = installed.enabled(installed.BACKENDS)
    if asked.name not in there and usual.name in there:
        rule = f"{usual.rule}; {asked.rule} names {asked.name!r}, which is not there"
        return usual._replace(rule=rule, doubt=_doubt(asked.name, usual.name, _absence(asked.name)))
    if (
        asked.name != usual.name
        and usual.name in there
        and known.is_unasked(config.file_settings())
    ):
        return asked._replace(doubt=_doubt(asked.name, asked.name, _UNASKED))
    return asked


def _absence(name: str) -> str:
    if name in installed.claims(installed.BACKENDS):
        return f", which {config.OPTIONS['disabled_plugins'].environment} disables"
    command = known.install_command(name)
    return f", which is not installed ({command})" if command else ", which is not installed"


def _doubt(asked: str, taken: str, why: str) -> str:
    return (
        f"{config.settings_file()} names the backend {asked!r}{why}. What runs is {taken!r}. To "
        f"settle it, set {_VARIABLE}={taken} in the environment, or change or remove the entry "
        f'"backend" in that file.'
    )


def _choice_of_the_process() -> Choice:
    choice = _choice
    if choice is None or choice.environment != _environment():
        return _settled()
    return choice


def _settled() -> Choice:
    """The choice, made now if nobody has, which stays when the environment changes."""
    global _choice
    with lock:
        if _choice is None:
            _choice = choose()
            if _choice.doubt:
                warn(_choice.doubt, BackendChoiceWarning)
        choice, environment = _choice, _environment()
        if environment != choice.environment:
            _choice = choice = choice._replace(environment=environment)
            _warn_of_late_change(environment, choice.name)
        return choice


def _warn_of_late_change(environment: str | None, chosen: str) -> None:
    if environment and known.full_name(environment) != chosen:
        warn(
            f"{_VARIABLE} is now {environment!r}, but the backend {chosen!r} had been chosen "
            f"already and stays. To switch: keras_core.set_backend({environment!r})",
            BackendChoiceWarning,
        )


def find(name: str) -> Plugin:
    """Returns the plugin of an installed backend, from metadata alone.

    Args:
        name: the backend's name, or 'tf'.

    Raises:
        BackendNotFoundError: no enabled plugin has that name.
        PluginConflictError: two distributions claim it.
    """
    full_name = known.full_name(name)
    claimants = installed.enabled(installed.BACKENDS).get(full_name)
    if claimants is None:
        raise BackendNotFoundError(_not_found(full_name))
    return installed.sole(claimants)


def _not_found(name: str) -> str:
    names = list(installed.enabled(installed.BACKENDS))
    parts = [f"There is no backend {name!r} here", _origin(name), "."]
    if name in installed.claims(installed.BACKENDS):
        variable = config.OPTIONS["disabled_plugins"].environment
        parts.append(f" It is installed, but disabled by {variable}.")
    elif name in known.DISTRIBUTIONS:
        parts.append(f" To install it: {known.install_commands(name)}")
    else:
        parts.append(_suggestion(name, names))
    parts.append(f"\nInstalled: {', '.join(names) or 'none'}.")
    if names:
        usable = known.DEFAULT if known.DEFAULT in names else names[0]
        parts.append(f' To use one of them: {_VARIABLE}={usable}, or set_backend("{usable}")')
    return "".join(parts)


def _origin(name: str) -> str:
    """Says who asked for the backend, where that was a setting and not the caller."""
    if _choice is None or _choice.name != name:
        return ""
    return f" (chosen by: {_choice.rule})"


def _suggestion(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name.lower(), {*names, *known.DISTRIBUTIONS}, n=1)
    if near:
        return f" Did you mean {near[0]!r}?"
    commands = ", ".join(f"{n} ({known.install_command(n)})" for n in known.DISTRIBUTIONS)
    return f" Known backends: {commands}."


def load_backend(name: str) -> Backend:
    """Returns an installed backend, making it at first need; the choice stays as it is.

    Raises:
        BackendNotFoundError: it is not installed.
        BackendLoadError: its plugin fails.
        PluginConflictError: two distributions claim its name.
    """
    plugin = find(name)
    with lock:
        if plugin.name not in _backends:
            _backends[plugin.name] = _make(plugin)
        return _backends[plugin.name]


def _make(plugin: Plugin) -> Backend:
    problems: tuple[Problem, ...] = ()
    try:
        problems = backend_info(plugin).problems
        backend = ask(load(plugin), "keras_core_make_backend", config=config.snapshot())
        if not isinstance(backend, Backend):
            raise PluginError(f"keras_core_make_backend gave {backend!r} instead of a Backend")
    except FAILURES as error:
        told = "".join(f"{problem}\n" for problem in problems)
        raise BackendLoadError(
            f"The backend {plugin.name!r} of {plugin.release} does not load: {reason(error)}\n"
            f"{told}`keras-core doctor` tells what else is installed."
        ) from error
    added = features.lowerings(backend)
    if added:
        backend.add_lowerings(added)
    return backend


def backend_info(plugin: Plugin) -> BackendInfo:
    """Asks a backend's plugin to describe it, without starting the engine.

    Raises:
        PluginError: it has no answer, or speaks another version of the contract.
        Exception: whatever the plugin raises.
    """
    info = ask(load(plugin), "keras_core_backend_info")
    if not isinstance(info, BackendInfo):
        raise PluginError(f"keras_core_backend_info gave {info!r} instead of a BackendInfo")
    if not speaks_this_api(info.api):
        raise PluginError(
            f"it is written for version {_dotted(info.api)} of the backend contract, and this "
            f"keras-core speaks {_dotted(BACKEND_API)}; install versions that fit: "
            f"pip install --upgrade 'keras-core>=2.4,<3' {plugin.distribution}"
        )
    return info


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def inspect_backends() -> list[Inspection]:
    """Describes all installed backends, in order of names; a broken one has its problem told."""
    return [_inspect(claimants) for claimants in installed.claims(installed.BACKENDS).values()]


def _inspect(claimants: tuple[Plugin, ...]) -> Inspection:
    name, disabled = claimants[0].name, claimants[0].disabled
    release = ", ".join(plugin.release for plugin in claimants)
    if disabled:
        return Inspection(name, release, None, None, disabled)
    try:
        info = backend_info(installed.sole(claimants))
    except FAILURES as error:
        return Inspection(name, release, None, reason(error), disabled)
    return Inspection(name, release, info, None, disabled)


def available_backends() -> dict[str, BackendInfo]:
    """Returns the descriptions of the backends that work, by name.

    A broken one is left out, with a warning that names its distribution and the cause.
    """
    available = {}
    for name, claimants in installed.enabled(installed.BACKENDS).items():
        try:
            info = backend_info(installed.sole(claimants))
            if info.problems:
                raise BackendLoadError("; ".join(map(str, info.problems)))
            available[name] = info
        except FAILURES as error:
            warn_of(" and ".join(plugin.release for plugin in claimants), error)
    return available
