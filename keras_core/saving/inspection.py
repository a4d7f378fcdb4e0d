"""What a model file says of itself, found out without making a model of it or running anything."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from keras_core import slots
from keras_core.errors import ModelFileError, shown
from keras_core.saving import archive, writer
from keras_core.saving.dialects import class_name, is_later, keras1, numbered
from keras_core.saving.json_text import parse_json
from keras_core.saving.safety import telling
from keras_core.saving.targets import read_text
from keras_core.saving.weights import read_json
from keras_core.saving.yaml_text import parse_yaml
from keras_core.utils.hdf5_gate import Gate
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.weight_conversion import has_kernels_to_flip

_ARCHIVE_MEMBERS = {archive.METADATA, archive.CONFIG, archive.WEIGHTS}
_OWN_MODULES = ("keras", "tf_keras", "keras_core", "builtins", "tensorflow.python.keras")
_CLASSES_ELSEWHERE = {"Functional", "BatchNormalizationV1", "Merge"}
_LARGEST_OBJECTS = 100_000
_LARGE_NUMBER = 2**31
_LONG_TEXT = 10_000
_LARGE_RATIO = 100


@dataclass
class LayerFound:
    """A layer: its name and class, how deep it is nested, and how often it is called."""

    name: str
    kind: str
    depth: int
    calls: int
    options: dict[str, Any]


@dataclass
class WeightFound:
    """An array: its name in the file, shape and dtype."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """The number of numbers."""
        return math.prod(self.shape)


@dataclass
class Report:
    """What there is in a file.

    Attributes:
        file: its name.
        kind: what kind of file it is, in words.
        size: its bytes.
        writer: who wrote it, as far as it can be told.
        backend: the engine that it was written on; None where the file does not say.
        engine_note: what to do where it does not say, and it matters.
        model: class and name of the model; None in a file of weights alone.
        layers, weights: what the model is made of.
        optimizer: class name and options; None where the file has none.
        state: the number of arrays in the optimizer's state.
        compiled: loss, metrics and what else compile was given.
        suspicious: sentences on what a harmless file would not have.
    """

    file: str
    kind: str
    size: int
    writer: str = "unknown"
    backend: str | None = None
    engine_note: str | None = None
    model: str | None = None
    layers: list[LayerFound] = field(default_factory=list)
    weights: list[WeightFound] = field(default_factory=list)
    optimizer: dict[str, Any] | None = None
    state: int = 0
    compiled: dict[str, Any] = field(default_factory=dict)
    suspicious: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as nested dicts and lists."""
        return asdict(self)


def inspect(path: Any) -> Report:
    """Looks into a model file.

    Args:
        path: path of an HDF5 file, `.keras` archive, or configuration in JSON or YAML.

    Returns:
        A Report.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if it is no model file, or cannot be read.
    """
    file = os.fsdecode(os.fspath(path))
    if not os.path.exists(file):
        raise FileNotFoundError(f"There is no file {file}.")
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise ModelFileError("it is no regular file, so it is not opened.", file)
    with open(file, "rb") as stream:
        head = stream.read(16)
    report = Report(file, "", os.path.getsize(file))
    look = _look_into_text if _is_text(head) else _look_into_hdf5
    if head.startswith(archive.SIGNATURE):
        look = _look_into_archive
    with telling(file, None, "it cannot be read"):
        look(report)
    return report


def _is_text(head: bytes) -> bool:
    return bool(head) and all(byte >= 32 or byte in b"\t\n\r" for byte in head)


# Kinds of files


def _look_into_text(report: Report) -> None:
    text = read_text(report.file)
    with telling(report.file, None, "it is no model file"):
        is_json = text.lstrip().startswith(("{", "["))
        config = parse_json(text) if is_json else parse_yaml(text)
    if not isinstance(config, dict) or "class_name" not in config:
        raise ModelFileError(
            "it is no model file: neither HDF5 nor an archive, and as text it has no class_name.",
            report.file,
        )
    report.kind = f"{'JSON' if is_json else 'YAML'}, layers without weights"
    _note_writer(report, config.get("keras_version"), config.get("backend"))
    _note_model(report, config)
    if keras1.wrote(config, config.get("keras_version")):
        _note_engine(report)


