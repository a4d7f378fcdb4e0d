"""How tf-keras and Keras 3 write the arguments of compile, and the state of an optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core import slots
from keras_core.saving.dialects._words import class_name, described, is_object, kept, mapped

_IGNORED = {
    *("name", "fn", "dtype", "jit_compile", "is_legacy_optimizer", "ema_momentum"),
    *("ema_overwrite_frequency", "initial_accumulator_value"),
}
# Options by which an object says what is always so in Keras 2.3.1.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "axis": (-1,),
    "centered": (False,),
    "from_logits": (False,),
    "gradient_accumulation_steps": (1,),
    "label_smoothing": (0,),
    "momentum": (0,),
    "multi_label": (False,),
    "use_ema": (False,),
    "weight_decay": (0,),
}
_REDUCTIONS = {"auto": "sum_over_batch_size", "mean": "sum_over_batch_size"}

# The values that an optimizer keeps for each weight, in the order of Keras 2.3.1. Those in one
# tuple are made together by later Keras, and stand in their files weight by weight.
_SLOTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "SGD": (("moment",),),
    "RMSprop": (("accumulator",),),
    "Adagrad": (("accumulator",),),
    "Adadelta": (("accumulator", "delta_accumulator"),),
    "Adam": (("m", "v"), ("vhat",)),
    "Adamax": (("m", "u"),),
    "Nadam": (("m", "v"),),
}
_STEPS_OF_A_SCHEDULE = 10_000  # after them the product is 0


def compile_config(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of compile in the words of Keras 2.3.1.

    Args:
        config: dict, `training_config` of an HDF5 file or `compile_config` of an archive.

    Raises:
        ValueError: if they ask for something that Keras 2.3.1 does not have.
    """
    optimizer = config.get("optimizer_config", config.get("optimizer"))
    return {
        "optimizer_config": _optimizer(optimizer or "rmsprop"),
        "loss": mapped(_loss, config.get("loss")),
        "metrics": _metrics(config.get("metrics")),
        "weighted_metrics": _metrics(config.get("weighted_metrics")),
        "sample_weight_mode": config.get("sample_weight_mode"),
        "loss_weights": config.get("loss_weights"),
    }


def _optimizer(entry: Any) -> dict[str, Any]:
    if not is_object(entry):
        return {"class_name": entry, "config": {}}
    name, config = class_name(entry), dict(entry["config"])
    rate: Any = config.get("learning_rate")
    if is_object(rate) and class_name(rate) == "InverseTimeDecay":
        config.update(_decay(rate["config"]))
    elif isinstance(rate, dict):
        raise ValueError(
            f"Optimizer {described(entry)} has a schedule as its learning rate, which Keras 2.3.1 "
            "does not have. Load with compile=False and compile the model yourself; the callback "
            "LearningRateScheduler changes the rate."
        )
    if name == "Nadam":
        # One decay of the momentum is written into the later classes.
        legacy = config.pop("decay", 0.004)
        config.setdefault("schedule_decay", 1.0 if "use_ema" in config else legacy)
    return {"class_name": name, "config": _known("optimizers", name, entry, config)}


def _decay(config):
    """The schedule that is Keras 2's decay; whole steps of it are not."""
    if config.get("staircase"):
        raise ValueError(
            "The learning rate falls in steps, which Keras 2.3.1 does not do by itself. Load with "
            "compile=False and use the callback LearningRateScheduler."
        )
    rate = config["decay_rate"] / config["decay_steps"]
    return {"learning_rate": config["initial_learning_rate"], "decay": rate}


def _known(kind, name, entry, config):
    found = kept(kind, name, entry, config, _NEUTRAL, _IGNORED)
    return {key: value for key, value in found.items() if value is not None}


def _loss(entry):
    name, config = class_name(entry), entry["config"]
    if name == "function" or not isinstance(config, dict):
        return config
    if name == "LossFunctionWrapper" and "fn" in config:
        return mapped(_loss, config["fn"])
    config = dict(config)
    if config.get("reduction") in _REDUCTIONS:
        config["reduction"] = _REDUCTIONS[config["reduction"]]
    return {"class_name": name, "config": _known("losses", name, entry, config)}


def _metrics(saved):
    """Metrics without the list that later Keras puts around those of a single output."""
    while isinstance(saved, list) and len(saved) == 1 and isinstance(saved[0], list):
        saved = saved[0]
    return mapped(_metric, saved)


