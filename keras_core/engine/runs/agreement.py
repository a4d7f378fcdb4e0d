"""What ranks that share a run have to agree on, so that each does the same as all others."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import ranks
from keras_core.engine.feeding.sources import Source
from keras_core.graph import Variable
from keras_core.slots import current_backend


def agree(model: Any, source: Source, epochs: int | None = None) -> None:
    """Refuses a run that is another one on each rank, and gives all ranks the first one's weights.

    Args:
        model: the model.
        source: the data of the run.
        epochs: number of epochs, of training.

    Raises:
        ValueError: the ranks differ in versions, in the model or in the data.
    """
    if not ranks.share_runs():
        return
    agree_on = ranks.current().agree
    agree_on("versions", _versions())
    agree_on(f"the model {model.name!r}", _described(model))
    agree_on("the number of samples", source.samples)
    agree_on("the number of batches", source.steps)
    agree_on("the number of epochs", epochs)
    take_weights_of_first([*model.weights, *_weights_of_optimizer(model)])


def take_weights_of_first(variables: list[Variable]) -> None:
    """Gives variables the first rank's values, where a rank has others."""
    world = ranks.current()
    values = K.batch_get_value(variables)
    sums = [zlib.crc32(np.ascontiguousarray(value).data) for value in values]
    if all(other == sums for other in world.gathered(sums)):
        return
    K.batch_set_value(list(zip(variables, world.from_rank(0, values))))


def settle(model: Any) -> None:
    """Has all ranks go by what the callbacks of the first one decided."""
    if not ranks.share_runs():
        return
    variables = _hyperparameters(model.optimizer)
    own = (model.stop_training, K.batch_get_value(variables))
    stops, values = ranks.current().from_rank(0, own)
    model.stop_training = stops
    told = zip(variables, values, own[1])
    K.batch_set_value([(v, x) for v, x, y in told if not np.array_equal(x, y)])


def stops(model: Any) -> bool:
    """Whether a run stops, as the first rank has it."""
    if ranks.share_runs():
        model.stop_training = ranks.current().from_rank(0, model.stop_training)
    return bool(model.stop_training)


def _versions() -> str:
    backend = current_backend()
    distribution = type(backend).__module__.partition(".")[0]
    return f"backend {backend.name} ({distribution}), NumPy {np.__version__}"


def _described(model: Any) -> str:
    layers = [(type(layer).__name__, _shapes(layer)) for layer in model.layers]
    trained: Any = getattr(model, "optimizer", None)
    options = trained.get_config() if hasattr(trained, "get_config") else None
    digest = zlib.crc32(repr((layers, options)).encode())
    count = sum(int(np.prod(w.shape)) for w in model.weights)
    kind = type(trained).__name__ if trained is not None else "no optimizer"
    return f"{len(layers)} layers, {count} weights, {kind} ({digest:08x})"


def _shapes(layer: Any) -> list[Any]:
    return [tuple(weight.shape) for weight in layer.weights]


def _weights_of_optimizer(model: Any) -> list[Variable]:
    weights = getattr(getattr(model, "optimizer", None), "weights", None) or []
    return [weight for weight in weights if K.is_variable(weight)]


def _hyperparameters(optimizer: Any) -> list[Variable]:
    """The numbers that callbacks change, such as the learning rate."""
    values = vars(optimizer).items() if optimizer is not None else ()
    return [x for name, x in values if K.is_variable(x) and x.ndim == 0 and name != "iterations"]
