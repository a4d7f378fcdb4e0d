"""`.keras` archives, of tf-keras and of Keras 3: read both, written as Keras 3 does.

An archive is a zip of `metadata.json`, `config.json` and `model.weights.h5`. Its members are read
by name, in memory, after their sizes were checked; nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import json
import os
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from keras_core.attempt import attempted, memory_limit
from keras_core.errors import ModelFileError, shortened
from keras_core.graph.hands import held_still
from keras_core.saving import by_path, config, hdf5, targets, training
from keras_core.saving.dialects import keras3_writing
from keras_core.saving.dialects import training as later
from keras_core.saving.json_text import json_value, parse_json
from keras_core.saving.safety import safe_mode_scope, telling
from keras_core.utils import hdf5_gate
from keras_core.utils.io_utils import H5Dict, named, write_all

if TYPE_CHECKING:
    from keras_core.engine.training import Model

SIGNATURE = b"PK\x03\x04"
METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"

_FREE_MEMORY = 2**25
# What an archive is written in the words of.
_VERSION = "3.0.0"


class Archive:
    """A zip whose members are read by name.

    Args:
        stream: binary file that can be read at any place.
        file: its name, for messages.

    Attributes:
        file: as given.
        members: dict from names to `zipfile.ZipInfo`.

    Raises:
        ModelFileError: if it is no zip, or has two members of one name.
    """

    def __init__(self, stream: Any, file: str) -> None:
        self.file = file
        size = stream.seek(0, os.SEEK_END)
        self._limit = memory_limit(2 * size + _FREE_MEMORY)
        with self._telling(None):
            self._zip = zipfile.ZipFile(stream)
        self.members = {info.filename: info for info in self._zip.infolist()}
        if len(self.members) < len(self._zip.infolist()):
            raise ModelFileError("two members of the archive have one name.", file)

    @contextmanager
    def _telling(self, member: str | None) -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
            if isinstance(error, ModelFileError):
                raise
            reason = f"it is no whole zip archive ({shortened(error, 300)})."
            raise ModelFileError(reason, self.file, member) from error
        except (zlib.error, RuntimeError, OverflowError) as error:
            raise ModelFileError(
                f"it cannot be unpacked ({shortened(error, 300)}).", self.file, member
            ) from error

    def read(self, name: str) -> bytes:
        """The contents of a member.

        Raises:
            ModelFileError: if it is missing, packed in a way that Keras does not pack, damaged, or
                too large for a file of this size.
        """
        info = self.members.get(name)
        if info is None:
            raise ModelFileError(
                f"the archive has no member {name}, so it holds no model of Keras.", self.file
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelFileError("it is packed in a way that is not read.", self.file, name)
        if info.file_size > self._limit:
            self._refuse_size(name, f"{info.file_size:,}")
        with self._telling(name), self._zip.open(info) as member:
            content = member.read(info.file_size + 1)
        if len(content) > info.file_size:
            self._refuse_size(name, f"more than {info.file_size:,}")
        self._limit -= len(content)
        return content

    def _refuse_size(self, name, size):
        raise ModelFileError(
            f"it unpacks to {size} bytes, but of an archive of this size no more than "
            f"{int(self._limit):,} are read. If you trust the file, read it inside of "
            "keras_core.saving.safety.memory_scope(None).",
            self.file,
            name,
        )

    def json(self, name: str) -> Any:
        """What a member in JSON says.

        Raises:
            ModelFileError: if it is missing, damaged, or no JSON.
        """
        try:
            return parse_json(self.read(name))
        except ModelFileError as error:
            raise ModelFileError(error.reason, self.file, error.place or name) from error

    def weights(self) -> H5Dict:
        """The weights, opened for reading."""
        content = self.read(WEIGHTS)
        return H5Dict(hdf5_gate.opened_content(content, f"{self.file}/{WEIGHTS}"), "r")


@contextmanager
def opened(target: Any) -> Iterator[Archive]:
    """Opens an archive for reading inside a `with` statement.

    Args:
        target: path, or readable binary file.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if it is no archive.
    """
    if hasattr(target, "read"):
        yield Archive(io.BytesIO(target.read()), named(target))
        return
    file = os.fsdecode(os.fspath(target))
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise ModelFileError("it is no regular file, so it is not opened.", file)
    with open(file, "rb") as stream:
        yield Archive(stream, file)


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool | None = None,
) -> Model:
    """Loads a model that `save_model`, tf-keras or Keras 3 saved.

    Args:
        filepath: path, or readable binary file.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        compile: bool, whether to compile the model as it was and restore its optimizer.
        safe_mode: bool; False permits Python code inside the file (in Lambda layers) to run, which
            is for files from a source you trust.

    Returns:
        A model; compiled when the saved one was and `compile` is True.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if the file is damaged, holds no model, names an unknown object, or asks
            for more than `saving.safety.memory_scope` allows. It is a ValueError and an OSError.
    """
    with opened(filepath) as archive:
        architecture, version = archive.json(CONFIG), _version(archive)
        with archive.weights() as store:
            allowed = hdf5.allowed(architecture, by_path.survey(store))
            with attempted(allowed), safe_mode_scope(safe_mode):
                with telling(archive.file, CONFIG, "no model can be made of it"):
                    model = config.model_from_config(
                        architecture, custom_objects, safe_mode, version
                    )
                with telling(archive.file, WEIGHTS, "the weights cannot be loaded"):
                    by_path.load_weights(store, model, architecture)
                if compile:
                    _load_training(archive.file, store, architecture, model, custom_objects)
    return model


def load_weights(model: Any, filepath: Any, by_name: bool = False) -> None:
    """Loads the weights of a model from those of an archive, all or, after an error, none.

    Args:
        model: Model of the same layers.
        filepath: path, or readable binary file.
        by_name: bool, which is refused where it is True.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if the file is damaged, or its weights do not fit the model. It is a
            ValueError and an OSError.
    """
    reason = f"its weights cannot be loaded into model {model.name}"
    with (
        opened(filepath) as archive,
        telling(archive.file, WEIGHTS, reason),
        archive.weights() as store,
    ):
        hdf5.load_by_path(store, model, by_name)


def _version(archive: Archive) -> str | None:
    """The version of Keras that wrote an archive; it stands in the metadata, if there are any."""
    metadata = archive.json(METADATA) if METADATA in archive.members else {}
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else None


def _load_training(
    file: str,
    store: H5Dict,
    architecture: dict[str, Any],
    model: Any,
    custom_objects: Mapping[str, Any] | None,
) -> None:
    written = architecture.get("compile_config")
    if not written:
        training.warn_of_no_training(file)
        return
    with telling(file, CONFIG, "the model cannot be compiled as its compile_config says"):
        given = {"sample_weight_mode": architecture.get("sample_weight_mode"), **written}
        arguments = training.compile_arguments(later.compile_config(given), custom_objects or {})
        model.compile(**arguments)
    if "optimizer/vars" in store and len(store.group("optimizer/vars")) > 1:
        with telling(file, WEIGHTS, "the optimizer's state cannot be loaded"):
            values = by_path.read_arrays(store, "optimizer")
            state = partial(later.optimizer_state, model.optimizer, values)
            training.restore_optimizer(file, model, arguments, state)


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True
) -> None:
    """Saves a model as Keras 3 does: architecture, weights, and the state of training.

    A file is replaced as a whole: when saving fails, the old one is still there.

    Args:
        model: Model made of layers and tensors.
        filepath: path, or writable binary file.
        overwrite: bool; with False, asks before an existing file is replaced.
        include_optimizer: bool, whether to save the optimizer and its state.

    Raises:
        NotImplementedError: if the model has no configuration, as a subclass with its own `call`.
    """
    trained = include_optimizer and training.can_be_saved(model.optimizer)
    with held_still(training.variables_of(model)):
        members = {
            METADATA: _text(_metadata()),
            CONFIG: _text(keras3_writing.model_config(model, trained)),
            WEIGHTS: _weights(model, trained),
        }
    if hasattr(filepath, "write"):
        image = io.BytesIO()
        _write(image, members)
        write_all(filepath, image.getvalue())
    elif targets.may_write(filepath, overwrite):
        with targets.replacing(filepath) as file:
            _write(file, members)


def _text(value: Any) -> bytes:
    return json.dumps(value, default=json_value).encode("utf8")


def _metadata() -> dict[str, str]:
    date = time.strftime("%Y-%m-%d@%H:%M:%S")
    return {"keras_version": _VERSION, "date_saved": date, "written_by": "keras_core"}


def _weights(model: Any, trained: bool) -> bytes:
    image = io.BytesIO()

    def fill(store: H5Dict) -> None:
        by_path.save_weights(store, model)
        if trained and getattr(model.optimizer, "weights", None):
            arrays = later.state_by_weight(model.optimizer)
            by_path.write_arrays(store, "optimizer", "optimizer", arrays)

    targets.write(image, fill, True, "save_model")
    return image.getvalue()


def _write(stream: Any, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            file.writestr(name, content)
