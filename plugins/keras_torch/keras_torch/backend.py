"""The backend: programs become functions of PyTorch calls, variables are tensors."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from keras_core.graph import Program, Variable
from keras_core.plugins import Backend, Compiled
from keras_core.plugins.authoring import Binding
from keras_torch import dispatch, group
from keras_torch.compiler import Jitted, PureFunction, Template
from keras_torch.interop import EngineCalls, new_parameter
from keras_torch.lowering import LOWERINGS
from keras_torch.transfer import entered


class TorchBackend(EngineCalls, Backend):
    """PyTorch, on one device; a variable has one tensor for life.

    Args:
        device: the device's name, as PyTorch has it; None for the first one.
    """

    name = "torch"
    lowerings = LOWERINGS

    def __init__(self, device: str | None = None) -> None:
        self._names = _devices()
        self._name = device or self._names[0]
        self.device = torch.device(self._name)
        self._held: MutableMapping[Variable, torch.Tensor] = WeakKeyDictionary()
        self._parameters: MutableMapping[Variable, torch.Tensor] = WeakKeyDictionary()

    def compile(self, program: Program) -> Compiled:
        """A callable that writes straight-line code for each combination of input shapes."""
        return self._template(program).bound(Binding())

    def template(self, program: Program, loop: bool) -> Template | Jitted | None:
        """The code of all programs of this structure; a loop over calls would gain nothing."""
        return None if loop else self._template(program)

    def _template(self, program: Program) -> Template | Jitted:
        return Jitted(self, program) if program.jit_compile else Template(self, program)

    def functional(self, program: Program) -> PureFunction:
        """The program as a pure function of tensors."""
        return PureFunction(program, self.lowerings, self.device)

    def functional_for_any_size(self, program: Program) -> PureFunction:
        """The same by code that serves all sizes, which a trace leaves open."""
        return PureFunction(program, self.lowerings, self.device, exact=False)

    def parameter_of(self, variable: Variable) -> torch.Tensor:
        """The parameter by which autograd knows a variable, in the memory of its tensor."""
        storage = variable.held_by(self)
        found = self._parameters.get(variable)
        if found is None or found.data_ptr() != storage.data_ptr():
            found = self._parameters[variable] = new_parameter(storage, variable)
        return found

    def storage_of(self, variable: Variable) -> torch.Tensor:
        """The tensor that has the value of a variable."""
        return variable.held_by(self)

    def hold(self, variable: Variable, value: np.ndarray) -> torch.Tensor:
        """The one tensor that stands for a variable, which functions and modules refer to."""
        held = variable.storage if variable.owner is self else self._held.get(variable)
        if held is None:
            held = self.to_storage(value)
        else:
            with torch.no_grad():
                held.copy_(entered(value))
        self._held[variable] = held
        return held

    def to_storage(self, value: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.array(value, order="C")).to(self.device)

    def to_numpy(self, storage: torch.Tensor) -> np.ndarray:
        return np.array(storage.detach().cpu().numpy())

    def devices(self) -> tuple[str, ...]:
        """'cuda:0' and so on, or 'mps', which are used first where there are any, then 'cpu'."""
        return self._names

    def world(self) -> group.Group | None:
        """The processes that torchrun started, or that form a process group."""
        return group.world()

    def on_another(self, device: str) -> TorchBackend:
        return TorchBackend(device)


def _devices() -> tuple[str, ...]:
    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return (*cuda, *mps, "cpu")


def make_backend(config: Any) -> TorchBackend:
    """The backend; its options come with the programs."""
    dispatch.install()
    if hasattr(os, "register_at_fork"):
        # A fork has none of OpenMP's threads, and would wait for them.
        os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))
    return TorchBackend()
