"""Metric objects made of the counts of a confusion matrix at one threshold or at several."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.attempt import take_numbers
from keras_core.graph import Tensor, Variable
from keras_core.metrics.base import Metric
from keras_core.utils import metrics_utils
from keras_core.utils.generic_utils import checked_whole_number
from keras_core.utils.metrics_utils import ConfusionMatrix, divide_no_nan


class ConfusionMetric(Metric):
    """Base of the metrics made of counts at thresholds; a subclass names what is counted.

    Args:
        thresholds: list of numbers.
        name: text.
        dtype: dtype of state and result.
    """

    # Each outcome that is counted, by the name of the weight that holds its count.
    _counted: dict[str, ConfusionMatrix]
    accumulator: Variable
    true_positives: Variable
    true_negatives: Variable
    false_positives: Variable
    false_negatives: Variable
    top_k: int | None = None
    class_id: int | None = None

    def __init__(self, thresholds: list[float], name: str | None, dtype: str | None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.thresholds = thresholds
        for count in self._counted:
            weight = self.add_weight(count, shape=(len(thresholds),), initializer="zeros")
            setattr(self, count, weight)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> list[Any]:
        """Adds a batch.

        Args:
            y_true: targets, 0 or 1, `(batch, ...)`, the classes on the last axis.
            y_pred: predictions in [0, 1], of the same shape.
            sample_weight: tensor that can be broadcast to `y_pred`, or None; not with `class_id`.

        Returns:
            List of updates.
        """
        return metrics_utils.update_confusion_matrix_variables(
            {outcome: getattr(self, count) for count, outcome in self._counted.items()},
            y_true,
            y_pred,
            thresholds=self.thresholds,
            top_k=self.top_k,
            class_id=self.class_id,
            sample_weight=sample_weight,
        )

    def _one_or_all(self, values: Any) -> Any:
        """The values at the thresholds; without an axis for a single one."""
        return values[0] if len(self.thresholds) == 1 else values


class _OutcomeCount(ConfusionMetric):
    """The number, or weight, of the predictions with one outcome.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default.
        name: text.
        dtype: dtype of state and result.
    """

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: str | None = None
    ) -> None:
        parsed = metrics_utils.parse_init_thresholds(thresholds, default_threshold=0.5)
        super().__init__(parsed, name, dtype)
        self.init_thresholds = thresholds

    def result(self) -> Tensor:
        return self._one_or_all(self.accumulator)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class FalsePositives(_OutcomeCount):
    """The number of negative targets that are predicted as positive.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]
        >>> K.eval(metrics.FalsePositives()(y_true, y_pred)).tolist()
        1.0
    """

    _counted = {"accumulator": ConfusionMatrix.FALSE_POSITIVES}


class FalseNegatives(_OutcomeCount):
    """The number of positive targets that are predicted as negative.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]
        >>> K.eval(metrics.FalseNegatives()(y_true, y_pred)).tolist()
        1.0
    """

    _counted = {"accumulator": ConfusionMatrix.FALSE_NEGATIVES}


class TrueNegatives(_OutcomeCount):
    """The number of negative targets that are predicted as such.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]
        >>> K.eval(metrics.TrueNegatives()(y_true, y_pred)).tolist()
        1.0
    """

    _counted = {"accumulator": ConfusionMatrix.TRUE_NEGATIVES}


class TruePositives(_OutcomeCount):
    """The number of positive targets that are predicted as such.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]
        >>> K.eval(metrics.TruePositives()(y_true, y_pred)).tolist()
        1.0
    """

    _counted = {"accumulator": ConfusionMatrix.TRUE_POSITIVES}


class _PrecisionOrRecall(ConfusionMetric):
    """The part that true positives make up of themselves and of the other outcome that is counted.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default, none at all with `top_k`.
        top_k: only the `top_k` best classes of a sample count as predicted; None for all.
        class_id: index of the only class that counts; None for all.
        name: text.
        dtype: dtype of state and result.
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        who = type(self).__name__
        if top_k is not None:
            top_k = checked_whole_number(f"{who}: `top_k`", top_k, least=1)
        if class_id is not None:
            class_id = checked_whole_number(f"{who}: `class_id`", class_id, least=0)
        default = 0.5 if top_k is None else metrics_utils.NEG_INF
        parsed = metrics_utils.parse_init_thresholds(thresholds, default_threshold=default)
        super().__init__(parsed, name, dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id

    def result(self) -> Tensor:
        right, wrong = (getattr(self, count) for count in self._counted)
        return self._one_or_all(divide_no_nan(right, right + wrong))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_PrecisionOrRecall):
    """The part of the positive predictions that are right: tp / (tp + fp), 0 before the first.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default, none at all with `top_k`.
        top_k: only the `top_k` best classes of a sample count as predicted; None for all.
        class_id: index of the only class that counts; None for all.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]
        >>> K.eval(metrics.Precision()(y_true, y_pred)).tolist()
        0.5
    """

    _counted = {
        "true_positives": ConfusionMatrix.TRUE_POSITIVES,
        "false_positives": ConfusionMatrix.FALSE_POSITIVES,
    }


