"""What XLA compiles unasked: what it runs faster on a CPU, and with the same behaviour."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from keras_core.graph import Node, Program
from keras_core.plugins.authoring import with_inner

_SLOWER_FAMILIES = ("convolution", "pooling")


def behaves_alike(nodes: Iterable[Node]) -> bool:
    """Whether XLA gives the same results and raises the same errors.

    It cannot call out for what is not pure, and notices no index that is out of range.
    """
    primitives = {node.primitive for node in with_inner(nodes)}
    return all(primitive.pure and not primitive.indexed for primitive in primitives)


def is_worth_jitting(loop: Node) -> bool:
    """Whether XLA runs a scan faster and alike. All its sizes must be known, once and for all."""
    return behaves_alike([loop]) and all(
        node.primitive.family not in _SLOWER_FAMILIES and _has_known_sizes(node)
        for node in with_inner([loop])
    )


def _has_known_sizes(node: Node) -> bool:
    specs = [*(x.spec for x in node.inputs), *node.specs]
    return all(None not in spec.shape for spec in specs)


def asked_for(program: Program) -> bool | None:
    """Whether a program shall be compiled by XLA; None where that is left to the backend."""
    sums = any(node.primitive.family == "collective" for node in with_inner(program.nodes))
    if not (program.jit_compile and sums):
        return program.jit_compile
    warnings.warn(
        "XLA compiles no program that sums over several processes; this one runs without it, in "
        "spite of jit_compile=True. Its loops without such sums are compiled where that pays.",
        RuntimeWarning,
        stacklevel=2,
    )
    return None
