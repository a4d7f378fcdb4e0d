"""Kinds of arguments, which are refused before a command does anything."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError

_SEEDS = 2**32


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = _whole(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is too small; give 1 or more")
    return number


def seed(text: str) -> int:
    """A seed of NumPy's generators."""
    number = _whole(text)
    if not 0 <= number < _SEEDS:
        raise ArgumentTypeError(f"{text} is no seed; give a number from 0 to {_SEEDS - 1}")
    return number


def distance(text: str) -> float:
    """A number of at least 0, which may be infinite."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not number >= 0:
        raise ArgumentTypeError(f"{text!r} is no number of 0 or more")
    return number


def existing(text: str) -> str:
    """The path of a file or folder that is there."""
    if not os.path.exists(text):
        raise ArgumentTypeError(f"there is no file {text!r}")
    return text


def file_to_write(text: str) -> str:
    """The path of a file that can be written: its folder is there."""
    if os.path.isdir(text) or not os.path.basename(text):
        raise ArgumentTypeError(f"{text!r} is a folder; name a file in it")
    return path_to_write(text)


def path_to_write(text: str) -> str:
    """The path of a file or folder that can be written: the folder that it goes into is there."""
    folder = os.path.dirname(os.path.abspath(text))
    if not os.path.isdir(folder):
        raise ArgumentTypeError(
            f"there is no folder {folder} to write {text!r} into; make it first"
        )
    if not os.access(folder, os.W_OK):
        raise ArgumentTypeError(f"the folder {folder} cannot be written into")
    return text


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no whole number") from None


def shard(text: str) -> str:
    """One of several shards, as in '2/3'."""
    from keras_core.testing.shard import shard as read

    try:
        return str(read(text))
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
