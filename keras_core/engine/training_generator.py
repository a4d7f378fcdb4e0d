"""Training, evaluation and prediction on what generators and Sequences give."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from keras_core.engine.feeding.arrays import EngineBatches, is_sequence, iter_sequence_infinite
from keras_core.engine.feeding.sources import GeneratedBatches
from keras_core.engine.runs import loop
from keras_core.engine.training_arrays import evaluated, training_callbacks, with_validation
from keras_core.utils.data_utils import GeneratorEnqueuer, OrderedEnqueuer
from keras_core.utils.generic_utils import unpack_singleton


class Workers(NamedTuple):
    """Who makes batches: how many threads or processes, and how far ahead."""

    max_queue_size: int
    workers: int
    use_multiprocessing: bool


def fit_generator(
    model: Any,
    generator: Any,
    steps_per_epoch: int | None = None,
    epochs: int = 1,
    verbose: int = 1,
    callbacks: Any = None,
    validation_data: Any = None,
    validation_steps: int | None = None,
    validation_freq: Any = 1,
    class_weight: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    shuffle: bool = True,
    initial_epoch: int = 0,
) -> Any:
    """Trains on the batches of a generator; see `Model.fit_generator`."""
    crew = Workers(max_queue_size, workers, use_multiprocessing)
    steps = _steps(generator, steps_per_epoch, "steps_per_epoch")
    with _validation(model, validation_data, validation_steps, crew) as (validate, kept):
        listed, history = training_callbacks(
            model,
            callbacks,
            verbose,
            by_steps=True,
            params={
                "epochs": epochs,
                "steps": steps,
                "verbose": verbose,
                "do_validation": validate is not None,
                "metrics": with_validation(model.metrics_names, True),
            },
        )
        with _iterator(generator, crew, shuffle) as iterator:
            source = GeneratedBatches(
                iterator, steps, lambda given: _training_batch(model, given, class_weight)
            )
            if is_sequence(generator) and not workers:
                source.finish = generator.on_epoch_end
            loop.fit(
                model,
                lambda fed: model._step("train", fed.weighted)(fed.arrays),
                source,
                listed,
                range(initial_epoch, epochs),
                validate and (lambda: validate(listed)),
                validation_freq,
                kept,
            )
    return history


def evaluate_generator(
    model: Any,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: int = 0,
) -> Any:
    """Evaluates on the batches of a generator; see `Model.evaluate_generator`."""
    crew = Workers(max_queue_size, workers, use_multiprocessing)
    steps = _steps(generator, steps, "steps")
    with _iterator(generator, crew) as iterator:
        values = _on_batches(
            model, iterator, steps, callbacks, verbose, last_loss=_reports_last_loss(generator)
        )
    return unpack_singleton(values)


def predict_generator(
    model: Any,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: int = 0,
) -> Any:
    """Predicts on the batches of a generator; see `Model.predict_generator`."""
    crew = Workers(max_queue_size, workers, use_multiprocessing)
    steps = _steps(generator, steps, "steps")
    params = {"steps": steps, "verbose": verbose}
    listed = loop.callback_list(callbacks, model, "predict", params)
    with _iterator(generator, crew) as iterator:
        source = GeneratedBatches(iterator, steps, lambda given: _inputs(model, given))
        step = model._step("predict")
        rows = loop.collect("predict", model, step, source, loop.Rows(), listed, verbose)
    return unpack_singleton(rows.arrays())


def _steps(generator: Any, steps: int | None, name: str) -> int:
    if steps is not None:
        return steps
    if is_sequence(generator):
        return len(generator)
    raise ValueError(
        f"A generator does not tell how many batches it has: give {name}, or use a Sequence."
    )


@contextmanager
def _iterator(generator: Any, crew: Workers, shuffle: bool = False) -> Iterator[Any]:
    """Batches without end, made ahead by workers if there are any, or by the engine."""
    sequence = is_sequence(generator)
    if not crew.workers or isinstance(generator, EngineBatches):
        yield iter_sequence_infinite(generator) if sequence else iter(generator)
        return
    if sequence:
        enqueuer: Any = OrderedEnqueuer(generator, crew.use_multiprocessing, shuffle=shuffle)
    else:
        _warn_of_copies(crew)
        enqueuer = GeneratorEnqueuer(generator, crew.use_multiprocessing)
    enqueuer.start(workers=crew.workers, max_queue_size=crew.max_queue_size)
    try:
        yield enqueuer.get()
    finally:
        enqueuer.stop()


def _warn_of_copies(crew: Workers) -> None:
    if crew.use_multiprocessing and crew.workers > 1:
        warnings.warn(
            "With use_multiprocessing every worker runs a copy of the generator, so batches may "
            "come several times; use a Sequence.",
            stacklevel=6,
        )


@contextmanager
def _validation(model: Any, data: Any, steps: int | None, crew: Workers) -> Iterator[Any]:
    """A function of callbacks that evaluates, or None, and the validation arrays, or None."""
    if not _is_given(data):
        yield None, None
    elif is_sequence(data) or hasattr(data, "__next__"):
        count = _steps(data, steps, "validation_steps")
        last = _reports_last_loss(data)
        with _iterator(data, crew) as iterator:
            yield (
                (lambda callbacks: _on_batches(model, iterator, count, callbacks, last_loss=last)),
                None,
            )
    else:
        fed = model._training_data(*validation_arrays(data))
        step = model._step("test", fed.weighted)
        yield (
            lambda callbacks: evaluated(model, step, fed.arrays, 32, None, callbacks),
            model._kept(fed),
        )


def _is_given(data: Any) -> bool:
    return data is not None and data is not False


def validation_arrays(data: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights (or None) out of `validation_data`.

    Raises:
        ValueError: it is no tuple of two or three.
    """
    if not isinstance(data, (list, tuple)) or len(data) not in (2, 3):
        shown = f"{len(data)} entries" if isinstance(data, (list, tuple)) else type(data).__name__
        raise ValueError(
            f"validation_data has to be (x, y) or (x, y, sample_weight), but {shown} were given."
        )
    return (*data, None) if len(data) == 2 else tuple(data)


