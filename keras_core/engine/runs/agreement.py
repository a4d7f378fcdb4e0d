"""What ranks that share a run have to agree on, so that each does the same as all others."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import config, pieces, ranks
from keras_core.engine.feeding.sources import Source, StepFunction
from keras_core.graph import Variable
from keras_core.saving.training import variables_of
from keras_core.slots import current_backend

# Options that may differ: names count up with all that a process made, code knows its file.
_OWN = (
    "name",
    "function",
    "output_shape",
    "mask",
    "inbound_nodes",
    "input_layers",
    "output_layers",
)


def agree(
    model: Any, source: Source, validation: Source | None = None, epochs: int | None = None
) -> None:
    """Refuses a run that is another one on each rank, and gives all ranks the first one's weights.

    Args:
        model: the model.
        source: the data of the run.
        validation: the data to validate on, of training.
        epochs: number of epochs, of training.

    Raises:
        ValueError: the ranks differ in versions, in the model or in the data.
    """
    if not ranks.share_runs():
        return
    world = ranks.current()
    parts = described(model)
    values = {
        "versions": _versions(),
        **_numbers("", source),
        "having data to validate on": validation is not None,
        **({} if validation is None else _numbers(" to validate on", validation)),
        "the number of epochs": epochs,
    }
    digests = world.gathered((values, zlib.crc32(repr(parts).encode())))
    if any(other != digests[0] for other in digests):
        world.agree({**values, **parts})
    take_weights_of_first(variables_of(model))


class Compared:
    """A step of which the first batch has to be the same on all ranks.

    Args:
        step: function of a batch.

    Raises:
        ValueError: called with the first batch; it differs.
    """

    def __init__(self, step: StepFunction) -> None:
        self._step = step
        self._is_first = True

    def __call__(self, batch: Any) -> Any:
        if self._is_first:
            self._is_first = False
            ranks.current().agree({"the first batch of an epoch": _shown(batch)})
        return self._step(batch)


def compared(step: StepFunction) -> StepFunction:
    """A step of an epoch, of which ranks that share it compare the first batch."""
    return Compared(step) if ranks.share_runs() else step


def take_weights_of_first(variables: list[Variable]) -> None:
    """Gives variables the first rank's values, where a rank has others."""
    world = ranks.current()
    sums = [variable.see(_checksum) for variable in variables]
    if any(other != sums for other in world.gathered(sums)):
        own = K.batch_get_value(variables) if world.rank == 0 else []
        K.batch_set_value(list(zip(variables, world.from_rank(0, own))))


def _checksum(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data)


def settle(model: Any) -> None:
    """Has all ranks go by what the callbacks of the first one decided."""
    if not ranks.share_runs():
        return
    variables = _hyperparameters(model.optimizer)
    own = (model.stop_training, K.batch_get_value(variables))
    with ranks.within("what callbacks decided"):
        stops, values = ranks.current().from_rank(0, own)
    model.stop_training = stops
    told = zip(variables, values, own[1])
    K.batch_set_value([(v, x) for v, x, y in told if not np.array_equal(x, y)])


def stopping(may_stop: bool, watched: bool) -> Callable[[Any], bool]:
    """A function that says after each batch whether the run stops, as the first rank has it.

    Args:
        may_stop: whether the run can be stopped.
        watched: whether callbacks of this rank see each batch; nobody else stops in an epoch.
    """
    if may_stop and ranks.share_runs() and any(ranks.current().gathered(watched)):
        return _stops_of_first
    return _stops


@contextmanager
def updates_in_pieces(watched: bool) -> Iterator[None]:
    """The steps of an epoch, whose updates ranks share out where nobody looks at state meanwhile.

    Args:
        watched: whether something on this rank may look.
    """
    world = ranks.current()
    if not (ranks.share_runs() and world.shares_updates) or any(world.gathered(watched)):
        yield
        return
    with pieces.in_pieces():
        yield


def _stops_of_first(model: Any) -> bool:
    with ranks.within("whether callbacks stop the run"):
        model.stop_training = ranks.current().from_rank(0, model.stop_training)
    return _stops(model)


def _stops(model: Any) -> bool:
    return bool(model.stop_training)


def _numbers(of_what: str, source: Source) -> dict[str, Any]:
    return {
        f"the number of samples{of_what}": source.samples,
        f"the size of batches{of_what}": source.described.get("batch_size"),
        f"the number of batches{of_what}": source.steps,
    }


def _shown(batch: Any) -> str:
    arrays = [np.ascontiguousarray(x) for x in _arrays_in(batch)]
    digest = 0
    for x in arrays:
        digest = zlib.crc32(x.data, digest)
    return f"arrays of the shapes {[x.shape for x in arrays]}, checksum {digest:08x}"


def _arrays_in(batch: Any) -> Iterator[Any]:
    if not isinstance(batch, (list, tuple)):
        yield batch
        return
    for part in batch:
        yield from _arrays_in(part)


def _versions() -> str:
    backend = current_backend()
    distribution = type(backend).__module__.partition(".")[0]
    core = sys.modules["keras_core"].__version__
    return (
        f"keras_core {core}, backend {backend.name} ({distribution}), NumPy {np.__version__}, "
        f"floats {config.floatx()}, images {config.image_data_format()}"
    )


def described(model: Any) -> dict[str, Any]:
    """What has to be equal of a model, by what it is."""
    parts: dict[str, Any] = {"the number of layers of the model": len(model.layers)}
    for i, layer in enumerate(model.layers):
        named = f"layer {i} of the model"
        parts[f"the class of {named}"] = type(layer).__name__
        parts[f"the weights of {named}"] = [tuple(weight.shape) for weight in layer.weights]
        parts |= _options(f"{named} ({type(layer).__name__})", layer)
    trained = getattr(model, "optimizer", None)
    parts["the optimizer"] = type(trained).__name__
    parts |= _options("the optimizer", trained)
    parts["the loss"] = _plain(getattr(model, "loss", None))
    parts["the metrics"] = model.metrics_names
    return parts


def _options(named: str, owner: Any) -> dict[str, Any]:
    """The options of a layer or an optimizer, where it tells them."""
    try:
        options = owner.get_config()
    except (AttributeError, NotImplementedError, TypeError):
        return {}
    if not isinstance(options, Mapping):
        return {}
    return {f"{name} of {named}": _plain(x) for name, x in options.items() if name not in _OWN}


def _plain(value: Any) -> Any:
    """A value as something that is equal in all processes in which it means the same."""
    if isinstance(value, Mapping):
        return {str(k): _plain(x) for k, x in value.items() if k not in _OWN}
    if isinstance(value, (list, tuple)):
        return [_plain(x) for x in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return getattr(value, "__name__", type(value).__name__)


def _hyperparameters(optimizer: Any) -> list[Variable]:
    """The numbers that callbacks change, such as the learning rate."""
    values = vars(optimizer).items() if optimizer is not None else ()
    return [x for name, x in values if K.is_variable(x) and x.ndim == 0 and name != "iterations"]
