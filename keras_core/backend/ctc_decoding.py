"""Finding likely labels in the results of connectionist temporal classification.

Paper of the beam search: Graves and Jaitly, Towards end-to-end speech recognition with recurrent
neural networks (2014).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras_core.backend.convert import cast_to, tensor
from keras_core.backend.ctc import (
    LOG_ZERO,
    check_predictions,
    int_vector,
    is_running,
    known_size,
    log_probabilities,
    scatter,
)
from keras_core.backend.indexing import arange
from keras_core.config import epsilon
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Tensor


def ctc_decode(
    y_pred: Any,
    input_length: Any,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = False,
) -> tuple[list[Tensor], Tensor]:
    """Finds likely labels.

    Args:
        y_pred: float tensor `(batch, steps, classes)` of probabilities; the last class is blank.
        input_length: int tensor `(batch,)`, how many steps count.
        greedy: True to take the best class of each step, False for a beam search.
        beam_width: how many beginnings the beam search goes on with.
        top_paths: how many results the beam search gives, best first.
        merge_repeated: whether equal labels that follow each other in a result of the beam search
            become one.

    Returns:
        A list of int64 tensors `(batch, labels)`, one a result, padded with -1; and a tensor
        `(batch, results)`: the logarithms of their probabilities; of the greedy result `(batch, 1)`
        the negative one of its path.

    Raises:
        ValueError: the number of classes is unknown, or `top_paths` is greater than `beam_width`.

    Example:
        >>> steps = [[0.9, 0.1, 0.0], [0.1, 0.1, 0.8], [0.2, 0.7, 0.1]]  # the blank is last
        >>> (words,), _ = K.ctc_decode([steps], input_length=[3])
        >>> K.eval(words).tolist()
        [[0, 1]]
    """
    y_pred = tensor(y_pred)
    check_predictions("K.ctc_decode", y_pred)
    steps = int_vector(input_length)
    if greedy:
        return _greedy(y_pred, steps)
    if top_paths > beam_width:
        raise ValueError(f"K.ctc_decode: a beam of {beam_width} has no {top_paths} results.")
    return _beam_search(y_pred, steps, beam_width, top_paths, merge_repeated)


def _greedy(y_pred: Tensor, steps: Tensor) -> tuple[list[Tensor], Tensor]:
    labels = cast_to(p.argmax(y_pred, axis=2), "int32")
    counts = p.less(arange(p.size_of(y_pred, 1)), p.expand_dims(steps, 1))
    blank = p.as_size(known_size(y_pred, 2) - 1)
    said = p.logical_and(p.not_equal(labels, blank), _is_new(labels))
    best = p.reduce_max(y_pred, axes=(2,), keepdims=False)
    logs = p.log(p.add(best, p.scalar(epsilon(), y_pred.dtype)))
    kept = p.where(counts, logs, p.scalar(0, y_pred.dtype))
    cost = p.negative(p.reduce_sum(kept, axes=(1,), keepdims=True))
    return [_compact(labels, p.logical_and(said, counts))], cost


def _is_new(labels: Tensor) -> Tensor:
    """Where a label differs from the one before it in its row."""
    padded = p.pad(labels, widths=((0, 0), (1, 0)), value=-1)
    return p.not_equal(labels, p.slice(padded, index=((None, None, 1), (None, -1, 1))))


def _compact(labels: Tensor, kept: Tensor) -> Tensor:
    """The kept labels of each row moved to its front, -1 after them; as wide as the longest row."""
    one = p.as_size(1)
    count = cast_to(kept, "int32")
    rank = p.subtract(p.cumsum(count, axis=1), one)
    lengths = p.reduce_sum(count, axes=(1,), keepdims=False)
    width = p.reduce_max(lengths, axes=(0,), keepdims=False)
    rows = p.size_of(labels, 0)
    size = p.multiply(p.as_size(rows), width)
    start = p.expand_dims(p.multiply(arange(rows), width), 1)
    goals = p.where(kept, p.add(start, rank), size)
    values, goals = (p.reshape(x, shape=(-1,)) for x in (p.add(labels, one), goals))
    dense = p.subtract(scatter(values, goals, size), one)
    return cast_to(p.reshape_to_sizes(dense, [rows, width]), "int64")


class _Beam(NamedTuple):
    """The best beginnings of labels, and the logarithms of the probabilities that paths say them.

    Attributes:
        labels: int32 `(batch, beam, steps)`, padded with -1.
        lengths: int32 `(batch, beam)`.
        blank: of paths that end with a blank, `(batch, beam)`.
        label: of paths that end with the last label, `(batch, beam)`.
    """

    labels: Tensor
    lengths: Tensor
    blank: Tensor
    label: Tensor

    @property
    def total(self) -> Tensor:
        return _either(self.blank, self.label)


def _either(a: Tensor, b: Tensor) -> Tensor:
    return p.logsumexp(p.stack(a, b, axis=0), axes=(0,), keepdims=False)


def _beam_search(
    y_pred: Tensor, steps: Tensor, width: int, top_paths: int, merge_repeated: bool
) -> tuple[list[Tensor], Tensor]:
    logs = p.transpose(log_probabilities(y_pred), perm=(1, 0, 2))

    def step(parts: list[Tensor], states: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        (scores, time), beam = parts, _Beam(*states)
        running = is_running(time, steps)
        after = _go_on(beam, scores, width)
        choices = [running, running, running, running]
        choices[0] = p.expand_dims(running, 2)
        return [], [p.where(*choice) for choice in zip(choices, after, beam)]

    times = arange(p.size_of(y_pred, 1))
    beam = _Beam(*scan(step, [logs, times], list(_first_beam(y_pred, width)))[0])
    decoded = [_path(beam, k, merge_repeated) for k in range(top_paths)]
    best = p.slice(beam.total, index=((None, None, 1), (None, top_paths, 1)))
    return decoded, best


def _first_beam(y_pred: Tensor, width: int) -> _Beam:
    """One empty beginning that is certain, the others impossible."""
    batch, steps = p.size_of(y_pred, 0), p.size_of(y_pred, 1)
    impossible = _filled(LOG_ZERO, y_pred.dtype, batch, width)
    certain = p.where(p.equal(arange(width), p.as_size(0)), p.zeros_like(impossible), impossible)
    labels = _filled(-1, "int32", batch, width, steps)
    return _Beam(labels, _filled(0, "int32", batch, width), certain, impossible)


def _filled(value: float, dtype: str, *sizes: Any) -> Tensor:
    shape, dims = p.split_sizes(sizes)
    return p.broadcast_to(p.scalar(value, dtype), *dims, shape=shape)


def _go_on(beam: _Beam, scores: Tensor, width: int) -> _Beam:
    """The best beginnings after one more step."""
    last = _last_labels(beam)
    stay = _Beam(beam.labels, beam.lengths, *_staying(beam, scores, last))
    longer = _extensions(beam, scores, last)
    stay, longer = _merged(stay, longer, last, beam)
    flat = p.reshape_to_sizes(longer, [p.size_of(longer, 0), width * known_size(longer, 2)])
    best, chosen = p.top_k(p.concat(stay.total, flat, axis=1), k=width)
    return _select(stay, best, chosen, classes=known_size(longer, 2))


def _last_labels(beam: _Beam) -> Tensor:
    """The last label of each beginning, -1 of the empty one: `(batch, beam)`."""
    place = arange(p.size_of(beam.labels, 2))
    end = p.subtract(p.expand_dims(beam.lengths, 2), p.as_size(1))
    at_end = p.where(p.equal(place, end), beam.labels, p.scalar(-1, "int32"))
    return p.reduce_max(at_end, axes=(2,), keepdims=False)


def _staying(beam: _Beam, scores: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
    """Paths whose labels stay the same: they say a blank, or the last label again."""
    whole = (None, None, 1)
    blank = p.slice(scores, index=(whole, (-1, None, 1)))
    codes = p.one_hot(last, depth=known_size(scores, 1), dtype=scores.dtype)
    again = p.dot(codes, scores, contract=((2,), (1,)), batch=((0,), (0,)))
    return p.add(beam.total, blank), p.add(beam.label, again)


def _extensions(beam: _Beam, scores: Tensor, last: Tensor) -> Tensor:
    """Paths with one more label, `(batch, beam, classes)`; to repeat one takes a blank before."""
    classes = arange(known_size(scores, 1))
    repeated = p.equal(p.expand_dims(last, 2), classes)
    before = p.where(repeated, p.expand_dims(beam.blank, 2), p.expand_dims(beam.total, 2))
    is_blank = p.equal(classes, p.as_size(known_size(scores, 1) - 1))
    after = p.add(before, p.expand_dims(scores, 1))
    return p.where(is_blank, p.scalar(LOG_ZERO, scores.dtype), after)


def _merged(stay: _Beam, longer: Tensor, last: Tensor, beam: _Beam) -> tuple[_Beam, Tensor]:
    """Extensions that are beginnings of the beam themselves are counted there and nowhere else."""
    grown = _is_extension(beam)
    codes = p.one_hot(last, depth=known_size(longer, 2), dtype=longer.dtype)
    by_last = p.dot(longer, codes, contract=((2,), (2,)), batch=((0,), (0,)))
    zero = p.scalar(LOG_ZERO, longer.dtype)
    added = p.logsumexp(p.where(grown, by_last, zero), axes=(1,), keepdims=False)
    counts = p.dot(cast_to(grown, codes.dtype), codes, contract=((2,), (1,)), batch=((0,), (0,)))
    rest = p.where(p.greater(counts, p.scalar(0, counts.dtype)), zero, longer)
    return stay._replace(label=_either(stay.label, added)), rest


def _is_extension(beam: _Beam) -> Tensor:
    """Whether beginning j is beginning i and one more label: bool `(batch, i, j)`."""
    place = arange(p.size_of(beam.labels, 2))
    end = p.subtract(p.expand_dims(beam.lengths, 2), p.as_size(1))
    parents = p.where(p.equal(place, end), p.scalar(-1, "int32"), beam.labels)
    same = p.equal(p.expand_dims(beam.labels, 2), p.expand_dims(parents, 1))
    nonempty = p.greater(p.expand_dims(beam.lengths, 1), p.as_size(0))
    return p.logical_and(p.reduce_all(same, axes=(3,), keepdims=False), nonempty)


def _select(stay: _Beam, best: Tensor, chosen: Tensor, classes: int) -> _Beam:
    """The beam of the chosen candidates: first those that stay, then those with one more label."""
    width, one = known_size(best, 1), p.as_size(1)
    extension = p.subtract(chosen, p.as_size(width))
    grows = p.greater_equal(extension, p.as_size(0))
    parent = p.where(grows, p.floor_divide(extension, p.as_size(classes)), chosen)
    label = p.modulo(extension, p.as_size(classes))
    labels, lengths, blank, said = (_taken(x, parent, width) for x in stay)
    here = p.equal(arange(p.size_of(labels, 2)), p.expand_dims(lengths, 2))
    written = p.logical_and(here, p.expand_dims(grows, 2))
    zero = p.scalar(LOG_ZERO, best.dtype)
    return _Beam(
        p.where(written, p.expand_dims(label, 2), labels),
        p.where(grows, p.add(lengths, one), lengths),
        p.where(grows, zero, blank),
        p.where(grows, best, said),
    )


def _taken(x: Tensor, parent: Tensor, width: int) -> Tensor:
    """Entries of `(batch, beam, ...)` by their places in the beam of the same sample."""
    batch = p.size_of(x, 0)
    start = p.expand_dims(p.multiply(arange(batch), p.as_size(width)), 1)
    rest = [p.size_of(x, axis) for axis in range(2, x.ndim)]
    flat = p.reshape_to_sizes(x, [p.product_of_sizes([batch, width]), *rest])
    return p.gather(flat, p.add(start, parent), axis=0)


def _path(beam: _Beam, k: int, merge_repeated: bool) -> Tensor:
    """The labels of one beginning of each sample."""
    whole = (None, None, 1)
    one = p.squeeze(p.slice(beam.labels, index=(whole, (k, k + 1, 1), whole)), 1)
    said = p.greater_equal(one, p.as_size(0))
    return _compact(one, p.logical_and(said, _is_new(one)) if merge_repeated else said)
