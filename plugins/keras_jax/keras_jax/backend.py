"""The backend: a program is one function that JAX compiles, a variable's storage its array."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any, Callable

import jax
import numpy as np

from keras_core.graph import Program, Spec, Variable
from keras_core.plugins import Pure
from keras_core.plugins.authoring import FunctionalBackend
from keras_jax import engine, group
from keras_jax.calling import tell
from keras_jax.collecting import heed_signals
from keras_jax.derivative import Derivative
from keras_jax.jitted import Jitted
from keras_jax.lowering import LOWERINGS
from keras_jax.pure import Loop, PureProgram

# A call costs nothing beside what a step with these computes; and some releases of XLA take ten
# times as long for convolutions within loops on CPUs.
_HEAVY_FAMILIES = {"convolution", "pooling", "scan"}
_ALONE = {"native", "print"}


class JaxBackend(FunctionalBackend):
    """JAX, on the device that it takes by default or on another one.

    Args:
        device: the name of the device; by default JAX places programs and arrays.
    """

    name = "jax"
    lowerings = LOWERINGS
    donates = True
    compiles_sizes = True
    survives_fork = False

    def __init__(self, device: str | None = None) -> None:
        self._place = engine.Place(None if device is None else self._devices[device])

    @cached_property
    def _devices(self) -> dict[str, Any]:
        return engine.devices()

    def functional(self, program: Program) -> PureProgram:
        return PureProgram(program, self.lowerings, self._place)

    def jit(self, pure: Any, program: Program) -> Pure:
        return Jitted(pure, program, isinstance(pure, Loop))

    def loop(self, pure: Any, program: Program) -> Any:
        """A loop of XLA's; None for steps that take long anyhow, or that do more than compute."""
        families = {node.primitive.family for node in program.nodes}
        if pure.is_eager or families & _HEAVY_FAMILIES or pure.names & _ALONE:
            return None
        return Loop(pure)

    def copied(self, array: Any) -> Any:
        return self._place.array(array)

    def is_gone(self, storage: Any) -> bool:
        return isinstance(storage, jax.Array) and storage.is_deleted()

    def assign(self, variable: Variable, value: Any) -> None:
        """Sets the value now, or while JAX traces whenever it runs what it traced."""
        if engine.is_traced(value):
            tell(lambda told: variable.set_value(np.array(told)), value, ordered=False)
        else:
            variable.set_value(value)

    def to_storage(self, value: np.ndarray) -> Any:
        return self._place.array(value)

    def to_numpy(self, storage: Any) -> np.ndarray:
        return engine.to_numpy(storage)

    def spec_of(self, value: Any) -> Spec | None:
        return engine.spec_of(value) if engine.is_engines(value) else None

    def gradient_of(self, function: Callable[..., Any], arity: int, results: int) -> Derivative:
        return Derivative(function, arity, results)

    def forget(self) -> None:
        """XLA's programs stay in JAX's caches, also when nobody has the functions any more."""
        jax.clear_caches()

    def devices(self) -> tuple[str, ...]:
        """'gpu:0' and so on, the first of which is used by default, then 'cpu'."""
        return tuple(self._devices)

    def world(self) -> group.Group | None:
        """The processes that jax.distributed has joined."""
        return group.world()

    def on_another(self, device: str) -> JaxBackend:
        return JaxBackend(device)


def make_backend(config: Any) -> JaxBackend:
    """The backend; its options come with the programs."""
    # JAX warns of each fork; those of keras_core's workers are made while no program runs, and run
    # nothing of JAX.
    warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
    heed_signals()
    return JaxBackend()
