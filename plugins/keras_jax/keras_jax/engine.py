"""How arrays get into JAX and out of it, and where they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keras_core.graph import Spec
from keras_core.plugins.authoring import checked_dtype


def _context() -> Any:
    """JAX's context of 64 bits, which older releases have elsewhere."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64
    from jax.experimental import enable_x64

    return enable_x64


# float64 and int64 are dtypes of Keras 2. JAX knows them in this context alone, and so leaves the
# user's own code the default of 32 bits.
precise = _context()

# What JAX raises where a value has to be known, but is traced.
NEEDS_VALUES = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)


def is_traced(value: Any) -> bool:
    """Whether it only stands for an array, while JAX traces."""
    return isinstance(value, jax.core.Tracer)


def is_engines(value: Any) -> bool:
    """Whether it is an array of JAX's, or stands for one, and not one of NumPy's."""
    return isinstance(value, jax.Array)


def is_on_cpu() -> bool:
    """Whether a CPU runs what is traced now, unless the arrays that are given are elsewhere."""
    device = jax.config.jax_default_device
    return (getattr(device, "platform", device) or jax.default_backend()) == "cpu"


def spec_of(value: Any) -> Spec:
    """Static shape and dtype of an array of JAX's.

    Raises:
        TypeError: its dtype is none that the graph has.
    """
    return Spec(tuple(value.shape), checked_dtype(value.dtype.name))


def to_numpy(array: Any) -> np.ndarray:
    """The values as an array of NumPy's that the caller may change."""
    return np.array(array)


class Place:
    """Where arrays are kept and programs run.

    Args:
        device: of JAX's; None leaves it to JAX, and to where the inputs are.
    """

    def __init__(self, device: Any = None) -> None:
        self.device = device
        # Entered for each run: without a device, JAX's own context alone.
        self.entered = precise if device is None else self._entered

    @contextmanager
    def _entered(self, on: bool = True) -> Iterator[None]:
        with precise(on), jax.default_device(self.device):
            yield

    def array(self, value: Any) -> Any:
        """A copy of an array, never the same memory; it has numbers also while JAX traces."""
        with self.entered(True), jax.ensure_compile_time_eval():
            copy = jnp.array(value, copy=True)
            return copy if self.device is None else jax.device_put(copy, self.device)


def devices() -> dict[str, Any]:
    """This process's devices by name, the default one first: 'gpu:0', 'gpu:1', …, 'cpu' last."""
    found = list(jax.local_devices())
    if found[0].platform != "cpu":
        found += jax.local_devices(backend="cpu")
    return {_name(device, found): device for device in found}


def _name(device: Any, among: list[Any]) -> str:
    alone = sum(other.platform == device.platform for other in among) == 1
    alone_on_cpu = alone and device.platform == "cpu"
    return "cpu" if alone_on_cpu else f"{device.platform}:{device.id}"
