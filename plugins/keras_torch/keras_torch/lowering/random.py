"""Draws: PyTorch's generator, seeded by what the numbers of a node depend on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from math import erf, sqrt
from typing import Callable

import torch

from keras_torch.draws import mixed
from keras_torch.dtypes import dtype_of
from keras_torch.kernel import Kernel, Lowering, Site, sizes

_WITHIN_TWO_DEVIATIONS = erf(sqrt(2))


class _Generators(threading.local):
    """A generator a thread and device: to make one takes longer than to seed it."""

    def __init__(self) -> None:
        self._made: dict[torch.device, torch.Generator] = {}

    def seeded(self, key: int, device: torch.device) -> torch.Generator:
        """The generator, at the start of the numbers that belong to a key."""
        if device not in self._made:
            self._made[device] = torch.Generator(device)
        return self._made[device].manual_seed(key)


_generators = _Generators()


def _options(key: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> dict[str, object]:
    generator = _generators.seeded(mixed(*key), device)
    return {"generator": generator, "dtype": dtype, "device": device}


def _uniform(
    key: tuple[int, ...], shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    return torch.rand(shape, **_options(key, dtype, device))


def _normal(
    key: tuple[int, ...], shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    return torch.randn(shape, **_options(key, dtype, device))


def _truncated(
    key: tuple[int, ...], shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """By inversion, out of the middle of the distribution."""
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    centred = torch.rand(shape, **_options(key, exact, device)).mul_(2).sub_(1)
    values = centred.mul_(_WITHIN_TWO_DEVIATIONS).erfinv_().mul_(sqrt(2))
    return values.clamp_(-2, 2).to(dtype)


def _lower(draw: Callable[..., torch.Tensor]) -> Lowering:
    def lower(site: Site) -> Kernel:
        names = {"draw": draw, "dtype": dtype_of(site.params["dtype"])}
        shape = sizes(site.params["shape"], 0)
        return Kernel(f"{{draw}}(({{rng}}), {shape}, {{dtype}}, {{device}})", names)

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "random_normal": _lower(_normal),
    "random_truncated_normal": _lower(_truncated),
    "random_uniform": _lower(_uniform),
}
