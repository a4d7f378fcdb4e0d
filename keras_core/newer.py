"""Names that came after Keras 2.3.1, in tf.keras or Keras 3: what to write in their place."""

from __future__ import annotations

_IMAGES = "preprocessing.image.ImageDataGenerator"
_ATTENTION = "layers.Dot and Activation('softmax'), as in the example seq2seq_attention"
_WORDS = "preprocessing.text.Tokenizer"
_SCHEDULE = "the callback LearningRateScheduler"
_OWN_OPTIMIZER = "an optimizer of your own, which derives from optimizers.Optimizer"
_BATCHES = "a utils.Sequence, which gives batch number i"

INSTEAD = {
    "mixed_precision": "K.set_floatx, or dtype=... of a layer",
    "ops": "the functions of keras_core.backend: K.dot, K.mean, K.concatenate",
    "random": "K.random_normal and K.random_uniform",
    "activations.gelu": "a function of yours: "
    "lambda x: 0.5 * x * (1 + K.tanh(0.7978846 * (x + 0.044715 * x * x * x)))",
    "activations.mish": "a function of yours: lambda x: x * K.tanh(K.softplus(x))",
    **{
        f"activations.{name}": "a function of yours: lambda x: x * K.sigmoid(x)"
        for name in ("silu", "swish")
    },
    **{
        f"layers.{name}": "a layer of your own; the guide to layers of your own has this one"
        for name in ("GroupNormalization", "LayerNormalization", "RMSNormalization")
    },
    **{
        f"layers.{name}": _ATTENTION
        for name in ("AdditiveAttention", "Attention", "MultiHeadAttention")
    },
    **{
        f"layers.Random{name}": f"{_IMAGES}, which changes images at random"
        for name in (
            *("Brightness", "Contrast", "Crop", "Flip", "Height", "Rotation", "Translation"),
            *("Width", "Zoom"),
        )
    },
    "layers.CategoryEncoding": "utils.to_categorical",
    "layers.Conv1DTranspose": "Conv2DTranspose, with an axis of size 1",
    "layers.Discretization": "numpy.digitize, before the model",
    "layers.Hashing": "preprocessing.text.hashing_trick",
    "layers.IntegerLookup": "numpy.unique(values, return_inverse=True), before the model",
    "layers.Normalization": "layers.Lambda(lambda x: (x - mean) / deviation)",
    "layers.Rescaling": f"layers.Lambda(lambda x: scale * x), or {_IMAGES}(rescale=scale)",
    "layers.Resizing": "target_size=... of flow_from_directory",
    "layers.StringLookup": _WORDS,
    "layers.TextVectorization": f"{_WORDS}, and preprocessing.sequence.pad_sequences",
    "layers.experimental": f"{_IMAGES}, {_WORDS} or a Lambda layer",
    "metrics.F1Score": "metrics.Precision and metrics.Recall, or a metric of your own",
    "optimizers.AdamW": f"Adam with kernel_regularizer (not the same), or {_OWN_OPTIMIZER}",
    **{f"optimizers.{name}": _OWN_OPTIMIZER for name in ("Adafactor", "Ftrl", "Lamb", "Lion")},
    "optimizers.legacy": "keras.optimizers: Adam and the others are those of Keras 2",
    "optimizers.schedules": _SCHEDULE,
    **{
        f"{home}.image_dataset_from_directory": f"{_IMAGES}().flow_from_directory"
        for home in ("preprocessing", "preprocessing.image", "utils")
    },
    "utils.PyDataset": _BATCHES,
    "utils.audio_dataset_from_directory": _BATCHES,
    "utils.register_keras_serializable": "custom_objects={'Name': Name} of load_model, or "
    "utils.get_custom_objects().update({'Name': Name})",
    "utils.split_dataset": "slices of the arrays, or fit(validation_split=...)",
    "utils.text_dataset_from_directory": f"{_WORDS}, and preprocessing.sequence.pad_sequences",
    "utils.timeseries_dataset_from_array": "preprocessing.sequence.TimeseriesGenerator",
}

# Programs ask whether these can be imported, to tell one Keras from another: that answer is plain.
MODULES = {
    *("layers.experimental", "mixed_precision", "ops", "optimizers.legacy"),
    *("optimizers.schedules", "random"),
}

_HOMES = {"activation function": "activations", "layer": "layers", "optimizer": "optimizers"}


def explanation(name: str) -> str | None:
    """Says what comes near a name that is newer; None for what is none.

    Args:
        name: the name with that of its module, such as 'keras_core.layers.Rescaling'.
    """
    path = name.partition(".")[2]
    instead = INSTEAD.get(path)
    return instead and f"keras.{path} is newer than Keras 2.3.1. Write {instead}."


def hint(kind: str, name: str) -> str:
    """What to write for a newer name that stands in a call or a file; empty if it is none.

    Args:
        kind: what the name stands for, such as 'activation function'.
        name: the name.

    Returns:
        Text that begins with a space, or an empty text.
    """
    path = f"{_HOMES.get(kind)}.{name}"
    return f" It is newer than Keras 2.3.1. Write {INSTEAD[path]}." if path in INSTEAD else ""
