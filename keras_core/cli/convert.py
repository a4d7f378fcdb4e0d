"""Write a saved model in another format: HDF5, JSON, TensorFlow.js, ONNX, or a plugin's."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_core.cli.arguments import existing, path_to_write

if TYPE_CHECKING:
    from keras_core.plugins import ModelFormat

# How the weights are named beside a file that holds none: as written here, and as others do.
_WEIGHTS = (".weights.h5", "_weights.h5", ".h5")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("file", type=existing, help="the saved model, a file or a folder")
    parser.add_argument("out", type=path_to_write, help="what to write; its ending says the format")
    parser.add_argument("--from", dest="source", metavar="FORMAT", help="the format of the model")
    parser.add_argument("--to", metavar="FORMAT", help="the format to write")
    parser.add_argument(
        "--written-on",
        metavar="ENGINE",
        help="the engine that the model was trained on, for files of Keras 1, which do not say it: "
        "tensorflow or theano",
    )


def run(chosen: argparse.Namespace) -> int:
    """Converts a model.

    Returns:
        1 where the model cannot be read, 2 where it cannot be written so; then what was there is
        untouched.
    """
    from keras_core.errors import ModelFileError

    try:
        target = _chosen(chosen.out, chosen.to)
        source = _chosen(chosen.file, chosen.source, False)
        convert(chosen.file, source, chosen.out, target, chosen.written_on)
    except (OSError, ValueError, ImportError, NotImplementedError) as error:
        print(f"keras-core convert: {error}", file=sys.stderr)
        return 1 if isinstance(error, (ModelFileError, FileNotFoundError)) else 2
    print(f"{chosen.file} is written as {chosen.out}, in the format {target.name!r}.")
    return 0


def _chosen(path: str, asked: str | None, required: bool = True) -> Any:
    """The format that is asked for, or that a path's ending says.

    Raises:
        ValueError: there is no format of that name, or of that ending where one is required.
    """
    from keras_core.plugins.features import model_formats
    from keras_core.saving.files import by_ending

    formats = model_formats()
    if asked is not None and asked not in formats:
        raise ValueError(f"there is no format {asked!r}; there are {', '.join(formats)}.")
    found = by_ending(Path(path)) if asked is None else formats[asked]
    if found is None and required:
        endings = ", ".join(ending for f in formats.values() for ending in f.suffixes)
        raise ValueError(f"{path} has none of the endings {endings}; name the format with --to.")
    return found


def convert(
    file: str,
    source: ModelFormat | None,
    out: str,
    target: ModelFormat,
    written_on: str | None = None,
) -> None:
    """Reads a model and writes it.

    Args:
        file: path of the model.
        source: its format; None leaves it to its content.
        out: path to write.
        target: the format to write.
        written_on: the engine that the model was trained on, where the file does not say it.

    Raises:
        ValueError: one of the formats cannot do its part, or cannot carry the model.
        OSError: a file cannot be read or written.
    """
    if target.save is None:
        raise ValueError(f"models of the format {target.name!r} are only read.")
    if source is not None and source.load is None:
        raise ValueError(f"models of the format {source.name!r} are only written.")
    model = _read(Path(file), source, written_on)
    if not target.holds_weights:
        model.save_weights(_beside(Path(out), _WEIGHTS[0]))
    target.save(model, Path(out))


def _read(path: Path, source: ModelFormat | None, written_on: str | None) -> Any:
    with warnings.catch_warnings():
        # It need not be compiled to be written again.
        warnings.filterwarnings("ignore", ".*has no training configuration")
        return _loaded(path, source, written_on)


def _loaded(path: Path, source: ModelFormat | None, written_on: str | None) -> Any:
    from keras_core.saving.files import for_reader, load_model

    if source is None or source.load is None:
        return load_model(path, written_on=written_on)
    model = source.load(path, **for_reader(source.load, path, written_on))
    if not source.holds_weights:
        model.load_weights(_weights_beside(path), written_on=written_on)
    return model


def _weights_beside(path: Path) -> Path:
    """The file with the weights of a file that holds none."""
    files = [_beside(path, ending) for ending in _WEIGHTS]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        names = " or ".join(file.name for file in files)
        raise FileNotFoundError(f"{path} holds no weights, and there is no {names} beside it.")
    return found


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name[: len(path.name) - len(path.suffix)] + ending)
