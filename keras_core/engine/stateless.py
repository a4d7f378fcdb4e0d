"""Models as pure functions of weights, for the transformations of an engine that traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.engine.assembling import made
from keras_core.graph import Function, Program, Tensor, Variable
from keras_core.graph.passes import optimize
from keras_core.plugins import Draws, current_backend
from keras_core.plugins.programs import program_of, variables_read
from keras_core.utils.generic_utils import to_list, unpack_singleton


class Stateless:
    """A program whose variables are arguments.

    Args:
        backend: a backend with pure functions.
        program: what to run, optimised.
        variables: the variables whose values are given and returned, in their order.
    """

    def __init__(self, backend: Any, program: Program, variables: Sequence[Variable]) -> None:
        self.inputs: tuple[Tensor, ...] = program.inputs
        self._backend = backend
        self._pure = backend.functional(program)
        self._variables = list(variables)
        self._updated = [update.variable for update in program.updates]
        self._read = variables_read(program)

    def __call__(
        self, values: Sequence[Any], inputs: Sequence[Any], draws: Draws
    ) -> tuple[list[Any], list[Any]]:
        """The outputs, and the values after the updates."""
        if len(values) != len(self._variables):
            names = [variable.name for variable in self._variables]
            raise ValueError(
                f"{len(values)} values were given for the {len(names)} variables {names}; give one "
                "each, in the order of get_weights()."
            )
        given = dict(zip(self._variables, values))
        updated, read = (
            [given[v] if v in given else self._present(v) for v in part]
            for part in (self._updated, self._read)
        )
        outputs, new = self._pure(updated, read, inputs, draws)
        given.update(zip(self._updated, new))
        return list(outputs), [given[variable] for variable in self._variables]

    def _present(self, variable: Variable) -> Any:
        """The present value of a variable that is none of the model's."""
        return self._backend.to_storage(variable.get_value())


def outputs_of(
    model: Any, weights: Sequence[Any], x: Any, training: bool, draws: tuple[int, int]
) -> Any:
    """The outputs of a model with given weights; see `Model.stateless`."""
    phase = int(training)
    function = _function(model, "outputs", phase)
    outputs, _ = function(weights, _fed(function, to_list(x)), Draws(*draws))
    return unpack_singleton(outputs)


def stepped(
    model: Any,
    weights: Sequence[Any],
    optimizer_state: Sequence[Any] | None,
    x: Any,
    y: Any,
    draws: tuple[int, int],
) -> tuple[Any, list[Any], list[Any]]:
    """Loss, weights and optimizer's state after a step; see `Model.stateless_step`."""
    function = _function(model, "step", 1)
    if optimizer_state is None:
        held = current_backend().to_storage
        optimizer_state = [held(variable.get_value()) for variable in model.optimizer.weights]
    values = [*weights, *optimizer_state]
    data = _fed(function, [*to_list(x), *to_list(y)])
    (loss,), after = function(values, data, Draws(*draws))
    return loss, after[: len(weights)], after[len(weights) :]


def _function(model: Any, kind: str, phase: int) -> Stateless:
    """Made once for each backend, and for each choice of what is trained."""
    backend = current_backend()
    if backend.functional is None:
        raise NotImplementedError(
            f"The backend {backend.name!r} makes no pure functions of programs; 'jax' and 'torch' "
            "are two that do: keras_core.use_backend('jax')."
        )
    programs = model._programs or model._new_programs()
    key = (backend, kind, phase, tuple(weight.uid for weight in model.trainable_weights))
    make = _of_outputs if kind == "outputs" else _of_a_step
    return made(programs.stateless, key, make, model, backend, phase)


def _of_outputs(model: Any, backend: Any, phase: int) -> Stateless:
    return Stateless(backend, optimize(program_of(model, phase), phase), model._weights_by_layer())


def _of_a_step(model: Any, backend: Any, phase: int) -> Stateless:
    model.optimizer.check_gives_state("stateless_step")
    inputs, loss, updates = model._programs.step_tensors()
    function = Function(inputs, [loss], updates, name=f"step of {model.name}")
    variables = [*model._weights_by_layer(), *model.optimizer.weights]
    return Stateless(backend, function.program(phase), variables)


def _fed(function: Stateless, data: Sequence[Any]) -> list[Any]:
    """The data, one axis more for targets of one number a sample that are given without it."""
    if len(data) != len(function.inputs):
        names = [x.name for x in function.inputs]
        raise ValueError(f"{len(data)} arrays were given for {names}; give one each.")
    return [
        array[:, None] if array.ndim == 1 and x.ndim == 2 else array
        for x, array in zip(function.inputs, data)
    ]
