"""What Keras 2 had on Theano for the labels of one sample, in parts that programs may call.

Labels are a vector of integers; -1 stands for blank, the last class. `ctc.py` has the same for a
batch, and names the paper.
"""

from __future__ import annotations

from typing import Any

from keras_core.backend import ctc
from keras_core.backend.convert import cast_to, tensor
from keras_core.backend.ctc import LOG_ZERO
from keras_core.backend.indexing import arange
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Tensor


def ctc_interleave_blanks(Y: Any) -> Tensor:
    """Labels with a blank before, between and after them.

    Args:
        Y: int tensor `(labels,)`.

    Returns:
        Tensor `(2 * labels + 1,)`, with -1 for blanks: the places of a path.
    """
    return p.squeeze(ctc.with_blanks(p.expand_dims(tensor(Y), 0), -1), 0)


def ctc_create_skip_idxs(Y: Any) -> Tensor:
    """The places from which a path may go two on: labels that differ from the next one.

    Args:
        Y: int tensor `(places,)`, as `ctc_interleave_blanks` gives it.

    Returns:
        int32 tensor `(found,)`.
    """
    y = tensor(Y)
    size = _length(y)
    place = arange(size)
    differs = p.not_equal(y, _earlier(y, 2))
    is_label = p.equal(p.modulo(place, p.as_size(2)), p.as_size(1))
    has_next = p.less(p.add(place, p.as_size(2)), size)
    return ctc.places_of(p.logical_and(p.logical_and(differs, is_label), has_next))


def ctc_update_log_p(
    skip_idxs: Any, zeros: Any, active: Any, log_p_curr: Any, log_p_prev: Any
) -> tuple[Tensor, Tensor]:
    """One step of all paths: each stays, goes on by a place, or leaves out a blank.

    Args:
        skip_idxs: int tensor, what `ctc_create_skip_idxs` gives.
        zeros: float tensor `(places,)`, the result where no path can be yet.
        active: int scalar, how many places paths can be at before the step.
        log_p_curr: float tensor `(places,)`, log-probabilities of what the places say in this step.
        log_p_prev: float tensor `(places,)`, log-probabilities to be there before the step.

    Returns:
        How many places paths can be at after the step, an int32 scalar; the log-probabilities to be
        there, a tensor `(places,)`.
    """
    now, said, active = tensor(log_p_prev), tensor(log_p_curr), cast_to(tensor(active), "int32")
    size = _length(now)
    place, zero = arange(size), p.scalar(LOG_ZERO, now.dtype)
    is_active = p.less(place, active)
    skips = cast_to(tensor(skip_idxs), "int32")
    leaps = p.greater(ctc.scatter(p.full_like(skips, 1), skips, size), p.as_size(0))
    leaps = p.logical_and(leaps, is_active)
    now = p.where(is_active, now, zero)
    moves = p.stack(now, _later(now, 1), _later(p.where(leaps, now, zero), 2), axis=0)
    arrived = p.add(p.logsumexp(moves, axes=(0,), keepdims=False), said)
    reach = p.where(leaps, p.add(place, p.as_size(3)), p.as_size(0))
    furthest = p.maximum(
        p.reduce_max(reach, axes=(0,), keepdims=False), p.add(active, p.as_size(1))
    )
    active_next = p.minimum(furthest, size)
    return active_next, p.where(p.less(place, active_next), arrived, tensor(zeros))


def ctc_path_probs(predict: Any, Y: Any, alpha: float = 1e-4) -> tuple[Tensor, Tensor]:
    """How likely the paths are that say the labels and, at some step, are at some place.

    Args:
        predict: float tensor `(steps, classes)` of probabilities; the last class is blank.
        Y: int tensor `(places,)`, as `ctc_interleave_blanks` gives it.
        alpha: share of an even distribution over the places that is mixed in, so that no
            probability is 0.

    Returns:
        Log-probabilities `(steps, places)`; and where they count, bool `(steps, places)`: nowhere
        else can a path be.
    """
    predict, y = tensor(predict), tensor(Y)
    said = p.log(_smoothed(predict, y, alpha))
    before, reached = _from_the_start(said, y)
    flipped = p.reverse(said, axes=(0, 1)), p.reverse(y, axes=(0,))
    after, left = (p.reverse(x, axes=(0, 1)) for x in _from_the_start(*flipped))
    return p.subtract(p.add(before, after), said), p.logical_and(reached, left)


def _smoothed(predict: Tensor, y: Tensor, alpha: float) -> Tensor:
    """The probabilities of the classes at the places, `(steps, places)`, none of them 0."""
    classes, y = _length(predict, 1), cast_to(y, "int32")
    places = p.where(p.less(y, p.as_size(0)), p.add(y, classes), y)
    met = p.gather(predict, places, axis=1)
    count = cast_to(_length(y), predict.dtype)
    even = p.divide(p.scalar(alpha, predict.dtype), count)
    return p.add(p.multiply(met, p.scalar(1 - alpha, predict.dtype)), even)


def _from_the_start(said: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities to be at each place after each step, and whether one can be there."""
    skips, zeros = ctc_create_skip_idxs(y), p.zeros_like(said[0])
    place = arange(_length(y))

    def step(parts: list[Tensor], states: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        active, now = ctc_update_log_p(skips, zeros, states[0], parts[0], states[1])
        return [now, p.less(place, active)], [active, now]

    log_p, reached = scan(step, [said], [p.as_size(1), zeros])[1]
    return log_p, reached


def ctc_cost(predict: Any, Y: Any) -> Tensor:
    """The negative logarithm of the probability that a path says the labels.

    Keras 2 on Theano added that probability up once a step, so that its cost was lower by the
    logarithm of the number of steps; gradients are the same.

    Args:
        predict: float tensor `(steps, classes)` of probabilities; the last class is blank.
        Y: int tensor `(labels,)`.

    Returns:
        Scalar tensor; infinite where there are too few steps for the labels.
    """
    log_p, counts = ctc_path_probs(predict, ctc_interleave_blanks(Y))
    zero = p.scalar(LOG_ZERO, log_p.dtype)
    last = p.where(counts, log_p, zero)[-1]
    total = p.logsumexp(last, axes=(0,), keepdims=False)
    possible = p.greater(total, p.scalar(LOG_ZERO / 2, total.dtype))
    return p.where(possible, p.negative(total), p.scalar(float("inf"), total.dtype))


def _length(x: Tensor, axis: int = 0) -> Tensor:
    return p.as_size(p.size_of(x, axis))


def _earlier(x: Tensor, places: int) -> Tensor:
    """A vector moved to lower places."""
    return p.slice(p.pad(x, widths=((0, places),), value=0), index=((places, None, 1),))


def _later(x: Tensor, places: int) -> Tensor:
    """Log-probabilities moved to higher places."""
    padded = p.pad(x, widths=((places, 0),), value=LOG_ZERO)
    return p.slice(padded, index=((None, -places, 1),))
