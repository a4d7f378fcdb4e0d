"""The backend: programs become functions of PyTorch calls, variables are tensors."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from keras_core.graph import Program, Variable
from keras_core.plugins import Backend, Compiled
from keras_core.plugins.authoring import Binding
from keras_torch.compiler import PureFunction, Template
from keras_torch.lowering import LOWERINGS
from keras_torch.transfer import entered


class TorchBackend(Backend):
    """PyTorch, on one device; a variable has one tensor for life.

    Args:
        device: the device's name, as PyTorch has it.
    """

    name = "torch"
    lowerings = LOWERINGS

    def __init__(self, device: str = "cpu") -> None:
        self.device = torch.device(device)
        self._held: MutableMapping[Variable, torch.Tensor] = WeakKeyDictionary()

    def compile(self, program: Program) -> Compiled:
        """A callable that writes straight-line code for each combination of input shapes."""
        return Template(self, program).bound(Binding())

    def template(self, program: Program, loop: bool) -> Template | None:
        """The code of all programs of this structure; a loop over calls would gain nothing."""
        return None if loop else Template(self, program)

    def functional(self, program: Program) -> PureFunction:
        """The program as a pure function of tensors."""
        return PureFunction(program, self.lowerings, self.device)

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
        return ("cpu",)


def make_backend(config: Any) -> TorchBackend:
    """The backend; its options come with the programs."""
    return TorchBackend()
