"""Runs over generators and Sequences under the module path that Keras 2 has for them."""

from __future__ import annotations

from typing import Any

from keras_core.engine.training import Model

__all__ = ["evaluate_generator", "fit_generator", "predict_generator"]


def fit_generator(
    model: Model,
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
    return Model.fit_generator(
        model,
        generator,
        steps_per_epoch,
        epochs,
        verbose=verbose,
        callbacks=callbacks,
        validation_data=validation_data,
        validation_steps=validation_steps,
        validation_freq=validation_freq,
        class_weight=class_weight,
        max_queue_size=max_queue_size,
        workers=workers,
        use_multiprocessing=use_multiprocessing,
        shuffle=shuffle,
        initial_epoch=initial_epoch,
    )


def evaluate_generator(
    model: Model,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: int = 0,
) -> Any:
    """Evaluates on the batches of a generator; see `Model.evaluate_generator`."""
    return Model.evaluate_generator(
        model,
        generator,
        steps,
        callbacks=callbacks,
        max_queue_size=max_queue_size,
        workers=workers,
        use_multiprocessing=use_multiprocessing,
        verbose=verbose,
    )


def predict_generator(
    model: Model,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: int = 0,
) -> Any:
    """Predicts on the batches of a generator; see `Model.predict_generator`."""
    return Model.predict_generator(
        model,
        generator,
        steps,
        callbacks=callbacks,
        max_queue_size=max_queue_size,
        workers=workers,
        use_multiprocessing=use_multiprocessing,
        verbose=verbose,
    )