def _metric(entry):
    name, config = class_name(entry), entry["config"]
    if name == "function" or not isinstance(config, dict):
        return config
    if name == "MeanMetricWrapper" and "fn" in config:
        return _wrapped(config)
    dtype: Any = config.get("dtype")
    plain = {**config, "dtype": dtype["config"]["name"]} if is_object(dtype) else config
    return {"class_name": name, "config": _known("metrics", name, entry, plain)}


def _wrapped(config):
    """The name of a function: the one that the user wrote where it is known, as 'acc'."""
    name, function = config.get("name"), mapped(_metric, config["fn"])
    known = slots.family("metrics").built_in
    return name if name in known or name in ("acc", "accuracy") else function


def optimizer_state(
    optimizer: Any, values: Sequence[np.ndarray], names: Sequence[str] | None = None
) -> list[np.ndarray]:
    """The state of an optimizer in the order of Keras 2.3.1.

    Args:
        optimizer: the optimizer, whose weights are made already.
        values: list of arrays, as the file has them.
        names: list of their names; None for an archive, which has none.

    Returns:
        A list of arrays; `values` itself where it is in that order, or of an optimizer that is not
        known.
    """
    groups = _SLOTS.get(type(optimizer).__name__)
    first = "iteration" if names is None else names[0].rpartition("/")[2].partition(":")[0]
    if groups is None or not values or first not in ("iteration", "iter"):
        return list(values)
    if first == "iter":  # before tf.keras 2.11, slot after slot
        groups = tuple((slot,) for group in groups for slot in group)
    own, number = _own_slots(optimizer, groups)
    iteration, *rest = [v for i, v in enumerate(values) if i == 0 or not _is_scalar_beside(v, own)]
    found = _by_slot(rest, groups, number)
    return [iteration.astype("int64"), *_schedule(optimizer, int(iteration)), *_filled(own, found)]


def _own_slots(optimizer, groups):
    """The weights of each slot here, and how many there are in each."""
    slot_names = [slot for group in groups for slot in group]
    weights = optimizer.weights[2 if type(optimizer).__name__ == "Nadam" else 1 :]
    number = len(weights) // len(slot_names)
    own = {slot: weights[i * number : (i + 1) * number] for i, slot in enumerate(slot_names)}
    return own, number


def _is_scalar_beside(value, own):
    """Whether a value is a learning rate or the like rather than the state of a weight."""
    return value.shape == () and not any(w.shape == () for ws in own.values() for w in ws)


def _by_slot(values, groups, number):
    found, at = {}, 0
    for group in groups:
        part = values[at : at + number * len(group)]
        at += len(part)
        if part:
            found.update({slot: part[i :: len(group)] for i, slot in enumerate(group)})
    if at < len(values):
        raise ValueError(f"it has {len(values)} arrays, of which {at} have a place here.")
    return found


def _filled(own, found):
    for slot, weights in own.items():
        zeros = [np.zeros(weight.shape, weight.dtype) for weight in weights]
        yield from found.get(slot, zeros)


def _schedule(optimizer, steps):
    """Nadam's product of momenta, which later Keras does not always write."""
    if type(optimizer).__name__ != "Nadam":
        return []
    config = optimizer.get_config()
    done = np.arange(1, min(steps, _STEPS_OF_A_SCHEDULE) + 1)
    decays = 1 - 0.5 * 0.96 ** (done * config["schedule_decay"])
    return [np.asarray(np.prod(config["beta_1"] * decays), "float32")]


def state_by_weight(optimizer: Any) -> list[np.ndarray]:
    """The state of an optimizer in the order of Keras 3; the way back of `optimizer_state`.

    Args:
        optimizer: an optimizer whose weights are made.
    """
    groups = _SLOTS.get(type(optimizer).__name__)
    values = [weight.get_value() for weight in optimizer.weights]
    if groups is None:
        return values
    place = dict(zip(optimizer.weights, values))
    own, number = _own_slots(optimizer, groups)
    config = optimizer.get_config()
    made = [np.asarray(values[0], "int32")]
    if not config.get("decay"):  # otherwise the rate is a schedule there, which is no variable
        made.append(np.asarray(config["learning_rate"]))
    for group in groups:
        if _is_kept_there(group, optimizer):
            made += [place[own[slot][i]] for i in range(number) for slot in group]
    return made + ([values[1]] if type(optimizer).__name__ == "Nadam" else [])


def _is_kept_there(group: tuple[str, ...], optimizer: Any) -> bool:
    """Whether Keras 3 keeps these values; it leaves out those that have no effect."""
    config = optimizer.get_config()
    unused: dict[tuple[str, ...], bool]
    unused = {("vhat",): not config.get("amsgrad"), ("moment",): not config.get("momentum")}
    return not unused.get(group, False)
