"""The formats of other runtimes, through the hook that plugins use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_core.plugins.contract import ModelFormat
from keras_core.plugins.hookspecs import hookimpl


@hookimpl
def keras_core_model_formats() -> tuple[ModelFormat, ...]:
    return (
        ModelFormat(
            "onnx",
            (".onnx",),
            "ONNX: what the model predicts, for onnxruntime and others",
            save=_save_onnx,
        ),
        ModelFormat(
            "tensorflowjs",
            (".tfjs",),
            "TensorFlow.js: a folder for tf.loadLayersModel",
            save=_save_tensorflowjs,
            load=_load_tensorflowjs,
            is_folder=True,
        ),
    )


def _save_onnx(model: Any, path: Path) -> None:
    from keras_core.export.onnx.model import save

    save(model, path)


def _save_tensorflowjs(model: Any, path: Path) -> None:
    from keras_core.export.tensorflowjs.folder import save

    save(model, path)


def _load_tensorflowjs(path: Path) -> Any:
    from keras_core.export.tensorflowjs.folder import load

    return load(path)
