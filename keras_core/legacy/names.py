"""Names of Keras 1 that Keras 2 has no more: what stands for them, or what to write instead.

A program that says `import keras` to keras_core gets what stands for them, with a warning; one that
imports keras_core was not written for Keras 1, and is told what to write, as Keras 2 refuses it.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import Any

# Modules, by today's name.
MODULES = {
    "initializations": "initializers",
    "utils.visualize_util": "utils.vis_utils",
}

# Those that have something else to give to programs of Keras 1, and where this is.
KEPT_MODULES = {"initializations": "layers.old_initializations"}

# What is the same under another name.
RENAMED = {
    "backend.get_variable_shape": "backend.int_shape",
    "backend.image_dim_ordering": "backend.common.image_dim_ordering",
    "backend.lesser": "backend.less",
    "backend.lesser_equal": "backend.less_equal",
    "backend.set_image_dim_ordering": "backend.common.set_image_dim_ordering",
    "engine.training.slice_X": "utils.generic_utils.slice_arrays",
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
    "utils.vis_utils.plot": "utils.vis_utils.plot_model",
    "layers.conv_input_length": "utils.conv_utils.conv_input_length",
    "layers.conv_output_length": "utils.conv_utils.conv_output_length",
    "layers.func_dump": "utils.generic_utils.func_dump",
    "layers.func_load": "utils.generic_utils.func_load",
    "models.Node": "engine.base_layer.Node",
    "models.ask_to_proceed_with_overwrite": "utils.io_utils.ask_to_proceed_with_overwrite",
    "backend.common.get_uid": "backend.get_uid",
    "backend.common.is_keras_tensor": "backend.is_keras_tensor",
    "backend.common.reset_uids": "backend.reset_uids",
}

# How names are written that have other names in their old and their new place alike.
_SHOWN = {
    "backend.image_dim_ordering": "backend.image_data_format",
    "backend.set_image_dim_ordering": "backend.set_image_data_format",
    "layers.AtrousConv1D": "layers.Conv1D",
    "layers.AtrousConv2D": "layers.Conv2D",
    "layers.Deconv2D": "layers.Conv2DTranspose",
    "layers.SeparableConvolution2D": "layers.SeparableConv2D",
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
_GENERATOR = "keras.utils.GeneratorEnqueuer"
_ORDER = "nothing: weights have one order"
_BLOCK = "the layers that it made; keras.applications has the whole model"
GONE = {
    "applications.audio_conv_utils": "code of your own: keras.applications has no music tagger",
    "applications.inception_v3.conv2d_bn": _BLOCK,
    "applications.music_tagger_crnn": "code of your own: keras.applications has no music tagger",
    "applications.resnet50.conv_block": _BLOCK,
    "applications.resnet50.identity_block": _BLOCK,
    "backend.Function": "K.function(inputs, outputs)",
    "backend.is_explicit_shape": "None not in K.int_shape(x)",
    **{
        f"backend.{module}{verb}legacy_weight_ordering": _ORDER
        for module in ("", "common.")
        for verb in ("", "set_")
    },
    **{
        f"backend.ctc_{name}": "K.ctc_batch_cost(y_true, y_pred, input_length, label_length)"
        for name in ("cost", "create_skip_idxs", "interleave_blanks", "path_probs", "update_log_p")
    },
    "engine.topology.object_list_uid": "a key of your own, such as tuple(map(id, objects))",
    "engine.training.GeneratorEnqueuer": _GENERATOR,
    **{
        f"engine.training.{name}": "nothing: fit, evaluate and predict check what they are given"
        for name in (
            *("check_array_lengths", "check_loss_and_target_compatibility", "collect_metrics"),
            "standardize_sample_or_class_weights",
        )
    },
    "engine.training.weighted_objective": "sample_weight in fit",
    **{
        f"{module}.get_fans": "VarianceScaling, which knows the fans of a shape"
        for module in ("initializations", "initializers")
    },
    "layers.get_from_module": "keras.layers.deserialize, or the get of its module",
    "models.Graph": "Model(inputs, outputs), where each node is a layer called on its inputs",
    "preprocessing.image.apply_transform": "apply_affine_transform(x, theta, tx, ty, ...)",
    "preprocessing.image.flip_axis": "numpy.flip(x, axis)",
    "preprocessing.image.list_pictures": "glob.glob, or flow_from_directory",
    "preprocessing.image.transform_matrix_offset_center": "apply_affine_transform",
    "utils.generic_utils.get_from_module": "deserialize_keras_object, or the get of its module",
    "utils.generic_utils.make_tuple": "tuple(values)",
    "utils.io_utils.load_array": "numpy.load, or h5py",
    "utils.io_utils.save_array": "numpy.save, or h5py",
    "utils.np_utils.binary_logloss": "keras.losses.binary_crossentropy",
    "utils.np_utils.multiclass_logloss": "keras.losses.categorical_crossentropy",
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


class Starred(str):
    """A name of Keras 1 in the list that `from module import *` goes by."""


def starred(module: str) -> list[str]:
    """The names of Keras 1 that `from module import *` gave, as far as something stands for them.

    Args:
        module: name of the module, such as 'keras_core.regularizers'.
    """
    path = module.partition(".")[2]
    known = [name.rpartition(".") for name in (*RENAMED, *KEPT)]
    return [Starred(name) for home, _, name in known if home == path]


def answer(yes: bool) -> None:
    """Says whether this process is asked for the names of Keras 1 by programs written for it."""
    global _answered
    _answered = yes


def is_answered() -> bool:
    """Whether programs that this process runs may have been written for Keras 1."""
    return _answered


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
    if path in RENAMED and not isinstance(name, Starred) and not _is_first_look():
        warnings.warn(str(explanation(f"{module}.{name}")), UserWarning, stacklevel=4)
    home, _, attribute = target.rpartition(".")
    return getattr(import_module(f"keras_core.{home}"), attribute)


def _is_first_look() -> bool:
    """Whether the import system asks, which for `from module import name` asks twice."""
    return str(sys._getframe(4).f_globals.get("__name__")).startswith("importlib.")


def explanation(name: str) -> str | None:
    """Says what to write for a name of Keras 1; None for what is none.

    Args:
        name: the name with that of its module, such as 'keras_core.regularizers.l1l2'.
    """
    path = name.partition(".")[2]
    for old, home in KEPT_MODULES.items():
        path = path.replace(f"{home}.", f"{old}.", 1)
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
    """Today's name of a module, or of what is in it, without the package."""
    for old, new in MODULES.items():
        if path == old or path.startswith(f"{old}."):
            return f"{new}{path[len(old) :]}"
    return path
