"""Who wrote a group of weights: Keras 1 or 2, and on which engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.saving.dialects.numbered import Numbered
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.weight_conversion import kernels_to_flip, leaves
from keras_core.warned import warn

ENGINES = ("tensorflow", "theano", "cntk")


def check_engine(written_on: str | None) -> None:
    """Refuses what is no name of an engine.

    Raises:
        ValueError: if it is none.
    """
    if written_on not in (None, *ENGINES):
        raise ValueError(
            f"written_on names the engine that a model was trained on, one of {ENGINES}, or None "
            f"where the file says it; got {written_on!r}."
        )


def text_of(group: H5Dict, key: str) -> str | None:
    """A text of a group, or None where it has none of that name."""
    return group.text(key) if key in group else None


def version_of(group: H5Dict) -> str | None:
    """The version of Keras that wrote a group of weights; Keras 1 said nothing of itself there."""
    silent = None if "backend" in group else "1."
    return text_of(group, "keras_version") or silent


def is_keras1(group: H5Dict) -> bool:
    """Whether Keras 1 wrote a group of weights."""
    return (version_of(group) or "").startswith("1.")


def engine_of(group: H5Dict, written_on: str | None) -> str | None:
    """The engine that a group of weights was written on, None where nothing tells.

    Args:
        group: H5Dict.
        written_on: str, what the user says; None for nothing.

    Raises:
        ValueError: if the file says otherwise.
    """
    check_engine(written_on)
    said = text_of(group, "backend")
    if said is not None and written_on not in (None, said):
        raise ValueError(
            f"{group.where} says that it was written on {said!r}, but written_on={written_on!r} "
            "was given. Leave written_on out."
        )
    return said or written_on or (_guessed(group) if is_keras1(group) else None)


def _guessed(group: H5Dict) -> str | None:
    """The engine by the names of arrays, which have a number of the output on TensorFlow alone.

    Where they have none, Theano was the usual engine.
    """
    for layer in group.names("layer_names"):
        for name in group.group(layer).names("weight_names"):
            return "tensorflow" if name.endswith(":0") else "theano"
    return None


def doubt(group: H5Dict, layers: Sequence[Any], written_on: str | None) -> str | None:
    """What is to be said where kernels of Keras 1, in Theano's order, may be of either engine."""
    if written_on or not is_keras1(group) or not any(map(_in_theanos_order, layers)):
        return None
    engine = _guessed(group)
    reason = f"The names of the weights are those of {engine}"
    if isinstance(group, Numbered):
        reason = f"So early it was mostly {engine}"
    return (
        f"{group.where}: Keras 1 did not note on which engine a model with convolutions was "
        f"trained, and Theano's kernels are reversed. {reason}, so that is taken. Say it with "
        "written_on='theano' or written_on='tensorflow'."
    )


def warn_of(doubt: str | None) -> None:
    """Warns of what is in doubt, if anything is."""
    if doubt is not None:
        warn(doubt)


def _in_theanos_order(layer: Any) -> bool:
    return any(
        kernels_to_flip(leaf) and getattr(leaf, "data_format", None) == "channels_first"
        for leaf in leaves(layer)
    )
