"""Names of Keras 1 that Keras 2 has no more: what stands for them, or what to write instead.

A program that says `import keras` to keras_core gets what stands for them, with a warning; one that
imports keras_core was not written for Keras 1, and is told what to write, as Keras 2 refuses it.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

# Modules, by today's name.
MODULES = {
    "initializations": "initializers",
    "utils.visualize_util": "utils.vis_utils",
}

# What is the same under another name.
RENAMED = {
    "backend.get_variable_shape": "backend.int_shape",
    "backend.image_dim_ordering": "backend.common.image_dim_ordering",
    "backend.lesser": "backend.less",
    "backend.lesser_equal": "backend.less_equal",
    "backend.set_image_dim_ordering": "backend.common.set_image_dim_ordering",
    "layers.AtrousConv1D": "layers.convolutional.AtrousConv1D",
    "layers.AtrousConv2D": "layers.convolutional.AtrousConv2D",
    "layers.Deconv2D": "layers.convolutional.Conv2DTranspose",
    "layers.SeparableConvolution2D": "layers.convolutional.SeparableConv2D",
    "layers.Wrapper": "layers.wrappers.Wrapper",
    "layers.core.Highway": "layers.Highway",
    "layers.core.MaxoutDense": "layers.MaxoutDense",
    "models.Layer": "engine.base_layer.Layer",
    "models.get_source_inputs": "engine.topology.get_source_inputs",
    "models.optimizer_from_config": "optimizers.deserialize",
    "optimizers.optimizer_from_config": "optimizers.deserialize",
    "regularizers.ActivityRegularizer": "regularizers.L1L2",
    "regularizers.L1L2Regularizer": "regularizers.L1L2",
    "regularizers.WeightRegularizer": "regularizers.L1L2",
    "regularizers.activity_l1": "regularizers.l1",
    "regularizers.activity_l1l2": "regularizers.l1_l2",
    "regularizers.activity_l2": "regularizers.l2",
    "regularizers.l1l2": "regularizers.l1_l2",
    "utils.layer_utils.layer_from_config": "layers.deserialize",
    "utils.np_utils.conv_input_length": "utils.conv_utils.conv_input_length",
    "utils.np_utils.conv_output_length": "utils.conv_utils.conv_output_length",
    "utils.np_utils.convert_kernel": "utils.conv_utils.convert_kernel",
}

# How names are written that have other names in their old and their new place alike.
_SHOWN = {
    "backend.image_dim_ordering": "backend.image_data_format",
    "backend.set_image_dim_ordering": "backend.set_image_data_format",
}

# What Keras 2 has nothing for, and keras_core keeps; each says itself what to write.
KEPT = {
    f"{module}.{name}": f"layers.old_merge.{name}"
    for module in ("engine", "engine.topology", "layers", "layers.core", "models")
    for name in ("Merge", "merge")
}

# What is gone for good, and what to write.
_MEASURE = (
    "a function of y_true and y_pred, given to compile; keras.metrics has Precision and Recall"
)
GONE = {
    "backend.asymmetric_spatial_2d_padding": "K.spatial_2d_padding(x, padding)",
    "backend.asymmetric_temporal_padding": "K.temporal_padding(x, (left, right))",
    "backend.atrous_conv2d": "K.conv2d(x, kernel, dilation_rate=rate)",
    "backend.deconv2d": "K.conv2d_transpose(x, kernel, output_shape)",
    **{
        f"layers.{module}{name}": instead
        for name, instead in {
            "ParametricSoftplus": "a layer of your own: alpha * softplus(beta * x)",
            "SReLU": "PReLU, or a layer of your own",
        }.items()
        for module in ("", "advanced_activations.")
    },
    "layers.TimeDistributedDense": "TimeDistributed(Dense(units))",
    "layers.core.TimeDistributedDense": "TimeDistributed(Dense(units))",
    "layers.time_distributed_dense": "K.dot(x, kernel), which takes sequences as well",
    "layers.recurrent.time_distributed_dense": "K.dot(x, kernel), which takes sequences as well",
    **{
        f"metrics.{name}": _MEASURE
        for name in (
            *("f1score", "fbeta_score", "fmeasure", "fscore", "matthews_correlation"),
            *("precision", "recall"),
        )
    },
    "regularizers.EigenvalueRegularizer": "a function of the weight that returns the penalty",
    "utils.layer_utils.count_total_params": "model.count_params()",
    "utils.np_utils.accuracy": "numpy.mean(y_true == y_pred)",
    "utils.np_utils.categorical_probas_to_classes": "numpy.argmax(p, axis=1)",
    "utils.np_utils.probas_to_classes": "numpy.argmax(p, axis=1), or p > 0.5",
}

_answered = False


def answer(yes: bool) -> None:
    """Says whether this process is asked for the names of Keras 1 by programs written for it."""
    global _answered
    _answered = yes


def found(module: str, name: str) -> Any:
    """What stands for a name of Keras 1; None where nothing does, or nobody is to be answered.

    Args:
        module: name of the module that is asked, such as 'keras_core.regularizers'.
        name: the name it does not have.

    Warns:
        UserWarning: with the name of today.
    """
    path = f"{module}.{name}".partition(".")[2]
    target = RENAMED.get(path) or KEPT.get(path)
    if not _answered or target is None:
        return None
    if path in RENAMED:
        warnings.warn(str(explanation(f"{module}.{name}")), UserWarning, stacklevel=4)
    home, _, attribute = target.rpartition(".")
    return getattr(import_module(f"keras_core.{home}"), attribute)


def explanation(name: str) -> str | None:
    """Says what to write for a name of Keras 1; None for what is none.

    Args:
        name: the name with that of its module, such as 'keras_core.regularizers.l1l2'.
    """
    path = name.partition(".")[2]
    if path in KEPT:
        instead = "keras.layers.add, concatenate, or another function of that module"
    elif path in GONE:
        instead = GONE[path]
    elif path in RENAMED:
        instead = f"keras.{_SHOWN.get(path, RENAMED[path])}"
    else:
        return None
    return f"keras.{path} is a name of Keras 1. Write {instead} instead."


def module_today(path: str) -> str:
    """Today's name of a module, without the package."""
    return MODULES.get(path, path)
