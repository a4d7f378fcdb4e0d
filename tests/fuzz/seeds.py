"""The files that are mutated: small models of many layers, in each form."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

import numpy as np

from keras_core import layers as L
from keras_core.models import Model, Sequential
from keras_core.saving.archive import save_model as save_archive


def _dense():
    model = Sequential([L.Dense(4, input_shape=(5,), activation="relu"), L.BatchNormalization()])
    model.add(L.Dense(2, kernel_regularizer="l2", kernel_constraint="max_norm"))
    model.compile("adam", "mse", metrics=["mae"])
    return model, (5,), (2,)


def _functional():
    shared = Sequential([L.Dense(3, input_shape=(4,))])
    a, b = L.Input((4,)), L.Input((4,))
    joined = L.concatenate([shared(a), L.Dropout(0.2)(shared(b))])
    return Model([a, b], [L.Dense(1)(joined), L.Activation("tanh")(joined)]), None, None


def _convolutional():
    layers = [
        L.Conv2D(2, 3, padding="same", input_shape=(6, 6, 1)),
        *(L.MaxPooling2D(), L.SeparableConv2D(2, 2), L.PReLU(), L.Flatten()),
        *(L.RepeatVector(2), L.Reshape((2, -1)), L.GlobalAveragePooling1D()),
    ]
    return Sequential(layers), None, None


def _recurrent():
    layers = [
        L.Embedding(7, 3, input_length=4, mask_zero=True),
        L.Bidirectional(L.LSTM(2, return_sequences=True)),
        *(L.TimeDistributed(L.Dense(2)), L.GRU(2, unroll=True)),
    ]
    return Sequential(layers), None, None


def _with_code():
    return Sequential([L.Lambda(lambda x: x * 2, input_shape=(3,)), L.Dense(1)]), None, None


MAKERS = (_dense, _functional, _convolutional, _recurrent, _with_code)


def models() -> list:
    """The models; the first one is trained, so that its file has an optimizer's state."""
    made = []
    for maker in MAKERS:
        model, x, y = maker()
        if x:
            model.train_on_batch(np.ones((2, *x)), np.ones((2, *y)))
        made.append(model)
    return made


def hdf5_files(made: list) -> list[bytes]:
    """Whole models, and for every second one its weights alone, as bytes of HDF5 files."""
    files = []
    for model in made:
        whole, weights = io.BytesIO(), io.BytesIO()
        model.save(whole)
        model.save_weights(weights)
        files += [whole.getvalue(), weights.getvalue()]
    return files


def configurations(made: list) -> list:
    """The configurations, as plain values."""
    return [json.loads(model.to_json()) for model in made]


def archives(made: list) -> list[bytes]:
    """Whole models as `.keras` archives."""
    images = [io.BytesIO() for _ in made]
    for model, image in zip(made, images):
        save_archive(model, image)
    return [image.getvalue() for image in images]


def folders(made: list) -> list[dict[str, bytes]]:
    """The files of TensorFlow.js folders, by their names, of the models that are written so."""
    found = []
    for model in made[:2]:
        with tempfile.TemporaryDirectory() as outer:
            folder = Path(outer) / "m.tfjs"
            model.save(folder)
            found.append({file.name: file.read_bytes() for file in folder.iterdir()})
    return found
