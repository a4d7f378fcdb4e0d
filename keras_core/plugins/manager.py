"""The plugin manager: loads single plugins, checks them, and puts questions to them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Callable

import pluggy

from keras_core.errors import PluginError, PluginWarning
from keras_core.plugins import hookspecs
from keras_core.plugins.installed import Plugin

# One thread at a time loads plugins and backends, which may in turn ask for others.
lock = threading.RLock()

# How code of plugins fails: it may also try to end the program, which it is not asked to.
FAILURES = (Exception, SystemExit)
_HOOK_PREFIX = f"{hookspecs.PROJECT}_"


_manager = pluggy.PluginManager(hookspecs.PROJECT)
_manager.add_hookspecs(hookspecs)


def manager() -> pluggy.PluginManager:
    """Returns the one plugin manager, which starts with the specification and no plugin."""
    return _manager


def load(plugin: Plugin) -> Any:
    """Imports and registers a plugin, once; returns its module.

    Raises:
        PluginError: the module breaks the hook specification.
        Exception: whatever the module raises when it is imported.
    """
    with lock:
        if not manager().has_plugin(plugin.key):
            register(plugin.load(), plugin.key)
        return manager().get_plugin(plugin.key)


def register(module: Any, key: str) -> None:
    """Registers a plugin whose hooks are all in the specification.

    Raises:
        PluginError: a hook has a name or an argument that the specification lacks, or lacks the
            `hookimpl` mark.
    """
    try:
        manager().register(module, name=key)
        manager().check_pending()
        _refuse_unmarked(module)
    except (pluggy.PluginValidationError, PluginError) as error:
        if manager().has_plugin(key):
            manager().unregister(name=key)
        raise PluginError(f"The plugin {key} breaks the hook specification: {error}") from error


def _refuse_unmarked(module: Any) -> None:
    marked = {caller.name for caller in manager().get_hookcallers(module) or ()}
    for name in vars(module):
        if name.startswith(_HOOK_PREFIX) and name not in marked:
            raise PluginError(f"{name} looks like a hook and is not marked with @hookimpl")


def ask(module: Any, hook: str, **arguments: Any) -> Any:
    """Puts a question to one registered plugin alone; None if it has no answer."""
    # Not through pluggy's calls, which would ask a plugin that another thread registers meanwhile.
    for implementation in _implementations(hook):
        if implementation.plugin is module:
            return _answer(implementation, arguments)
    return None


def _implementations(hook: str) -> list[pluggy.HookImpl]:
    return getattr(manager().hook, hook).get_hookimpls()


def _answer(implementation: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Any:
    return implementation.function(*(arguments[name] for name in implementation.argnames))


def ask_each(hook: str, read: Callable[[Any], Any], **arguments: Any) -> Iterator[tuple[str, Any]]:
    """Puts a question to each plugin that has an answer, and yields (plugin's name, answer).

    A plugin that raises, or that answers with something else, is left out, with a warning.

    Args:
        hook: name of the hook.
        read: function of an answer that gives what is wanted of it, and raises if it is not there.
        **arguments: what the plugins are told.
    """
    for implementation in _implementations(hook):
        try:
            answer = _answer(implementation, arguments)
            if answer is None:
                raise PluginError(f"{hook} gave None")
            answer = _read(hook, read, answer)
        except FAILURES as error:
            warn_of(implementation.plugin_name, error)
        else:
            yield implementation.plugin_name, answer


def _read(hook: str, read: Callable[[Any], Any], answer: Any) -> Any:
    try:
        return read(answer)
    except Exception as error:
        text = f"{hook} gave {answer!r}, of which nothing can be made: {error}"
        raise PluginError(text) from error


def warn_of(plugin: str, error: BaseException) -> None:
    """Warns that a plugin is left out, and why."""
    warnings.warn(f"{plugin} is left out: {reason(error)}", PluginWarning, stacklevel=3)


def reason(error: BaseException) -> str:
    """Tells an error in one line, such as "ImportError: No module named 'engine'"."""
    return f"{type(error).__name__}: {error}"
