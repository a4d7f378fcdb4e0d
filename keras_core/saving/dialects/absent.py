"""Layers that later Keras has and Keras 2.3.1 has not, and what to do about them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from keras_core.saving.dialects._words import class_name, described, objects_in

_BEFORE = "Do what it does to the data before the model, or write a Layer of your own"
_OWN = "Write a Layer of your own"

_ELSEWHERE = {
    **dict.fromkeys(("AdditiveAttention", "Attention", "GroupQueryAttention"), _OWN),
    **dict.fromkeys(("MultiHeadAttention", "EinsumDense", "RMSNormalization"), _OWN),
    **dict.fromkeys(("GroupNormalization", "LayerNormalization", "UnitNormalization"), _OWN),
    **dict.fromkeys(("SpectralNormalization", "ConvLSTM1D", "ConvLSTM3D"), _OWN),
    **dict.fromkeys(("Conv1DTranspose", "DepthwiseConv1D", "SyncBatchNormalization"), _OWN),
    **dict.fromkeys(("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D"), _OWN),
    **dict.fromkeys(("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D"), _OWN),
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TorchModuleWrapper", "TFSMLayer"), _OWN),
    **dict.fromkeys(("CategoryEncoding", "Discretization", "Hashing", "HashedCrossing"), _BEFORE),
    **dict.fromkeys(("IntegerLookup", "StringLookup", "TextVectorization"), _BEFORE),
    **dict.fromkeys(("Normalization", "Rescaling", "Resizing", "CenterCrop"), _BEFORE),
    **dict.fromkeys(("RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip"), _BEFORE),
    **dict.fromkeys(("RandomHeight", "RandomRotation", "RandomTranslation"), _BEFORE),
    **dict.fromkeys(("RandomWidth", "RandomZoom", "MelSpectrogram"), _BEFORE),
    **dict.fromkeys(("Identity", "DenseFeatures", "Pipeline"), _OWN),
}


def refuse_absent(config: Any, known: Collection[str]) -> None:
    """Refuses a model with a layer that only later Keras has.

    Args:
        config: the configuration of a model.
        known: names of classes that the user gives.

    Raises:
        ValueError: if there is one, with its name and class.
    """
    for entry in objects_in(config):
        advice = _ELSEWHERE.get(class_name(entry)) if _is_layer(entry) else None
        if advice and class_name(entry) not in known:
            raise ValueError(
                f"Layer {described(entry)} is of a class that Keras 2.3.1 does not have. {advice}, "
                f"and pass it as custom_objects={{{class_name(entry)!r}: ...}}."
            )


def _is_layer(entry: dict[str, Any]) -> bool:
    config = entry["config"]
    return isinstance(entry["class_name"], str) and isinstance(config, dict) and "name" in config
