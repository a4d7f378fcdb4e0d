"""What a model is trained for: its outputs with loss, and the tensors that a step computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from keras_core import backend as K
from keras_core import metrics as metrics_module
from keras_core import sharing
from keras_core.engine.assembling import made
from keras_core.engine.compilation.losses import output_loss, target_shape
from keras_core.engine.compilation.metrics import Measured, measure
from keras_core.metrics import Metric


@dataclass(eq=False)
class ScoredOutput:
    """An output that has a loss.

    Attributes:
        name: name of the output.
        output: tensor of the predictions.
        loss: loss object.
        loss_weight: weight of this loss in the total.
        target: tensor of the targets.
        sample_weight: placeholder of the sample weights; None where targets are not fed.
        sample_weight_mode: None or `'temporal'`.
        metrics: metric objects that ignore sample weights, by the names that users gave.
        weighted_metrics: metric objects that heed them, likewise.
        loss_metric: what reports the loss, where there are several.
    """

    name: str
    output: Any
    loss: Any
    loss_weight: float
    target: Any
    sample_weight: Any
    sample_weight_mode: str | None
    metrics: dict[str, Metric]
    weighted_metrics: dict[str, Metric]
    loss_metric: Metric | None = None

    def __post_init__(self) -> None:
        if not self.is_fed:
            self.sample_weight = None

    @property
    def is_fed(self) -> bool:
        """Whether targets are fed, and not a tensor of the user's own."""
        return K.is_placeholder(self.target)

    @property
    def target_shape(self) -> Sequence[Any] | None:
        """The shape the targets have to have, None for any."""
        return target_shape(self.loss, self.output.shape)

    @property
    def mask(self) -> Any:
        """The mask of the output, or None."""
        return getattr(self.output, "_keras_mask", None)

    def loss_tensor(self, weighted: bool) -> Any:
        """The loss, with or without sample weights."""
        weights = self.sample_weight if weighted else None
        with K.name_scope(f"{self.name}_loss"):
            return output_loss(self.loss, self.target, self.output, weights, self.mask)

    def measured(self, metric: Any, weighted: bool) -> Measured:
        """A metric applied to this output."""
        weights = self.sample_weight if weighted else None
        measured = measure(metric, self.target, self.output, weights=weights, mask=self.mask)
        return Measured(*sharing.summed(*measured, metric.name))


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
        scored: outputs that have a loss.
        penalties: further scalar tensors in the total loss, such as regularization.
        several: whether the model has several outputs, whose losses are reported one by one.
    """

    def __init__(
        self, scored: Sequence[ScoredOutput], penalties: Sequence[Any], several: bool
    ) -> None:
        self.scored: list[ScoredOutput] = list(scored)
        self.penalties: list[Any] = list(penalties)
        self._made: dict[bool, Objective] = {}
        # Metrics that ignore weights are the same in both.
        self._unweighted: dict[Any, Measured] = {}
        for one in self.scored if several else ():
            one.loss_metric = metrics_module.Mean(name=f"{one.name}_loss")

    @property
    def loss_metrics(self) -> list[Any]:
        """Metrics that report the losses of several outputs."""
        return [one.loss_metric for one in self.scored if one.loss_metric is not None]

    @property
    def metrics(self) -> list[Any]:
        """Metrics of the outputs, in order."""
        return [
            m
            for one in self.scored
            for m in (*one.metrics.values(), *one.weighted_metrics.values())
        ]

    def get(self, weighted: bool) -> Objective:
        """The objective with or without sample weights."""
        return made(self._made, weighted, self._make, weighted)

    def _make(self, weighted: bool) -> Objective:
        losses = [sharing.of_batch(one.loss_tensor(weighted)) for one in self.scored]
        of_losses = [
            measure(one.loss_metric, sharing.mean(loss))
            for one, loss in zip(self.scored, losses)
            if one.loss_metric is not None
        ]
        of_metrics = [m for one in self.scored for m in self._measured(one, weighted)]
        return Objective(self._total(losses), of_losses + of_metrics)

    def _measured(self, one: ScoredOutput, weighted: bool) -> list[Measured]:
        for metric in one.metrics.values():
            if metric not in self._unweighted:
                self._unweighted[metric] = one.measured(metric, weighted=False)
        plain = [self._unweighted[metric] for metric in one.metrics.values()]
        return plain + [one.measured(m, weighted) for m in one.weighted_metrics.values()]

    def _total(self, losses: Sequence[Any]) -> Any:
        terms = [
            loss if one.loss_weight == 1 else one.loss_weight * loss
            for one, loss in zip(self.scored, losses)
        ]
        penalties = (K.mean(term) if K.ndim(term) else term for term in self.penalties)
        terms += map(sharing.of_batch, penalties)
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total
