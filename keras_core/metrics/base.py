"""The base of metric objects, which gather values over batches, and their means and sums."""

from __future__ import annotations

from collections.abc import Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core.engine.base_layer import Layer, open_signature
from keras_core.graph import Tensor, Variable, substitute
from keras_core.utils import losses_utils, metrics_utils
from keras_core.utils.generic_utils import to_list
from keras_core.utils.metrics_utils import Reduction

if TYPE_CHECKING:
    from typing_extensions import Self


class Metric(Layer):
    """A value gathered over batches.

    A subclass makes its state with `add_weight` in `__init__`, and defines `update_state`, which
    returns updates of that state, and `result`.

    Calling a metric gives its result after the updates that the call adds.

    Args:
        name: text; made from the name of the class by default.
        dtype: dtype of state and result; `K.floatx()` by default.
        **kwargs: further arguments of `Layer`.

    Example:
        >>> class Batches(metrics.Metric):
        ...     def __init__(self, name="batches", **kwargs):
        ...         super().__init__(name=name, **kwargs)
        ...         self.count = self.add_weight(name="count", initializer="zeros")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         return K.update_add(self.count, 1.0)
        ...     def result(self):
        ...         return K.identity(self.count)
        >>> batches = Batches()
        >>> [K.eval(batches([[1.0]], [[0.0]])).tolist() for _ in range(3)]
        [1.0, 2.0, 3.0]
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        metric = super().__new__(cls)
        # On the object, so that what a subclass calls through super() is not registered again.
        for name, wrapper in (
            ("update_state", metrics_utils.update_state_wrapper),
            ("result", metrics_utils.result_wrapper),
        ):
            method = MethodType(wrapper(getattr(metric, name)), metric)
            object.__setattr__(metric, name, method)
        return metric

    def __init__(self, name: str | None = None, dtype: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self._names = (self.name, self.name)
        self.stateful = True
        self.built = True
        self.dtype: str = K.floatx() if dtype is None else dtype

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """The result after the updates of this call.

        Args:
            *args: those of `update_state`.
            **kwargs: those of `update_state`.

        Returns:
            Tensor.
        """
        updates = to_list(self.update_state(*args, **kwargs))
        after = {update.variable: update.value for update in updates if update is not None}
        (result,) = substitute([self.result()], after)
        result._is_metric = True
        result._metric_obj = self
        self._call_result = result
        return result

    def add_weight(  # type: ignore[override]
        self,
        name: str,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: str | None = None,
    ) -> Variable:
        """A variable of the metric's state, which no optimizer changes.

        Args:
            name: text.
            shape: tuple of int.
            initializer: initializer, or the name of one.
            dtype: the metric's own by default.

        Returns:
            Variable.
        """
        return super().add_weight(
            name=name,
            shape=tuple(shape),
            dtype=self.dtype if dtype is None else dtype,
            initializer=initializer,
            trainable=False,
        )

    def reset_states(self) -> None:
        """Sets the state to 0, as at the begin of an epoch."""
        K.batch_set_value([(v, np.zeros(v.shape, v.dtype)) for v in self.weights])

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Updates that add a batch to the state.

        Args:
            *args: mostly `y_true`, `y_pred` and `sample_weight`.
            **kwargs: likewise.

        Returns:
            An update, or a list of them.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define update_state and return updates."
        )

    def result(self) -> Tensor:
        """The value of the metric, computed from the state.

        Returns:
            Tensor.
        """
        raise NotImplementedError(f"{type(self).__name__} must define result(self).")

    def get_config(self) -> dict[str, Any]:
        return {"name": self.own_name, "dtype": self.dtype}

    @property
    def own_name(self) -> str:
        """The name that it was given, whatever a model reports it as."""
        given, reported = self._names
        return given if self.name == reported else self.name

    def _report_as(self, name: str) -> None:
        """Takes the name that a model reports it as."""
        self._names = (self.own_name, name)
        self.name = name


class Reduce(Metric):
    """The sum or mean of all values so far.

    Args:
        reduction: a name from `metrics_utils.Reduction`.
        name: text.
        dtype: dtype of state and result.

    Raises:
        ValueError: unknown reduction.

    Example:
        >>> metric = metrics.Reduce("sum_over_batch_size", name="mean")
        >>> K.eval(metric([1.0, 3.0])).tolist()
        2.0
    """

    def __init__(self, reduction: str, name: str | None, dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        known = (Reduction.SUM, Reduction.SUM_OVER_BATCH_SIZE, Reduction.WEIGHTED_MEAN)
        if reduction not in known:
            raise ValueError(
                f"Metric {self.name!r}: unknown reduction {reduction!r}; expected one of {known}."
            )
        self.reduction = reduction
        self.total: Variable = self.add_weight("total", initializer="zeros")
        if reduction != Reduction.SUM:
            self.count: Variable = self.add_weight("count", initializer="zeros")

    @open_signature
    def update_state(self, values: Any, sample_weight: Any = None) -> list[Any]:
        """Adds values.

        Args:
            values: tensor of any shape.
            sample_weight: tensor that can be broadcast to `values`, or None for weights of 1.

        Returns:
            List of updates.
        """
        values = K.cast(values, self.dtype)
        weights = None
        if sample_weight is not None:
            weights = K.cast(sample_weight, self.dtype)
            values, _, weights = losses_utils.squeeze_or_expand_dimensions(values, None, weights)
            weights = losses_utils.broadcast_weights(values, weights)
            values = values * weights
        updates = [K.update_add(self.total, K.sum(values))]
        if self.reduction == Reduction.SUM_OVER_BATCH_SIZE or (self._is_mean() and weights is None):
            updates.append(K.update_add(self.count, K.cast(K.size(values), self.dtype)))
        elif self._is_mean():
            updates.append(K.update_add(self.count, K.sum(weights)))
        return updates

    def _is_mean(self) -> bool:
        return self.reduction == Reduction.WEIGHTED_MEAN

    def result(self) -> Tensor:
        return self.total if self.reduction == Reduction.SUM else self.total / self.count


class Sum(Reduce):
    """The weighted sum of all values so far.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> total = metrics.Sum()
        >>> K.eval(total([1.0, 3.0])).tolist(), K.eval(total([8.0])).tolist()  # over all batches
        (4.0, 12.0)
    """

    def __init__(self, name: str | None = "sum", dtype: str | None = None) -> None:
        super().__init__(Reduction.SUM, name, dtype=dtype)


class Mean(Reduce):
    """The weighted mean of all values so far; NaN before the first.

    Args:
        name: text.
        dtype: dtype of state and result.

    Example:
        >>> mean = metrics.Mean()
        >>> K.eval(mean([1.0, 3.0])).tolist(), K.eval(mean([8.0])).tolist()  # over all batches
        (2.0, 4.0)
        >>> mean.reset_states()
        >>> K.eval(mean([8.0])).tolist()
        8.0
    """

    def __init__(self, name: str | None = "mean", dtype: str | None = None) -> None:
        super().__init__(Reduction.WEIGHTED_MEAN, name, dtype=dtype)


class MeanMetricWrapper(Mean):
    """The weighted mean of a function of targets and predictions.

    Args:
        fn: function `(y_true, y_pred, **kwargs)` that returns values `(batch, ...)`.
        name: text.
        dtype: dtype of state and result.
        **kwargs: further arguments of `fn`; part of the configuration.

    Example:
        >>> def worst(y_true, y_pred):
        ...     return K.max(K.abs(y_true - y_pred), axis=-1)
        >>> metric = metrics.MeanMetricWrapper(worst, name="worst")
        >>> K.eval(metric([[0.0, 1.0]], [[4.0, 3.0]])).tolist()
        4.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> list[Any]:
        """Adds a batch.

        Args:
            y_true: targets `(batch, ...)`.
            y_pred: predictions `(batch, ...)`.
            sample_weight: tensor that can be broadcast to the values of the function, or None.

        Returns:
            List of updates.
        """
        y_true, y_pred = K.cast(y_true, self.dtype), K.cast(y_pred, self.dtype)
        y_pred, y_true = losses_utils.squeeze_or_expand_dimensions(y_pred, y_true=y_true)
        if sample_weight is not None and K.ndim(sample_weight) and K.ndim(y_pred) == 1:
            # A weight a sample: the only axis is that of the samples, not of their features.
            y_true, y_pred = K.expand_dims(y_true, -1), K.expand_dims(y_pred, -1)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        losses_utils.check_values(f"metric {self.name!r}", values, numbers=True)
        return super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        values = {k: K.eval(v) if K.is_tensor(v) else v for k, v in self._fn_kwargs.items()}
        return {**super().get_config(), **values}
