"""Metrics against counts and areas worked out in NumPy, over several batches."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import metrics
from keras_core.utils import metrics_utils

RANDOM = np.random.RandomState(5)
BATCHES = [
    (RANDOM.randint(0, 2, (6, 4)), RANDOM.uniform(size=(6, 4)), RANDOM.uniform(size=6))
    for _ in range(3)
]
TRUE = np.concatenate([t for t, _, _ in BATCHES])
PRED = np.concatenate([p for _, p, _ in BATCHES])
WEIGHT = np.concatenate([w for _, _, w in BATCHES])


def run(metric, weighted=False, batches=BATCHES):
    """The metric's value after each batch, as a call of it tells."""
    t, p = (K.placeholder(shape=(None, *x.shape[1:])) for x in batches[0][:2])
    w = K.placeholder(shape=(None,))
    result = metric(t, p, sample_weight=w if weighted else None)
    f = K.function([t, p, w], [result], updates=metric.updates)
    values = [f(list(batch))[0] for batch in batches]
    assert K.eval(metric.result()) == pytest.approx(values[-1], rel=1e-5)
    return values


def counts(threshold, weight):
    above, label = threshold < PRED, TRUE == 1
    weight = np.broadcast_to(weight[:, None] if np.ndim(weight) else weight, TRUE.shape)
    return {
        "tp": weight[above & label].sum(),
        "fp": weight[above & ~label].sum(),
        "fn": weight[~above & label].sum(),
        "tn": weight[~above & ~label].sum(),
    }


# Means and sums


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_and_sum(weighted):
    values, weights = PRED.reshape(3, 6, 4), WEIGHT.reshape(3, 6)
    x, w = K.placeholder(shape=(None, 4)), K.placeholder(shape=(None,))
    mean, total = metrics.Mean(), metrics.Sum()
    outputs = [m(x, sample_weight=w if weighted else None) for m in (mean, total)]
    f = K.function([x, w], outputs, updates=mean.updates + total.updates)
    for seen in range(1, 4):
        got = f([values[seen - 1], weights[seen - 1]])
        factor = np.repeat(weights[:seen, :, None], 4, 2) if weighted else np.ones((seen, 6, 4))
        summed = (values[:seen] * factor).sum()
        np.testing.assert_allclose(got, [summed / factor.sum(), summed], rtol=1e-5)


def test_the_result_of_a_call_has_the_batch_in_it_and_reset_forgets():
    mean = metrics.Mean()
    x = K.placeholder(shape=(None,))
    f = K.function([x], [mean(x)], updates=mean.updates)
    assert f([[1.0, 3.0]])[0] == 2 and f([[5.0]])[0] == 3
    mean.reset_states()
    assert [w.tolist() for w in mean.get_weights()] == [0, 0]
    assert f([[7.0]])[0] == 7


