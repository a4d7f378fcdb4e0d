"""Losses as given to `compile`, made into a function and a weight for each output."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from typing import Any, Callable

from keras_core import backend as K
from keras_core import foreign, losses
from keras_core.utils.generic_utils import check_for_unexpected_keys
from keras_core.utils.losses_utils import Reduction, squeeze_or_expand_dimensions
from keras_core.warned import warn

Shape = Sequence[Any]


def get_loss_function(loss: Any) -> Any:
    """A loss object for a name, a configuration, a function or an object; None for None.

    Raises:
        ValueError: unknown name, or something that is no loss.
    """
    refuse_function_of_others("loss", loss)
    fn = losses.get(loss)
    if fn is None or isinstance(fn, losses.Loss):
        return fn
    check_takes_targets("loss", fn)
    return losses.LossFunctionWrapper(fn, name=getattr(fn, "__name__", type(fn).__name__))


def refuse_function_of_others(role: str, fn: Any) -> None:
    """Refuses functions such as np.mean, which cannot take the tensors of a model.

    Raises:
        ValueError: it is a function of NumPy, of an engine or of another Keras.
    """
    foreign.refuse_function(role, fn)
    foreign.refuse_loss_of_engine(role, fn)
    if callable(fn) and (getattr(fn, "__module__", None) or "").partition(".")[0] == "numpy":
        name = getattr(fn, "__name__", type(fn).__name__)
        raise ValueError(
            f"compile: {role} is np.{name}, which works on arrays, but a {role} is a function of "
            f"the tensors y_true and y_pred. Write it with functions of keras_core.backend, such "
            f"as lambda y_true, y_pred: K.mean(y_pred), or take one by its name, such as 'mae'."
        )


def check_takes_targets(role: str, fn: Any) -> None:
    """Refuses functions that cannot be called with targets and predictions.

    Raises:
        TypeError: it takes fewer or more arguments.
    """
    try:
        inspect.signature(fn).bind(None, None)
    except ValueError:
        return  # written in C, it does not tell
    except TypeError as error:
        raise TypeError(
            f"compile: {role} {getattr(fn, '__name__', fn)!r} is called with y_true and y_pred, "
            f"but does not take these: {error}."
        ) from None


def prepare_loss_functions(loss: Any, output_names: Sequence[str]) -> list[Any]:
    """A loss object for each output, None where it has no loss.

    Args:
        loss: one loss for all outputs, a list with one for each, or a dict by output name.
        output_names: names of the outputs.

    Raises:
        ValueError: a list of another length, an unknown output, or something that is no loss.
    """
    names = list(output_names)
    if isinstance(loss, dict) and not _is_config(loss, names):
        check_for_unexpected_keys("loss", loss, names)
        _warn_of_absent(loss, names)
        return [get_loss_function(loss.get(name)) for name in names]
    if isinstance(loss, (list, tuple)):
        if len(loss) != len(names):
            raise ValueError(
                f"compile: loss is a list of {len(loss)}, but the model has {len(names)} outputs, "
                f"{names}; give a loss for each, None for an output without loss."
            )
        return [get_loss_function(one) for one in loss]
    return [get_loss_function(loss) for _ in names]


def _is_config(loss: dict, names: Sequence[str]) -> bool:
    return set(loss) == {"class_name", "config"} and not set(names) & set(loss)


def _warn_of_absent(loss: dict, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in loss]
    if loss and absent:
        warn(
            f"compile: the dict of losses has none for the outputs {absent}, so fit and evaluate "
            "take no targets for them. Write None as their loss to say that this is meant.",
        )


def prepare_loss_weights(output_names: Sequence[str], loss_weights: Any = None) -> list[float]:
    """The weight of each output's loss in the total.

    Args:
        output_names: names of the outputs.
        loss_weights: list with a weight for each output, dict by output name, or None for 1.

    Raises:
        ValueError: a list of another length, or an unknown output.
        TypeError: neither list nor dict, or a weight that is no number.
    """
    names = list(output_names)
    if loss_weights is None:
        return [1.0] * len(names)
    if isinstance(loss_weights, dict):
        check_for_unexpected_keys("loss_weights", loss_weights, names)
        return _checked_factors(names, [loss_weights.get(name, 1.0) for name in names])
    if not isinstance(loss_weights, (list, tuple)):
        raise TypeError(
            f"compile: loss_weights is {loss_weights!r}; give a list with a weight for each "
            "output, or a dict by output name."
        )
    if len(loss_weights) != len(names):
        raise ValueError(
            f"compile: loss_weights is a list of {len(loss_weights)}, but the model has "
            f"{len(names)} outputs, {names}."
        )
    return _checked_factors(names, list(loss_weights))


def _checked_factors(names: list[str], factors: list[Any]) -> list[Any]:
    for name, factor in zip(names, factors):
        if not K.is_tensor(factor) and (
            isinstance(factor, (str, bytes)) or not hasattr(factor, "__float__")
        ):
            kind = ValueError if factor is None else TypeError
            raise kind(f"compile: the loss weight of output {name!r} is {factor!r}; give a number.")
    return factors


def with_class_axis(loss: Any, output_shape: Shape) -> Any:
    """The loss, told that images have their classes where they have their channels.

    That is said of losses of integer targets alone, whose targets have no axis of classes.
    """
    first = K.image_data_format() == "channels_first" and len(output_shape) in (4, 5)
    is_sparse = getattr(loss, "fn", None) is losses.sparse_categorical_crossentropy
    if not (first and is_sparse) or "axis" in loss._fn_kwargs:
        return loss
    return losses.LossFunctionWrapper(loss.fn, loss.reduction, loss.name, axis=1, **loss._fn_kwargs)


def target_shape(loss: Any, output_shape: Shape) -> Shape | None:
    """The shape that targets of an output have to have; None where the loss alone can know."""
    fn = getattr(loss, "fn", None)
    if fn is losses.sparse_categorical_crossentropy:
        axis = _class_axis(loss) % len(output_shape)
        return (*output_shape[:axis], 1, *output_shape[axis + 1 :])
    known = fn is not None and getattr(losses, getattr(fn, "__name__", ""), None) is fn
    return tuple(output_shape) if known else None


def label_count(loss: Any, output_shape: Shape) -> int | None:
    """How many classes there are, for a loss of integer targets; None for others."""
    if getattr(loss, "fn", None) not in _OF_LABELS:
        return None
    return output_shape[_class_axis(loss)]


def takes_probabilities(loss: Any) -> bool:
    """Whether each target is the probability of one of two classes."""
    return getattr(loss, "fn", None) in (losses.binary_crossentropy, K.binary_crossentropy)


_OF_LABELS = (losses.sparse_categorical_crossentropy, K.sparse_categorical_crossentropy)


def _class_axis(loss: Any) -> int:
    return loss._fn_kwargs.get("axis", -1)


def prepare_sample_weights(
    output_names: Sequence[str], sample_weight_mode: Any, skip_target_weighing_indices: Any
) -> tuple[list[Any], list[Any]]:
    """A placeholder for the sample weights of each output, and the mode of each.

    Args:
        output_names: names of the outputs.
        sample_weight_mode: None or `'temporal'` for all outputs, or a list or dict of these.
        skip_target_weighing_indices: indices of outputs that have no loss.

    Returns:
        List of placeholders and list of modes, with None for outputs that are skipped.

    Raises:
        ValueError: a list of another length, an unknown output, or one without a mode.
    """
    names = list(output_names)
    modes = _mode_of_each(names, sample_weight_mode, skip_target_weighing_indices)
    pairs = [
        get_output_sample_weight_and_mode(skip_target_weighing_indices, mode, name, index)
        for index, (name, mode) in enumerate(zip(names, modes))
    ]
    return [weight for weight, _ in pairs], [mode for _, mode in pairs]


def _mode_of_each(names: list[str], mode: Any, skipped: Any) -> list[Any]:
    if isinstance(mode, dict):
        check_for_unexpected_keys("sample_weight_mode", mode, names)
        missing = [n for i, n in enumerate(names) if i not in skipped and n not in mode]
        if missing:
            raise ValueError(
                f"compile: sample_weight_mode has no entry for the outputs {missing}; write None "
                "for an output with a weight a sample."
            )
        return [mode.get(name) for name in names]
    if isinstance(mode, (list, tuple)):
        if len(mode) != len(names):
            raise ValueError(
                f"compile: sample_weight_mode is a list of {len(mode)}, but the model has "
                f"{len(names)} outputs, {names}."
            )
        return list(mode)
    return [mode] * len(names)


def get_output_sample_weight_and_mode(
    skip_target_weighing_indices: Any, sample_weight_mode: Any, output_name: str, output_index: int
) -> tuple[Any, Any]:
    """The placeholder of an output's sample weights, and its mode; None twice if it is skipped."""
    if output_index in skip_target_weighing_indices:
        return None, None
    if sample_weight_mode not in (None, "temporal"):
        warnings.warn(
            f"compile: sample_weight_mode of output {output_name!r} is {sample_weight_mode!r} and "
            "taken for None, a weight a sample; write None, or 'temporal' for a weight a step.",
            stacklevel=2,
        )
        sample_weight_mode = None
    axes = 2 if sample_weight_mode == "temporal" else 1
    return K.placeholder(ndim=axes, name=f"{output_name}_sample_weights"), sample_weight_mode


