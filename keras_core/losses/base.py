"""The base of loss objects, which weigh and reduce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from keras_core import backend as K
from keras_core.graph import Tensor
from keras_core.utils import losses_utils

if TYPE_CHECKING:
    from typing_extensions import Self


class Loss:
    """A loss that weighs samples and reduces; a subclass defines `call(y_true, y_pred)`.

    Args:
        reduction: a name from `losses_utils.Reduction`.
        name: text, or None.

    Example:
        >>> class Worst(losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return K.max(K.abs(y_true - y_pred), axis=-1)
        >>> K.eval(Worst()(K.constant([[0.0, 1.0]]), K.constant([[4.0, 3.0]]))).tolist()
        4.0
    """

    def __init__(
        self,
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = None,
    ) -> None:
        losses_utils.Reduction.validate(reduction)
        self.reduction = reduction
        self.name = name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The loss, weighted and reduced.

        Args:
            y_true: targets `(batch, ...)`.
            y_pred: predictions `(batch, ...)`.
            sample_weight: weights that can be broadcast to the losses `(batch, ...)`, a number, or
                None.

        Returns:
            A scalar tensor; a tensor `(batch, ...)` for the reduction `'none'`.
        """
        scope = (self.name or type(self).__name__).strip("<>")
        with K.name_scope(scope):
            losses = self.call(y_true, y_pred)
            losses_utils.check_values(f"loss {self.name or type(self).__name__!r}", losses)
            return losses_utils.compute_weighted_loss(
                losses, sample_weight, reduction=self.reduction
            )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        return {"reduction": self.reduction, "name": self.name}

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """The losses, not yet weighted or reduced, `(batch, ...)`."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, y_true, y_pred).")


class LossFunctionWrapper(Loss):
    """A loss made of a function of targets and predictions.

    Args:
        fn: function `(y_true, y_pred, **kwargs)` that returns losses `(batch, ...)`.
        reduction: a name from `losses_utils.Reduction`.
        name: text, or None.
        **kwargs: further arguments of `fn`; part of the configuration.

    Example:
        >>> loss = losses.LossFunctionWrapper(losses.mean_squared_error, reduction="sum")
        >>> K.eval(loss([[0.0], [0.0]], [[1.0], [2.0]])).tolist()
        5.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str = losses_utils.Reduction.SUM_OVER_BATCH_SIZE,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(reduction=reduction, name=name)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        values = {k: K.eval(v) if K.is_tensor(v) else v for k, v in self._fn_kwargs.items()}
        return {**super().get_config(), **values}