def _on_batches(
    model: Any,
    iterator: Any,
    steps: int,
    callbacks: Any,
    verbose: int = 0,
    last_loss: bool = True,
) -> list[float]:
    params = {"steps": steps, "verbose": verbose, "metrics": model.metrics_names}
    listed = loop.callback_list(callbacks, model, "test", params)
    source = GeneratedBatches(iterator, steps, lambda given: _training_batch(model, given))
    model.reset_metrics()

    def step(fed: Any) -> Any:
        return model._step("test", fed.weighted)(fed.arrays)

    tally = loop.Tally(last_loss)
    return loop.collect("test", model, step, source, tally, listed, verbose).values()


def _reports_last_loss(data: Any) -> bool:
    """Keras 2.3.1 reports the loss of a generator's last batch, unlike for arrays; so do we."""
    return not isinstance(data, EngineBatches)


def _training_batch(model: Any, given: Any, class_weight: Any = None) -> tuple[int, Any]:
    if not isinstance(given, (list, tuple)) or len(given) not in (2, 3):
        raise ValueError(
            "A generator has to yield tuples (x, y) or (x, y, sample_weight), but it gave a "
            f"{type(given).__name__}" + (f" of {len(given)}." if hasattr(given, "__len__") else ".")
        )
    fed = model._training_data(*given, class_weight=class_weight)
    return fed.size, fed


def _inputs(model: Any, given: Any) -> tuple[int, list[Any]]:
    """Inputs alone, out of `x`, `(x, y)` or `(x, y, sample_weight)`."""
    arrays = model._input_arrays(given[0] if isinstance(given, tuple) else given)
    return (arrays[0].shape[0] if arrays else 1), arrays
