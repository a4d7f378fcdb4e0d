"""Models in files of any format: the ending chooses it for writing, the content for reading."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from keras_core.errors import ModelFileError, shown
from keras_core.plugins import features
from keras_core.plugins.contract import ModelFormat
from keras_core.saving import archive, hdf5, targets
from keras_core.saving.safety import safe_mode_scope
from keras_core.unbroken import ends_heard
from keras_core.utils.generic_utils import CustomObjectScope, has_arg

if TYPE_CHECKING:
    from keras_core.engine.training import Model

_HDF5 = "hdf5"
_YAML = (".yaml", ".yml")
_SEPARATORS = f"/{os.sep}"


@targets.by_one_rank
def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True
) -> None:
    """Saves architecture, weights, and when compiled also the state of training.

    The ending of a path chooses the format, among those that `keras_core_model_formats` lists:
    '.keras' makes an archive as Keras 3 does, any ending that is not known an HDF5 file.

    Args:
        model: Model made of layers and tensors.
        filepath: path, writable binary file, `h5py.Group` or dict.
        overwrite: bool; with False, asks before an existing file is replaced.
        include_optimizer: bool, whether to save the optimizer and its state.

    Raises:
        NotImplementedError: if the model has no configuration, as a subclass with its own `call`.
        ValueError: if `filepath` is of another kind, or its format is only read.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> models.save_model(model, "model.h5")
        >>> models.load_model("model.h5", compile=False).input_shape
        (None, 2)
    """
    chosen = by_ending(filepath) if targets.is_path(filepath) else None
    if chosen is None or chosen.name == _HDF5 or not chosen.holds_weights:
        hdf5.save_model(model, filepath, overwrite, include_optimizer)
    elif chosen.save is None:
        raise ValueError(f"{filepath}: files of the format {chosen.name!r} are only read.")
    elif targets.may_write(filepath, overwrite):
        options = _taken(chosen.save, include_optimizer=include_optimizer)
        chosen.save(model, Path(filepath), **options)


@ends_heard()
def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool | None = None,
    written_on: str | None = None,
) -> Model:
    """Loads a model that `save_model`, Keras 2, tf-keras or Keras 3 saved.

    Args:
        filepath: path, readable binary file, `h5py.Group` or dict.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        compile: bool, whether to compile the model as it was and restore its optimizer.
        safe_mode: bool; False permits Python code inside the file (in Lambda layers) to run, which
            is for files from a source you trust. By default `saving.safety.safe_mode_scope` says,
            which is True.
        written_on: str, the engine that the model was trained on, 'tensorflow' or 'theano', for
            HDF5 files of Keras 1, which do not say it.

    Returns:
        A model; compiled when the saved one was and `compile` is True.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if the file is damaged, holds no model, names an unknown object, or asks
            for more than `saving.safety.memory_scope` allows. It is a ValueError and an OSError.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> model.compile("adam", "mse")
        >>> model.save("model.h5")
        >>> again = models.load_model("model.h5")
        >>> again.loss, np.allclose(again.predict(np.ones((1, 2))), model.predict(np.ones((1, 2))))
        ('mse', True)
    """
    if hasattr(filepath, "read"):
        stream = filepath if _is_seekable(filepath) else io.BytesIO(filepath.read())
        reader = archive if is_archive(stream) else hdf5
        options = for_reader(reader.load_model, filepath, written_on)
        return reader.load_model(stream, custom_objects, compile, safe_mode, **options)
    chosen = _by_content(filepath) if targets.is_path(filepath) else None
    _check_whole(filepath, chosen)
    if chosen is None or chosen.load is None:
        return hdf5.load_model(filepath, custom_objects, compile, safe_mode, written_on)
    options = _taken(
        chosen.load, custom_objects=custom_objects, compile=compile, safe_mode=safe_mode
    )
    options.update(for_reader(chosen.load, filepath, written_on))
    with CustomObjectScope(custom_objects), safe_mode_scope(safe_mode):
        return chosen.load(Path(filepath), **options)


def _check_whole(filepath: Any, chosen: ModelFormat | None) -> None:
    """Refuses files from which no model with its weights can come."""
    if chosen is not None and chosen.load is None:
        raise ModelFileError(
            f"models of the format {chosen.name!r} are only written.", os.fsdecode(filepath)
        )
    is_yaml = chosen is None and targets.is_path(filepath) and Path(filepath).suffix in _YAML
    if is_yaml and os.path.isfile(filepath) or chosen is not None and not chosen.holds_weights:
        reader = "model_from_yaml" if is_yaml else "model_from_json"
        raise ModelFileError(
            f"it holds layers without weights. Make the model by models.{reader}(text) and call "
            "its load_weights; keras-core convert makes one file of a model in JSON and its "
            "weights. Of a model for TensorFlow.js give the folder.",
            os.fsdecode(filepath),
        )


def is_archive(target: Any) -> bool:
    """Whether a path, or a stream that can go back, is that of a `.keras` archive.

    Args:
        target: path, stream, or something else.
    """
    if hasattr(target, "read"):
        return _is_seekable(target) and _head(target).startswith(archive.SIGNATURE)
    if not targets.is_path(target) or not os.path.isfile(target):
        return False
    with open(target, "rb") as stream:
        return _head(stream).startswith(archive.SIGNATURE)


def for_reader(load: Callable[..., Any], file: Any, written_on: str | None) -> dict[str, Any]:
    """The engine that a user names, for what reads files that may lack it.

    Args:
        load: function that reads files of one format.
        file: path or stream, for messages.
        written_on: str, the engine, or None where it is not named.

    Returns:
        A dict of the further argument of `load`; empty where it is not named.

    Raises:
        ValueError: files of this format need no such word.
    """
    if written_on is None:
        return {}
    if not has_arg(load, "written_on"):
        raise ValueError(
            f"{shown(file)}: written_on is for HDF5 files of Keras 1. Other formats keep kernels "
            "in one form. Leave it out."
        )
    return {"written_on": written_on}


def by_ending(path: Any) -> ModelFormat | None:
    """The format whose ending a path has, the longest one if there are several.

    Args:
        path: path.

    Returns:
        A ModelFormat, or None if no format has such an ending.
    """
    name = os.fsdecode(os.fspath(path)).lower()
    found = [
        (len(suffix), model_format)
        for model_format in features.model_formats().values()
        for suffix in model_format.suffixes
        if (name.rstrip(_SEPARATORS) if model_format.is_folder else name).endswith(suffix)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _by_content(path: Any) -> ModelFormat | None:
    """The format of a file by its first bytes; by its ending where they tell nothing."""
    if os.path.isdir(path):
        return next((x for x in features.model_formats().values() if x.is_folder), None)
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as stream:
        head = _head(stream)
    named = by_ending(path)
    formats = [named] if named is not None else []
    formats += features.model_formats().values()
    told = (x for x in formats if x.signature and head.startswith(x.signature))
    return next(told, None if named is not None and named.signature else named)


def _head(stream: Any) -> bytes:
    start = stream.tell()
    head = stream.read(16)
    stream.seek(start)
    return head


def _is_seekable(stream: Any) -> bool:
    return bool(getattr(stream, "seekable", bool)())


def _taken(function: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """The options that a format's function takes."""
    return {name: value for name, value in options.items() if has_arg(function, name)}
