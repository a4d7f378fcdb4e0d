"""What users pass as data, made into lists of arrays that fit the model; pure functions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import losses
from keras_core.engine.feeding.numbers import as_numbers, plain_array

# An array of more bytes is converted to the dtype of its placeholder batch by batch.
_CONVERTED_AT_ONCE = 1 << 28

# Rows that are read of a file in order to look at them.
_ROWS_AT_ONCE = 1 << 16

Shape = Sequence[Any]


class NoTargetsError(ValueError, IndexError):
    """A model with losses was given no targets."""


class NoSamplesError(ValueError, UnboundLocalError):
    """Training or evaluation was given arrays without samples."""


# Arrays


def standardize_single_array(x: Any, name: str = "the data") -> Any:
    """One array with a feature axis at least, `(batch, features)`; None stays None.

    Raises:
        ValueError: it is no array, or one of a dtype that is no number.
    """
    if x is None or K.is_tensor(x):
        return x
    x = as_numbers(x, name)
    if len(x.shape) == 0:
        raise ValueError(f"{name} is a single number; an array with a batch axis is needed.")
    return np.expand_dims(x, 1) if len(x.shape) == 1 else x


def standardize_input_data(
    data: Any,
    names: Sequence[str],
    shapes: Sequence[Shape | None] | None = None,
    check_batch_axis: bool = True,
    exception_prefix: str = "",
) -> list[Any]:
    """Data as a list of arrays in the order of `names`, of shapes that fit.

    Args:
        data: array, list of arrays, dict from names to arrays, or None.
        names: names of the inputs or outputs.
        shapes: for each of them the shape that is wanted, None where any size or any shape will do.
        check_batch_axis: whether the first axis is compared as well.
        exception_prefix: what the data is for, for messages: `'input'` or `'target'`.

    Returns:
        List of arrays; of None where `data` is None.

    Raises:
        ValueError: wrong number of arrays, a name without data, or a shape that does not fit.
    """
    role = exception_prefix or "data"
    if not names:
        _refuse_surplus(data, role)
        return []
    if data is None:
        return [None] * len(names)
    arrays = [
        standardize_single_array(x, f"{role} {name!r}")
        for name, x in zip(names, _arrays_of(data, names, role, shapes))
    ]
    if shapes:
        hint = _hint_of_nested(data, role) if len(names) == 1 else ""
        check_shapes(arrays, names, shapes, check_batch_axis, role, hint)
    return arrays


def check_shapes(
    arrays: Sequence[Any],
    names: Sequence[str],
    shapes: Sequence[Shape | None],
    check_batch_axis: bool,
    role: str,
    hint: str = "",
) -> None:
    """Checks arrays against the shapes that are wanted.

    Args:
        arrays: arrays, of which those that are None or tensors are passed over.
        names: their names.
        shapes: for each the shape that is wanted, or None.
        check_batch_axis: whether the first axis is compared as well.
        role: what the arrays are for, for messages.
        hint: what to do where one does not fit; by default it is told by the two shapes.

    Raises:
        ValueError: one does not fit.
    """
    for name, x, shape in zip(names, arrays, shapes):
        if shape is not None and x is not None and not K.is_tensor(x):
            _check_shape(role, name, x, tuple(shape), check_batch_axis, hint)


def _refuse_surplus(data: Any, role: str) -> None:
    if data is not None and len(data):
        raise ValueError(f"The model takes no {role} arrays, but some were given; leave them out.")


def _arrays_of(
    data: Any, names: Sequence[str], role: str, shapes: Sequence[Shape | None] | None
) -> list[Any]:
    # A matrix of scipy.sparse in the format "dok" was a dict once.
    if isinstance(data, dict) and not hasattr(data, "tocsr"):
        return _by_name(data, names, role)
    if isinstance(data, (list, tuple)):
        if len(names) == 1 and data and all(isinstance(x, (int, float, str)) for x in data):
            return [np.asarray(data)]
        arrays = [np.asarray(x) if isinstance(x, (list, tuple)) else x for x in data]
    else:
        arrays = [data]
    if len(arrays) != len(names):
        raise ValueError(
            f"The model takes {len(names)} {role} array(s), {list(names)}, but {len(arrays)} "
            f"{'was' if len(arrays) == 1 else 'were'} given, of shapes "
            f"{[getattr(x, 'shape', type(x).__name__) for x in arrays[:8]]}. Give "
            + (
                f"one array. {_hint_of_several(data, arrays, role, (shapes or [None])[0])}".rstrip()
                if len(names) == 1
                else "a list with an array for each, or a dict."
            )
        )
    return arrays


def _hint_of_nested(data: Any, role: str) -> str:
    """What to write for lists in a list, which are no array; empty for anything else."""
    if not isinstance(data, (list, tuple)) or not all(isinstance(x, (list, tuple)) for x in data):
        return ""
    name = "y" if role == "target" else "x"
    return f"A list in a list is taken for several arrays; make it one by np.array({name})."


def _hint_of_several(data: Any, arrays: list[Any], role: str, shape: Shape | None) -> str:
    """What may be meant by several arrays, where one is wanted."""
    shapes = [np.shape(x) for x in arrays if hasattr(x, "shape")]
    if not shapes or len(shapes) < len(arrays):
        return ""
    if role == "input" and shape and len(shapes) == 2 and len(shapes[0]) == len(shape):
        return "Inputs and targets are given apart: fit(x, y)."
    if len(set(shapes)) > 1:
        return "Samples of several shapes have to be filled up to one shape first."
    name = "y" if role == "target" else "x"
    return _hint_of_nested(data, role) or (
        "A list is taken for a list of such arrays; a list of samples is made one by "
        f"np.array({name})."
    )


def _by_name(data: dict, names: Sequence[str], role: str) -> list[Any]:
    missing = [name for name in names if name not in data]
    if missing:
        raise ValueError(
            f"The dict of {role} arrays lacks {missing}; its keys are {list(data)}, and the model "
            f"takes {list(names)}."
        )
    return [np.asarray(x) if isinstance(x, (list, tuple)) else x for x in map(data.get, names)]


def _check_shape(
    role: str, name: str, x: Any, wanted: tuple, check_batch_axis: bool, hint: str
) -> None:
    given, first = tuple(x.shape), 0 if check_batch_axis else 1
    if len(given) != len(wanted):
        need = f"{len(wanted)} axes, {wanted}, but got array with shape {given}, {len(given)} axes"
    elif any(b and a != b for a, b in zip(given[first:], wanted[first:])):
        need = f"the shape {wanted}, but got array with shape {given}"
    else:
        return
    if not hint:
        hint = _hint_for_targets(x, wanted) if role == "target" else _hint_for(given, wanted)
    raise ValueError(f"{role} {name!r} has to have {need}. {hint}")


def _hint_for(given: tuple, wanted: tuple) -> str:
    """What may be meant by data that do not fit an input."""
    sample = wanted[1:]
    if None in sample:
        return f"The axes of {wanted} are the batch and those of a sample."
    size = math.prod(sample)
    if given[1:] == sample[1:] and len(sample) > 1 and len(given) == len(sample):
        return (
            f"For a single sample add the axis of the batch: x[None]. If these are {given[0]} "
            f"samples, make the model with input_shape={given[1:]}: it is the shape of one sample, "
            "without the batch."
        )
    if math.prod(given) == size:
        return f"For a single sample add the axis of the batch: x.reshape({(1, *sample)})."
    if len(given) == len(wanted) and sorted(given[1:]) == sorted(sample):
        return "The axes seem to be in another order: np.transpose moves them."
    if math.prod(given[1:]) == size:
        return f"A sample has as many numbers; give it its axes by x.reshape({(-1, *sample)})."
    if len(given) == len(wanted):
        return f"Give samples of shape {sample}, or make the model with input_shape={given[1:]}."
    return f"A sample has to have the shape {sample}, as the model's input says."


def _hint_for_targets(y: Any, wanted: tuple) -> str:
    """What may be meant by targets that do not fit an output."""
    given = tuple(y.shape)
    if len(given) < len(wanted):
        return (
            "If a sample has one target, something that joins the axes is missing before the last "
            "layer: Flatten(), a global pooling layer, or return_sequences=False."
        )
    if len(given) > len(wanted):
        return "The last layer gives fewer axes than the targets have; check both."
    if given[-1] == 1 and _are_classes(np.asarray(y), wanted[-1]):
        return (
            "If these are classes, use the loss sparse_categorical_crossentropy, or make them "
            f"one-hot by keras_core.utils.to_categorical(y, {wanted[-1]}). Otherwise the last "
            "layer has to end with a single unit."
        )
    return f"The last layer has to end with as many units as the targets have: {given[-1]}."


def _are_classes(y: np.ndarray, count: int | None) -> bool:
    """Whether these are whole numbers that tell `count` classes apart."""
    if not y.size or not count or y.dtype.kind not in "iufb":
        return False
    return bool(y.min() >= 0 and y.max() < count and not (y % 1).any())


def as_fed(array: Any, placeholder: Any) -> Any:
    """The array in the dtype that is fed, converted once if it is not too large."""
    if not isinstance(array, np.ndarray) or array.dtype == placeholder.dtype:
        return array
    dtype = np.dtype(placeholder.dtype)
    return array.astype(dtype) if array.size * dtype.itemsize <= _CONVERTED_AT_ONCE else array


# Numbers of samples


def check_array_length_consistency(inputs: Any, targets: Any, weights: Any = None) -> None:
    """Checks that all arrays have one number of samples.

    Raises:
        ValueError: they have not.
    """
    found = {
        "input": _lengths(inputs),
        "target": _lengths(targets),
        "sample_weight": _lengths(weights),
    }
    if len(set().union(*found.values())) <= 1:
        return
    for role, lengths in found.items():
        if len(lengths) > 1:
            raise ValueError(
                f"All {role} arrays have to have the same number of samples, but they have "
                f"{sorted(lengths)}."
            )
    counts = ", ".join(
        f"{n} in the {role} arrays" for role, lengths in found.items() for n in lengths
    )
    raise ValueError(f"Inputs and targets have to have the same number of samples: {counts}.")


def _lengths(arrays: Any) -> set[int]:
    """The numbers of samples, but for tensors, which have none."""
    real = [x for x in arrays or () if x is not None and not K.is_tensor(x)]
    return {x.shape[0] if hasattr(x, "shape") else len(x) for x in real}


def check_num_samples(
    ins: Sequence[Any],
    batch_size: int | None = None,
    steps: int | None = None,
    steps_name: str = "steps",
) -> int | None:
    """The number of samples, None when a run is counted in steps.

    Raises:
        ValueError: both `batch_size` and `steps` are given, or nothing has a first axis.
    """
    if steps is not None and batch_size is not None:
        raise ValueError(
            f"batch_size={batch_size} was given besides {steps_name}={steps}: with {steps_name} "
            "the arrays are fed as they are in every step. Leave one of the two out."
        )
    if steps is not None:
        return None
    for x in ins:
        if hasattr(x, "shape") and len(x.shape):
            return int(x.shape[0])
    raise ValueError(f"The data has no number of samples; give {steps_name}.")


# Targets


def check_loss_and_target_compatibility(
    targets: Sequence[Any],
    loss_fns: Sequence[Any],
    output_shapes: Sequence[Shape],
    output_names: Sequence[str] = (),
) -> None:
    """Checks that losses can make something of the targets.

    Args:
        targets: target arrays.
        loss_fns: loss objects.
        output_shapes: shapes of the outputs.
        output_names: names of the outputs, for messages.

    Raises:
        ValueError: class indices for a loss of one-hot targets, one-hot targets for a loss of class
            indices, or another shape than the output's for a loss that compares them element by
            element.
    """
    names = [f"output {name!r}" for name in output_names] or ["the output"] * len(targets)
    for y, loss, shape, name in zip(targets, loss_fns, output_shapes, names):
        fn = getattr(loss, "fn", None)
        if y is None or K.is_tensor(y):
            continue
        if fn is losses.categorical_crossentropy and y.shape[-1] == 1:
            raise ValueError(_labels_for_one_hot(name, tuple(y.shape), tuple(shape)))
        if fn is losses.sparse_categorical_crossentropy and _is_one_hot(y.shape, shape):
            raise ValueError(
                f"The loss sparse_categorical_crossentropy of {name} needs class indices of shape "
                f"{(*shape[:-1], 1)}, but you are passing a target array of shape "
                f"{tuple(y.shape)}. For one-hot targets use categorical_crossentropy, or make them "
                "class indices by y.argmax(axis=-1)."
            )
        if fn in _ELEMENTWISE:
            _check_same_shape(fn.__name__, name, y, (None, *shape[1:]))


def _labels_for_one_hot(name: str, given: tuple, shape: tuple) -> str:
    lead = (
        f"You are passing a target array of shape {given} to {name} of shape {shape}, whose loss "
        "categorical_crossentropy needs one-hot targets, a column a class. "
    )
    if shape[-1] == 1:
        return lead + "With a single unit use the loss binary_crossentropy."
    return lead + (
        "Make class indices one-hot by keras_core.utils.to_categorical(y), or use the loss "
        "sparse_categorical_crossentropy."
    )


def _is_one_hot(given: Shape, output: Shape) -> bool:
    sizes = zip(given[1:], output[1:])
    return len(given) == len(output) and output[-1] != 1 and all(a == b for a, b in sizes if b)


def _check_same_shape(loss: str, name: str, y: Any, wanted: tuple) -> None:
    given = tuple(y.shape)
    sizes = zip(given[1:], wanted[1:])
    if len(given) == len(wanted) and all(b is None or a == b for a, b in sizes):
        return
    raise ValueError(
        f"The loss {loss} needs targets to have the same shape as {name}, {wanted}, but you are "
        f"passing a target array of shape {given}, {len(given)} axes. "
        + _hint_for_targets(y, wanted)
    )


def check_labels(name: str, labels: Any, count: int) -> None:
    """Checks that integer targets are classes.

    Args:
        name: of the output.
        labels: array-like `(samples, ...)`, or a tensor or None, of which nothing is known.
        count: number of classes.

    Raises:
        ValueError: there is a label outside of [0, count).
    """
    if labels is None or K.is_tensor(labels):
        return
    if isinstance(labels, np.ndarray):
        return _check_labels(name, labels, count)
    for start in range(0, labels.shape[0], _ROWS_AT_ONCE):
        _check_labels(name, np.asarray(labels[start : start + _ROWS_AT_ONCE]), count)


def _check_labels(name: str, labels: np.ndarray, count: int) -> None:
    # Written so that NaN is found, too.
    if not labels.size or (labels.min() >= 0 and labels.max() < count):
        return _warn_of_fractions(name, labels)
    wrong = labels[~((labels >= 0) & (labels < count))][0]
    raise ValueError(
        f"The targets of output {name!r} have the label {wrong}, which is outside of the range "
        f"[0, {count}): sparse_categorical_crossentropy takes the classes 0 to {count - 1}, since "
        f"the output has {count} units. Number the classes from 0 on, or give the last layer a "
        "unit for each."
    )


def _warn_of_fractions(name: str, labels: np.ndarray) -> None:
    if labels.dtype.kind == "f" and (labels % 1).any():
        warnings.warn(
            f"The targets of output {name!r} have the label {labels[labels % 1 != 0].flat[0]}; "
            "what is behind the point is cut off, since sparse_categorical_crossentropy takes "
            "whole numbers.",
            stacklevel=2,
        )


_ELEMENTWISE = (
    losses.mean_squared_error,
    losses.binary_crossentropy,
    losses.categorical_crossentropy,
)


# Weights of samples and classes


def standardize_sample_or_class_weights(
    x_weight: Any, output_names: Sequence[str], weight_type: str
) -> list[Any]:
    """Weights as a list in the order of the outputs, None where there are none.

    Args:
        x_weight: weights of the only output, list or dict with those of each, or None.
        output_names: names of the outputs.
        weight_type: `'sample_weight'` or `'class_weight'`, for messages.

    Raises:
        ValueError: a list of another length than there are outputs.
        TypeError: neither a list nor a dict for several outputs.
    """
    if x_weight is None or (hasattr(x_weight, "__len__") and len(x_weight) == 0):
        return [None] * len(output_names)
    names = list(output_names)
    if len(names) == 1:
        if isinstance(x_weight, (list, tuple)) and len(x_weight) == 1:
            return [x_weight[0]]
        named = isinstance(x_weight, dict) and names[0] in x_weight
        return [x_weight[names[0]]] if named else [x_weight]
    if isinstance(x_weight, (list, tuple)):
        if len(x_weight) != len(names):
            raise ValueError(
                f"{weight_type} is a list of {len(x_weight)}, but the model has {len(names)} "
                f"outputs, {names}; give an entry for each, None for no weights."
            )
        return list(x_weight)
    if isinstance(x_weight, dict):
        _warn_of_unknown_outputs(x_weight, names, weight_type)
        return [x_weight.get(name) for name in names]
    raise TypeError(
        f"{weight_type} is a {type(x_weight).__name__}, but the model has {len(names)} outputs; "
        f"give a list or a dict with an entry for each of {names}."
    )


def _warn_of_unknown_outputs(weights: dict, names: list[str], weight_type: str) -> None:
    unknown = [key for key in weights if key not in names]
    if unknown:
        warnings.warn(
            f"{weight_type} has the keys {_first_few(unknown)}, but the model has the outputs "
            f"{names}, so they are ignored; a model of several outputs takes them by name.",
            stacklevel=2,
        )


def standardize_class_weights(class_weight: Any, output_names: Sequence[str]) -> list[Any]:
    """Class weights as a list in the order of the outputs."""
    return standardize_sample_or_class_weights(class_weight, output_names, "class_weight")


def standardize_sample_weights(sample_weight: Any, output_names: Sequence[str]) -> list[Any]:
    """Sample weights as a list in the order of the outputs."""
    return standardize_sample_or_class_weights(sample_weight, output_names, "sample_weight")


def standardize_weights(
    y: np.ndarray,
    sample_weight: Any = None,
    class_weight: Any = None,
    sample_weight_mode: str | None = None,
) -> np.ndarray:
    """The weight of each sample (or step) of one output; 1 where none is given.

    Args:
        y: targets `(batch, ...)`.
        sample_weight: array `(batch,)`, or `(batch, steps)` in the mode `'temporal'`.
        class_weight: dict from class index to weight; multiplies `sample_weight`.
        sample_weight_mode: None or `'temporal'`.

    Raises:
        ValueError: a rank or a size that does not fit, an unknown mode, weights of classes that are
            no dict, or a class without weight.
    """
    check_class_weight(class_weight, kinds=(dict,))
    check_mode(y, sample_weight_mode)
    weights = [] if sample_weight is None else [_checked(y, sample_weight, sample_weight_mode)]
    if class_weight:
        weights.append(_weights_of_classes(y, class_weight))
    if not weights:
        axes = 2 if sample_weight_mode == "temporal" else 1
        return np.ones(y.shape[:axes], dtype=K.floatx())
    return weights[0] * weights[1] if len(weights) == 2 else weights[0]


def check_class_weight(class_weight: Any, kinds: tuple[type, ...] = (dict, list, tuple)) -> None:
    """Refuses words such as 'balanced', and arrays: weights of classes are a dict.

    Args:
        class_weight: what a user gave, None for nothing.
        kinds: what it may be; for several outputs also a list.

    Raises:
        ValueError: it is of another kind.
    """
    if class_weight is None or isinstance(class_weight, kinds):
        return
    if isinstance(class_weight, str):
        hint = "For balanced classes give each the weight samples / (classes * samples of it)."
    else:
        hint = "Of weights in the order of the classes it is made by dict(enumerate(weights))."
    raise ValueError(
        f"class_weight is {class_weight!r}; give a dict from class index to weight, such as "
        f"{{0: 1.0, 1: 2.0}}. {hint}"
    )


def check_mode(y: Any, mode: str | None) -> None:
    """Checks that targets can have the weights of a mode.

    Raises:
        ValueError: unknown mode, or targets without steps in the mode `'temporal'`.
    """
    if mode not in (None, "temporal"):
        raise ValueError(f"sample_weight_mode is {mode!r}; write None or 'temporal'.")
    if mode == "temporal" and len(y.shape) < 3:
        raise ValueError(
            "sample_weight_mode='temporal' needs targets (batch, steps, features), but they have "
            f"the shape {tuple(y.shape)}; use sample_weight_mode=None."
        )


def _checked(y: np.ndarray, sample_weight: Any, mode: str | None) -> np.ndarray:
    weight = np.asarray(plain_array(sample_weight))
    if isinstance(sample_weight, (str, dict)) or not weight.ndim:
        raise ValueError(
            f"sample_weight is {sample_weight!r}, of type {type(sample_weight).__name__}; give an "
            "array with a weight for each sample, or a dict of such arrays by the names of "
            "outputs. Weights of classes are given as class_weight."
        )
    weight = np.asarray(as_numbers(weight, "sample_weight"))
    axes = 2 if mode == "temporal" else 1
    if weight.ndim != axes:
        hint = (
            "(batch, steps) is wanted in the mode 'temporal'"
            if axes == 2
            else "(batch,) is wanted; a weight a step needs sample_weight_mode='temporal'"
        )
        raise ValueError(f"sample_weight has the shape {weight.shape}, but {hint}.")
    if weight.shape != tuple(y.shape[:axes]):
        raise ValueError(
            f"sample_weight has the shape {weight.shape}, but the targets have the shape "
            f"{tuple(y.shape)}: {tuple(y.shape[:axes])} is wanted."
        )
    return weight


def _weights_of_classes(y: np.ndarray, class_weight: dict) -> np.ndarray:
    if len(y.shape) > 2:
        raise ValueError(
            f"class_weight needs targets (batch, classes), not {tuple(y.shape)}; use sample_weight."
        )
    y = np.asarray(y)
    classes = y.argmax(axis=1) if y.shape[1:] and y.shape[1] > 1 else y.reshape(-1)
    present, index = np.unique(classes, return_inverse=True)
    missing = [c for c in present.tolist() if c not in class_weight]
    if missing:
        raise ValueError(
            f"class_weight has no weight for the classes {_first_few(missing)}, which are in the "
            f"targets; it has weights for {_first_few(list(class_weight))}. Its keys have to be "
            "ints, and the targets classes."
        )
    wrong = [c for c in present.tolist() if not _is_number(class_weight[c])]
    if wrong:
        raise ValueError(
            f"class_weight has the weight {class_weight[wrong[0]]!r} for the class {wrong[0]!r}; "
            "give a number."
        )
    return np.array([class_weight[c] for c in present.tolist()], dtype=K.floatx())[
        index.reshape(-1)
    ]


def _is_number(value: Any) -> bool:
    return not isinstance(value, (str, bytes)) and hasattr(value, "__float__")


def _first_few(values: list[Any]) -> str:
    shown = ", ".join(map(repr, values[:8]))
    return f"[{shown}, ...]" if len(values) > 8 else f"[{shown}]"


def split_samples(arrays: Sequence[Any], start: Callable[[int], int]) -> tuple[list, list]:
    """Each array in two, at the sample that `start` gives for the number of samples."""
    first, second = [], []
    for x in arrays:
        at = start(x.shape[0])
        first.append(x[:at])
        second.append(x[at:])
    return first, second