def test_a_mean_of_nothing_is_nan():
    assert np.isnan(K.eval(metrics.Mean().result()))


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_of_a_function(weighted):
    values = run(metrics.MeanAbsoluteError(), weighted)
    errors = np.abs(TRUE - PRED).mean(-1)
    expected = np.average(errors, weights=WEIGHT if weighted else None)
    assert values[-1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_root_mean_squared_error(weighted):
    values = run(metrics.RootMeanSquaredError(), weighted)
    squares = np.square(TRUE - PRED).mean(-1)
    expected = np.sqrt(np.average(squares, weights=WEIGHT if weighted else None))
    assert values[-1] == pytest.approx(expected, rel=1e-5)


# Accuracies

ONE_HOT = np.eye(4)[[0, 1, 2, 3, 1]]
SCORES = np.array(
    [[4, 3, 2, 1], [4, 3, 2, 1], [4, 3, 2, 1], [4, 3, 2, 1], [1, 9, 2, 3]], dtype="float32"
)


@pytest.mark.parametrize(("k", "expected"), [(1, [1, 0, 0, 0, 1]), (3, [1, 1, 1, 0, 1])])
def test_top_k(k, expected):
    dense = metrics.top_k_categorical_accuracy(K.constant(ONE_HOT), K.constant(SCORES), k)
    classes = K.constant(ONE_HOT.argmax(-1)[:, None])
    sparse = metrics.sparse_top_k_categorical_accuracy(classes, K.constant(SCORES), k)
    assert K.eval(dense).tolist() == K.eval(sparse).tolist() == expected


@pytest.mark.parametrize("shape", [(5,), (5, 1)])
def test_categorical_accuracies(shape):
    dense = metrics.categorical_accuracy(K.constant(ONE_HOT), K.constant(SCORES))
    classes = K.constant(ONE_HOT.argmax(-1).reshape(shape))
    sparse = metrics.sparse_categorical_accuracy(classes, K.constant(SCORES))
    assert K.eval(dense).tolist() == K.eval(sparse).tolist() == [1, 0, 0, 0, 1]


@pytest.mark.parametrize("threshold", [0.5, 0.3])
def test_binary_accuracy(threshold):
    y_true, y_pred = K.constant(TRUE), K.constant(PRED)
    value = K.eval(metrics.binary_accuracy(y_true, y_pred, threshold))
    np.testing.assert_allclose(value, ((threshold < PRED) == TRUE).mean(-1), rtol=1e-6)


def test_cosine_is_positive_here():
    value = K.eval(metrics.cosine_proximity(K.constant([[1.0, 0.0]]), K.constant([[1.0, 1.0]])))
    np.testing.assert_allclose(value, [np.sqrt(0.5)], rtol=1e-6)


# Confusion matrices


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("thresholds", [None, 0.3, [0.2, 0.5, 0.9]])
def test_counts_precision_and_recall(thresholds, weighted):
    levels = np.atleast_1d(0.5 if thresholds is None else thresholds)
    wanted = [counts(level, WEIGHT if weighted else 1.0) for level in levels]
    for make, formula in (
        (metrics.TruePositives, lambda c: c["tp"]),
        (metrics.FalsePositives, lambda c: c["fp"]),
        (metrics.TrueNegatives, lambda c: c["tn"]),
        (metrics.FalseNegatives, lambda c: c["fn"]),
        (metrics.Precision, lambda c: c["tp"] / (c["tp"] + c["fp"])),
        (metrics.Recall, lambda c: c["tp"] / (c["tp"] + c["fn"])),
    ):
        value = run(make(thresholds), weighted)[-1]
        expected = [formula(c) for c in wanted]
        assert np.shape(value) == ((3,) if isinstance(thresholds, list) else ())
        np.testing.assert_allclose(np.atleast_1d(value), expected, rtol=1e-5)


def test_precision_of_nothing_is_0():
    assert K.eval(metrics.Precision().result()) == 0


def test_top_k_precision():
    best = np.argsort(-PRED, axis=-1)[:, :2]
    hits = np.take_along_axis(TRUE, best, -1).sum()
    assert run(metrics.Precision(top_k=2))[-1] == pytest.approx(hits / best.size, rel=1e-5)
    assert run(metrics.Recall(top_k=2))[-1] == pytest.approx(hits / TRUE.sum(), rel=1e-5)


def test_one_class_only():
    above, label = PRED[:, 1] > 0.5, TRUE[:, 1] == 1
    value = run(metrics.Precision(class_id=1))[-1]
    assert value == pytest.approx((above & label).sum() / above.sum(), rel=1e-5)
    with pytest.raises(ValueError, match="class_id=1"):
        run(metrics.Precision(class_id=1), weighted=True)


@pytest.mark.parametrize("thresholds", [1.5, [0.5, -0.1], [None]])
def test_thresholds_outside(thresholds):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        metrics.Precision(thresholds)


def test_shapes_that_disagree():
    y_true, y_pred = K.placeholder(shape=(None, 3)), K.placeholder(shape=(None, 4))
    with pytest.raises(ValueError, match=r"\(None, 3\).*\(None, 4\)"):
        metrics.Recall().update_state(y_true, y_pred)


def test_filter_top_k_takes_the_first_of_equal_ones():
    kept = K.eval(metrics_utils.filter_top_k(K.constant([[0.5, 0.5, 0.1]]), 1))
    np.testing.assert_allclose(kept, [[0.5, metrics_utils.NEG_INF, metrics_utils.NEG_INF]])


def areas(num_thresholds, weight=1.0):
    inner = np.arange(1, num_thresholds - 1) / (num_thresholds - 1)
    table = [counts(level, weight) for level in [-1e-7, *inner, 1 + 1e-7]]
    tp, fp, tn, fn = (np.array([c[k] for c in table]) for k in ("tp", "fp", "tn", "fn"))
    return tp, fp, tn, fn


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("method", "height"),
    [
        ("interpolation", lambda a, b: (a + b) / 2),
        ("minoring", np.minimum),
        ("majoring", np.maximum),
    ],
)
def test_area_under_roc(method, height, weighted):
    tp, fp, tn, fn = areas(11, WEIGHT if weighted else 1.0)
    x, y = fp / (fp + tn), tp / (tp + fn)
    expected = ((x[:-1] - x[1:]) * height(y[:-1], y[1:])).sum()
    value = run(metrics.AUC(11, summation_method=method), weighted)[-1]
    assert value == pytest.approx(expected, rel=1e-5)


def test_area_under_roc_is_the_chance_to_rank_rightly():
    positive, negative = PRED[TRUE == 1], PRED[TRUE == 0]
    chance = (positive[:, None] > negative[None]).mean()
    assert run(metrics.AUC(5000))[-1] == pytest.approx(chance, abs=2e-3)


def test_area_under_precision_and_recall_by_integration():
    tp, fp, _, fn = areas(11)
    area = 0.0
    for i in range(10):
        share = (np.arange(2000) + 0.5) / 2000  # midpoints between two thresholds
        t = tp[i + 1] + share * (tp[i] - tp[i + 1])
        f = fp[i + 1] + share * (fp[i] - fp[i + 1])
        if tp[i] > tp[i + 1]:
            area += (t / (t + f)).mean() * (tp[i] - tp[i + 1]) / (tp[i] + fn[i])
    assert run(metrics.AUC(11, curve="PR"))[-1] == pytest.approx(area, rel=1e-3)


