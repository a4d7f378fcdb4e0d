"""Losses, updates and metrics that a layer gathers, some of them tied to the inputs of a call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from keras_core import slots
from keras_core.graph import Tensor, Update
from keras_core.legacy.calls import TakesOldCalls
from keras_core.utils.generic_utils import to_list
from keras_core.utils.metrics_utils import as_symbol

if TYPE_CHECKING:
    from keras_core.engine.base_layer import Layer
    from keras_core.metrics.base import Metric

Item = TypeVar("Item")


def unique(items: Iterable[Item]) -> list[Item]:
    """Drops repetitions, by identity for tensors, and keeps the order."""
    return list(dict.fromkeys(items))


def input_key(inputs: Any) -> tuple[Tensor, ...] | None:
    """What losses and updates of a call are filed under: its tensors, or None for no call."""
    if inputs is None:
        return None
    return tuple(to_list(inputs, allow_tuple=True)) or None


class Additions(TakesOldCalls):
    """The part of a layer that holds its losses, updates and metrics.

    Each of them is filed twice: in order of arrival, and under the inputs it depends on (None when
    it depends on no input, as the penalty on a weight does). Of updates that come from a layer
    inside, `_update_owners` keeps whose they are, for that layer may be frozen later.
    """

    trainable: bool
    stateful: bool
    _layers: list[Layer]
    _losses: list[Any]
    _updates: list[Any]
    _metrics: list[Any]
    _per_input_losses: dict[Any, list[Any]]
    _per_input_updates: dict[Any, list[Any]]
    _update_owners: dict[Any, Any]

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds terms to the loss of every model the layer stands in.

        Args:
            losses: a scalar tensor, or a list of them.
            inputs: the tensor or tensors the losses depend on; None when they depend on no input,
                as a penalty on weights.

        Example:
            >>> class Small(layers.Layer):
            ...     def call(self, inputs):
            ...         self.add_loss(K.sum(K.abs(inputs)), inputs=inputs)
            ...         return inputs
            >>> model = models.Sequential([Small(input_shape=(2,))])
            >>> model.compile("sgd", "mse")
            >>> x = np.array([[1.0, -2.0]])
            >>> float(model.evaluate(x, x, verbose=0))
            3.0
        """
        self._file(losses, inputs, self._losses, self._per_input_losses)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds updates of variables that happen at each training step.

        Args:
            updates: an update (see `K.update`), or a list of them.
            inputs: the tensor or tensors the updates depend on, or None.

        Example:
            >>> class Counting(layers.Layer):
            ...     def build(self, input_shape):
            ...         self.steps = self.add_weight("steps", initializer="zeros", trainable=False)
            ...     def call(self, inputs):
            ...         self.add_update(K.update_add(self.steps, 1.0))
            ...         return inputs
            >>> model = models.Sequential([Counting(input_shape=(1,)), layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> _ = model.fit(np.ones((8, 1)), np.ones((8, 1)), batch_size=2, verbose=0)
            >>> model.layers[0].get_weights()[0].tolist()
            4.0
        """
        self._file(updates, inputs, self._updates, self._per_input_updates)

    @staticmethod
    def _file(
        items: Any, inputs: Any, all_items: list[Any], per_input: dict[Any, list[Any]]
    ) -> None:
        items = [item for item in to_list(items) if item is not None]
        all_items.extend(items)
        if items:
            per_input.setdefault(input_key(inputs), []).extend(items)

    def add_metric(self, value: Any, name: str | None = None) -> None:
        """Adds the mean of a tensor to what training and evaluation report.

        Args:
            value: tensor, averaged over all of its elements and over the batches of an epoch; or
                the result of a call of a Metric object.
            name: str, the metric's name in the logs.

        Example:
            >>> class Watched(layers.Layer):
            ...     def call(self, inputs):
            ...         self.add_metric(K.max(inputs), name="largest")
            ...         return inputs
            >>> model = models.Sequential([Watched(input_shape=(2,))])
            >>> model.compile("sgd", "mse")
            >>> model.metrics_names
            ['loss', 'largest']
        """
        made_by = getattr(value, "_metric_obj", None)
        if made_by is not None:
            if made_by not in self._metrics:
                self._metrics.append(made_by)
            return
        known = [metric for metric in self._metrics if metric.name == name]
        metric = known[0] if known else slots.family("metrics").built_in["Mean"](name=name)
        if not known:
            self._metrics.append(metric)
        metric(as_symbol(value))

    @property
    def losses(self) -> list[Tensor]:
        """All losses of the layer and of the layers inside it."""
        return self._with_sublayers("losses", self._losses)

    @property
    def updates(self) -> list[Update]:
        """All updates of the layer and of the layers inside it; none when it is frozen."""
        if not self.trainable and not self.stateful:
            return []
        return self._live(self._with_sublayers("updates", self._updates))

    @property
    def metrics(self) -> list[Metric]:
        """Metrics added by the layer and by the layers inside it."""
        return self._with_sublayers("metrics", self._metrics)

    def _with_sublayers(self, attribute: str, own: list[Any]) -> list[Any]:
        layers = self._layers
        if not layers and not own:
            return []
        return unique([*own, *(item for layer in layers for item in getattr(layer, attribute))])

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """The losses that depend on these inputs.

        Args:
            inputs: the inputs of a call, or None for losses that depend on no input.

        Example:
            >>> layer = layers.Dense(2, kernel_regularizer="l2")
            >>> y = layer(layers.Input((3,)))
            >>> len(layer.get_losses_for(None))  # a penalty on weights depends on no input
            1
        """
        return self._filed("get_losses_for", inputs, self._per_input_losses)

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """The updates that depend on these inputs; none when the layer is frozen.

        Args:
            inputs: the inputs of a call, or None for updates that depend on no input.

        Example:
            >>> layer, x = layers.BatchNormalization(), layers.Input((3,))
            >>> y = layer(x)
            >>> len(layer.get_updates_for(x))  # of the moving mean and variance
            2
        """
        if not self.trainable and not self.stateful:
            return []
        return self._live(self._updates_filed_for(inputs))

    def _updates_filed_for(self, inputs):
        """The updates that depend on these inputs, those of frozen layers too."""
        return self._filed("_updates_filed_for", inputs, self._per_input_updates)

    def _live(self, updates):
        """Those updates that come from no frozen layer, at any depth."""
        return [update for update in updates if self._moves(update)]

    def _moves(self, update):
        owner = self._update_owners.get(update)
        return owner is None or ((owner.trainable or owner.stateful) and owner._moves(update))

    def _filed(self, method: str, inputs: Any, per_input: dict[Any, list[Any]]) -> list[Any]:
        found = list(per_input.get(input_key(inputs), ()))
        if inputs is None:
            for layer in self._layers:
                found += self._filed_inside(layer, method, None)
        return unique(found)

    def _filed_inside(self, layer: Layer, method: str, inputs: Any) -> list[Any]:
        """What a layer inside has filed; of updates, that layer is the owner."""
        items = getattr(layer, method)(inputs)
        if method == "_updates_filed_for":
            for update in items:
                self._update_owners.setdefault(update, layer)
        return items

    def _filed_counts(self) -> list[tuple[Layer, int, int]]:
        return [(layer, len(layer._losses), len(layer._updates)) for layer in self._layers]

    def _adopt_from_sublayers(self, counts: list[tuple[Layer, int, int]], inputs: Any) -> None:
        """Files what the calls of inner layers added under the inputs of the outer call."""
        for layer, losses, updates in counts:
            self._adopt_losses(_without(layer._losses[losses:], layer.get_losses_for(None)), inputs)
            unconditional = layer._updates_filed_for(None)
            self._adopt_updates(layer, _without(layer._updates[updates:], unconditional), inputs)

    def _adopt_losses(self, losses: list[Any], inputs: Any) -> None:
        if losses:
            self.add_loss(losses, inputs=inputs)

    def _adopt_updates(self, layer: Any, updates: list[Any], inputs: Any) -> None:
        """Files updates that belong to a layer inside under inputs of this one."""
        if updates:
            self._update_owners.update(dict.fromkeys(updates, layer))
            self.add_update(updates, inputs=inputs)


def _without(items: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    others = set(others)
    return [item for item in items if item not in others]
