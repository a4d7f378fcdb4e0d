"""Folders with a model in TensorFlow.js's layers format."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.attempt import Attempt, attempted, memory_limit
from keras_core.errors import ModelFileError
from keras_core.export.errors import refuse
from keras_core.export.tensorflowjs import limits, manifest
from keras_core.export.tensorflowjs.topology import topology
from keras_core.saving.config import calls_for, model_from_config
from keras_core.saving.json_text import parse_json
from keras_core.saving.safety import telling
from keras_core.saving.targets import (
    held_folder,
    is_leftover,
    read_text,
    remove_leftovers,
    replacing,
)
from keras_core.utils.io_utils import check_folder

MODEL = "model.json"
_SHARD_SIZE = 4 * 2**20
_SMALL_NUMBER_OF_NUMBERS = 65536
_FREE_MEMORY = 2**25
_LARGEST_GROWTH = 4
_LONGEST_NAME = 200
# Shards are named by their content, so that new ones can be written while the old ones are read.
_OURS = re.compile(r"group1-shard\d+of\d+-[0-9a-f]{12}\.bin")


def save(model: Any, path: Path) -> None:
    """Writes a model as a folder that `tf.loadLayersModel` reads.

    Whoever reads the folder meanwhile finds the old model or the new one, each with its weights.

    Args:
        model: Model made of layers and tensors.
        path: the folder, made where it is missing; its own folder must be there.

    Raises:
        ExportError: TensorFlow.js lacks a layer of the model, or computes it otherwise.
        FileExistsError: the path is a file, or a folder with something else in it.
    """
    limits.check(model)
    arrays = _weights(model)
    shards = dict(_shards(manifest.joined(arrays)))
    text = json.dumps(_description(model, arrays, list(shards)))
    _refuse_other(path)
    path.mkdir(exist_ok=True)
    with held_folder(path, writes=True):
        remove_leftovers(str(path))
        for name, part in shards.items():
            _write(path / name, part)
        _write(path / MODEL, text.encode())
        _remove_old(path, shards)


def _write(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)


def _weights(model: Any) -> dict[str, np.ndarray]:
    """The weights by the names that TensorFlow.js finds them by."""
    variables: dict[str, Any] = {}
    for variable in model.weights:
        name = _name(variable)
        layer = name.partition("/")[0]
        if name in variables:
            raise refuse(limits.FORMAT, layer, f"two weights are named {name!r}; rename a layer.")
        if variable.dtype not in manifest.WRITTEN:
            raise refuse(limits.FORMAT, layer, f"its weight {name!r} is {variable.dtype}.")
        variables[name] = variable
    return dict(zip(variables, K.batch_get_value(list(variables.values()))))


def _name(variable: Any) -> str:
    return variable.name.partition(":")[0]


def _shards(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files."""
    parts = [data[at : at + _SHARD_SIZE] for at in range(0, len(data), _SHARD_SIZE)]
    for number, part in enumerate(parts, 1):
        digest = sha256(part).hexdigest()[:12]
        yield f"group1-shard{number}of{len(parts)}-{digest}.bin", part


def _description(
    model: Any, arrays: Mapping[str, np.ndarray], paths: Sequence[str]
) -> dict[str, Any]:
    return {
        "format": "layers-model",
        "generatedBy": "keras_core",
        "convertedBy": None,
        "modelTopology": topology(model),
        "weightsManifest": [{"paths": list(paths), "weights": manifest.entries(arrays)}],
    }


def _refuse_other(path: Path) -> None:
    """Refuses to write where something else is."""
    if not os.path.lexists(path):
        check_folder(path)
        return
    if not path.is_dir() or not ((path / MODEL).exists() or all(map(_is_ours, path.iterdir()))):
        raise FileExistsError(
            f"{path} is no folder of a TensorFlow.js model, so it is not written over; name "
            "another one, or remove it first."
        )


def _is_ours(file: Path) -> bool:
    """Whether a file may be of a folder whose writing was broken off, or goes on meanwhile."""
    return file.name == MODEL or bool(_OURS.fullmatch(file.name)) or is_leftover(file.name)


