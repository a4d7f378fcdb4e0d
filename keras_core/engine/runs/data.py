"""What users pass to a run, made into the sources of its batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from keras_core import ranks, sharing
from keras_core.engine.compilation.compiled import Compiled
from keras_core.engine.compilation.feed import Fed
from keras_core.engine.compilation.losses import takes_probabilities
from keras_core.engine.compilation.programs import FilledStep, StepProgram
from keras_core.engine.feeding.arrays import (
    NoSamplesError,
    check_array_length_consistency,
    check_class_weight,
    split_samples,
)
from keras_core.engine.feeding.generators import (
    check_generator_arguments,
    is_generator_or_sequence,
    is_sequence,
    or_engine_batches,
)
from keras_core.engine.feeding.numbers import warn_of_no_probabilities, warn_of_not_finite
from keras_core.engine.feeding.sources import GeneratorSource, Source, of_arrays
from keras_core.engine.options import Options, Validation, Workers
from keras_core.slots import current_backend


class Given(NamedTuple):
    """Data as users pass them to `fit`, `evaluate` and `predict`."""

    x: Any
    y: Any = None
    sample_weight: Any = None


def generator_of(model: Compiled, given: Given, options: Options) -> Any:
    """The generator, Sequence or data set that was given; None where there are arrays.

    Raises:
        ValueError: something was given besides that says nothing about it.
    """
    x = _settled(model, given, options)[0].x
    if not is_generator_or_sequence(x):
        return None
    check_generator_arguments(given.y, given.sample_weight, options.validation.split)
    return x


# Training


def to_train_on(model: Compiled, given: Given, options: Options) -> tuple[Source, Source | None]:
    """What to train on, and what to validate on, if anything."""
    given, batch_size = _settled(model, given, options)
    if is_generator_or_sequence(given.x):
        check_generator_arguments(given.y, given.sample_weight, options.validation.split)
        return generated_to_train_on(model, given.x, options)
    _check_given(model, "fit", given, options, "steps_per_epoch")
    fed = model._training_data(*given, options.class_weight)
    _check_stateful(model, fed.x, batch_size)
    _warn_of_data(model, fed)
    fed, held_out = _held_out(model, fed, options.validation)
    if held_out is not None:
        _check_stateful(model, held_out.x, batch_size)
    check_validation_steps(options, held_out is not None)
    step = _step_of_arrays(model, "train", fed.weighted)
    source = of_arrays(
        step, fed.arrays, batch_size, options.steps, options.shuffle, "steps_per_epoch"
    )
    if held_out is None:
        return source, None
    return source, _to_validate_on(model, held_out, batch_size, options.validation.steps)


def generated_to_train_on(
    model: Compiled, data: Any, options: Options
) -> tuple[Source, Source | None]:
    """The same for a generator, a Sequence or an engine's data set."""
    check_class_weight(options.class_weight)
    source = GeneratorSource(
        _step_of_batches(model, "train"),
        data,
        options.steps,
        "steps_per_epoch",
        partial(_fed_of, model, options.class_weight),
        options.workers,
        bool(options.shuffle),
    )
    return source, _besides_generator(model, options)


def _held_out(model: Compiled, fed: Fed, validation: Validation) -> tuple[Fed, Fed | None]:
    """The arrays to train on, and those to validate on, if any."""
    split = validation.split
    if validation.is_given:
        return fed, _validation_data(model, validation.data)
    if split:
        if int(fed.size * (1.0 - split)) == 0:
            raise NoSamplesError(
                f"validation_split={split} takes all of the {fed.size} samples, so that none are "
                "left to train on; give more samples or a smaller fraction."
            )
        parts = [split_samples(part, lambda n: int(n * (1.0 - split))) for part in fed]
        return Fed(*(first for first, _ in parts)), Fed(*(second for _, second in parts))
    return fed, Fed([], [], []) if validation.steps else None


def _besides_generator(model: Compiled, options: Options) -> Source | None:
    """What to validate on where training is on a generator, if anything."""
    data, steps = or_engine_batches(options.validation.data), options.validation.steps
    if not options.validation.is_given:
        return None
    if is_sequence(data) or hasattr(data, "__next__"):
        return generated_to_evaluate_on(model, data, steps, options.workers, "validation_steps")
    return _to_validate_on(model, _validation_data(model, data), 32)


def _to_validate_on(
    model: Compiled, fed: Fed, batch_size: int | None, steps: int | None = None
) -> Source:
    step = _step_of_arrays(model, "test", fed.weighted)
    source = of_arrays(step, fed.arrays, batch_size, steps)
    phase = [0.0] if model._programs.feeds_phase("test") else []
    source.shown = [*fed.x, *fed.y, *model._training_feed.ones(fed), *phase]
    return source


def _validation_data(model: Compiled, data: Any) -> Fed:
    """The arrays in `validation_data`; what is wrong with them is said to be so of them.

    Raises:
        ValueError: it is no tuple of two or three, or the arrays in it do not fit the model.
    """
    given = _validation_arrays(data)
    try:
        fed = model._training_data(*given)
    except (TypeError, ValueError) as error:
        raise type(error)(f"validation_data: {error}") from None
    _warn_of_data(model, fed, "validation ")
    return fed


