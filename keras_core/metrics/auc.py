"""The area under a curve of a confusion matrix's rates."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.graph import Tensor
from keras_core.metrics.confusion import CurveMetric, inner_thresholds
from keras_core.utils import metrics_utils
from keras_core.utils.generic_utils import checked_whole_number
from keras_core.utils.metrics_utils import AUCCurve, AUCSummationMethod, divide_no_nan


class AUC(CurveMetric):
    """The area under the ROC curve or the precision-recall curve, from counts at some thresholds.

    Args:
        num_thresholds: number of thresholds, 2 or more; the more, the nearer to the true area.
        curve: `'ROC'` (recall over false positive rate) or `'PR'` (precision over recall).
        summation_method: `'interpolation'`, `'minoring'` or `'majoring'`: a strip under the curve
            is as high as the mean, lesser or greater of its ends. For PR, `'interpolation'` takes
            the true and false positives to be linear instead (see `interpolate_pr_auc`).
        name: text.
        dtype: dtype of state and result.
        thresholds: the inner thresholds themselves, in (0, 1); `num_thresholds` is ignored then.

    Raises:
        ValueError: fewer than 2 thresholds, one outside of [0, 1], or an unknown name.

    Example:
        >>> y_true, y_pred = [0, 0, 1, 1], [0.1, 0.5, 0.3, 0.9]
        >>> print(K.eval(metrics.AUC()(y_true, y_pred)).round(3))
        0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: Any = "ROC",
        summation_method: Any = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Any = None,
    ) -> None:
        if thresholds is None:
            if checked_whole_number("AUC: `num_thresholds`", num_thresholds) <= 1:
                raise ValueError(f"AUC: `num_thresholds` must be 2 or more; got {num_thresholds}.")
            inner = inner_thresholds(num_thresholds)
        else:
            metrics_utils.assert_thresholds_range(thresholds)
            inner = sorted(thresholds)
        edge = K.epsilon()  # below 0 and above 1, so that the curve reaches both its ends
        super().__init__([0.0 - edge, *inner, 1.0 + edge], name, dtype)
        self.num_thresholds: int = len(self.thresholds)
        self.curve: AUCCurve = curve if isinstance(curve, AUCCurve) else AUCCurve.from_str(curve)
        self.summation_method: AUCSummationMethod = (
            summation_method
            if isinstance(summation_method, AUCSummationMethod)
            else AUCSummationMethod.from_str(summation_method)
        )

    def result(self) -> Tensor:
        interpolates = self.summation_method == AUCSummationMethod.INTERPOLATION
        if self.curve == AUCCurve.PR and interpolates:
            return self.interpolate_pr_auc()
        x, y = self._curve_points()
        return K.sum((x[:-1] - x[1:]) * self._heights(y[:-1], y[1:]))

    def _curve_points(self) -> tuple[Any, Any]:
        tp, fp = self.true_positives, self.false_positives
        recall = divide_no_nan(tp, tp + self.false_negatives)
        if self.curve == AUCCurve.ROC:
            return divide_no_nan(fp, fp + self.true_negatives), recall
        return recall, divide_no_nan(tp, tp + fp)

    def _heights(self, left: Any, right: Any) -> Any:
        if self.summation_method == AUCSummationMethod.INTERPOLATION:
            return (left + right) / 2.0
        if self.summation_method == AUCSummationMethod.MINORING:
            return K.minimum(left, right)
        return K.maximum(left, right)

    def interpolate_pr_auc(self) -> Tensor:
        """The area under the precision-recall curve, with true and false positives linear between.

        Within a strip tp = intercept + slope * p, with p = tp + fp, so that the precision tp / p
        has the integral slope * dtp + slope * intercept * log(ratio of p) over the true positives.

        Returns:
            Scalar tensor.

        Reference: Davis and Goadrich, 2006, "The Relationship Between Precision-Recall and ROC
        Curves".
        """
        tp = self.true_positives
        p = tp + self.false_positives
        dtp, dp = tp[:-1] - tp[1:], p[:-1] - p[1:]
        slope = divide_no_nan(dtp, K.maximum(dp, 0.0))
        intercept = tp[1:] - slope * p[1:]
        both = K.greater(K.minimum(p[:-1], p[1:]), 0.0)
        ratio = K.switch(both, divide_no_nan(p[:-1], p[1:]), K.ones_like(dp))
        positives = tp[1:] + self.false_negatives[1:]
        return K.sum(divide_no_nan(slope * (dtp + intercept * K.log(ratio)), positives))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve.value,
            "summation_method": self.summation_method.value,
            "thresholds": self.thresholds[1:-1],
        }
