"""How the processes that work together share a model's steps: in the graph, and row by row.

Each rank has some rows of a batch. Its loss is weighted by their share of the batch, so that the
sum of all ranks' gradients is the gradient by the whole batch. A rank that is left without rows
does one that another rank has too, with a share of 0: means of no rows would be no numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Callable

import numpy as np

from keras_core import backend as K
from keras_core import ranks
from keras_core.graph import Node, Placeholder, Tensor, as_tensor, order, substitute
from keras_core.graph import primitives as p
from keras_core.graph.spec import FLOATS
from keras_core.graph.tensor import Update


class Share:
    """The part of each batch that this rank has, as programs read it: 1 / ranks but for some steps.

    Attributes:
        tensor: a scalar variable.
    """

    def __init__(self) -> None:
        self._whole = 1.0 / ranks.current().size
        self.tensor = K.variable(self._whole, dtype="float64", name="share_of_batch")
        self._part: Any = None

    @property
    def part(self) -> Any:
        """The same in steps that all share; 1 in those of batches of this rank's own."""
        if self._part is None:
            self._part = K.variable(1.0, dtype="float64", name="part_of_batch")
        return self._part

    @contextmanager
    def set(self, value: float) -> Iterator[None]:
        """Has them the value of a shared step for a while."""
        usual = [] if value == self._whole else [(self.tensor, self._whole)]
        if self._part is not None:
            usual.append((self._part, 1.0))
        try:
            for variable, _ in usual:
                K.set_value(variable, value)
            yield
        finally:
            for variable, before in usual:
                K.set_value(variable, before)


@cache
def share_among(size: int) -> Share:
    """The share of a batch among so many ranks."""
    return Share()


def _share() -> Share:
    return share_among(ranks.current().size)


# In the graph


def gradients(loss: Any, params: Sequence[Any]) -> list[Any]:
    """Gradients of a loss by variables, of the batch of all ranks."""
    if ranks.current().size == 1:
        return K.gradients(loss, params)
    found = K.gradients(loss * K.cast(_share().tensor, K.dtype(loss)), params)
    present = [g for g in found if g is not None]
    sums = iter(p.all_reduce(*present) if present else ())
    return [None if g is None else next(sums) for g in found]


def mean(x: Any) -> Any:
    """The mean of a float tensor over the samples of all ranks, of each rank's mean."""
    return mean_of_ranks(x) if ranks.share_runs() else x


def of_batch(x: Any) -> Any:
    """A term of the loss, such that its mean over all ranks is that of the whole batch.

    Means over samples are so as they are, and what depends on no sample. A sum over samples counts
    for more where a rank has but a part of them. Anything else is taken to be a mean.
    """
    return _of_batch(as_tensor(x)) if ranks.share_runs() else x


def _of_batch(x: Tensor) -> Tensor:
    node = x.node
    if node is None or _is_fixed(x):
        return x
    primitive, inputs = node.primitive, node.inputs
    if primitive is p.reduce_sum and 0 in node.params["axes"] and inputs[0].shape[0] is None:
        return x / K.cast(K.maximum(_share().part, K.epsilon()), x.dtype)
    if primitive in (p.add, p.subtract):
        return primitive(*map(_of_batch, inputs))
    if primitive in (p.negative, p.cast, p.reshape, p.reduce_sum, p.reduce_mean):
        return primitive(_of_batch(inputs[0]), *inputs[1:], **node.params)
    if primitive in (p.multiply, p.divide) and any(map(_is_fixed, inputs)):
        return primitive(*map(_of_batch, inputs)) if _is_linear(node) else x
    return x


def _is_linear(node: Node) -> bool:
    """Whether a product, or a quotient, has one factor alone that depends on samples."""
    return node.primitive is p.multiply or _is_fixed(node.inputs[1])


def _is_fixed(x: Tensor) -> bool:
    """Whether it depends on no sample."""
    return not any(isinstance(leaf, Placeholder) for leaf in order.leaves([x]))


def mean_of_ranks(x: Any) -> Any:
    """The same, also where ranks have runs of their own; each counts alike then."""
    return x if ranks.current().size == 1 else p.all_reduce(_weighted(x))[0]