def masked_weights(y_pred: Any, weights: Any, mask: Any) -> Any:
    """Weights times a mask, or whichever of the two is not None."""
    if mask is None:
        return weights
    mask = K.cast(mask, K.dtype(y_pred))
    if weights is None:
        return mask
    mask, _, weights = squeeze_or_expand_dimensions(mask, None, weights)
    return weights * mask


def output_loss(loss: Any, y_true: Any, y_pred: Any, weights: Any = None, mask: Any = None) -> Any:
    """The loss of one output as a scalar tensor."""
    value = loss(y_true, y_pred, sample_weight=masked_weights(y_pred, weights, mask))
    return K.mean(value) if getattr(loss, "reduction", None) == Reduction.NONE else value


def weighted_masked_objective(fn: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """A function of targets, predictions, weights and mask that is the mean of `fn` over a batch.

    Weights and mask are normed: the result is the mean over samples whose weight is not 0.

    Args:
        fn: function of targets and predictions `(batch, ...)`, or None, which stays None.
    """
    if fn is None:
        return None

    def weighted(y_true: Any, y_pred: Any, weights: Any, mask: Any = None) -> Any:
        score = fn(y_true, y_pred)
        if mask is not None:
            mask = K.cast(mask, K.floatx())
            score = score * mask / K.mean(mask)
        if weights is not None:
            surplus = list(range(K.ndim(weights), K.ndim(score)))
            score = K.mean(score, axis=surplus) if surplus else score
            score = score * weights
            score = score / K.mean(K.cast(K.not_equal(weights, 0), K.floatx()))
        return K.mean(score)

    return weighted
