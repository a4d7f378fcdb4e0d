"""Which plugins are installed, read from the metadata of distributions: nothing is imported."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Any

from keras_core import config
from keras_core.errors import PluginConflictError
from keras_core.once import Once

BACKENDS = "keras_core.backends"
FEATURES = "keras_core.plugins"


@dataclass(frozen=True)
class Plugin:
    """An entry point and the distribution that declares it."""

    name: str
    group: str
    distribution: str
    version: str
    entry_point: Any = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """The name under which the plugin manager holds it."""
        return f"{self.group}:{self.name}"

    @property
    def release(self) -> str:
        """Distribution and version, such as 'keras-numpy 2.4.0'."""
        return f"{self.distribution} {self.version}"

    @property
    def disabled(self) -> bool:
        """Whether `KERAS_CORE_DISABLE_PLUGINS` names it."""
        return self.name in config.get_option("disabled_plugins")

    def load(self) -> ModuleType:
        """Imports the plugin's module."""
        return self.entry_point.load()


@Once
def claims(group: str) -> Mapping[str, tuple[Plugin, ...]]:
    """Lists what is installed in a group, in order of names.

    Args:
        group: `BACKENDS` or `FEATURES`.

    Returns:
        Mapping from a name to the plugins that claim it: more than one is a conflict.
    """
    plugins = [_describe(entry_point, group) for entry_point in _entry_points(group)]
    found: dict[str, dict[str, Plugin]] = {}
    for plugin in sorted(plugins, key=lambda plugin: (plugin.name, plugin.distribution)):
        claimants = found.setdefault(plugin.name, {})
        # A distribution that lies on the path twice (a checkout and its installation) is one.
        claimants.setdefault(_normalized(plugin.distribution), plugin)
    return MappingProxyType({name: tuple(found[name].values()) for name in found})


def enabled(group: str) -> dict[str, tuple[Plugin, ...]]:
    """Returns the claims of a group without the plugins that are disabled."""
    return {name: plugins for name, plugins in claims(group).items() if not plugins[0].disabled}


def sole(plugins: tuple[Plugin, ...]) -> Plugin:
    """Returns the one plugin that claims a name.

    Raises:
        PluginConflictError: several distributions claim it.
    """
    if len(plugins) == 1:
        return plugins[0]
    releases = " and ".join(plugin.release for plugin in plugins)
    remedies = ", or ".join(f"pip uninstall {plugin.distribution}" for plugin in plugins)
    raise PluginConflictError(
        f"{releases} both claim the name {plugins[0].name!r} in {plugins[0].group}. "
        f"Uninstall one of them: {remedies}"
    )


def _entry_points(group: str) -> Iterable[Any]:
    if sys.version_info >= (3, 10):
        from importlib.metadata import entry_points
    else:
        from importlib_metadata import entry_points
    return entry_points(group=group)


def _describe(entry_point: Any, group: str) -> Plugin:
    distribution = entry_point.dist
    return Plugin(
        entry_point.name, group, distribution.metadata["Name"], distribution.version, entry_point
    )


def _normalized(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
