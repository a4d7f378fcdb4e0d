"""Programs within PyTorch's own code: layers called on its tensors, data loaders, derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from threading import Lock
from typing import Any, Callable

import torch

from keras_core.graph import Program, Spec, Variable
from keras_core.plugins import Draws
from keras_core.plugins.authoring import current_run, optimize, variables_read
from keras_torch import data
from keras_torch.dtypes import dtype_of, name_of
from keras_torch.optimizers import Step, is_optimizer


class EngineCalls:
    """The part of the backend that takes PyTorch's own tensors, functions, data sets and
    optimizers."""

    def spec_of(self, value: Any) -> Spec | None:
        """Static shape and dtype of a tensor of PyTorch's, None for all else."""
        if not isinstance(value, torch.Tensor):
            return None
        return Spec(tuple(value.shape), name_of(value.dtype))

    def inline(self, program: Program, phase: int) -> InlinedProgram:
        """Makes a function of PyTorch's tensors, which autograd and `torch.func` can derive."""
        return InlinedProgram(self, program, phase)

    def gradient_of(self, function: Callable[..., Any], arity: int, results: int) -> Gradient:
        """What autograd says of a function of tensors, of any order."""
        return Gradient(function, arity, results)

    def batches_of(self, value: Any) -> data.LoaderBatches | None:
        """The batches of a `DataLoader` or a `Dataset`, None for all else."""
        return data.batches_of(value)

    def step_of(self, optimizer: Any, variables: Sequence[Variable]) -> Step | None:
        """One step of an optimizer of PyTorch's own, None for all else."""
        return Step(self, optimizer, variables) if is_optimizer(optimizer) else None


class InlinedProgram:
    """A program as a function of PyTorch's tensors, which updates variables as well.

    Autograd sees the variables as the parameters that `keras_torch.parameter` gives.

    Args:
        backend: the backend that lowers it and holds its variables.
        program: inputs, outputs and updates, not optimised yet.
        phase: the learning phase.
    """

    def __init__(self, backend: Any, program: Program, phase: int) -> None:
        program = optimize(program, phase)
        self._backend = backend
        self._pure = backend.functional(program)
        self._updated = [update.variable for update in program.updates]
        self._read = variables_read(program)
        self._dtypes = [dtype_of(x.dtype) for x in program.inputs]
        self._draws = DrawsOfCalls()

    def __call__(self, values: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        inputs = [x.to(self._backend.device, dtype) for x, dtype in zip(values, self._dtypes)]
        updated, read = (
            [*map(self._backend.parameter_of, part)] for part in (self._updated, self._read)
        )
        outputs, news = self._pure(updated, read, inputs, self._draws.next())
        with torch.no_grad():
            for variable, new in zip(self._updated, [new.detach() for new in news]):
                variable.held_by(self._backend).copy_(new)
        return outputs


class DrawsOfCalls:
    """What the random numbers of a function's calls depend on; a new seed counts from 0 again."""

    def __init__(self) -> None:
        self._run: Any = None
        self._steps = count()
        self._turn = Lock()

    def next(self) -> Draws:
        """What those of the next call do."""
        with self._turn:
            if self._run is not current_run():
                self._run, self._steps = current_run(), count()
            return Draws(self._run.seed, next(self._steps))


def new_parameter(storage: torch.Tensor, variable: Variable) -> torch.Tensor:
    """A parameter in the memory of a variable's tensor; the tensor itself for what is no float."""
    if not storage.is_floating_point():
        return storage
    return torch.nn.Parameter(storage, requires_grad=variable.trainable)


class Gradient:
    """The cotangents of a function's inputs, from those of its results, by autograd.

    Args:
        function: of tensors to a tensor or several.
        inputs: how many tensors it takes.
        results: how many it gives.
    """

    def __init__(self, function: Callable[..., Any], inputs: int, results: int) -> None:
        self.function, self.inputs, self.results = function, inputs, results

    def __repr__(self) -> str:
        return f"the gradient of {self.function!r}"

    @property
    def gradient(self) -> Gradient:
        """The function of this one's cotangents and inputs that gives its inputs' ones."""
        return Gradient(self, self.results + self.inputs, self.inputs)

    def __call__(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """Cotangents of the inputs, zeros for those that the results do not depend on.

        Args:
            tensors: the results' cotangents, then the inputs.
        """
        run = _by_transformation if torch.is_grad_enabled() else _by_graph
        return run(self.function, tensors[: self.results], tensors[self.results :])


def listed(results: Any) -> list[torch.Tensor]:
    return list(results) if isinstance(results, (tuple, list)) else [results]


def _by_graph(
    function: Callable[..., Any], cotangents: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]
) -> list[torch.Tensor]:
    """Where nobody derives the derivative."""
    with torch.enable_grad():
        fed = [x.detach().requires_grad_(x.is_floating_point()) for x in inputs]
        results = listed(function(*fed))
    pairs = [(y, g) for y, g in zip(results, cotangents) if y.requires_grad]
    wanted = [x for x in fed if x.requires_grad]
    if not pairs or not wanted:
        return [torch.zeros_like(x) for x in inputs]
    ys, gs = zip(*pairs)
    found = iter(torch.autograd.grad(ys, wanted, gs, allow_unused=True))
    given = [next(found) if x.requires_grad else None for x in fed]
    return [torch.zeros_like(x) if g is None else g for g, x in zip(given, inputs)]


def _by_transformation(
    function: Callable[..., Any], cotangents: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]
) -> list[torch.Tensor]:
    """Within autograd or a transformation, which go through it."""
    floats = [i for i, x in enumerate(inputs) if x.is_floating_point()]

    def of_floats(*some: torch.Tensor) -> tuple[torch.Tensor, ...]:
        fed = list(inputs)
        for place, x in zip(floats, some):
            fed[place] = x
        return tuple(y for y in listed(function(*fed)) if y.is_floating_point())

    results, pull = torch.func.vjp(of_floats, *(inputs[i] for i in floats))
    found = dict(zip(floats, pull(tuple(g for g in cotangents if g.is_floating_point()))))
    return [found.get(i, torch.zeros_like(x)) for i, x in enumerate(inputs)]
