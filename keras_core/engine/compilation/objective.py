"""What a model is trained for: its outputs with loss, and the tensors that a step computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras_core import backend as K
from keras_core import metrics as metrics_module
from keras_core.engine.compilation.losses import output_loss
from keras_core.engine.compilation.metrics import Measured, measure


class Endpoint:
    """An output that has a loss.

    Args:
        name: name of the output.
        output: tensor of the predictions.
        mask: mask of the output, or None.
        loss: loss object.
        loss_weight: weight of this loss in the total.
        target: tensor of the targets.
        target_shape: shape the targets have to have, None for any.
        sample_weight: placeholder of the sample weights.
        sample_weight_mode: None or `'temporal'`.
        metrics: metric objects that ignore sample weights.
        weighted_metrics: metric objects that heed them.
    """

    def __init__(
        self,
        name: str,
        output: Any,
        mask: Any,
        loss: Any,
        loss_weight: float,
        target: Any,
        target_shape: Any,
        sample_weight: Any,
        sample_weight_mode: str | None,
        metrics: Sequence[Any],
        weighted_metrics: Sequence[Any],
    ) -> None:
        self.name = name
        self.output = output
        self.mask = mask
        self.loss = loss
        self.loss_weight = loss_weight
        self.target = target
        self.target_shape = target_shape
        self.sample_weight = sample_weight
        self.sample_weight_mode = sample_weight_mode
        self.metrics = list(metrics)
        self.weighted_metrics = list(weighted_metrics)
        self.loss_metric: Any = None
        self.is_fed = K.is_placeholder(target)

    def loss_tensor(self, weighted: bool) -> Any:
        """The loss, with or without sample weights."""
        weights = self.sample_weight if weighted else None
        with K.name_scope(f"{self.name}_loss"):
            return output_loss(self.loss, self.target, self.output, weights, self.mask)

    def measured(self, metric: Any, weighted: bool) -> Measured:
        """A metric applied to this output."""
        weights = self.sample_weight if weighted else None
        return measure(metric, self.target, self.output, weights=weights, mask=self.mask)


class Objective(NamedTuple):
    """Tensors of one step.

    Attributes:
        total_loss: scalar that training makes small.
        measured: what is computed and updated for the losses of several outputs, then for metrics.
    """

    total_loss: Any
    measured: list[Measured]


class Objectives:
    """The objective without and with sample weights, each made when it is first needed.

    Both give the same numbers where all weights are 1; the one without does less.

    Args:
        endpoints: outputs that have a loss.
        penalties: further scalar tensors in the total loss, such as regularization.
        several: whether the model has several outputs, whose losses are reported one by one.
    """

    def __init__(
        self, endpoints: Sequence[Endpoint], penalties: Sequence[Any], several: bool
    ) -> None:
        self.endpoints = list(endpoints)
        self.penalties = list(penalties)
        self._made: dict[bool, Objective] = {}
        # Metrics that ignore weights are the same in both.
        self._unweighted: dict[Any, Measured] = {}
        for endpoint in self.endpoints if several else ():
            endpoint.loss_metric = metrics_module.Mean(name=f"{endpoint.name}_loss")

    @property
    def loss_metrics(self) -> list[Any]:
        """Metrics that report the losses of several outputs."""
        return [end.loss_metric for end in self.endpoints if end.loss_metric is not None]

    @property
    def metrics(self) -> list[Any]:
        """Metrics of the outputs, in order."""
        return [m for end in self.endpoints for m in (*end.metrics, *end.weighted_metrics)]

    def get(self, weighted: bool) -> Objective:
        """The objective with or without sample weights."""
        if weighted not in self._made:
            self._made[weighted] = self._make(weighted)
        return self._made[weighted]

    def _make(self, weighted: bool) -> Objective:
        losses = [end.loss_tensor(weighted) for end in self.endpoints]
        of_losses = [
            measure(end.loss_metric, loss)
            for end, loss in zip(self.endpoints, losses)
            if end.loss_metric is not None
        ]
        of_metrics = [one for end in self.endpoints for one in self._measured(end, weighted)]
        return Objective(self._total(losses), of_losses + of_metrics)

    def _measured(self, end: Endpoint, weighted: bool) -> list[Measured]:
        for metric in end.metrics:
            if metric not in self._unweighted:
                self._unweighted[metric] = end.measured(metric, weighted=False)
        plain = [self._unweighted[metric] for metric in end.metrics]
        return plain + [end.measured(metric, weighted) for metric in end.weighted_metrics]

    def _total(self, losses: Sequence[Any]) -> Any:
        terms = [
            loss if end.loss_weight == 1 else end.loss_weight * loss
            for end, loss in zip(self.endpoints, losses)
        ]
        terms += [K.mean(term) if K.ndim(term) else term for term in self.penalties]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total
