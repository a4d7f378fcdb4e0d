"""Kernel: how one node becomes a line of generated NumPy code."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

import numpy as np

from keras_core.graph import Node

Buffer = tuple[tuple[int, ...], str]


class Parts(NamedTuple):
    """How a reduction over axis 0 is put together from blocks of rows.

    Attributes:
        pattern: writes what the block `{0}` comes to into `{out}`.
        shape: of that.
        finish: makes the result `{out}` of what all blocks came to, an array `{0}` of the shape
            (blocks, *shape).
    """

    pattern: str
    shape: tuple[int, ...]
    finish: str


class Blocks(NamedTuple):
    """How rows of a result are made of the same rows of some inputs, which others go with whole.

    Attributes:
        pattern: writes the rows of a block into `{out}`.
        cut: the inputs of which it gets the same rows.
        ready: an expression that is computed once before all blocks, for `{ready}` in the pattern.
    """

    pattern: str
    cut: tuple[int, ...]
    ready: str = ""


class Early(NamedTuple):
    """What a kernel can begin before all its inputs are there, each with a result of its own.

    Attributes:
        inputs: those for which it is worth it.
        begin: an expression that begins to make the result `{out}` of `{0}`, and gives a function
            that comes back when it is made.
        rest: gives the pattern for all inputs and results but those begun.
    """

    inputs: tuple[int, ...]
    begin: str
    rest: Callable[[Container[int]], str]


class Steady(NamedTuple):
    """How a kernel reads an input that is better copied once if it stays the same over a loop.

    Attributes:
        input: its number.
        expression: of `{0}`, what the kernel reads of it, for `{steady}` in the pattern.
        shape: of that.
    """

    input: int
    expression: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Kernel:
    """A line of code for a node whose sizes are all known.

    Attributes:
        pattern: statements (separated by `;`) with `{0}`, `{1}` … for the inputs, `{out}` (or
            `{out0}`, `{out1}` … of several) for the results' buffers, `{s0}` … for scratch buffers,
            `{rng}` for the node's Generator and the keys of `names`. For a view or a value it is
            one expression.
        names: objects that the pattern refers to.
        view: the result shares the memory of input 0.
        value: the expression makes a new array by itself.
        inplace: inputs over which the result may be written.
        scratch: shape and dtype of further buffers.
        elementwise: each element of the result depends on the same element of the inputs alone, so
            that the kernel may run on blocks.
        by_rows: each row (of axis 0) of the result depends on the same row of the one input alone.
        parts: what else to do where the kernel is to run on blocks of rows of input 0.
        blocks: what to do where a result of images or the like is made block by block.
        rows: a pattern that writes the rows `{start}` to `{stop}` of the result alone into `{out}`.
        sparse: an expression for the result as a `Sparse` array.
        early: what it can begin before all its inputs are there.
        steady: what a loop copies before its steps, if it stays the same over them.
        some_rows: gives the pattern where of certain results the rows that this rank updates are
            enough.
        shared: it does products in threads of ours, so BLAS should have one thread for each.
        either: it does its product in either way.
    """

    pattern: str
    names: Mapping[str, Any] = field(default_factory=dict)
    view: bool = False
    value: bool = False
    inplace: tuple[int, ...] = ()
    scratch: tuple[Buffer, ...] = ()
    elementwise: bool = False
    by_rows: bool = False
    parts: Parts | None = None
    blocks: Blocks | None = None
    rows: str = ""
    sparse: str = ""
    early: Early | None = None
    steady: Steady | None = None
    some_rows: Callable[[Collection[int]], str] | None = None
    shared: bool = False
    either: bool = False


Lowering = Callable[[Node], Kernel]


def places(count: int, name: str = "") -> str:
    """`{0}, {1}, …` in a pattern, or `{out0}, {out1}, …`; a comma stands at the end too."""
    return "".join(f"{{{name}{i}}}, " for i in range(count))


def call(function: Callable[..., Any], count: int, **options: Any) -> Kernel:
    """A kernel `function(input0, …, out=out)`."""
    # NumPy takes `out` by position, which is faster, but deprecates it for these two.
    out = "out={out}" if function in (np.maximum, np.minimum) else "{out}"
    return Kernel("{fn}(" + places(count) + out + ")", {"fn": function}, **options)


def ufunc(function: np.ufunc) -> Lowering:
    """The lowering of an elementwise primitive that is one ufunc."""
    everywhere = tuple(range(function.nin))
    kernel = call(function, function.nin, elementwise=True, inplace=everywhere)
    return lambda node: kernel


def steps(pattern: str, inplace: tuple[int, ...] = (0,), **names: Any) -> Lowering:
    """The lowering of an elementwise primitive that is several ufuncs on one buffer."""
    kernel = Kernel(pattern, names, elementwise=True, inplace=inplace)
    return lambda node: kernel


def scalar(value: float, dtype: str) -> np.ndarray:
    """A 0-d array: the cheapest operand of a ufunc, and one that never widens the result."""
    return np.array(value, dtype)