def sum_of_ranks(x: Any) -> Any:
    """The sum over all ranks of a tensor that adds something up over samples."""
    return x if ranks.current().size == 1 else p.all_reduce(_own(x))[0]


def _weighted(x: Any) -> Any:
    """A rank's part of a mean."""
    return _own(x * K.cast(_share().tensor, K.dtype(x)))


def _own(x: Any) -> Any:
    """What a rank adds to a sum: nothing where it has no rows of its own."""
    return K.switch(K.greater(_share().tensor, 0.0), x, K.zeros_like(x))


def averaged(updates: Sequence[Any]) -> list[Any]:
    """Updates by which float variables, such as moving averages, stay the same on all ranks."""
    if not ranks.share_runs():
        return list(updates)
    return [Update(variable, _averaged(variable, value)) for variable, value in updates]


def _averaged(variable: Any, value: Any) -> Any:
    if variable.dtype not in FLOATS:
        return value
    # What it was is equal on all ranks; the mean of it would be so up to rounding alone.
    return p.add(variable, mean(p.subtract(value, variable)))


def summed(result: Any, updates: Sequence[Any], name: str) -> tuple[Any, list[Any]]:
    """A metric's result and updates, for the samples of all ranks.

    One that counts batches, since it has one number for each of them, adds the mean of the ranks'.

    Args:
        result: what the metric comes to after its updates.
        updates: of variables that add something up.
        name: of the metric, for messages.

    Raises:
        ValueError: a variable does not add something up.
    """
    if not ranks.share_runs() or not updates:
        return result, list(updates)
    added = [_added(update, name) for update in updates]
    counts_batches = any(map(_is_fixed, added))
    sums = p.all_reduce(*map(_weighted if counts_batches else _own, added))
    values = [p.add(update.variable, total) for update, total in zip(updates, sums)]
    known = {update.value: value for update, value in zip(updates, values)}
    new = [Update(update.variable, value) for update, value in zip(updates, values)]
    return substitute([result], known)[0], new


def _added(update: Any, name: str) -> Tensor:
    """What an update adds to its variable."""
    variable, value = update
    if value.node is not None and value.node.primitive is p.add:
        one, other = value.node.inputs
        if one is not variable:
            one, other = other, one
        if one is variable and other.shape == variable.shape:
            return other
    raise ValueError(
        f"The metric {name!r} changes its variable {variable.name!r} in another way than by adding "
        "to it, so that it cannot be put together from the parts of several ranks. Write "
        "K.update_add(variable, ...), or compute the metric from sums."
    )


# Row by row


def rows_of(count: int) -> slice:
    """The rows of a batch that this rank has."""
    world = ranks.current()
    return ranks.part_of(count, world.rank, world.size)


def cut(arrays: Sequence[Any], rows: slice) -> list[Any]:
    """Some rows of each array."""
    return [x[rows] for x in arrays]


class SharedStep:
    """A step of which each rank does its rows.

    Args:
        step: a function of a batch, which all ranks have whole.
        cut: gives some rows of a batch, `cut(batch, rows)`.
        size_of: the number of rows of a batch.
    """

    def __init__(
        self,
        step: Callable[[Any], Any],
        cut: Callable[[Any, slice], Any],
        size_of: Callable[[Any], int],
    ) -> None:
        self._step, self._cut, self._size_of = step, cut, size_of

    def __call__(self, batch: Any) -> Any:
        count = self._size_of(batch)
        if not count:
            return self._step(batch)
        rows = rows_of(count)
        own = rows.stop - rows.start
        with _share().set(own / count):
            return self._step(self._cut(batch, rows if own else slice(0, 1)))


class JoinedStep:
    """A step of prediction of which each rank does its rows, and all get those of all.

    Args:
        step: a function of a list of arrays, which all ranks have whole.
    """

    def __init__(self, step: Callable[[list[Any]], Sequence[Any]]) -> None:
        self._step = step

    def __call__(self, arrays: list[Any]) -> list[Any]:
        if not arrays:
            return list(self._step(arrays))
        rows = rows_of(len(arrays[0]))
        own = rows.stop - rows.start
        joined = ranks.current().joined
        results = self._step(cut(arrays, rows if own else slice(0, 1)))
        return [joined(np.asarray(y)[:own]) for y in results]
