"""Sharpens a program for inputs of known shapes."""

from __future__ import annotations

from collections.abc import Sequence

from keras_core.graph.passes.fold import fold_node
from keras_core.graph.program import Program
from keras_core.graph.tensor import Placeholder, Shape, Tensor


def specialise(program: Program, shapes: Sequence[Shape]) -> Program:
    """The program for inputs of exactly these shapes: shape rules run again, sizes are folded.

    Args:
        program: any program.
        shapes: a shape for each input, without None.
    """
    return program.rewritten(fold_node, sharper(program, shapes))


def sharper(program: Program, shapes: Sequence[Shape]) -> list[tuple[Tensor, Tensor]]:
    """Pairs of an input whose shape is known better now and what stands for it."""
    return [
        (x, Placeholder(shape, x.dtype, x.name))
        for x, shape in zip(program.inputs, shapes)
        if x.shape != tuple(shape)
    ]
