"""The catalogue of backends that are known to exist, for the command that would install them.

Nothing else in the core knows a backend by name.
"""

from __future__ import annotations

DEFAULT = "numpy"

# With the extra that brings the engine, where the distribution leaves that open.
DISTRIBUTIONS = {
    "numpy": "keras-numpy",
    "tensorflow": "'keras-tf[cpu]'",
    "theano": "keras-theano",
}

_ALIASES = {"tf": "tensorflow"}


def full_name(name: str) -> str:
    """Returns the backend's name for a name or an abbreviation of it."""
    return _ALIASES.get(name, name)


def install_command(name: str) -> str | None:
    """Returns the command that installs a known backend, None for one that is not known."""
    distribution = DISTRIBUTIONS.get(name)
    return f"pip install {distribution}" if distribution else None
