"""CTC against sums over all paths, one by one."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from backend_check import differences, near, slopes, uniform

from keras_core import backend as K

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