def _look_into_hdf5(report: Report) -> None:
    with H5Dict(report.file, "r") as store:
        whole = "model_config" in store
        group = store.group("model_weights") if whole and "model_weights" in store else store
        known = "layer_names" in store or numbered.is_numbered(store) or _has_paths(store)
        if not whole and not known:
            raise ModelFileError("it is no model file: it holds no layers.", report.file)
        report.kind = f"HDF5, {'a whole model' if whole else 'weights alone'}"
        found = [_text_in(group, key) or _text_in(store, key) for key in _SAYS]
        _note_writer(report, *found)
        if whole:
            _note_model(report, read_json(store, "model_config"))
        if "training_config" in store:
            _note_compiled(report, read_json(store, "training_config"))
        _note_objects(report, store)
        if writer.is_keras1(group) and not _has_paths(store):
            _note_engine(report)
            report.engine_note = report.engine_note and f"{_guess(group)}{report.engine_note}"


def _guess(group: H5Dict) -> str:
    if numbered.is_numbered(group):
        return ""
    return f"the names of its arrays are those of {writer.engine_of(group, None)}; "


_SAYS = ("keras_version", "backend")


def _text_in(store: H5Dict, key: str) -> str | None:
    return store.text(key) if store.gate.has_attribute(key) else None


def _has_paths(store: H5Dict) -> bool:
    return any(name in store for name in ("layers", "_layer_checkpoint_dependencies"))


def _look_into_archive(report: Report) -> None:
    report.kind = "archive (.keras), a whole model"
    with archive.opened(report.file) as members:
        _note_members(report, members)
        metadata = members.json(archive.METADATA) if archive.METADATA in members.members else {}
        config = members.json(archive.CONFIG)
        if not isinstance(config, dict) or not isinstance(metadata, dict):
            raise ModelFileError("it is no model file.", report.file, archive.CONFIG)
        _note_writer(report, metadata.get("keras_version"), None)
        if metadata.get("written_by"):
            report.writer = f"{shown(metadata['written_by'])} in the form of {report.writer}"
        _note_model(report, config)
        _note_compiled(report, config.get("compile_config") or {})
        with members.weights() as store:
            _note_objects(report, store)


def _note_members(report: Report, members: archive.Archive) -> None:
    for name, info in members.members.items():
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            report.suspicious.append(f"the member {shown(name)} points out of the archive")
        elif name not in _ARCHIVE_MEMBERS and not name.startswith("assets/"):
            report.suspicious.append(f"the member {shown(name)} is none of Keras's")
        if info.file_size > _LARGE_RATIO * max(info.compress_size, 1):
            report.suspicious.append(
                f"the member {shown(name)} unpacks {info.compress_size:,} bytes to "
                f"{info.file_size:,}"
            )


# What is in them


def _note_writer(report: Report, version: Any, backend: Any) -> None:
    report.backend = backend if isinstance(backend, str) else None
    if not isinstance(version, str):
        report.writer = "unknown; Keras 1 did not always name its version"
    elif version.startswith("3"):
        report.writer = f"Keras {version}"
    elif is_later(version):
        report.writer = f"tf-keras, or tf.keras, {version}"
    else:
        report.writer = f"Keras {version}"
        if version == "2.3.1":
            report.writer += ", or keras_core, which writes the same"


def _note_engine(report: Report) -> None:
    """Notes of a file of Keras 1 with convolutions that Theano reverses their kernels."""
    deep = any(len(weight.shape) > 3 for weight in report.weights)
    if deep or any(has_kernels_to_flip(layer.kind) for layer in report.layers):
        report.engine_note = (
            "it matters here: Theano reverses the kernels of convolutions. Where you know it, say "
            "written_on='theano' or written_on='tensorflow' to load_model or load_weights, or "
            "--written-on to keras-core convert."
        )


def _note_model(report: Report, config: Any) -> None:
    if not isinstance(config, dict) or "class_name" not in config:
        raise ModelFileError("its configuration has no class_name.", report.file)
    inner = config.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    report.model = f"{shown(class_name(config))}, named {shown(name)}"
    for entry, depth in _entries(config, 0):
        _note_layer(report, entry, depth)


