"""Connectionist temporal classification: training without knowing which step says which label.

A step says one of the classes or, by the last class, nothing (blank). A path says one class a step;
its labels are what is left when repetitions are merged and blanks are dropped.

Paper: Graves, Fernández, Gomez and Schmidhuber, Connectionist temporal classification: labelling
unsegmented sequence data with recurrent neural networks (2006).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras_core.backend.convert import cast_to, tensor
from keras_core.backend.indexing import arange
from keras_core.config import epsilon
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Tensor

# Stands for the logarithm of 0: sums and differences of it stay finite.
LOG_ZERO = -1e30


class SparseLabels(NamedTuple):
    """Entries of a matrix by their places.

    Attributes:
        indices: int64 tensor `(entries, 2)`, row and column.
        values: tensor `(entries,)`.
        dense_shape: int64 tensor `(2,)`.
    """

    indices: Tensor
    values: Tensor
    dense_shape: Tensor


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Tensor:
    """The negative logarithm of the probability that a path says the labels.

    Args:
        y_true: integers (of any dtype) `(batch, labels)`, each in [0, classes - 1).
        y_pred: float tensor `(batch, steps, classes)` of probabilities; the last class is blank.
        input_length: integers `(batch, 1)`, how many steps count.
        label_length: integers `(batch, 1)`, how many labels count.

    Returns:
        Tensor `(batch, 1)`; infinite where there are too few steps for the labels.

    Raises:
        ValueError: the number of classes is unknown.

    Example:
        >>> even = K.constant(np.full((1, 3, 4), 0.25))  # 3 steps, 3 letters and the blank
        >>> cost = K.ctc_batch_cost([[0, 1]], even, input_length=[[3]], label_length=[[2]])
        >>> print(K.eval(cost).round(3))  # 5 of the 64 paths spell the word
        [[2.549]]
    """
    y_pred, labels = tensor(y_pred), cast_to(tensor(y_true), "int32")
    check_predictions("K.ctc_batch_cost", y_pred)
    path = with_blanks(labels, known_size(y_pred, 2) - 1)
    scores = _scores(y_pred, path)
    final = _forward(scores, path, int_vector(input_length))
    last = p.multiply(p.expand_dims(int_vector(label_length), 1), p.as_size(2))
    place = arange(p.size_of(path, 1))
    ends = p.logical_or(p.equal(place, last), p.equal(place, p.subtract(last, p.as_size(1))))
    zero = p.scalar(LOG_ZERO, final.dtype)
    total = p.logsumexp(p.where(ends, final, zero), axes=(1,), keepdims=True)
    possible = p.greater(total, p.scalar(LOG_ZERO / 2, total.dtype))
    return p.where(possible, p.negative(total), p.scalar(float("inf"), total.dtype))


def log_probabilities(y_pred: Tensor) -> Tensor:
    """Logarithms of probabilities that sum to 1, none of them 0."""
    shifted = p.add(y_pred, p.scalar(epsilon(), y_pred.dtype))
    return p.log_softmax(p.log(shifted), axis=2)


def check_predictions(name: str, y_pred: Tensor) -> None:
    """Refuses predictions that are not `(batch, steps, classes)` with a known number of classes."""
    if y_pred.ndim != 3 or y_pred.shape[2] is None:
        raise ValueError(
            f"{name}: predictions have the shape (batch, steps, classes) with a known number of "
            f"classes, not {y_pred.shape}."
        )


def known_size(x: Tensor, axis: int) -> int:
    """A size that is known since the predictions were checked."""
    size = x.shape[axis]
    assert size is not None
    return size


def int_vector(lengths: Any) -> Tensor:
    return p.reshape(cast_to(tensor(lengths), "int32"), shape=(-1,))


def with_blanks(labels: Tensor, blank: int) -> Tensor:
    """Labels with a blank before, between and after: `(batch, 2 * labels + 1)`."""
    blanks = p.full_like(labels, blank)
    pairs = p.stack(blanks, labels, axis=2)
    count = p.product_of_sizes([p.size_of(labels, 1), 2])
    flat = p.reshape_to_sizes(pairs, [p.size_of(labels, 0), count])
    return p.pad(flat, widths=((0, 0), (0, 1)), value=blank)


def _scores(y_pred: Tensor, path: Tensor) -> Tensor:
    """For each step and place of the path, how likely it is said: `(steps, batch, places)`."""
    codes = p.one_hot(path, depth=known_size(y_pred, 2), dtype=y_pred.dtype)
    scores = p.dot(log_probabilities(y_pred), codes, contract=((2,), (2,)), batch=((0,), (0,)))
    return p.transpose(scores, perm=(1, 0, 2))


def _forward(scores: Tensor, path: Tensor, steps: Tensor) -> Tensor:
    """Log-probabilities to stand at each place of the path after the steps that count.

    One stays, goes on by a place, or leaves out a blank between two labels that differ. Before the
    first step one stands at the first blank.
    """
    zero = p.scalar(LOG_ZERO, scores.dtype)
    place = arange(p.size_of(path, 1))
    differs = p.not_equal(path, _later(path, 2, -1))
    is_label = p.equal(p.modulo(place, p.as_size(2)), p.as_size(1))
    leap = p.logical_and(differs, is_label)
    start = p.where(p.equal(place, p.as_size(0)), p.scalar(0, scores.dtype), zero)
    initial = p.broadcast_like(start, cast_to(path, scores.dtype))

    def step(parts: list[Tensor], states: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        (score, time), (now,) = parts, states
        leapt = p.where(leap, _later(now, 2, LOG_ZERO), zero)
        moves = p.stack(now, _later(now, 1, LOG_ZERO), leapt, axis=0)
        after = p.add(p.logsumexp(moves, axes=(0,), keepdims=False), score)
        return [], [p.where(is_running(time, steps), after, now)]

    return scan(step, [scores, arange(p.size_of(scores, 0))], [initial])[0][0]


def is_running(time: Tensor, steps: Tensor) -> Tensor:
    """Whether a step counts: bool `(batch, 1)`."""
    return p.expand_dims(p.less(time, steps), 1)


def _later(x: Tensor, places: int, filler: float) -> Tensor:
    """`(batch, places)` moved to higher places."""
    padded = p.pad(x, widths=((0, 0), (places, 0)), value=filler)
    return p.slice(padded, index=((None, None, 1), (None, -places, 1)))


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> SparseLabels:
    """The labels that count, and where they stand.

    Args:
        labels: int tensor `(batch, labels)`.
        label_lengths: int tensor `(batch,)`, how many of each row count.

    Example:
        >>> labels, lengths = K.constant([[1, 2], [3, 0]]), K.constant([2, 1], dtype="int32")
        >>> sparse = K.ctc_label_dense_to_sparse(labels, lengths)
        >>> K.eval(sparse.indices).tolist(), K.eval(sparse.values).tolist()
        ([[0, 0], [0, 1], [1, 0]], [1.0, 2.0, 3.0])
    """
    labels = tensor(labels)
    lengths = p.expand_dims(int_vector(label_lengths), 1)
    width = p.size_of(labels, 1)
    kept = p.less(arange(width), lengths)
    places = places_of(p.reshape(kept, shape=(-1,)))
    row = p.floor_divide(places, p.as_size(width))
    column = p.modulo(places, p.as_size(width))
    return SparseLabels(
        cast_to(p.stack(row, column, axis=1), "int64"),
        p.gather(p.reshape(labels, shape=(-1,)), places, axis=0),
        cast_to(p.shape_of(labels), "int64"),
    )


def places_of(kept: Tensor) -> Tensor:
    """The indices of the true elements of a vector."""
    count = cast_to(kept, "int32")
    total = p.reduce_sum(count, axes=(0,), keepdims=False)
    goal = p.where(kept, p.subtract(p.cumsum(count, axis=0), p.as_size(1)), total)
    return scatter(arange(p.size_of(kept, 0)), goal, total)


def scatter(values: Tensor, goals: Tensor, size: Tensor) -> Tensor:
    """A vector of `size` with each value added at its goal; what goes to `size` is dropped."""
    enough = p.add(size, p.as_size(1))
    placed = p.gather_grad(values, goals, enough, axis=0, shape=(None,))
    return p.slice(placed, index=((None, -1, 1),))
