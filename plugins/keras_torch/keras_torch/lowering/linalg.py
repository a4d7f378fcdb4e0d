"""The general product: matrices, or stacks of them where there is a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import torch

from keras_core.graph import Tensor
from keras_core.plugins.authoring import FLOATS
from keras_torch import products
from keras_torch.kernel import Kernel, Lowering, Site, extent, tuple_of

Axes = Sequence[int]


def _lower_dot(site: Site) -> Kernel:
    kernel = _batched(site) if site.params["batch"][0] else _of_matrices(site)
    if site.spec.dtype == "bool":
        return Kernel(f"(({kernel.pattern}) != 0)", kernel.names)
    if site.spec.dtype not in FLOATS and site.device != "cpu":
        return Kernel(kernel.pattern, dict.fromkeys(kernel.names, products.of_integers))
    return kernel


class Plan(NamedTuple):
    """A product without batch axes as one of matrices.

    Attributes:
        matrices: code for the two matrices.
        is_flat: whether the result is a matrix itself.
        shaped: code behind the product that gives the result its shape.
        is_large: whether oneDNN does it.
    """

    matrices: str
    is_flat: bool
    shaped: str
    is_large: bool


def plan_of(site: Site) -> Plan | None:
    """How to do a product; None for one of stacks of matrices."""
    a, b = site.inputs
    contract, batch = site.params["contract"], site.params["batch"]
    if batch[0]:
        return None
    free_a, free_b = free_axes(a, contract[0]), free_axes(b, contract[1])
    left, right = matrix(site, 0, free_a, contract[0]), matrix(site, 1, contract[1], free_b)
    is_flat = len(free_a) == len(free_b) == 1
    shaped = "" if is_flat else f".reshape({_result_shape(site, (), free_a, free_b)})"
    sizes = [_product(a, free_a), _product(a, contract[0]), _product(b, free_b)]
    is_large = products.is_large(sizes, site.spec.dtype, site.device)
    return Plan(f"{left}, {right}", is_flat, shaped, is_large)


def _product(x: Tensor, axes: Axes) -> int | None:
    sizes = [x.shape[axis] for axis in axes]
    return None if None in sizes else prod(sizes)  # type: ignore[arg-type]


def _of_matrices(site: Site) -> Kernel:
    plan = plan_of(site)
    assert plan is not None
    if plan.is_large and not site.pure:
        return Kernel(f"{{mm}}({plan.matrices}){plan.shaped}", {"mm": products.product})
    is_writable = plan.is_flat and site.spec.dtype in FLOATS
    into = f"{{mm}}({plan.matrices}, out={{out}})" if is_writable else ""
    return Kernel(f"{{mm}}({plan.matrices}){plan.shaped}", {"mm": torch.mm}, into)


def free_axes(x: Tensor, *taken: Axes) -> tuple[int, ...]:
    """The axes of a tensor that are not among those taken."""
    used = [axis for axes in taken for axis in axes]
    return tuple(i for i in range(x.ndim) if i not in used)


def matrix(site: Site, number: int, rows: Axes, columns: Axes) -> str:
    """Code for an input as a matrix."""
    x = site.inputs[number]
    order, text = (*rows, *columns), _floating(site, number)
    if len(rows) == len(columns) == 1:
        return text if order == (0, 1) else f"{text}.t()"
    counts = [_count(site, number, axes) for axes in (rows, columns)]
    if (*columns, *rows) == tuple(range(x.ndim)):
        return f"{text}.reshape({counts[1]}, {counts[0]}).t()"
    moved = text if order == tuple(range(x.ndim)) else f"{text}.permute({order!r})"
    return f"{moved}.reshape({counts[0]}, {counts[1]})"


def _floating(site: Site, number: int) -> str:
    """The input; a bool as numbers, for which there are products."""
    return f"{{{number}}}.float()" if site.spec.dtype == "bool" else f"{{{number}}}"


def _count(site: Site, number: int, axes: Axes) -> str:
    """The number of elements along some axes."""
    sizes = [extent(site.inputs[number], number, axis) for axis in axes]
    if all(size.isdigit() for size in sizes):
        return str(prod(map(int, sizes)))
    return " * ".join(sizes)


def _result_shape(site: Site, batch: Axes, free_a: Axes, free_b: Axes) -> str:
    a, b = site.inputs
    sizes = [extent(a, 0, axis) for axis in (*batch, *free_a)]
    return tuple_of([*sizes, *(extent(b, 1, axis) for axis in free_b)])


def _batched(site: Site) -> Kernel:
    a, b = site.inputs
    contract, batch = site.params["contract"], site.params["batch"]
    free_a = free_axes(a, contract[0], batch[0])
    free_b = free_axes(b, contract[1], batch[1])
    left = _stack(site, 0, batch[0], free_a, contract[0])
    right = _stack(site, 1, batch[1], contract[1], free_b)
    product, names = f"{{bmm}}({left}, {right})", {"bmm": torch.bmm}
    if len(batch[0]) == len(free_a) == len(free_b) == 1:
        return Kernel(product, names)
    shape = _result_shape(site, batch[0], free_a, free_b)
    return Kernel(f"{product}.reshape({shape})", names)


def _stack(site: Site, number: int, batch: Axes, rows: Axes, columns: Axes) -> str:
    order, text = (*batch, *rows, *columns), _floating(site, number)
    moved = text if order == tuple(range(len(order))) else f"{text}.permute({order!r})"
    if len(batch) == len(rows) == len(columns) == 1:
        return moved
    counts = [_count(site, number, axes) for axes in (batch, rows, columns)]
    return f"{moved}.reshape({', '.join(counts)})"


LOWERINGS: Mapping[str, Lowering] = {"dot": _lower_dot}