def _validation_arrays(data: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights (or None) out of `validation_data`.

    Raises:
        ValueError: it is no tuple of two or three.
    """
    if not isinstance(data, (list, tuple)) or len(data) not in (2, 3):
        several = isinstance(data, (list, tuple))
        shown = f"{len(data)} entries were" if several else f"{type(data).__name__} was"
        raise ValueError(
            f"validation_data has to be (x, y) or (x, y, sample_weight), but {shown} given; write "
            "validation_data=(x_val, y_val)."
        )
    return (*data, None) if len(data) == 2 else tuple(data)


def check_validation_steps(options: Options, validates: bool) -> None:
    """Refuses numbers of steps of training and of validation that do not go together.

    Raises:
        ValueError: only one of the two is given.
    """
    steps = options.validation.steps
    if steps and options.steps is None:
        raise ValueError(
            "validation_steps was given without steps_per_epoch; arrays are validated whole, so "
            "leave it out."
        )
    if validates and options.steps and not steps:
        raise ValueError("Validation besides steps_per_epoch needs validation_steps, too.")


# Evaluation and prediction


def to_evaluate_on(model: Compiled, given: Given, options: Options) -> Source:
    """What to evaluate on."""
    given, batch_size = _settled(model, given, options)
    if is_generator_or_sequence(given.x):
        check_generator_arguments(given.y, given.sample_weight)
        return generated_to_evaluate_on(model, given.x, options.steps, options.workers)
    _check_given(model, "evaluate", given, options, "steps")
    fed = model._training_data(*given)
    _check_stateful(model, fed.x, batch_size)
    _warn_of_data(model, fed)
    step = _step_of_arrays(model, "test", fed.weighted)
    return of_arrays(step, fed.arrays, batch_size, options.steps)


def generated_to_evaluate_on(
    model: Compiled, data: Any, steps: int | None, workers: Workers, steps_name: str = "steps"
) -> Source:
    """The same for a generator, a Sequence or an engine's data set."""
    prepare = partial(_fed_of, model, None)
    step = _step_of_batches(model, "test")
    return GeneratorSource(step, data, steps, steps_name, prepare, workers)


def to_predict_on(model: Compiled, given: Given, options: Options) -> Source:
    """What to predict on."""
    given, batch_size = _settled(model, given, options)
    if is_generator_or_sequence(given.x):
        return generated_to_predict_on(model, given.x, options.steps, options.workers)
    if given.x is None and options.steps is None:
        raise ValueError(
            f"predict of model {model.name}: there is no x. Give arrays, or steps if the model "
            "reads from tensors of its own."
        )
    arrays = model._input_arrays(given.x)
    check_array_length_consistency(arrays, None)
    _check_stateful(model, arrays, batch_size)
    step: Any = _step_of_prediction(model)
    if options.steps is None:
        step = _for_one_size(step, arrays, batch_size or 32)
    source = of_arrays(step, arrays, batch_size, options.steps)
    source.is_empty = any(x is not None and not x.shape[0] for x in arrays[:1])
    return source


def _for_one_size(step: StepProgram, arrays: Sequence[Any], size: int) -> Any:
    """The step; for a backend to which a smaller last batch is dear, one that fills it up."""
    samples = len(arrays[0]) if arrays and arrays[0] is not None else 0
    is_left_over = samples > size and samples % size
    can_be_filled = is_left_over and isinstance(step, StepProgram)
    if can_be_filled and current_backend().compiles_sizes and step.keeps_rows_apart:
        return FilledStep(step, size)
    return step


def generated_to_predict_on(
    model: Compiled, data: Any, steps: int | None, workers: Workers
) -> Source:
    """The same for a generator, a Sequence or an engine's data set."""
    step, prepare = _step_of_prediction(model), partial(_inputs_of, model)
    return GeneratorSource(step, data, steps, "steps", prepare, workers)


# Checks


def _settled(model: Compiled, given: Given, options: Options) -> tuple[Given, int | None]:
    """The data, an engine's data set as such, and the size of batches."""
    x = or_engine_batches(given.x)
    return Given(x, given.y, given.sample_weight), _batch_size(model, x, options)


def _batch_size(model: Compiled, x: Any, options: Options) -> int | None:
    """The size of batches: as given, as the inputs have it, or 32; None with steps."""
    batch_size, steps = options.batch_size, options.steps
    if batch_size is not None and is_generator_or_sequence(x):
        raise ValueError(
            f"batch_size={batch_size} was given besides a generator or Sequence, which makes "
            "the batches itself; leave it out."
        )
    static = model.inputs[0].shape[0] if model.inputs else None
    if static is not None:
        if batch_size not in (None, static):
            raise ValueError(
                f"batch_size={batch_size} contradicts the inputs of model {model.name}, which "
                f"have the batch size {static}; use that."
            )
        batch_size = None if steps is not None else static
    return 32 if batch_size is None and steps is None else batch_size


def _check_given(
    model: Compiled, method: str, given: Given, options: Options, steps_name: str
) -> None:
    if given.x is None and given.y is None and options.steps is None:
        raise ValueError(
            f"{method} of model {model.name}: there is neither x nor y. Give arrays, or "
            f"{steps_name} if the model reads from tensors of its own."
        )


def _warn_of_data(model: Compiled, fed: Fed, part: str = "") -> None:
    feed = model._training_feed
    warn_of_not_finite(f"{part}input", feed.inputs.names, fed.x)
    warn_of_not_finite(f"{part}target", feed.output_names, fed.y)
    warn_of_not_finite(f"{part}weights of target", feed.output_names, fed.weights)
    binary = [i for i, loss in enumerate(feed.losses) if takes_probabilities(loss)]
    warn_of_no_probabilities([feed.output_names[i] for i in binary], [fed.y[i] for i in binary])


def _check_stateful(model: Compiled, arrays: Sequence[Any], batch_size: int | None) -> None:
    samples = arrays[0].shape[0] if arrays else 0
    fixed = model.stateful or (model.inputs and model.inputs[0].shape[0] is not None)
    if batch_size and fixed and samples % batch_size:
        kind = "is stateful" if model.stateful else "has inputs of a fixed batch size"
        raise ValueError(
            f"Model {model.name} {kind}, so it takes only a number of samples that can be divided "
            f"by the batch size; there are {samples}, and the batch size is {batch_size}. Leave "
            "out the rest, or fill up the last batch."
        )


# Steps, of which ranks that share a run do some rows each


def _step_of_arrays(model: Compiled, mode: str, weighted: bool) -> Any:
    step = model._step_program(mode, weighted)
    if not ranks.share_runs():
        return step
    _check_shareable(model)
    return sharing.SharedStep(step, sharing.cut, lambda arrays: len(arrays[0]) if arrays else 0)


def _step_of_batches(model: Compiled, mode: str) -> Any:
    step = partial(_step_with, model, mode)
    if not ranks.share_runs():
        return step
    _check_shareable(model)
    return sharing.SharedStep(step, _cut, _size)


def _cut(fed: Fed, rows: slice) -> Fed:
    return Fed(*(sharing.cut(arrays, rows) for arrays in fed))


def _size(fed: Fed) -> int:
    return fed.size if fed.arrays else 0


def _step_of_prediction(model: Compiled) -> Any:
    step = model._step_program("predict")
    if not ranks.share_runs():
        return step
    _check_shareable(model)
    return sharing.JoinedStep(step)


def _check_shareable(model: Compiled) -> None:
    """Refuses models of which no rank can take some rows of a batch."""
    static = model.inputs[0].shape[0] if model.inputs else None
    if model.stateful or static is not None:
        kind = "is stateful" if model.stateful else f"has inputs of the fixed batch size {static}"
        raise ValueError(
            f"Model {model.name} {kind}, so that {ranks.current().size} ranks cannot share its "
            "batches. Leave the size of batches open (shape or input_shape instead of batch_shape "
            "and batch_input_shape), or run it in one process."
        )


# Batches of generators


def _step_with(model: Compiled, mode: str, fed: Fed) -> Sequence[Any]:
    """Does a step with or without sample weights, as the batch has them."""
    return model._step_program(mode, fed.weighted)(fed.arrays)


def _fed_of(model: Compiled, class_weight: Any, batch: Any) -> tuple[int, Fed]:
    """The number of samples and what to feed of `(x, y)` or `(x, y, sample_weight)`."""
    if not isinstance(batch, (list, tuple)) or len(batch) not in (2, 3):
        raise ValueError(
            "A generator has to yield tuples (x, y) or (x, y, sample_weight), but it gave "
            + _shown_batch(batch)
        )
    x, y, sample_weight = batch if len(batch) == 3 else (*batch, None)
    fed = model._training_data(x, y, sample_weight, class_weight)
    model._check_batch(fed.x)
    return fed.size, fed


def _shown_batch(batch: Any) -> str:
    """What a generator gave instead of a batch; a phrase that ends its sentence."""
    if batch is None:
        return "None. Does the function end with yield, or __getitem__ with a return statement?"
    kind = type(batch).__name__
    return f"{kind} of {len(batch)}." if hasattr(batch, "__len__") else f"{kind}."


def _inputs_of(model: Compiled, batch: Any) -> tuple[int, list[Any]]:
    """Inputs alone, out of `x`, `(x, y)` or `(x, y, sample_weight)`."""
    if batch is None or (isinstance(batch, tuple) and not 1 <= len(batch) <= 3):
        raise ValueError(
            "A generator has to yield x, or tuples (x, y) or (x, y, sample_weight), but it gave "
            + _shown_batch(batch)
        )
    arrays = model._input_arrays(batch[0] if isinstance(batch, tuple) else batch)
    model._check_batch(arrays)
    return (arrays[0].shape[0] if arrays else 1), arrays
