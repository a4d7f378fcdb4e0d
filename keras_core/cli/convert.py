"""Write a saved model in another format: HDF5, JSON, TensorFlow.js, ONNX, or a plugin's."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from keras_core.cli.arguments import existing, path_to_write

if TYPE_CHECKING:
    from keras_core.plugins import ModelFormat

    Formats = Mapping[str, ModelFormat]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("file", type=existing, help="the saved model, a file or a folder")
    parser.add_argument("out", type=path_to_write, help="what to write; its ending says the format")
    parser.add_argument("--from", dest="source", metavar="FORMAT", help="the format of the model")
    parser.add_argument("--to", metavar="FORMAT", help="the format to write")


def run(chosen: argparse.Namespace) -> int:
    """Converts a model. Returns 2 where it cannot be read or written, and nothing was touched."""
    from keras_core.plugins.features import model_formats

    try:
        formats = model_formats()
        source = format_of(chosen.file, chosen.source, formats)
        target = format_of(chosen.out, chosen.to, formats)
        convert(chosen.file, source, chosen.out, target)
    except (OSError, ValueError, ImportError, NotImplementedError) as error:
        print(f"keras-core convert: {error}", file=sys.stderr)
        return 2
    print(f"{chosen.file} ({source.name}) is written as {chosen.out} ({target.name}).")
    return 0


def format_of(path: str, asked: str | None, formats: Formats) -> ModelFormat:
    """The format that is asked for, or that a path's ending says.

    Args:
        path: that of the file or folder.
        asked: the format's name; None leaves it to the path.
        formats: all of them, by name.

    Raises:
        ValueError: there is no format of that name or ending.
    """
    if asked is not None:
        if asked not in formats:
            raise ValueError(f"there is no format {asked!r}; there are {', '.join(formats)}.")
        return formats[asked]
    is_folder = os.path.isdir(path) or path.endswith(os.sep)
    endings = {ending: f for f in formats.values() for ending in f.suffixes}
    fitting = [e for e in endings if path.rstrip(os.sep).lower().endswith(e)]
    if fitting:
        return endings[max(fitting, key=len)]
    folders = [f for f in formats.values() if f.is_folder] if is_folder else []
    if len(folders) == 1:
        return folders[0]
    raise ValueError(
        f"{path} has none of the endings {', '.join(endings)}; name the format with --from or --to."
    )


def convert(file: str, source: ModelFormat, out: str, target: ModelFormat) -> None:
    """Reads a model and writes it.

    Raises:
        ValueError: one of the formats cannot do its part, or cannot carry the model.
        OSError: a file cannot be read or written.
    """
    if target.save is None:
        raise ValueError(f"the format {target.name!r} is only read, not written.")
    if source.load is None:
        raise ValueError(f"the format {source.name!r} is only written, not read.")
    target.save(source.load(Path(file)), Path(out))