def _remove_old(path: Path, shards: Mapping[str, bytes]) -> None:
    for file in path.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in shards:
            file.unlink()


def load(path: Path) -> Any:
    """Reads a model in the layers format; weights of fewer bits get their numbers back.

    Args:
        path: the folder, or the model.json in it.

    Returns:
        A model that is not compiled.

    Raises:
        OSError: there is no such file.
        ModelFileError: the files are damaged, or hold no such model.
    """
    file = path / MODEL if path.is_dir() else path
    with held_folder(file.parent, writes=False):
        return _loaded(path, file)


def _loaded(path: Path, file: Path) -> Any:
    if path.is_dir() and not file.is_file():
        raise ModelFileError(f"it is a folder without {MODEL}, no regular file", str(path))
    text = read_text(file)
    with telling(str(file), None, "it holds no model of TensorFlow.js"):
        described = parse_json(text)
        config, groups = _config(described), described["weightsManifest"]
        _check_names([name for group in groups for name in group["paths"]])
        shards = [_shards_of(file.parent, group) for group in groups]
        with attempted(_allowed(config, groups)) as attempt:
            model = model_from_config(config)
            wanted = _wanted(model, groups)
            for group, files in zip(groups, shards):
                data = b"".join(shard.read_bytes() for shard in files)
                for name, array in manifest.separated(group["weights"], data, wanted):
                    K.set_value(wanted[name], array)
            attempt.settle(model.weights)
    return model


def _allowed(config: Any, groups: Sequence[Mapping[str, Any]]) -> Attempt:
    """What the files may take: their own weights, which of 8 bits become four times as large.

    Raises:
        ValueError: that is more than `memory_scope` allows.
    """
    entries = [entry for group in groups for entry in group["weights"]]
    stored, restored = manifest.size_of(entries), manifest.restored_size_of(entries)
    allowed = memory_limit(_LARGEST_GROWTH * stored + _FREE_MEMORY)
    if restored > allowed:
        raise ValueError(
            f"its weights take {restored:,} bytes, but of files of this size no more than "
            f"{int(allowed):,} are read. If you trust them, read them inside of "
            "keras_core.saving.safety.memory_scope(None)"
        )
    numbers = memory_limit(restored + _SMALL_NUMBER_OF_NUMBERS)
    return Attempt(numbers, calls_for(config), f"a model with {stored:,} bytes of weights", True)


def _check_names(names: Sequence[Any]) -> None:
    if len(set(names)) < len(names):
        raise ValueError("it names one of its files twice")


def _config(described: Any) -> dict[str, Any]:
    if described.get("format", "layers-model") != "layers-model":
        raise ValueError(f"its format is {described['format']!r}, not 'layers-model'")
    found = described["modelTopology"]
    return found.get("model_config", found)


def _shards_of(folder: Path, group: Mapping[str, Any]) -> list[Path]:
    """The files of a group, which are as large as its arrays."""
    files = [_shard(folder, name) for name in group["paths"]]
    wanted, there = manifest.size_of(group["weights"]), sum(f.stat().st_size for f in files)
    if wanted != there:
        raise ValueError(f"its weights take {wanted} bytes, the files beside it have {there}")
    return files


def _shard(folder: Path, name: Any) -> Path:
    """A file right beside model.json, and nothing else."""
    path = folder / str(name)[:_LONGEST_NAME]
    if not isinstance(name, str) or path.name != name or path.is_symlink():
        raise ValueError(f"it names {str(name)[:100]!r}, which is no file beside it")
    if not path.is_file():
        raise ValueError(f"its file {name} is missing")
    return path


def _wanted(model: Any, groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The weights of a model by their names, each of which is there in its shape."""
    shapes = {entry["name"]: entry["shape"] for group in groups for entry in group["weights"]}
    wanted = {_name(variable): variable for variable in model.weights}
    for name, variable in wanted.items():
        shape = shapes.get(name)
        if shape is None or tuple(shape) != variable.shape:
            found = "nothing" if shape is None else f"an array of shape {tuple(shape)}"
            raise ValueError(
                f"weight {name!r} of shape {variable.shape} is wanted; {found} is there "
                "under that name"
            )
    return wanted
