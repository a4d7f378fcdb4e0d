"""Slots: what a lower part of the package asks of a higher one, which it must not import.

`keras_core/__init__.py`, which stands above these parts, fills the slots. An answer imports what it
needs when it is asked for.
"""

from __future__ import annotations

from typing import Any, Callable


class Slot:
    """A question that somebody else answers.

    Args:
        name: what is asked for, in the message where nobody answers.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._answer: Callable[..., Any] | None = None

    def fill(self, answer: Callable[..., Any]) -> None:
        """Makes a function the one that answers from now on."""
        self._answer = answer

    def __call__(self, *arguments: Any) -> Any:
        """The answer.

        Raises:
            RuntimeError: nobody has filled the slot.
        """
        if self._answer is None:
            raise RuntimeError(
                f"Nobody has said what {self._name} is. Import keras_core, or fill the slot with a "
                "function that answers."
            )
        return self._answer(*arguments)


# () -> Backend: runs programs here, loaded at first need.
current_backend = Slot("the current backend")

# (name of a module, such as 'losses') -> Family: what has a name there.
family = Slot("the family of that name")

# () -> modules by name: what keras_core itself answers to the hooks of plugins.
core_plugins = Slot("the plugins of keras_core itself")
