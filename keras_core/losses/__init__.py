"""Losses: functions of targets and predictions, and objects that also weigh and reduce."""

from __future__ import annotations

from typing import Any, Callable

from keras_core import missing, namespaces
from keras_core.families import Family, Names
from keras_core.losses.base import Loss, LossFunctionWrapper
from keras_core.losses.functions import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    cosine_proximity,
    hinge,
    huber_loss,
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
from keras_core.losses.objects import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "Hinge",
    "Huber",
    "KLD",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "categorical_crossentropy",
    "categorical_hinge",
    "cosine",
    "cosine_proximity",
    "cosine_similarity",
    "deserialize",
    "get",
    "hinge",
    "huber_loss",
    "is_categorical_crossentropy",
    "kld",
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
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence
cosine = cosine_proximity
cosine_similarity = cosine_proximity

FAMILY = Family("loss function", Names(globals(), __all__))


def is_categorical_crossentropy(loss: Any) -> bool:
    """Whether a loss, in any form that `compile` takes, is categorical cross-entropy.

    Example:
        >>> losses.is_categorical_crossentropy("categorical_crossentropy")
        True
        >>> losses.is_categorical_crossentropy(losses.CategoricalCrossentropy())
        True
    """
    if isinstance(loss, LossFunctionWrapper):
        return loss.fn is categorical_crossentropy
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", None)
    return name == "categorical_crossentropy"


def serialize(loss: Any) -> Any:
    """The name or configuration of a loss.

    Example:
        >>> losses.serialize(losses.mean_squared_error)
        'mean_squared_error'
        >>> losses.serialize(losses.MeanSquaredError())["class_name"]
        'MeanSquaredError'
    """
    return FAMILY.serialize(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Callable[..., Any]:
    """The loss that a name or a configuration stands for.

    Args:
        name: name, or dictionary with `class_name` and `config`.
        custom_objects: losses of one's own, by name.

    Returns:
        A function or a `Loss`.

    Example:
        >>> losses.deserialize("hinge") is losses.hinge
        True
    """
    return FAMILY.deserialize(name, custom_objects)


def get(identifier: Any) -> Callable[..., Any] | None:
    """The loss that a name, configuration, function, class or object stands for; None for None.

    Raises:
        ValueError: unknown name, or something else altogether.

    Example:
        >>> losses.get("mse") is losses.mean_squared_error
        True
        >>> losses.get("MeanSquaredError").reduction
        'sum_over_batch_size'
    """
    return None if identifier is None else FAMILY.get(identifier)
