"""What a format cannot carry."""

from __future__ import annotations


class ExportError(ValueError):
    """A model that a format cannot carry: the message names the layer and the reason."""


def refuse(format_name: str, layer: str | None, reason: str) -> ExportError:
    """The error to raise.

    Args:
        format_name: str, for people.
        layer: str, the layer's name; None where it is the model as a whole.
        reason: str, what cannot be carried and what to do instead, in a sentence.
    """
    place = "The model" if layer is None else f"Layer {layer!r}"
    return ExportError(f"{place} cannot be written as {format_name}: {reason}")
