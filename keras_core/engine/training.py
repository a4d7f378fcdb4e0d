"""Model: a network that is compiled, trained, evaluated, and predicts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core import optimizers
from keras_core.engine import training_arrays, training_generator
from keras_core.engine.bookkeeping import unique
from keras_core.engine.compile_model import make_objectives
from keras_core.engine.data import (
    check_generator_arguments,
    is_generator_or_sequence,
    split_samples,
)
from keras_core.engine.feed import Fed, InputFeed, TrainingFeed, fits
from keras_core.engine.input_layer import Input
from keras_core.engine.network import Network
from keras_core.engine.programs import Programs
from keras_core.utils.generic_utils import to_list, unpack_singleton

__all__ = ["Model"]


class Model(Network):
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
    """

    loss: Any = None
    loss_weights: Any = None
    sample_weight_mode: Any = None
    history: Any = None
    stop_training = False
    targets: Sequence[Any] = ()
    sample_weights: Sequence[Any] = ()
    _is_compiled = False
    _compile_metrics: Sequence[Any] = ()
    _compile_weighted_metrics: Sequence[Any] | None = None
    _collected_trainable_weights: Sequence[Any] = ()
    _objectives: Any = None
    _training_feed: Any = None
    _input_feed: Any = None
    _programs: Any = None

    # Compilation

    def compile(
        self,
        optimizer: Any,
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
        target_tensors: Any = None,
        **kwargs: Any,
    ) -> None:
        """Says how the model is to be trained.

        Args:
            optimizer: name or object.
            loss: name, function or Loss object; a list with one for each output, or a dict by
                output name. The losses of all outputs are added up.
            metrics: list of names, functions or Metric objects; a list of such lists, one for each
                output, or a dict by output name. `'accuracy'` means what suits the output.
            loss_weights: list or dict of the factors of the outputs' losses in the total; 1 by
                default.
            sample_weight_mode: `'temporal'` for a weight a step `(batch, steps)`, None for a weight
                a sample; a list or dict of these for several outputs.
            weighted_metrics: metrics that heed the weights of samples and classes.
            target_tensors: tensors to take for the targets instead of placeholders.
            **kwargs: nothing; for the error message.

        Raises:
            ValueError: an unknown name, something of a wrong kind, or an argument that does not fit
                the outputs. The model stays as it was.
            TypeError: `metrics` or `loss_weights` is neither list nor dict.
        """
        if kwargs:
            raise ValueError(f"compile: model {self.name}: unknown keywords {sorted(kwargs)}.")
        optimizer = optimizers.get(optimizer)
        objectives = None
        if self.outputs:
            objectives = make_objectives(
                self,
                loss,
                metrics,
                loss_weights,
                sample_weight_mode,
                weighted_metrics,
                target_tensors,
            )
            objectives.get(weighted=False)
        self.optimizer = optimizer
        self.loss = {} if loss is None else loss
        self.loss_weights = loss_weights
        self.sample_weight_mode = sample_weight_mode
        self._compile_metrics = metrics or []
        self._compile_weighted_metrics = weighted_metrics
        self._is_compiled = objectives is not None
        self._objectives = objectives
        self._programs = None
        if objectives is not None:
            self._take_objectives(objectives)

    def _take_objectives(self, objectives: Any) -> None:
        ends = {end.name: end for end in objectives.endpoints}
        self.targets = [ends[n].target if n in ends else None for n in self.output_names]
        self.sample_weights = [
            ends[n].sample_weight if n in ends else None for n in self.output_names
        ]
        self._input_feed = InputFeed(self._feed_inputs, self._feed_input_names)
        self._training_feed = TrainingFeed(
            self._input_feed, objectives.endpoints, self.output_names
        )
        self._collected_trainable_weights = self.trainable_weights

    @property
    def total_loss(self) -> Any:
        """The scalar tensor that training makes small, with sample weights."""
        return self._objectives.get(weighted=True).total_loss

    @property
    def metrics(self) -> list[Any]:
        """The metric objects: those of `compile`, of the layers, and of `add_metric`."""
        compiled = self._objectives.metrics if self._is_compiled else []
        return [*compiled, *self._added_metrics()]

    def _added_metrics(self) -> list[Any]:
        found = []
        for layer in self.layers:
            is_model = isinstance(layer, Model)
            found += layer._added_metrics() if is_model else layer.metrics
        return unique([*found, *self._metrics])

    @property
    def metrics_names(self) -> list[str]:
        """Names of the values that `evaluate` returns, the loss first."""
        losses = self._objectives.loss_metrics if self._is_compiled else []
        return ["loss", *(metric.name for metric in [*losses, *self.metrics])]

    def reset_metrics(self) -> None:
        """Sets the state of all metrics to its start."""
        losses = self._objectives.loss_metrics if self._is_compiled else []
        for metric in [*losses, *self.metrics]:
            metric.reset_states()

    # Programs

    @property
    def train_function(self) -> Any:
        """Function of inputs, targets, sample weights (and learning phase) that trains, if made."""
        return self._made("train")

    @train_function.setter
    def train_function(self, value: None) -> None:
        self._programs = None

    @property
    def test_function(self) -> Any:
        """Function of inputs, targets, sample weights (and learning phase) that evaluates."""
        return self._made("test")

    @test_function.setter
    def test_function(self, value: None) -> None:
        self._drop("test")

    @property
    def predict_function(self) -> Any:
        """Function of inputs (and learning phase) that predicts, if made."""
        return self._made("predict")

    @predict_function.setter
    def predict_function(self, value: None) -> None:
        self._drop("predict")

    def _made(self, mode: str) -> Any:
        return None if self._programs is None else self._programs.public(mode)

    def _drop(self, mode: str) -> None:
        if self._programs is not None:
            self._programs.drop(mode)

    def _make_train_function(self) -> None:
        self._require_compiled()
        self._step("train")

    def _make_test_function(self) -> None:
        self._require_compiled()
        self._step("test")

    def _make_predict_function(self) -> None:
        self._step("predict")

    def _step(self, mode: str, weighted: bool = False) -> Callable[[list[Any]], list[Any]]:
        """The function of arrays that does a step of `mode` ('train', 'test' or 'predict')."""
        if self._programs is None:
            self._programs = Programs(self)
        return self._programs.step(mode, weighted)

    def _check_trainable_weights_consistency(self) -> None:
        if len(self.trainable_weights) != len(self._collected_trainable_weights):
            warnings.warn(
                f"Model {self.name} has {len(self.trainable_weights)} trainable weights, but had "
                f"{len(self._collected_trainable_weights)} when it was compiled, and those are "
                "trained. Compile again after a change of `trainable`.",
                stacklevel=3,
            )

    # Data

    def _require_compiled(self) -> None:
        if self.optimizer is None:
            raise RuntimeError(
                f"Model {self.name} is not compiled; call model.compile(optimizer, loss) before it "
                "is trained or evaluated."
            )
        if not self._is_compiled and self.outputs:
            self.compile(
                self.optimizer,
                self.loss or None,
                self._compile_metrics,
                self.loss_weights,
                self.sample_weight_mode,
                self._compile_weighted_metrics,
            )

    def _training_data(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None
    ) -> Fed:
        if not self.inputs:
            self._set_inputs(x)
        self._require_compiled()
        return self._training_feed.arrays_of(x, y, sample_weight, class_weight)

    def _input_arrays(self, x: Any) -> list[Any]:
        if not self.inputs:
            self._set_inputs(x)
        if self._input_feed is None or self._input_feed.placeholders != self._feed_inputs:
            self._input_feed = InputFeed(self._feed_inputs, self._feed_input_names)
        return self._input_feed.converted(self._input_feed.arrays_of(x))

    def _kept(self, fed: Fed) -> list[Any]:
        """Validation arrays as callbacks see them."""
        phase = [0.0] if self._programs.feeds_phase("test") else []
        return [*fed.x, *fed.y, *self._training_feed.ones(fed), *phase]

    def _set_inputs(self, inputs: Any) -> None:
        """Builds a model that has not met its inputs yet, for arrays such as these."""
        if isinstance(inputs, dict):
            raise ValueError(
                f"Model {self.name} has no inputs yet, so their names in a dict say nothing; give "
                "an array or a list of arrays at first."
            )
        arrays = [np.asarray(x) for x in to_list(inputs, allow_tuple=True)]
        shapes = [(None, *(x.shape[1:] or (1,))) for x in arrays]
        if type(self).call is Network.call:
            self.build(unpack_singleton(shapes))
            return
        names = [f"input_{i + 1}" for i in range(len(shapes))]
        tensors = [Input(batch_shape=shape) for shape in shapes]
        outputs = to_list(self(unpack_singleton(tensors)), allow_tuple=True)
        self.inputs, self.input_names = tensors, names
        self._feed_inputs, self._feed_input_names = list(tensors), list(names)
        self._feed_input_shapes = shapes
        self.outputs = outputs
        self.output_names = [f"output_{i + 1}" for i in range(len(outputs))]
        self.built = True

    def _batch_size(self, batch_size: int | None, steps: int | None, x: Any) -> int | None:
        """The size of batches: as given, as the inputs have it, or 32; None with steps."""
        if batch_size is not None and is_generator_or_sequence(x):
            raise ValueError(
                f"batch_size={batch_size} was given besides a generator or Sequence, which makes "
                "the batches itself; leave it out."
            )
        static = self.inputs[0].shape[0] if self.inputs else None
        if static is not None:
            if batch_size not in (None, static):
                raise ValueError(
                    f"batch_size={batch_size} contradicts the inputs of model {self.name}, which "
                    f"have the batch size {static}; use that."
                )
            batch_size = None if steps is not None else static
        return 32 if batch_size is None and steps is None else batch_size

    def _check_stateful(
        self, arrays: Sequence[Any], batch_size: int | None, least: int = 0
    ) -> None:
        samples = arrays[0].shape[0] if arrays else 0
        if batch_size and self.stateful and samples > least and samples % batch_size:
            raise ValueError(
                f"Model {self.name} is stateful, so the number of samples has to be a multiple of "
                f"the batch size; there are {samples}, and the batch size is {batch_size}."
            )

    # Training

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_freq: Any = 1,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Trains the model for a number of epochs.

        Args:
            x: input array `(samples, ...)`, list of arrays, dict of arrays by input name, or a
                generator or Sequence of `(x, y)` or `(x, y, sample_weight)`.
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
            **kwargs: `nb_epoch`, the old name of `epochs`.

        Returns:
            A History, whose `history` is a dict of the epochs' values.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: data that does not fit the model, or arguments that contradict one another.
            TypeError: an unknown keyword.
        """
        epochs = _old_epochs(kwargs, epochs)
        if self.optimizer is None:
            self._require_compiled()
        batch_size = self._batch_size(batch_size, steps_per_epoch, x)
        if is_generator_or_sequence(x):
            check_generator_arguments(y, sample_weight, validation_split)
            return self.fit_generator(
                x,
                steps_per_epoch=steps_per_epoch,
                epochs=epochs,
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
        if x is None and y is None and steps_per_epoch is None:
            raise ValueError(
                f"fit of model {self.name}: there is neither x nor y. Give arrays, or "
                "steps_per_epoch if the model reads from tensors of its own."
            )
        fed = self._training_data(x, y, sample_weight, class_weight)
        self._check_stateful(fed.x, batch_size)
        fed, held_out = self._held_out(fed, validation_split, validation_data, validation_steps)
        if held_out is not None:
            self._check_stateful(held_out.x, batch_size)
        self._check_trainable_weights_consistency()
        return training_arrays.fit_loop(
            self,
            self._step("train", fed.weighted),
            fed.arrays,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            val_function=held_out and self._step("test", held_out.weighted),
            val_inputs=held_out and held_out.arrays,
            shuffle=shuffle,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
            validation_data=held_out and self._kept(held_out),
        )

    def _held_out(
        self, fed: Fed, split: float, validation_data: Any, validation_steps: Any
    ) -> tuple[Fed, Fed | None]:
        """What to train on, and what to validate on, if anything."""
        if validation_data:
            return fed, self._training_data(*training_generator.validation_arrays(validation_data))
        if split and 0.0 < split < 1.0:
            parts = [split_samples(part, lambda n: int(n * (1.0 - split))) for part in fed]
            return Fed(*(first for first, _ in parts)), Fed(*(second for _, second in parts))
        return fed, Fed([], [], []) if validation_steps else None

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int = 1,
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:
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
        """
        if self.optimizer is None:
            self._require_compiled()
        batch_size = self._batch_size(batch_size, steps, x)
        if is_generator_or_sequence(x):
            check_generator_arguments(y, sample_weight)
            return self.evaluate_generator(
                x,
                steps=steps,
                verbose=verbose,
                callbacks=callbacks,
                max_queue_size=max_queue_size,
                workers=workers,
                use_multiprocessing=use_multiprocessing,
            )
        if x is None and y is None and steps is None:
            raise ValueError(
                f"evaluate of model {self.name}: there is neither x nor y. Give arrays, or steps if "
                "the model reads from tensors of its own."
            )
        fed = self._training_data(x, y, sample_weight)
        self._check_stateful(fed.x, batch_size)
        step = self._step("test", fed.weighted)
        return training_arrays.test_loop(
            self, step, fed.arrays, batch_size, verbose, steps, callbacks
        )

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int = 0,
        steps: int | None = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:
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
        """
        if self._is_one_batch(x, batch_size) and not (verbose or steps or callbacks):
            self.stop_training = False
            return self.predict_on_batch(x)
        batch_size = self._batch_size(batch_size, steps, x)
        if is_generator_or_sequence(x):
            return self.predict_generator(
                x,
                steps=steps,
                verbose=verbose,
                callbacks=callbacks,
                max_queue_size=max_queue_size,
                workers=workers,
                use_multiprocessing=use_multiprocessing,
            )
        if x is None and steps is None:
            raise ValueError(
                f"predict of model {self.name}: there is no x. Give arrays, or steps if the model "
                "reads from tensors of its own."
            )
        arrays = self._input_arrays(x)
        self._check_stateful(arrays, batch_size, least=batch_size or 0)
        if arrays and arrays[0] is not None and not arrays[0].shape[0]:
            return unpack_singleton([_no_rows(output) for output in self.outputs])
        return training_arrays.predict_loop(
            self, self._step("predict"), arrays, batch_size, verbose, steps, callbacks
        )

    def _is_one_batch(self, x: Any, batch_size: int | None) -> bool:
        """Whether `x` is an array to be fed at once just as it is."""
        feed = self._input_feed
        return (
            feed is not None
            and len(feed.shapes) == 1
            and feed.shapes[0][0] is None
            and fits(x, feed.shapes[0])
            and 0 < len(x) <= (batch_size or 32)
        )

    # Single batches

    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Any = None,
        reset_metrics: bool = True,
    ) -> Any:
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
        """
        fed = self._training_data(x, y, sample_weight, class_weight)
        return self._on_batch("train", fed, reset_metrics)

    def test_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, reset_metrics: bool = True
    ) -> Any:
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
        """
        return self._on_batch("test", self._training_data(x, y, sample_weight), reset_metrics)

    def _on_batch(self, mode: str, fed: Fed, reset_metrics: bool) -> Any:
        outputs = self._step(mode, fed.weighted)(fed.arrays)
        if reset_metrics:
            self.reset_metrics()
        return unpack_singleton([x[()] for x in outputs])

    def predict_on_batch(self, x: Any) -> Any:
        """Computes the outputs of one batch.

        Args:
            x: inputs of the batch, as for `fit`.

        Returns:
            An array `(batch, ...)`, or a list of arrays for several outputs.
        """
        return unpack_singleton(self._step("predict")(self._input_arrays(x)))

    # Generators

    def fit_generator(
        self,
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
        """
        if self.optimizer is None:
            self._require_compiled()
        return training_generator.fit_generator(
            self,
            generator,
            steps_per_epoch=steps_per_epoch,
            epochs=epochs,
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
        self,
        generator: Any,
        steps: int | None = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        verbose: int = 0,
    ) -> Any:
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
        """
        if self.optimizer is None:
            self._require_compiled()
        return training_generator.evaluate_generator(
            self,
            generator,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            verbose=verbose,
        )

    def predict_generator(
        self,
        generator: Any,
        steps: int | None = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        verbose: int = 0,
    ) -> Any:
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
        """
        return training_generator.predict_generator(
            self,
            generator,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            verbose=verbose,
        )

    def _get_callback_model(self) -> Any:
        """The model that callbacks see: `callback_model` where there is one."""
        return getattr(self, "callback_model", None) or self


def _old_epochs(kwargs: dict[str, Any], epochs: int) -> int:
    if "nb_epoch" in kwargs:
        warnings.warn("fit: nb_epoch is called epochs now; write epochs=...", stacklevel=3)
        epochs = kwargs.pop("nb_epoch")
    if kwargs:
        raise TypeError(f"fit: unknown keywords {sorted(kwargs)}.")
    return epochs


def _no_rows(output: Any) -> np.ndarray:
    return np.zeros((0, *(size or 0 for size in output.shape[1:])), output.dtype)
