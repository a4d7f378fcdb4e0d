"""What keras_core itself contributes, through the hooks that plugins use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_core.plugins.contract import ModelFormat
from keras_core.plugins.hookspecs import hookimpl


@hookimpl
def keras_core_model_formats() -> tuple[ModelFormat, ...]:
    return (
        ModelFormat(
            "hdf5",
            (".h5", ".hdf5"),
            "Keras 2's file: layers, weights and the state of training",
            save=_save_hdf5,
            load=_load_hdf5,
            signature=b"\x89HDF\r\n\x1a\n",
        ),
        ModelFormat(
            "keras",
            (".keras",),
            "Keras 3's archive: layers, weights and the state of training",
            save=_save_archive,
            load=_load_archive,
            signature=b"PK\x03\x04",
        ),
        ModelFormat(
            "json",
            (".json",),
            "layers without weights",
            save=_save_json,
            load=_load_json,
            holds_weights=False,
        ),
    )


def _save_hdf5(model: Any, path: Path, include_optimizer: bool = True) -> None:
    from keras_core.saving.hdf5 import save_model

    save_model(model, path, include_optimizer=include_optimizer)


def _load_hdf5(
    path: Path,
    custom_objects: Any = None,
    compile: bool = True,
    safe_mode: bool | None = None,
    written_on: str | None = None,
) -> Any:
    from keras_core.saving.hdf5 import load_model

    return load_model(path, custom_objects, compile, safe_mode, written_on)


def _save_archive(model: Any, path: Path, include_optimizer: bool = True) -> None:
    from keras_core.saving.archive import save_model

    save_model(model, path, include_optimizer=include_optimizer)


def _load_archive(
    path: Path, custom_objects: Any = None, compile: bool = True, safe_mode: bool | None = None
) -> Any:
    from keras_core.saving.archive import load_model

    return load_model(path, custom_objects, compile, safe_mode)


def _save_json(model: Any, path: Path) -> None:
    from keras_core.saving.targets import replacing

    text = model.to_json()
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


def _load_json(path: Path, written_on: str | None = None) -> Any:
    from keras_core.saving.config import model_from_json
    from keras_core.saving.safety import telling
    from keras_core.saving.targets import read_text

    text = read_text(path)
    with telling(str(path), None, "it cannot be read"):
        return model_from_json(text, written_on=written_on)