def test_auc_refuses():
    for arguments in ({"num_thresholds": 1}, {"curve": "X"}, {"summation_method": "X"}):
        with pytest.raises(ValueError, match=f"{next(iter(arguments))}"):
            metrics.AUC(**arguments)
    with pytest.raises(ValueError):
        metrics.AUC(thresholds=[0.5, 2])


def test_sensitivity_and_specificity():
    levels = np.linspace(0, 1, 21)
    table = [counts(level, 1.0) for level in levels]
    sensitivity = np.array([c["tp"] / (c["tp"] + c["fn"]) for c in table])
    specificity = np.array([c["tn"] / (c["tn"] + c["fp"]) for c in table])
    value = run(metrics.SensitivityAtSpecificity(0.7, num_thresholds=21))[-1]
    assert value == pytest.approx(sensitivity[np.abs(specificity - 0.7).argmin()], rel=1e-5)
    value = run(metrics.SpecificityAtSensitivity(0.4, num_thresholds=21))[-1]
    assert value == pytest.approx(specificity[np.abs(sensitivity - 0.4).argmin()], rel=1e-5)
    with pytest.raises(ValueError, match="specificity"):
        metrics.SensitivityAtSpecificity(1.5)
    with pytest.raises(ValueError, match="num_thresholds"):
        metrics.SpecificityAtSensitivity(0.5, num_thresholds=0)


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_iou(weighted):
    batches = [
        (RANDOM.randint(0, 3, 8), RANDOM.randint(0, 3, 8), RANDOM.uniform(size=8)) for _ in range(2)
    ]
    true, pred, weight = (np.concatenate(x) for x in zip(*batches))
    weight = weight if weighted else np.ones(16)
    ious = [
        weight[(true == c) & (pred == c)].sum() / weight[(true == c) | (pred == c)].sum()
        for c in range(3)
    ]
    value = run(metrics.MeanIoU(num_classes=5), weighted, batches)[-1]
    assert value == pytest.approx(np.mean(ious), rel=1e-5)


# Names and configurations

OBJECTS = [
    metrics.AUC(7, curve="PR", summation_method="minoring"),
    metrics.BinaryAccuracy(threshold=0.3),
    metrics.BinaryCrossentropy(label_smoothing=0.1),
    metrics.CosineSimilarity(axis=1),
    metrics.FalsePositives([0.2, 0.4]),
    metrics.Mean(name="m", dtype="float64"),
    metrics.MeanIoU(3),
    metrics.Precision(top_k=3, class_id=1),
    metrics.SensitivityAtSpecificity(0.3, 5),
    metrics.SparseCategoricalCrossentropy(from_logits=True),
    metrics.SpecificityAtSensitivity(0.3, 5),
    metrics.Sum(),
    metrics.TopKCategoricalAccuracy(k=2),
]


@pytest.mark.parametrize("metric", OBJECTS, ids=lambda metric: type(metric).__name__)
def test_configuration_round_trip(metric):
    config = metrics.serialize(metric)
    again = metrics.deserialize(config)
    assert type(again) is type(metric) and metrics.serialize(again) == config
    clone = metrics.clone_metric(metric)
    assert clone is not metric and metrics.serialize(clone) == config


def test_names():
    assert metrics.get("mse") is metrics.mean_squared_error
    assert metrics.get("cosine") is metrics.cosine_proximity
    assert isinstance(metrics.get("AUC"), metrics.AUC)
    assert metrics.get(metrics.accuracy) is metrics.accuracy
    assert metrics.clone_metrics([metrics.accuracy]) == [metrics.accuracy]
    assert metrics.clone_metrics({"a": "mae"}) == {"a": "mae"}
    for identifier in ("nosuch", None, 3):
        with pytest.raises(ValueError, match="metric function"):
            metrics.get(identifier)


def test_a_metric_of_ones_own():
    class Largest(metrics.Metric):
        def __init__(self, name="largest", dtype=None):
            super().__init__(name=name, dtype=dtype)
            self.value = self.add_weight("value", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            return K.update(self.value, K.maximum(self.value, K.max(y_pred)))

        def result(self):
            return self.value

    metric = Largest()
    values = run(metric)
    np.testing.assert_allclose(values, np.maximum.accumulate([p.max() for _, p, _ in BATCHES]))
    assert len(metric.updates) == 1
    assert metric.weights[0].name.endswith("value:0") and metric.trainable_weights == []


def test_an_unfinished_metric():
    class Nothing(metrics.Metric):
        pass

    with pytest.raises(NotImplementedError, match="update_state"):
        Nothing().update_state(None)
    with pytest.raises(ValueError, match="reduction"):
        metrics.Reduce("median", "r")