def _entries(config: Any, depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    """The layers of a model and of the models inside, in their order."""
    waiting = [(entry, depth) for entry in reversed(_layers_of(config))]
    while waiting:
        entry, depth = waiting.pop()
        yield entry, depth
        waiting += [(inner, depth + 1) for inner in reversed(_layers_of(entry))]


def _layers_of(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers in a model, wrapper or recurrent layer."""
    inner = config.get("config")
    layers = inner if isinstance(inner, list) else []
    if isinstance(inner, dict):
        wrapped = [inner.get(key) for key in ("layer", "backward_layer", "cell")]
        listed = [inner.get(key) for key in ("layers", "cells")]
        layers = [*wrapped, *(x for several in listed for x in several or ())]
    return [x for x in layers if isinstance(x, dict) and "class_name" in x]


def _note_layer(report: Report, entry: dict[str, Any], depth: int) -> None:
    config = entry.get("config")
    options = config if isinstance(config, dict) else {}
    name, kind = entry.get("name") or options.get("name"), class_name(entry)
    calls = entry.get("inbound_nodes")
    plain = {key: value for key, value in options.items() if _is_small(value) and key != "name"}
    number = len(calls) if isinstance(calls, list) else 1
    report.layers.append(LayerFound(str(name), str(kind), depth, number, plain))
    where = f"layer {shown(name)} ({shown(kind)})"
    report.suspicious += [f"{where} {what}" for what in _oddities(entry, kind, options)]


def _is_small(value: Any) -> bool:
    small = isinstance(value, (int, float, str, bool)) and len(str(value)) <= 60
    several = isinstance(value, list) and all(x is None or isinstance(x, int) for x in value)
    return small or (several and len(value) <= 8)


def _oddities(entry: dict[str, Any], kind: Any, options: dict[str, Any]) -> Iterator[str]:
    function = options.get("function")
    if kind == "Lambda" and not isinstance(function, str):
        code = not isinstance(function, dict) or function.get("class_name") == "__lambda__"
        if code:
            yield "holds Python code, which load_model does not run unless safe_mode=False"
    if kind not in _CLASSES_ELSEWHERE and kind not in slots.family("layers").built_in:
        yield "is of a class that is not built in; load_model wants it in custom_objects"
    module = entry.get("module")
    if isinstance(module, str) and not _is_own(module) and not entry.get("registered_name"):
        yield f"names the module {shown(module)}, which load_model does not import"
    for key, value in options.items():
        numbers = value if isinstance(value, list) else [value]
        if any(isinstance(x, int) and abs(x) > _LARGE_NUMBER for x in numbers):
            yield f"has an enormous {shown(key)}: {shown(value)}"
        if isinstance(value, str) and len(value) > _LONG_TEXT:
            yield f"has a text of {len(value):,} characters as {shown(key)}"


def _is_own(module: str) -> bool:
    return any(module == own or module.startswith(f"{own}.") for own in _OWN_MODULES)


def _note_compiled(report: Report, config: Any) -> None:
    if not isinstance(config, dict):
        report.suspicious.append("what the model is compiled with is no dictionary")
        return
    optimizer = config.get("optimizer_config", config.get("optimizer"))
    if isinstance(optimizer, str):
        report.optimizer = {"class_name": optimizer}
    elif isinstance(optimizer, dict) and "class_name" in optimizer:
        options = optimizer.get("config")
        small = {k: v for k, v in options.items() if _is_small(v)} if options else {}
        report.optimizer = {"class_name": class_name(optimizer), **small}
    names = ("loss", "metrics", "weighted_metrics", "loss_weights")
    report.compiled = {key: config[key] for key in names if config.get(key)}


def _note_objects(report: Report, store: H5Dict) -> None:
    """Lists the arrays in an HDF5 file, and what is no plain array or group."""
    objects = store.gate.walk()
    for path, group, name in islice(objects, _LARGEST_OBJECTS):
        try:
            if group.is_array(name):
                _note_array(report, group, name, path)
            else:
                group.group(name)
        except ModelFileError as error:
            report.suspicious.append(f"{path[:200]}: {error.reason}")
    if next(objects, None) is not None:
        report.suspicious.append(f"it has more than {_LARGEST_OBJECTS:,} groups and arrays")
    report.weights.sort(key=lambda weight: weight.name)


def _note_array(report: Report, group: Gate, name: str, path: str) -> None:
    shape = group.array_shape(name)
    if path.startswith(("optimizer_weights/", "optimizer/")):
        report.state += 1
    else:
        plain = path[len("model_weights/") :] if path.startswith("model_weights/") else path
        report.weights.append(WeightFound(plain, shape, str(group.node[name].dtype)))
