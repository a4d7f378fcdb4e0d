"""What plugins add besides backends: custom objects, file formats, callbacks, faster kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_core import slots
from keras_core.errors import PluginConflictError
from keras_core.plugins import installed
from keras_core.plugins.contract import Backend, ModelFormat
from keras_core.plugins.manager import FAILURES, ask_each, load, lock, manager, register, warn_of

_loading = _loaded = False


def custom_objects() -> dict[str, object]:
    """Returns the objects that saved models may refer to by name.

    Raises:
        PluginConflictError: two plugins give one name.
    """
    return _merged("keras_core_custom_objects")


def model_formats() -> dict[str, ModelFormat]:
    """Returns the file formats by name, those of keras_core itself among them.

    Raises:
        PluginConflictError: two plugins give one name.
    """
    _load_all()
    by_name = ask_each("keras_core_model_formats", lambda formats: {f.name: f for f in formats})
    return _union(list(by_name))


def callbacks(model: Any, mode: str) -> list[Any]:
    """Returns the callbacks that plugins attach to a run.

    Args:
        model: the model that is about to run.
        mode: 'train', 'test' or 'predict'.
    """
    _load_all()
    answers = ask_each("keras_core_callbacks", _checked_callbacks, model=model, mode=mode)
    return [callback for _, added in answers for callback in added]


def _checked_callbacks(added: Any) -> list[Any]:
    for callback in (found := list(added)):
        callback.set_params, callback.set_model  # noqa: B018
    return found


def attach_callbacks() -> bool:
    """Tells whether any plugin has callbacks for runs; quick, for `predict` asks at each call."""
    if not _loaded:
        _load_all()
    return bool(manager().hook.keras_core_callbacks.get_hookimpls())


def lowerings(backend: Backend) -> dict[str, Any]:
    """Returns the kernels that plugins have for somebody else's backend, by primitive.

    Raises:
        PluginConflictError: two plugins give a kernel for one primitive.
    """
    _load_all()
    answers = ask_each("keras_core_lowerings", _checked_primitives, backend=backend)
    return _union(list(answers))


def _checked_primitives(answer: Any) -> dict[str, Any]:
    from keras_core.graph import PRIMITIVES

    unknown = [name for name in answer if name not in PRIMITIVES]
    if unknown:
        raise ValueError(f"there is no primitive {unknown[0]!r} to lower")
    return dict(answer)


def _load_all() -> None:
    """Loads the plugins that are not backends, once; other threads wait for that."""
    global _loading, _loaded
    if _loaded:
        return
    with lock:
        # A plugin that asks for features while it is loaded finds those that came before it.
        if not _loading:
            _loading = True
            try:
                _load_each()
                _loaded = True
            finally:
                _loading = _loaded


def _load_each() -> None:
    """Loads them; one that fails is left out, with a warning."""
    for name, plugin in slots.core_plugins().items():
        if not manager().has_plugin(name):
            register(plugin, name)
    for claimants in installed.enabled(installed.FEATURES).values():
        try:
            load(installed.sole(claimants))
        except FAILURES as error:
            warn_of(" and ".join(plugin.release for plugin in claimants), error)


def _merged(hook: str, **arguments: Any) -> dict[str, Any]:
    _load_all()
    return _union(list(ask_each(hook, _checked_names, **arguments)))


def _checked_names(answer: Any) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in answer):
        raise TypeError("names are texts")
    return dict(answer)


def _union(answers: list[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Joins (plugin, mapping) pairs, refusing a name that two plugins give."""
    givers: dict[str, str] = {}
    union: dict[str, Any] = {}
    for plugin, mapping in answers:
        for name, value in mapping.items():
            if name in givers:
                raise PluginConflictError(f"{givers[name]} and {plugin} both give {name!r}.")
            givers[name] = plugin
            union[name] = value
    return union
