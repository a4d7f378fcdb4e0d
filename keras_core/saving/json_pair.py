"""A model as two files: its architecture as JSON text, and its weights in HDF5 beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_core.errors import ModelFileError
from keras_core.saving import hdf5
from keras_core.saving.config import model_from_json
from keras_core.saving.safety import telling
from keras_core.saving.targets import replacing

# How the file of weights is named beside model.json: first as it is written, then as others do.
_ENDINGS = (".weights.h5", "_weights.h5", ".h5")


def save(model: Any, path: Path) -> None:
    """Writes model.json and model.weights.h5, each as a whole.

    Args:
        model: Model made of layers and tensors.
        path: that of the JSON text.
    """
    text = model.to_json()
    hdf5.save_weights(model, _beside(path, _ENDINGS[0]))
    with replacing(path) as file:
        file.write(text.encode())


def load(path: Path) -> Any:
    """Reads both files.

    Args:
        path: that of the JSON text. Weights are in `model.weights.h5`, `model_weights.h5` or
            `model.h5` beside it.

    Returns:
        A model that is not compiled.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if one of them is damaged, or the weights are missing or do not fit.
    """
    text = path.read_bytes()
    weights = [_beside(path, ending) for ending in _ENDINGS]
    found = next((file for file in weights if file.exists()), None)
    if found is None:
        raise ModelFileError(
            f"its weights are missing: there is no {' or '.join(f.name for f in weights)} beside "
            "it. For the layers alone use model_from_json.",
            str(path),
        )
    with telling(str(path), None, "no model can be made of it"):
        model = model_from_json(text.decode())
    hdf5.load_weights(model, found)
    return model


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name[: len(path.name) - len(path.suffix)] + ending)
