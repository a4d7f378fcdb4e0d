"""Mean intersection over union."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.graph import Tensor, Variable
from keras_core.metrics.base import Metric
from keras_core.utils.generic_utils import checked_whole_number
from keras_core.utils.metrics_utils import divide_no_nan


class MeanIoU(Metric):
    """The mean over classes of tp / (tp + fp + fn), classes that never came up left out.

    Args:
        num_classes: number of classes.
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> print(K.eval(metrics.MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 1, 1])).round(3))
        0.583
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(name=name or self._uncounted_name(), dtype=dtype)
        self.num_classes: int = checked_whole_number("MeanIoU: `num_classes`", num_classes, least=1)
        self.total_confusion_matrix: Variable = self.add_weight(
            "total_confusion_matrix",
            shape=(self.num_classes, self.num_classes),
            initializer="zeros",
        )

    @staticmethod
    def _uncounted_name() -> str:
        """The first one has no number, as Keras 2 takes this class from TensorFlow 2."""
        count = K.get_uid("mean_io_u")
        return "mean_io_u" if count == 1 else f"mean_io_u_{count - 1}"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Adds a batch.

        Args:
            y_true: integer classes, of any shape.
            y_pred: integer classes, of the same shape.
            sample_weight: tensor of the same shape, or None.

        Returns:
            An update.
        """
        true, predicted = self._one_hot(y_true), self._one_hot(y_pred)
        if sample_weight is not None:
            predicted = predicted * K.reshape(K.cast(sample_weight, self.dtype), (-1, 1))
        return K.update_add(self.total_confusion_matrix, K.dot(K.transpose(true), predicted))

    def _one_hot(self, y: Any) -> Any:
        classes = K.cast(K.reshape(y, (-1,)), "int32")
        return K.cast(K.one_hot(classes, self.num_classes), self.dtype)

    def result(self) -> Tensor:
        matrix = self.total_confusion_matrix
        intersections = K.sum(matrix * K.eye(self.num_classes, dtype=self.dtype), axis=0)
        unions = K.sum(matrix, axis=0) + K.sum(matrix, axis=1) - intersections
        seen = K.sum(K.cast(K.not_equal(unions, 0.0), self.dtype))
        return divide_no_nan(K.sum(divide_no_nan(intersections, unions)), seen)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_classes": self.num_classes}