class Recall(_PrecisionOrRecall):
    """The part of the positive targets that are predicted: tp / (tp + fn), 0 before the first.

    Args:
        thresholds: number or list of numbers in [0, 1]; 0.5 by default, none at all with `top_k`.
        top_k: only the `top_k` best classes of a sample count as predicted; None for all.
        class_id: index of the only class that counts; None for all.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> y_true, y_pred = [1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]
        >>> K.eval(metrics.Recall()(y_true, y_pred)).tolist()
        0.5
    """

    _counted = {
        "true_positives": ConfusionMatrix.TRUE_POSITIVES,
        "false_negatives": ConfusionMatrix.FALSE_NEGATIVES,
    }


class CurveMetric(ConfusionMetric):
    """Base of the metrics that need all four counts at many thresholds.

    Args:
        thresholds: list of numbers, in ascending order.
        name: text.
        dtype: dtype of state and result.
    """

    _counted = {
        "true_positives": ConfusionMatrix.TRUE_POSITIVES,
        "true_negatives": ConfusionMatrix.TRUE_NEGATIVES,
        "false_positives": ConfusionMatrix.FALSE_POSITIVES,
        "false_negatives": ConfusionMatrix.FALSE_NEGATIVES,
    }


def inner_thresholds(num_thresholds: int) -> list[float]:
    """`num_thresholds - 2` numbers that cut [0, 1] into equal parts."""
    take_numbers((num_thresholds,), lambda: "A metric")
    return [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]


class SensitivitySpecificityBase(CurveMetric):
    """Base of sensitivity at a given specificity, and the other way round.

    Args:
        value: the given one, in [0, 1].
        num_thresholds: number of thresholds to choose among.
        name: text.
        dtype: dtype of state and result.

    Raises:
        ValueError: no threshold at all.

    Example:
        >>> isinstance(metrics.SensitivityAtSpecificity(0.5), metrics.SensitivitySpecificityBase)
        True
    """

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        who = f"{type(self).__name__}: `num_thresholds`"
        if checked_whole_number(who, num_thresholds) <= 0:
            raise ValueError(
                f"{type(self).__name__}: `num_thresholds` must be positive; got {num_thresholds}."
            )
        single = num_thresholds == 1
        super().__init__(
            [0.5] if single else [0.0, *inner_thresholds(num_thresholds), 1.0], name, dtype
        )
        self.value = value

    def _sensitivities(self) -> Any:
        return divide_no_nan(self.true_positives, self.true_positives + self.false_negatives)

    def _specificities(self) -> Any:
        return divide_no_nan(self.true_negatives, self.true_negatives + self.false_positives)

    def _at_value(self, given: Any, wanted: Any) -> Any:
        return K.gather(wanted, K.argmin(K.abs(given - self.value), axis=0))


class SensitivityAtSpecificity(SensitivitySpecificityBase):
    """The sensitivity tp / (tp + fn) where the specificity tn / (tn + fp) is nearest to a value.

    Args:
        specificity: the value, in [0, 1].
        num_thresholds: number of thresholds to choose among.
        name: text.
        dtype: dtype of state and result.

    Raises:
        ValueError: a specificity outside of [0, 1], or no threshold at all.

    Example:
        >>> metric = metrics.SensitivityAtSpecificity(0.5)
        >>> K.eval(metric([0, 0, 1, 1], [0.1, 0.5, 0.3, 0.9])).tolist()
        1.0
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        _check_share("specificity", specificity)
        super().__init__(specificity, num_thresholds=num_thresholds, name=name, dtype=dtype)
        self.specificity = specificity
        self.num_thresholds = num_thresholds

    def result(self) -> Tensor:
        return self._at_value(self._specificities(), self._sensitivities())

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, "specificity": self.specificity}
        return {**super().get_config(), **own}


class SpecificityAtSensitivity(SensitivitySpecificityBase):
    """The specificity tn / (tn + fp) where the sensitivity tp / (tp + fn) is nearest to a value.

    Args:
        sensitivity: the value, in [0, 1].
        num_thresholds: number of thresholds to choose among.
        name: text.
        dtype: dtype of state and result.

    Raises:
        ValueError: a sensitivity outside of [0, 1], or no threshold at all.

    Example:
        >>> metric = metrics.SpecificityAtSensitivity(0.5)
        >>> K.eval(metric([0, 0, 1, 1], [0.1, 0.5, 0.3, 0.9])).tolist()
        0.5
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        _check_share("sensitivity", sensitivity)
        super().__init__(sensitivity, num_thresholds=num_thresholds, name=name, dtype=dtype)
        self.sensitivity = sensitivity
        self.num_thresholds = num_thresholds

    def result(self) -> Tensor:
        return self._at_value(self._sensitivities(), self._specificities())

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, "sensitivity": self.sensitivity}
        return {**super().get_config(), **own}


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"`{name}` must be in [0, 1]; got {value!r}.")
