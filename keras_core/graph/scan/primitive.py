"""The scan primitive: its shape rule and its plain meaning."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from keras_core.graph.evaluate import evaluate
from keras_core.graph.primitive import Node, Primitive
from keras_core.graph.randomness import RandomState, inside_loop
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.scan.body import Body
from keras_core.graph.scan.gradient import scan_vjp
from keras_core.graph.spec import Dim, NamedDim, Spec, agreed, is_known
from keras_core.graph.tensor import Constant, Placeholder, Tensor
from keras_core.graph.work import multiply_adds, product


def _steps(sequences: Sequence[Spec]) -> NamedDim:
    sizes = {x.shape[0] for x in sequences if x.shape[0] is not None}
    if len(sizes) > 1:
        raise ValueError(f"scan: sequences have different numbers of steps: {sorted(sizes)}.")
    return reduce(agreed, (x.sizes[0] for x in sequences))


def _scan_shape(*inputs: Spec, body: Body, reverse: bool) -> tuple[Spec, ...]:
    sequences, _, _ = body.split(inputs)
    if not sequences:
        raise ValueError("scan: needs at least one sequence to know the number of steps.")
    steps = _steps(sequences)
    outside = {size for x in inputs for size in x.sizes}

    def leaving(x: Tensor) -> tuple[NamedDim, ...]:
        """The sizes of a result; names that stand for a size of one step alone stay inside."""
        return tuple(n if is_known(n) or n in outside else None for n in x.sizes)

    finals = [Spec(leaving(x), x.dtype) for x in body.states]
    stacked = [Spec((steps, *leaving(x)), x.dtype) for x in body.collected]
    return (*finals, *stacked)


def _scan_reference(
    state: RandomState, *arrays: np.ndarray, body: Body, reverse: bool
) -> tuple[np.ndarray, ...]:
    sequences, states, invariants = body.split(arrays)
    steps = len(sequences[0])
    rows: list[list[np.ndarray]] = [[] for _ in range(steps)]
    for t in reversed(range(steps)) if reverse else range(steps):
        values = [*(x[t] for x in sequences), *states, *invariants]
        feeds: dict[Tensor, np.ndarray] = dict(zip(body.inputs, values))
        results = evaluate(body.results, feeds, inside_loop(state, t))
        states, rows[t] = results[: len(states)], results[len(states) :]
    if not steps:
        return (*states, *_empty_stacks(body, arrays))
    return (*states, *map(np.stack, zip(*rows)))


def _empty_stacks(body: Body, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Stacks of no rows; the shape rules tell how large the rows would be."""
    from keras_core.graph.passes.fold import fold_node

    inputs = [_sized(x) for x in arrays]
    sized = body.rewritten(inputs, lambda replaced: Rewriter(replaced, fold_node))
    return [np.zeros((0, *(size or 0 for size in x.shape)), x.dtype) for x in sized.collected]


def _sized(x: np.ndarray) -> Tensor:
    """A tensor like the array, with its number where that may be a size."""
    if x.ndim == 0 and x.dtype.kind in "iu":
        return Constant(x)
    return Placeholder(x.shape, x.dtype.name)


def _scan_multiply_adds(node: Node) -> Dim:
    body = node.params["body"]
    steps = _steps([x.spec for x in node.inputs[: len(body.sequences)]])
    return product((steps if is_known(steps) else None, multiply_adds(body.nodes)))


scan = Primitive(
    "scan",
    shape=_scan_shape,
    reference=_scan_reference,
    vjp=scan_vjp,
    multiply_adds=_scan_multiply_adds,
    random=True,
    loop=True,
    several=True,
    family="scan",
    doc="Runs `body` over axis 0 of the sequences, from the last step back where `reverse`. "
    "Outputs: the final states, then every collected tensor stacked at its step's index.",
    edges=(
        "Inputs: the sequences, the first states, what stays the same; body.split parts them.",
        "Over no steps, the final states are the first ones and the stacks have no rows.",
        "There is always a sequence, which says how many steps there are.",
        "A state may have another size after a step than before it; then its size is unknown.",
        "What stays the same may be a size as a number, which the body makes shapes of.",
        "Draws of the body differ from step to step and from call to call, for explicit seeds too.",
    ),
)
