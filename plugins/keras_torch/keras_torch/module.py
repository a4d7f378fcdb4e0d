"""A model as a `torch.nn.Module`: for PyTorch's training loops, checkpoints and other modules."""

from __future__ import annotations

from typing import Any

import torch

from keras_core.graph import Variable
from keras_core.plugins import current_backend, load_backend
from keras_core.plugins.authoring import optimize, program_of, variables_read
from keras_torch.dtypes import dtype_of
from keras_torch.interop import DrawsOfCalls


def parameter(variable: Variable) -> torch.Tensor:
    """The parameter by which autograd knows a variable; both have one memory.

    What `backward` says of a model that was called on a tensor stands in its `grad`.

    Args:
        variable: a weight.

    Returns:
        The same `torch.nn.Parameter` each time; a plain tensor for a variable of integers.
    """
    return _backend().parameter_of(variable)


def _backend() -> Any:
    backend = current_backend()
    return backend if backend.name == "torch" else load_backend("torch")


class Module(torch.nn.Module):
    """A model whose weights PyTorch sees as parameters and buffers.

    They have one memory with the model's own weights: what PyTorch writes there the model has at
    once, and the reverse. `train()` and `eval()` choose the learning phase; in training, moving
    statistics are updated. Layers that are frozen when the module is made give buffers.

    Args:
        model: a model of keras_core that has met its inputs.

    Raises:
        ValueError: the model has not met its inputs yet.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._backend = _backend()
        self._names: dict[Variable, str] = {}
        trained = set(model.trainable_weights)
        for variable in model.weights:
            self._add(variable, variable in trained)
        self._runs = {phase: _Run(self._backend, model, phase) for phase in (0, 1)}

    def _add(self, variable: Variable, is_trained: bool) -> None:
        base = variable.name.partition(":")[0].replace(".", "_")
        name, number = base, 1
        while name in self._names.values():
            name, number = f"{base}_{number}", number + 1
        self._names[variable] = name
        if is_trained:
            self.register_parameter(name, self._backend.parameter_of(variable))
        else:
            self.register_buffer(name, variable.held_by(self._backend))

    def forward(self, *inputs: torch.Tensor) -> Any:
        """Calls the model on as many tensors as it has inputs."""
        run = self._runs[int(self.training)]
        outputs, values = run(inputs, self._value)
        with torch.no_grad():
            for variable, value in zip(run.updated, values):
                self._value(variable).copy_(value)
        return outputs[0] if len(outputs) == 1 else outputs

    def _value(self, variable: Variable) -> torch.Tensor:
        name = self._names.get(variable)
        return variable.held_by(self._backend) if name is None else getattr(self, name)


class _Run:
    """A model for one learning phase, of the values that a module has."""

    def __init__(self, backend: Any, model: Any, phase: int) -> None:
        program = optimize(program_of(model, phase), phase)
        self._device, self._run = backend.device, backend.functional(program)
        self._open = backend.functional_for_any_size(program)
        self.updated = [update.variable for update in program.updates]
        self._read = variables_read(program)
        self._dtypes = [dtype_of(x.dtype) for x in program.inputs]
        self._draws = DrawsOfCalls()

    def __call__(self, inputs: Any, value: Any) -> Any:
        if len(inputs) != len(self._dtypes):
            raise ValueError(f"The model has {len(self._dtypes)} inputs; {len(inputs)} were given.")
        fed = [x.to(dtype) for x, dtype in zip(inputs, self._dtypes)]
        updated, read = (
            [value(variable) for variable in part] for part in (self.updated, self._read)
        )
        run = self._open if torch.compiler.is_compiling() else self._run
        outputs, values = run(updated, read, fed, self._draws.next())
        return outputs, [new.detach() for new in values]
