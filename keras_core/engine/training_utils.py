"""Helpers of training under the module path that Keras 2 has for them."""

from __future__ import annotations

from typing import Any

from keras_core.engine.compilation.losses import (
    get_loss_function,
    get_output_sample_weight_and_mode,
    prepare_loss_functions,
    prepare_loss_weights,
    prepare_sample_weights,
    weighted_masked_objective,
)
from keras_core.engine.compilation.metrics import (
    call_metric_function,
    collect_per_output_metric_info,
    get_metric_function,
    get_metric_name,
)
from keras_core.engine.feeding.arrays import (
    check_array_length_consistency,
    check_loss_and_target_compatibility,
    check_num_samples,
    standardize_class_weights,
    standardize_input_data,
    standardize_sample_or_class_weights,
    standardize_sample_weights,
    standardize_single_array,
    standardize_weights,
)
from keras_core.engine.feeding.generators import (
    check_generator_arguments,
    is_generator_or_sequence,
    is_sequence,
    iter_sequence_infinite,
)
from keras_core.engine.feeding.sources import batch_shuffle, make_batches
from keras_core.engine.runs.loop import should_run_validation

__all__ = [
    "batch_shuffle",
    "call_metric_function",
    "check_array_length_consistency",
    "check_generator_arguments",
    "check_loss_and_target_compatibility",
    "check_num_samples",
    "collect_per_output_metric_info",
    "get_input_shape_and_dtype",
    "get_loss_function",
    "get_metric_function",
    "get_metric_name",
    "get_output_sample_weight_and_mode",
    "get_static_batch_size",
    "is_generator_or_sequence",
    "is_sequence",
    "iter_sequence_infinite",
    "make_batches",
    "prepare_loss_functions",
    "prepare_loss_weights",
    "prepare_sample_weights",
    "should_run_validation",
    "standardize_class_weights",
    "standardize_input_data",
    "standardize_sample_or_class_weights",
    "standardize_sample_weights",
    "standardize_single_array",
    "standardize_weights",
    "weighted_masked_objective",
]


def get_input_shape_and_dtype(layer: Any) -> tuple[Any, Any]:
    """Batch shape and dtype that the innermost first layer was given, None for what it was not.

    Raises:
        ValueError: a model on the way is empty.
    """
    while hasattr(layer, "layers"):
        if not layer.layers:
            raise ValueError(f"Model {layer.name} is empty, so it has no first layer; add one.")
        layer = layer.layers[0]
    return getattr(layer, "batch_input_shape", None), getattr(layer, "dtype", None)


def get_static_batch_size(layer: Any) -> int | None:
    """The batch size that a layer, or the first one in a model, was made for, or None."""
    shape, _ = get_input_shape_and_dtype(layer)
    return shape[0] if shape is not None else None
