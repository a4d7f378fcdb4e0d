"""CTC against sums over all paths, one by one."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from backend_check import differences, near, slopes, uniform

from keras_core import backend as K
from keras_core.backend import theano_backend

CLASSES, STEPS = 3, 5
LENGTHS = np.array([5, 4, 5], "int32")
SCORES = np.exp(uniform(3, STEPS, CLASSES))
PREDICTIONS = (SCORES / SCORES.sum(-1, keepdims=True)).astype("float32")


def said(path):
    merged = [label for label, _ in itertools.groupby(path)]
    return tuple(label for label in merged if label != CLASSES - 1)


def probabilities(rows):
    """The probability of each sequence of labels."""
    total = defaultdict(float)
    for path in itertools.product(range(CLASSES), repeat=len(rows)):
        total[said(path)] += np.prod([row[label] for row, label in zip(rows, path)])
    return total


def costs(labels, lengths):
    predictions = K.placeholder((None, STEPS, CLASSES))
    cost = K.ctc_batch_cost(
        K.constant(labels), predictions, K.constant(LENGTHS[:, None]), K.constant(lengths[:, None])
    )
    return K.function([predictions], [cost])([PREDICTIONS])[0]


def test_cost():
    labels, lengths = np.array([[0, 0], [1, 0], [1, 1]]), np.array([2, 2, 1])
    expected = [
        -np.log(probabilities(rows[:steps])[tuple(row[:count])])
        for rows, steps, row, count in zip(PREDICTIONS, LENGTHS, labels, lengths)
    ]
    near(costs(labels, lengths), np.reshape(expected, (3, 1)))


def test_cost_of_the_impossible_is_infinite():
    labels = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1]])
    got = costs(labels, np.array([4, 4, 4]))[:, 0]
    assert np.isinf(got).tolist() == [True, False, True]


def test_gradient():
    def build(predictions):
        labels, counts = K.constant([[0, 1], [1, 1], [0, 0]]), K.constant([[2], [2], [0]])
        return K.ctc_batch_cost(labels, predictions, K.constant(LENGTHS[:, None]), counts)

    got, expected = slopes(build, PREDICTIONS)[0], differences(build, PREDICTIONS, step=1e-4)[0]
    near(got, expected, 1e-3)


def decode(**how):
    x, lengths = K.placeholder((None, STEPS, CLASSES)), K.placeholder((None,), dtype="int32")
    decoded, logs = K.ctc_decode(x, lengths, **how)
    *decoded, logs = K.function([x, lengths], [*decoded, logs])([PREDICTIONS, LENGTHS])
    return [[tuple(label for label in row if label >= 0) for row in d] for d in decoded], logs


def test_greedy_decoding():
    (decoded,), cost = decode()
    best = [rows[:steps].argmax(-1) for rows, steps in zip(PREDICTIONS, LENGTHS)]
    assert decoded == [said(path) for path in best]
    logs = [-np.log(rows[:steps].max(-1)).sum() for rows, steps in zip(PREDICTIONS, LENGTHS)]
    near(cost, np.reshape(logs, (3, 1)))


def test_a_wide_beam_finds_the_most_likely_labels():
    decoded, logs = decode(greedy=False, beam_width=70, top_paths=3)
    for sample, (rows, steps) in enumerate(zip(PREDICTIONS, LENGTHS)):
        ranked = sorted(probabilities(rows[:steps]).items(), key=lambda item: -item[1])[:3]
        assert [decoded[k][sample] for k in range(3)] == [labels for labels, _ in ranked]
        near(logs[sample], [np.log(p) for _, p in ranked], 1e-4)


def test_merging_repeated_labels():
    plain, _ = decode(greedy=False, beam_width=70, top_paths=3)
    merged, _ = decode(greedy=False, beam_width=70, top_paths=3, merge_repeated=True)
    assert merged == [
        [tuple(label for label, _ in itertools.groupby(row)) for row in path] for path in plain
    ]


def test_sparse_labels():
    labels = np.array([[7, 8, 9], [4, 5, 6], [1, 2, 3]], "int32")
    sparse = K.ctc_label_dense_to_sparse(
        K.constant(labels, "int32"), K.constant([2, 0, 3], "int32")
    )
    indices, values, shape = K.function([], list(sparse))([])
    assert indices.tolist() == [[0, 0], [0, 1], [2, 0], [2, 1], [2, 2]]
    assert values.tolist() == [7, 8, 1, 2, 3]
    assert shape.tolist() == [3, 3]


def test_refusals():
    lengths = K.placeholder((None,), dtype="int32")
    with pytest.raises(ValueError, match="known number of"):
        K.ctc_decode(K.placeholder((None, None, None)), lengths)
    with pytest.raises(ValueError, match="has no 4 results"):
        K.ctc_decode(K.placeholder((2, 3, 4)), lengths, greedy=False, beam_width=3, top_paths=4)


# One sample, in the parts that Keras 2 had on Theano

ROWS, BLANK = PREDICTIONS[0], CLASSES - 1


def smoothed(places, alpha):
    """The probability of each place at each step, with an even one mixed in."""
    return (1 - alpha) * ROWS[:, places].astype("float64") + alpha / len(places)


def walks(places):
    """All ways through the places of labels with blanks around, as the place at each step."""
    for walk in itertools.product(range(len(places)), repeat=STEPS):
        pairs = zip((0, *walk), walk)
        leaps = [(a, b) for a, b in pairs if b not in (a, a + 1)]
        starts, ends = walk[0] <= 1, walk[-1] >= len(places) - 2
        if (
            starts
            and ends
            and all(b == a + 2 and places[b] != BLANK and places[a] != places[b] for a, b in leaps)
        ):
            yield walk


def test_blanks_around_the_labels_and_the_places_one_may_leap_from():
    labels = np.array([1, 1, 0, 1], "int32")
    places = theano_backend.ctc_interleave_blanks(labels)
    np.testing.assert_array_equal(K.eval(places), [-1, 1, -1, 1, -1, 0, -1, 1, -1])
    np.testing.assert_array_equal(K.eval(theano_backend.ctc_create_skip_idxs(places)), [3, 5])


@pytest.mark.parametrize("labels", [(0,), (1, 0), (1, 1)])
def test_the_probabilities_of_paths_by_place(labels):
    alpha = 0.1
    path = [BLANK, *(x for label in labels for x in (label, BLANK))]
    expected = np.zeros((STEPS, len(path)))
    shares = smoothed(path, alpha)
    for walk in walks(path):
        likely = np.prod([shares[step, place] for step, place in enumerate(walk)])
        expected[range(STEPS), walk] += likely
    places = theano_backend.ctc_interleave_blanks(np.array(labels, "int32"))
    made = theano_backend.ctc_path_probs(ROWS, places, alpha)
    log_p, counts = K.function([], list(made))([])
    np.testing.assert_array_equal(counts, expected > 0)
    near(np.exp(log_p[counts]), expected[expected > 0])


@pytest.mark.parametrize("labels", [(), (0,), (1, 0), (1, 1, 0)])
def test_the_cost_of_one_sample_and_its_slopes(labels):
    rows, said_labels = K.placeholder((None, CLASSES)), K.placeholder((None,), dtype="int32")
    cost = theano_backend.ctc_cost(rows, said_labels)
    run = theano_backend.function([rows, said_labels], [cost, *K.gradients(cost, [rows])])
    made, gradient = run([ROWS, np.array(labels, "int32")])
    near(made, -np.log(probabilities(ROWS)[labels]), tolerance=1e-3)
    assert gradient.shape == ROWS.shape
    assert np.isfinite(gradient).all()


def test_labels_that_no_path_can_say_cost_infinitely_much():
    assert K.eval(theano_backend.ctc_cost(ROWS, np.array([1, 1, 1, 1], "int32"))) == np.inf


def test_one_step_of_all_paths():
    """From the first two places: stay, go on, leap from the second."""
    said_now = np.log(np.array([0.5, 0.25, 0.5, 0.125, 0.5], "float32"))
    before = np.log(np.array([0.5, 0.25, 9, 9, 9], "float32"))
    active, after = theano_backend.ctc_update_log_p(
        np.array([1], "int32"), np.full(5, 7.0, "float32"), 2, said_now, before
    )
    assert K.eval(active) == 4
    expected = [*np.log([0.5 * 0.5, 0.25 * 0.75, 0.5 * 0.25, 0.125 * 0.25]), 7]
    near(K.eval(after), np.array(expected))
