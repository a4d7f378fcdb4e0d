"""Model: a network that is trained and evaluated, and that predicts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import partial
from typing import Any, Callable

import numpy as np

from keras_core import missing
from keras_core.callbacks.loggers import History
from keras_core.engine import stateless
from keras_core.engine.compilation.compiled import Compiled, hint_of_keyword
from keras_core.engine.compilation.feed import Fed, fits
from keras_core.engine.options import Callbacks, Options, Validation, Workers
from keras_core.engine.runs import loop
from keras_core.engine.runs.data import (
    Given,
    generated_to_evaluate_on,
    generated_to_predict_on,
    generated_to_train_on,
    generator_of,
    to_evaluate_on,
    to_predict_on,
    to_train_on,
)
from keras_core.engine.training_utils import (  # noqa: F401  (found here by these names too)
    batch_shuffle,
    make_batches,
    standardize_class_weights,
    standardize_input_data,
    standardize_sample_weights,
    standardize_weights,
    weighted_masked_objective,
)
from keras_core.graph.function import fetched
from keras_core.plugins import features
from keras_core.utils.generic_utils import slice_arrays, unpack_singleton

__all__ = ["Model"]

missing.explain_attributes(globals())

# What Keras up to 2.1 called them.
_batch_shuffle = batch_shuffle
_make_batches = make_batches
_slice_arrays = slice_arrays
_standardize_input_data = standardize_input_data
_standardize_weights = standardize_weights
_weighted_masked_objective = weighted_masked_objective


class Model(Compiled):
    """A network with the means to train it.

    Args:
        *args: inputs and outputs, each a tensor or a list of tensors; none in a subclass that
            overrides `call`.
        **kwargs: `inputs`, `outputs`, `name`, `trainable`, `dtype`.

    Attributes:
        optimizer, loss, loss_weights, sample_weight_mode: what `compile` was given.
        metrics_names: names of what `evaluate` returns.
        history: the History of the last `fit`.
        stop_training: set to True by a callback, ends training after the batch or epoch.

    Example:
        >>> x = layers.Input((4,))
        >>> hidden = layers.Dense(8, activation="relu")(x)
        >>> model = models.Model(x, [layers.Dense(1)(hidden), layers.Dense(3)(hidden)])
        >>> [y.shape for y in model.predict(np.ones((5, 4)))]
        [(5, 1), (5, 3)]
    """

    # Training

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Callbacks = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_freq: int | Container[int] = 1,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        **kwargs: Any,
    ) -> History:
        """Trains the model for a number of epochs.

        Arrays are read ahead of the steps; change them between epochs, not within one.

        Args:
            x: input array `(samples, ...)`, list of arrays, dict of arrays by input name, or a
                generator, a Sequence or a data set of the backend's engine, of `(x, y)` or
                `(x, y, sample_weight)`.
            y: target array `(samples, ...)`, list or dict of arrays; none with a generator.
            batch_size: number of samples in a batch, 32 by default.
            epochs: index of the epoch at which training ends.
            verbose: 0 prints nothing, 1 draws a progress bar, 2 writes a line an epoch.
            callbacks: list of callbacks.
            validation_split: fraction in (0, 1) of the samples, the last ones, to validate on.
            validation_data: `(x, y)` or `(x, y, sample_weight)` to validate on.
            shuffle: True shuffles samples before every epoch, `'batch'` whole batches, False keeps
                the order.
            class_weight: dict from class index to the weight of its samples.
            sample_weight: array `(samples,)`, or `(samples, steps)` in the mode `'temporal'`.
            initial_epoch: index of the first epoch.
            steps_per_epoch: number of batches in an epoch, for generators and target tensors.
            validation_steps: number of batches of a validation, likewise.
            validation_freq: validate after every so many epochs, or a list of epochs (from 1).
            max_queue_size: number of batches of a generator that may wait.
            workers: number of threads or processes that make batches; 0 makes them in place.
            use_multiprocessing: True makes batches in processes.
            **kwargs: `nb_epoch`, as Keras 1 called `epochs`.

        Returns:
            A History, whose `history` is a dict of the epochs' values.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: data that does not fit the model, or arguments that contradict one another.
            TypeError: an unknown keyword.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
            >>> model.compile("sgd", "mse")
            >>> x = np.linspace(-1.0, 1.0, 32).reshape(-1, 1)
            >>> history = model.fit(x, 2.0 * x, batch_size=8, epochs=3, verbose=0)
            >>> len(history.history["loss"])
            3
        """
        _refuse_unknown(kwargs)
        data = Given(x, y, sample_weight)
        options = Options(
            verbose=verbose,
            callbacks=callbacks,
            batch_size=batch_size,
            steps=steps_per_epoch,
            workers=Workers(max_queue_size, workers, use_multiprocessing),
            epochs=epochs,
            initial_epoch=initial_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            validation=Validation(
                validation_data, validation_steps, validation_split, validation_freq
            ),
        )
        self._require_optimizer()
        self._check_trainable_weights_consistency()
        own = self._own_method("fit_generator", data, options)
        if own is not None:
            return own(**options.for_training_on_generators())
        return loop.fit(self, *to_train_on(self, data, options), options)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int = 1,
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Callbacks = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> float | list[float]:
        """Computes loss and metrics.

        Args:
            x: inputs, as for `fit`.
            y: targets, as for `fit`.
            batch_size: number of samples in a batch, 32 by default.
            verbose: 1 draws a progress bar, 0 prints nothing.
            sample_weight: weights, as for `fit`.
            steps: number of batches, for generators and target tensors.
            callbacks: list of callbacks.
            max_queue_size, workers, use_multiprocessing: as for `fit`.

        Returns:
            The loss, or a list of the values that `metrics_names` names.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: data that does not fit the model.

        Example:
            >>> model = models.Sequential([layers.Activation("linear", input_shape=(1,))])
            >>> model.compile("sgd", "mse", metrics=["mae"])
            >>> x = np.array([[1.0], [2.0]])
            >>> model.evaluate(x, x + 3.0, verbose=0)
            [9.0, 3.0]
        """
        self._require_optimizer()
        data = Given(x, y, sample_weight)
        crew = Workers(max_queue_size, workers, use_multiprocessing)
        options = Options(verbose, callbacks, batch_size, steps, crew)
        own = self._own_method("evaluate_generator", data, options)
        if own is not None:
            return own(**options.for_generators())
        return loop.evaluate(self, to_evaluate_on(self, data, options), options)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int = 0,
        steps: int | None = None,
        callbacks: Callbacks = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> np.ndarray | Any:
        """Computes the outputs.

        Args:
            x: inputs, as for `fit`; targets that a generator gives besides are ignored.
            batch_size: number of samples in a batch, 32 by default.
            verbose: 1 draws a progress bar, 0 prints nothing.
            steps: number of batches, for generators and inputs that are tensors.
            callbacks: list of callbacks.
            max_queue_size, workers, use_multiprocessing: as for `fit`.

        Returns:
            An array `(samples, ...)`, or a list of arrays for several outputs.

        Raises:
            ValueError: data that does not fit the model.

        Example:
            >>> model = models.Sequential([layers.Dense(3, activation="softmax", input_shape=(4,))])
            >>> model.predict(np.ones((5, 4)), batch_size=2).shape
            (5, 3)
        """
        watched = verbose or steps is not None or callbacks or features.attach_callbacks()
        if self._is_one_batch(x, batch_size) and not watched:
            self.stop_training = False
            return unpack_singleton(fetched(self._step_program("predict")([x])))
        data = Given(x)
        crew = Workers(max_queue_size, workers, use_multiprocessing)
        options = Options(verbose, callbacks, batch_size, steps, crew)
        own = self._own_method("predict_generator", data, options)
        if own is not None:
            return own(**options.for_generators())
        return loop.predict(self, to_predict_on(self, data, options), options)

    def _own_method(self, name: str, data: Given, options: Options) -> Callable[..., Any] | None:
        """What a subclass does with generators in its own way, for the one that was given.

        None where the subclass has no such method, or there are arrays.
        """
        method = getattr(self, name)
        if getattr(method, "__func__", None) is getattr(Model, name):
            return None
        generator = generator_of(self, data, options)
        return None if generator is None else partial(method, generator)

    def _is_one_batch(self, x: Any, batch_size: int | None) -> bool:
        """Whether `x` is an array to be fed at once just as it is."""
        feed = self._input_feed
        return (
            feed is not None
            and len(feed.shapes) == 1
            and feed.shapes[0][0] is None
            and fits(x, feed.shapes[0])
            and isinstance(batch_size, (int, type(None)))
            and 0 < len(x) <= (32 if batch_size is None else batch_size)
        )

    # Single batches

    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        reset_metrics: bool = True,
    ) -> np.floating[Any] | list[np.floating[Any]]:
        """Does one step of training.

        Args:
            x: inputs of the batch, as for `fit`.
            y: targets of the batch.
            sample_weight: weights of the batch.
            class_weight: dict from class index to weight.
            reset_metrics: False goes on with the metrics of the batches before.

        Returns:
            The loss, or a list of the values that `metrics_names` names.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: data that does not fit the model.

        Example:
            >>> layer = layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))
            >>> model = models.Sequential([layer])
            >>> model.compile("sgd", "mse")
            >>> loss = model.train_on_batch(np.array([[1.0]]), np.array([[3.0]]))
            >>> float(loss)  # with the weights before the step
            9.0
        """
        fed = self._training_data(x, y, sample_weight, class_weight)
        self._check_batch(fed.x)
        self._check_trainable_weights_consistency()
        return self._on_batch("train", fed, reset_metrics)

    def test_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, reset_metrics: bool = True
    ) -> np.floating[Any] | list[np.floating[Any]]:
        """Computes loss and metrics of one batch.

        Args:
            x: inputs of the batch, as for `fit`.
            y: targets of the batch.
            sample_weight: weights of the batch.
            reset_metrics: False goes on with the metrics of the batches before.

        Returns:
            The loss, or a list of the values that `metrics_names` names.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: data that does not fit the model.

        Example:
            >>> model = models.Sequential([layers.Activation("linear", input_shape=(1,))])
            >>> model.compile("sgd", "mse")
            >>> float(model.test_on_batch(np.array([[1.0]]), np.array([[4.0]])))
            9.0
        """
        fed = self._training_data(x, y, sample_weight)
        self._check_batch(fed.x)
        return self._on_batch("test", fed, reset_metrics)

    def _on_batch(self, mode: str, fed: Fed, reset_metrics: bool) -> Any:
        step = self._step_program(mode, fed.weighted)
        if reset_metrics and self._is_training:
            with self._metrics_left_alone():
                self.reset_metrics()
                outputs = step(fed.arrays)
        else:
            outputs = step(fed.arrays)
            if reset_metrics:
                self.reset_metrics()
        return unpack_singleton([x[()] for x in fetched(outputs)])

    def predict_on_batch(self, x: Any) -> np.ndarray | Any:
        """Computes the outputs of one batch.

        Args:
            x: inputs of the batch, as for `fit`.

        Returns:
            An array `(batch, ...)`, or a list of arrays for several outputs.

        Example:
            >>> model = models.Sequential([layers.Activation("relu", input_shape=(2,))])
            >>> model.predict_on_batch(np.array([[-1.0, 2.0]])).tolist()
            [[0.0, 2.0]]
        """
        arrays = self._input_arrays(x)
        self._check_batch(arrays)
        return unpack_singleton(fetched(self._step_program("predict")(arrays)))

    # Pure functions

    def stateless(
        self,
        weights: Sequence[Any],
        x: Any,
        training: bool = False,
        draws: tuple[Any, Any] = (0, 0),
    ) -> Any:
        """Computes the outputs with weights that are arguments, and changes nothing.

        For the transformations of an engine: `jax.grad(lambda w: loss(model.stateless(w, x)))`.

        Args:
            weights: values in the order of `get_weights()`, the engine's arrays.
            x: an array of the engine's, or a list of them.
            training: the learning phase. Updates that go with it are not done; `stateless_step`
                returns them.
            draws: seed and step, on which random numbers depend.

        Returns:
            An array of the engine's `(batch, ...)`, or a list of arrays for several outputs.

        Raises:
            NotImplementedError: the backend has no pure functions.
            ValueError: too few or too many weights or inputs.
        """
        return stateless.outputs_of(self, weights, x, training, draws)

    def stateless_step(
        self,
        weights: Sequence[Any],
        optimizer_state: Sequence[Any] | None,
        x: Any,
        y: Any,
        draws: tuple[Any, Any] = (0, 0),
    ) -> tuple[Any, list[Any], list[Any]]:
        """Does a step of training on values that are arguments, and changes nothing.

        Args:
            weights: values in the order of `get_weights()`, the engine's arrays.
            optimizer_state: values in the order of `optimizer.get_weights()`; None for those that
                the optimizer has now, which before the first step are those that it begins with.
            x: an array of the engine's, or a list of them.
            y: targets, likewise.
            draws: seed and step, on which random numbers depend.

        Returns:
            The loss, the weights after the step (moving statistics among them), and the optimizer's
            state after it.

        Raises:
            RuntimeError: the model is not compiled.
            NotImplementedError: the backend has no pure functions.
            ValueError: too few or too many values or arrays.
        """
        self._require_compiled()
        return stateless.stepped(self, weights, optimizer_state, x, y, draws)

    # Generators

    def fit_generator(
        self,
        generator: Any,
        steps_per_epoch: int | None = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Callbacks = None,
        validation_data: Any = None,
        validation_steps: int | None = None,
        validation_freq: int | Container[int] = 1,
        class_weight: Mapping[int, float] | None = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        shuffle: bool = True,
        initial_epoch: int = 0,
    ) -> History:
        """Trains the model on batches that a generator or Sequence makes.

        Args:
            generator: yields `(x, y)` or `(x, y, sample_weight)` without end; or a Sequence.
            steps_per_epoch: number of batches in an epoch; the length of a Sequence by default.
            validation_data: arrays, as for `fit`, or a generator or Sequence.
            validation_steps: number of batches of a validation with a generator.
            shuffle: True takes the batches of a Sequence in another order in every epoch.
            epochs, verbose, callbacks, validation_freq, class_weight, initial_epoch: as for `fit`.
            max_queue_size, workers, use_multiprocessing: as for `fit`.

        Returns:
            A History.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: what is yielded does not fit the model, or a number of steps is missing.
            StopIteration: the generator ended before the steps did.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(3,))])
            >>> model.compile("sgd", "mse")
            >>> def batches():
            ...     while True:
            ...         yield np.ones((8, 3)), np.zeros((8, 1))
            >>> history = model.fit_generator(batches(), steps_per_epoch=4, epochs=2, verbose=0)
            >>> history.epoch
            [0, 1]
        """
        options = Options(
            verbose=verbose,
            callbacks=callbacks,
            steps=steps_per_epoch,
            workers=Workers(max_queue_size, workers, use_multiprocessing),
            epochs=epochs,
            initial_epoch=initial_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            validation=Validation(validation_data, validation_steps, freq=validation_freq),
        )
        self._require_optimizer()
        self._check_trainable_weights_consistency()
        return loop.fit(self, *generated_to_train_on(self, generator, options), options)

    def evaluate_generator(
        self,
        generator: Any,
        steps: int | None = None,
        callbacks: Callbacks = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        verbose: int = 0,
    ) -> float | list[float]:
        """Computes loss and metrics on batches that a generator or Sequence makes.

        Args:
            generator: yields `(x, y)` or `(x, y, sample_weight)`.
            steps: number of batches; the length of a Sequence by default.
            callbacks: list of callbacks.
            max_queue_size, workers, use_multiprocessing: as for `fit`.
            verbose: 1 draws a progress bar.

        Returns:
            The loss, or a list of the values that `metrics_names` names.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: what is yielded does not fit the model, or `steps` is missing.

        Example:
            >>> model = models.Sequential([layers.Activation("linear", input_shape=(1,))])
            >>> model.compile("sgd", "mse")
            >>> batches = ((np.ones((8, 1)), np.zeros((8, 1))) for _ in range(4))
            >>> float(model.evaluate_generator(batches, steps=4))
            1.0
        """
        self._require_optimizer()
        crew = Workers(max_queue_size, workers, use_multiprocessing)
        source = generated_to_evaluate_on(self, generator, steps, crew)
        return loop.evaluate(self, source, Options(verbose, callbacks))

    def predict_generator(
        self,
        generator: Any,
        steps: int | None = None,
        callbacks: Callbacks = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        verbose: int = 0,
    ) -> np.ndarray | Any:
        """Computes the outputs for batches that a generator or Sequence makes.

        Args:
            generator: yields `x`, `(x, y)` or `(x, y, sample_weight)`; only `x` counts.
            steps: number of batches; the length of a Sequence by default.
            callbacks: list of callbacks.
            max_queue_size, workers, use_multiprocessing: as for `fit`.
            verbose: 1 draws a progress bar.

        Returns:
            An array `(samples, ...)`, or a list of arrays for several outputs.

        Raises:
            ValueError: what is yielded does not fit the model, or `steps` is missing.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(3,))])
            >>> batches = (np.ones((8, 3)) for _ in range(4))
            >>> model.predict_generator(batches, steps=4).shape
            (32, 1)
        """
        crew = Workers(max_queue_size, workers, use_multiprocessing)
        source = generated_to_predict_on(self, generator, steps, crew)
        return loop.predict(self, source, Options(verbose, callbacks))


def _refuse_unknown(kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise TypeError(
            f"fit: unknown keywords {sorted(kwargs)}."
            f"{hint_of_keyword(next(iter(kwargs)), Model.fit, Model.compile)}"
        )
