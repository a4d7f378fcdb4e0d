"""The part of a model that `compile` sets up: objectives, metrics, programs, what it is fed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from inspect import signature
from threading import Condition, get_ident
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from keras_core import backend as K
from keras_core import optimizers
from keras_core.callbacks.loggers import History
from keras_core.engine.additions import unique
from keras_core.engine.assembling import in_turn
from keras_core.engine.base_layer import Layer
from keras_core.engine.compilation.arguments import Arguments, make_objectives
from keras_core.engine.compilation.feed import Fed, InputFeed, TrainingFeed
from keras_core.engine.compilation.programs import Programs, StepProgram
from keras_core.engine.input_layer import Input
from keras_core.engine.network import Network
from keras_core.families import LossLike, MetricLike
from keras_core.graph import Tensor
from keras_core.optimizers import Optimizer
from keras_core.utils.generic_utils import did_you_mean, to_list, unpack_singleton
from keras_core.warned import warn

if TYPE_CHECKING:
    from keras_core.metrics.base import Metric

# One list for all outputs, a list or metric for each, or these by the outputs' names.
Metrics = Union[
    Sequence[Union[MetricLike, Sequence[MetricLike]]],
    Mapping[str, Union[MetricLike, Sequence[MetricLike]]],
    None,
]

# One thread at a time begins or ends a run.
_turns = Condition()


# What tf.keras and Keras 3 have as keywords of fit or compile.
_INSTEAD = {
    "run_eagerly": "Leave it out: print(K.function(inputs, outputs).program()) shows what runs",
    "steps_per_execution": "Leave it out: a backend that can do many small steps in a call does so",
    "validation_batch_size": "Leave it out: batch_size holds for the validation too",
}


def hint_of_keyword(name: str, method: Any, other: Any) -> str:
    """Where a keyword belongs that a method does not take; text that begins with a space.

    Args:
        name: the keyword.
        method: the method that was called.
        other: a method that may take it.
    """
    if name in signature(other).parameters:
        return f" It is an argument of {other.__name__}."
    if name in _INSTEAD:
        return f" {_INSTEAD[name]}."
    return did_you_mean(name, signature(method).parameters)


# Methods by which a model takes over its steps in tf.keras and Keras 3.
_STEPS_ELSEWHERE = ("train_step", "test_step", "predict_step", "compute_loss")


class Compiled(Network):
    """What a model knows once it is compiled; `Model` adds the runs over data."""

    optimizer: Optimizer | Any
    loss: Any = None
    loss_weights: Any = None
    sample_weight_mode: Any = None
    history: History | Any = None
    stop_training = False
    targets: Sequence[Any] = ()
    sample_weights: Sequence[Any] = ()
    _is_compiled = False
    _compile_metrics: Any = ()
    _compile_weighted_metrics: Any = None
    _compile_target_tensors: Any = None
    _collected_trainable_weights: Sequence[Any] = ()
    _collected_updates: Sequence[Any] = ()
    _freezings_seen = -1
    _objectives: Any = None
    _training_feed: Any = None
    _input_feed: Any = None
    _programs: Any = None
    _jit_compile: bool | None = None
    _is_training = False
    _run: tuple[int, str] | None = None

    # Compilation

    def compile(
        self,
        optimizer: str | dict[str, Any] | Optimizer,
        loss: LossLike | Sequence[LossLike] | Mapping[str, LossLike] = None,
        metrics: Metrics = None,
        loss_weights: Sequence[float] | Mapping[str, float] | None = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Metrics = None,
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
            **kwargs: `jit_compile`, True or False to say whether a backend that can compile
                programs as a whole does so; as the settings say by default.

        Raises:
            ValueError: an unknown name, something of a wrong kind, or an argument that does not fit
                the outputs. The model stays as it was.
            TypeError: `metrics` or `loss_weights` is neither list nor dict.

        Example:
            >>> model = models.Sequential([layers.Dense(2, activation="softmax", input_shape=(4,))])
            >>> model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
            >>> model.metrics_names
            ['loss', 'accuracy']
        """
        self._warn_of_own_steps()
        jit_compile = kwargs.pop("jit_compile", None)
        if kwargs:
            fit = getattr(self, "fit", self.compile)
            raise ValueError(
                f"compile: model {self.name}: unknown keywords {sorted(kwargs)}."
                f"{hint_of_keyword(next(iter(kwargs)), self.compile, fit)}"
            )
        optimizer = optimizers.get(optimizer)
        given = Arguments(
            loss, metrics, loss_weights, sample_weight_mode, weighted_metrics, target_tensors
        )
        objectives = None
        if self.outputs:
            objectives = make_objectives(self, given)
            objectives.get(weighted=False)
        self.optimizer = optimizer
        self.loss = {} if loss is None else loss
        self.loss_weights = loss_weights
        self.sample_weight_mode = sample_weight_mode
        self._compile_metrics = metrics or []
        self._compile_weighted_metrics = weighted_metrics
        self._compile_target_tensors = target_tensors
        self._jit_compile = jit_compile
        self._objectives = objectives
        self._programs = None
        if objectives is not None:
            self._take_objectives(objectives)
        # Last, since other threads take it for a sign that all else is there.
        self._is_compiled = objectives is not None

    def _take_objectives(self, objectives: Any) -> None:
        scored = {one.name: one for one in objectives.scored}
        found = [scored.get(name) for name in self.output_names]
        self.targets = [one and one.target for one in found]
        self.sample_weights = [one and one.sample_weight for one in found]
        self._input_feed = InputFeed(self._feed_inputs, self._feed_input_names)
        self._training_feed = TrainingFeed(self._input_feed, objectives.scored, self.output_names)
        self._collected_trainable_weights = self.trainable_weights
        self._collected_updates = self.updates

    @property
    def total_loss(self) -> Tensor:
        """The scalar tensor that training makes small, with sample weights."""
        return self._objectives.get(weighted=True).total_loss

    @property
    def metrics(self) -> list[Metric]:
        """The metric objects: those of `compile`, of the layers, and of `add_metric`."""
        compiled = self._objectives.metrics if self._is_compiled else []
        return [*compiled, *self._added_metrics()]

    def _added_metrics(self) -> list[Any]:
        found: list[Any] = []
        for layer in self.layers:
            found += layer._added_metrics() if isinstance(layer, Compiled) else layer.metrics
        return unique([*found, *self._metrics])

    @property
    def metrics_names(self) -> list[str]:
        """Names of the values that `evaluate` returns, the loss first."""
        return ["loss", *(metric.name for metric in self._reported())]

    def reset_metrics(self) -> None:
        """Sets the state of all metrics to its start.

        Example:
            >>> model = models.Sequential([layers.Activation("linear", input_shape=(1,))])
            >>> model.compile("sgd", "mse", metrics=[metrics.MeanAbsoluteError(name="mae")])
            >>> x, y = np.zeros((4, 1)), np.ones((4, 1))
            >>> _ = model.test_on_batch(x, y, reset_metrics=False)  # errors of 1 ...
            >>> model.reset_metrics()
            >>> model.test_on_batch(x, x)[1].tolist()  # ... that no longer count
            0.0
        """
        for metric in self._reported():
            metric.reset_states()

    def _reported(self) -> list[Any]:
        """The metric objects, those that report the losses of several outputs first."""
        losses = self._objectives.loss_metrics if self._is_compiled else []
        return [*losses, *self.metrics]

    # Runs within a run: what a callback evaluates while the model is trained

    @contextmanager
    def _training(self) -> Iterator[None]:
        """While it lasts, other runs leave the metrics to it."""
        with self._alone("fit"):
            outer, self._is_training = self._is_training, True
            try:
                yield
            finally:
                self._is_training = outer

    def _evaluating(self) -> AbstractContextManager[None]:
        """The same for an evaluation, in which nothing is kept but the metrics."""
        return self._alone("evaluate") if self._reported() else nullcontext()

    @contextmanager
    def _alone(self, method: str) -> Iterator[None]:
        """Has evaluations in several threads take turns, since metrics are the model's.

        Raises:
            RuntimeError: one of two runs trains.
        """
        here = get_ident()
        with _turns:
            while self._run and self._run[0] != here:
                self._refuse_beside_fit(method, self._run[1])
                _turns.wait()
            outer, self._run = self._run, self._run or (here, method)
        try:
            yield
        finally:
            with _turns:
                self._run = outer
                _turns.notify_all()

    def _refuse_beside_fit(self, method: str, other: str) -> None:
        if "fit" in (method, other):
            raise RuntimeError(
                f"{method} of model {self.name}: another thread is in {other} of the same model. "
                "Wait until it is done, or give each thread a model of its own: "
                "keras_core.models.clone_model, and set_weights."
            )

    def _metrics_left_alone(self) -> AbstractContextManager[None]:
        return self._metrics_put_back() if self._is_training else nullcontext()

    @contextmanager
    def _metrics_put_back(self) -> Iterator[None]:
        states = [weight for metric in self._reported() for weight in metric.weights]
        values = K.batch_get_value(states)
        try:
            yield
        finally:
            K.batch_set_value(list(zip(states, values)))

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
        self._check_trainable_weights_consistency()
        self._step_program("train")

    def _make_test_function(self) -> None:
        self._require_compiled()
        self._step_program("test")

    def _make_predict_function(self) -> None:
        self._step_program("predict")

    def _step_program(self, mode: str, weighted: bool = False) -> StepProgram:
        """What does a step of `mode` ('train', 'test' or 'predict') with arrays."""
        return (self._programs or self._new_programs()).step_program(mode, weighted)

    @in_turn
    def _new_programs(self) -> Programs:
        self._programs = self._programs or Programs(self)
        return self._programs

    def _warn_of_own_steps(self) -> None:
        """Warns of methods that tf.keras and Keras 3 call, where a class was written for them."""
        found = [name for name in _STEPS_ELSEWHERE if hasattr(type(self), name)]
        if found:
            warn(
                f"{type(self).__name__} has {found}, which is not called here: fit and its like "
                "train on the loss that compile is given. Use add_loss, or write the step as a "
                "K.function with updates, as the guide to steps of your own shows."
            )

    def _check_trainable_weights_consistency(self, stacklevel: int = 3) -> None:
        """Warns of a change of `trainable` that the compiled model does not know."""
        if self._freezings_seen == Layer._freezings or not self._is_compiled:
            return
        if len(self.trainable_weights) == len(self._collected_trainable_weights):
            self._freezings_seen = Layer._freezings
        else:
            warnings.warn(
                f"Model {self.name} has {len(self.trainable_weights)} trainable weights, but had "
                f"{len(self._collected_trainable_weights)} when it was compiled, and those are "
                "trained. Compile again after a change of `trainable`.",
                stacklevel=stacklevel,
            )

    def _get_callback_model(self) -> Any:
        """The model that callbacks see: `callback_model` where there is one."""
        return getattr(self, "callback_model", None) or self

    # Data

    def _require_optimizer(self) -> None:
        if self.optimizer is None:
            raise RuntimeError(
                f"Model {self.name} is not compiled; call model.compile(optimizer, loss) before it "
                "is trained or evaluated."
            )

    def _require_compiled(self) -> None:
        self._require_optimizer()
        if not self._is_compiled and self.outputs:
            self._compile_now()

    @in_turn
    def _compile_now(self) -> None:
        """Does what `compile` could not while there were no outputs, or did for others."""
        if not self._is_compiled:
            self.compile(
                self.optimizer,
                self.loss or None,
                self._compile_metrics,
                self.loss_weights,
                self.sample_weight_mode,
                self._compile_weighted_metrics,
                self._compile_target_tensors,
                jit_compile=self._jit_compile,
            )

    def _forget_compiled(self) -> None:
        """Has the next run compile anew, after the outputs have changed."""
        self._is_compiled = False
        self._objectives = self._programs = self._input_feed = None

    def _replace_tensors(self, replaced: dict[int, Any]) -> None:
        super()._replace_tensors(replaced)
        self._forget_compiled()

    def _training_data(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None
    ) -> Fed:
        if not self.inputs:
            self._set_inputs(x)
        if not self._is_compiled:
            self._require_compiled()
        return self._training_feed.arrays_of(x, y, sample_weight, class_weight)

    def _input_arrays(self, x: Any) -> list[Any]:
        if not self.inputs:
            self._set_inputs(x)
        if self._input_feed is None or self._input_feed.placeholders != self._feed_inputs:
            self._input_feed = InputFeed(self._feed_inputs, self._feed_input_names)
        return self._input_feed.converted(self._input_feed.arrays_of(x))

    def _check_batch(self, arrays: Sequence[Any]) -> None:
        """Refuses a batch of another size than the inputs are made for, such as stateful ones."""
        wanted = self._input_feed.batch_size
        if wanted is not None and arrays and arrays[0].shape[0] != wanted:
            raise ValueError(
                f"Model {self.name} takes batches of {wanted} samples, as its input says, but one "
                f"of {arrays[0].shape[0]} was given. Leave out the rest, or fill up the batch."
            )

    def _set_inputs(self, inputs: Any) -> None:
        """Builds a model that has not met its inputs yet, for arrays such as these."""
        if isinstance(inputs, dict):
            raise ValueError(
                f"Model {self.name} has no inputs yet, so their names in a dict say nothing; give "
                "an array or a list of arrays at first."
            )
        arrays = [np.asarray(x) for x in to_list(inputs, allow_tuple=True)]
        self._build_on([(None, *(x.shape[1:] or (1,))) for x in arrays])

    @in_turn
    def _build_on(self, shapes: list[Any]) -> None:
        """Builds it on inputs of these shapes, unless another thread has meanwhile."""
        if self.inputs:
            return
        if type(self).call is Network.call:
            self.build(unpack_singleton(shapes))
            return
        names = [f"input_{i + 1}" for i in range(len(shapes))]
        tensors = [Input(batch_shape=shape) for shape in shapes]
        outputs = to_list(self(unpack_singleton(tensors)), allow_tuple=True)
        self.input_names = names
        self._feed_inputs, self._feed_input_names = list(tensors), list(names)
        self._feed_input_shapes = shapes
        self.outputs = outputs
        self.output_names: list[str] | Any = [f"output_{i + 1}" for i in range(len(outputs))]
        self.built = True
        # Last, since other threads take them for a sign that all else is there.
        self.inputs = tensors
