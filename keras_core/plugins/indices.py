"""Indices out of range, for engines that cannot raise from within a program.

What XLA has compiled takes the nearest row, and a kernel on a GPU ends the work of the process. So
indices that come from what is fed, as those of an Embedding do, are looked at before a program
runs, and are refused as on other backends. All others give NaN, or the least integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core.graph import Constant, Node, Program, Tensor, order
from keras_core.graph.provenance import named

Check = Callable[[Sequence[Any]], None]

# So many cheap nodes between what is fed and the index are followed.
_MOST_NODES = 8
_CHEAP = ("cast", "identity", "reshape", "transpose", "slice", "stop_gradient", "concat")


def refuse_outside(indices: Any, size: int) -> None:
    """Refuses indices, an array of NumPy's, that are not in [0, size).

    Raises:
        IndexError: there is one.
    """
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        bad = indices[(indices < 0) | (indices >= size)].flat[0]
        raise IndexError(f"index {bad} is outside of [0, {size})")


def indices_checked(program: Program, stacked: bool = False) -> list[Check]:
    """Checks of a program's indices, each a function of the arrays that are fed.

    Args:
        program: the program.
        stacked: whether the arrays are those of many runs, along a further first axis.
    """
    found: dict[Any, Check] = {}
    for node in program.nodes:
        indices, size = _looked_up(node)
        if indices is not None and size is not None and (indices.key, size) not in found:
            check = _check(program, node, indices, size, stacked)
            if check is not None:
                found[indices.key, size] = check
    return list(found.values())


def _looked_up(node: Node) -> tuple[Tensor | None, int | None]:
    """The indices of a node that looks up by them, and how many entries there are."""
    if node.primitive.name == "gather":
        return node.inputs[1], node.inputs[0].shape[node.params["axis"]]
    if node.primitive.name == "gather_grad":
        return node.inputs[1], node.specs[0].shape[node.params["axis"]]
    return None, None


def _check(program: Program, node: Node, indices: Tensor, size: int, stacked: bool) -> Check | None:
    """Looks at the indices of a node; None where they do not come from what is fed alone."""
    nodes = order.topological([indices])
    leaves = order.leaves([indices])
    fed = {x.key: place for place, x in enumerate(program.inputs)}
    is_cheap = len(nodes) <= _MOST_NODES and all(n.primitive.name in _CHEAP for n in nodes)
    is_fed = all(x.key in fed or isinstance(x, Constant) for x in leaves)
    if not is_cheap or not is_fed or not any(x.key in fed for x in leaves):
        return None
    places = {x.key: fed[x.key] for x in leaves if x.key in fed}
    constants = {x.key: x.value for x in leaves if isinstance(x, Constant)}

    def check(arrays: Sequence[Any]) -> None:
        values = {**constants, **{key: np.asarray(arrays[i]) for key, i in places.items()}}
        for step in nodes:
            inputs = [values[x.key] for x in step.inputs]
            values[step, 0] = step.primitive.reference(*inputs, **step.params)  # type: ignore[misc]
        try:
            refuse_outside(values[indices.key], size)
        except IndexError as error:
            raise named(error, node) from None

    def check_each(arrays: Sequence[Any]) -> None:
        for rows in zip(*arrays):
            check(rows)

    return check_each if stacked else check
