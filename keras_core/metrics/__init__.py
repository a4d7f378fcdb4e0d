"""Metrics: functions of targets and predictions, and objects that gather them over batches."""

from __future__ import annotations

from typing import Any, Callable

from keras_core import missing, namespaces
from keras_core.families import Family, Names
from keras_core.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    hinge,
    kullback_leibler_divergence,
    logcosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from keras_core.metrics.auc import AUC
from keras_core.metrics.base import Mean, MeanMetricWrapper, Metric, Reduce, Sum
from keras_core.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    SensitivityAtSpecificity,
    SensitivitySpecificityBase,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from keras_core.metrics.functions import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    cosine_proximity,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from keras_core.metrics.iou import MeanIoU
from keras_core.metrics.means import (
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SquaredHinge,
    TopKCategoricalAccuracy,
)

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Poisson",
    "Precision",
    "Recall",
    "Reduce",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SensitivitySpecificityBase",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "accuracy",
    "binary_accuracy",
    "binary_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_hinge",
    "clone_metric",
    "clone_metrics",
    "cosine",
    "cosine_proximity",
    "cosine_similarity",
    "deserialize",
    "get",
    "hinge",
    "kullback_leibler_divergence",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
cosine = cosine_proximity
cosine_similarity = cosine_proximity

FAMILY = Family("metric function", Names(globals(), __all__))


def clone_metric(metric: Any) -> Any:
    """A metric object with the same configuration and no state; anything else as it is.

    Example:
        >>> mean = metrics.Mean(name="cost")
        >>> clone = metrics.clone_metric(mean)
        >>> clone is mean, clone.name
        (False, 'cost')
    """
    return type(metric).from_config(metric.get_config()) if isinstance(metric, Metric) else metric


def clone_metrics(metrics: Any) -> Any:
    """Clones each metric object of a list, or of the values of a dictionary.

    Example:
        >>> [metric.name for metric in metrics.clone_metrics([metrics.AUC(), metrics.Mean()])]
        ['auc_1', 'mean']
    """
    if isinstance(metrics, dict):
        return {name: clone_metric(metric) for name, metric in metrics.items()}
    return [clone_metric(metric) for metric in metrics]


def serialize(metric: Any) -> Any:
    """The name or configuration of a metric.

    Example:
        >>> data = metrics.serialize(metrics.Precision(thresholds=0.25))
        >>> data["class_name"], data["config"]["thresholds"]
        ('Precision', 0.25)
    """
    return FAMILY.serialize(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric that a name or a configuration stands for.

    Args:
        config: name, or dictionary with `class_name` and `config`.
        custom_objects: metrics of one's own, by name.

    Returns:
        A function or a `Metric`.

    Example:
        >>> data = metrics.serialize(metrics.Precision(thresholds=0.25))
        >>> metrics.deserialize(data).thresholds
        [0.25]
    """
    return FAMILY.deserialize(config, custom_objects)


def get(identifier: Any) -> Callable[..., Any]:
    """The metric that a name, configuration, function, class or object stands for.

    Raises:
        ValueError: unknown name, or something else altogether.

    Example:
        >>> metrics.get("mae") is metrics.mean_absolute_error
        True
        >>> metrics.get("AUC").name
        'auc_1'
    """
    return FAMILY.get(identifier)
