"""What scikit-learn's MLPClassifier can do of the small work."""

from __future__ import annotations

import importlib
import warnings

from benchmarks.workers import measure
from benchmarks.workers.models import MODELS
from benchmarks.workers.small import DIGITS

KIND = MODELS["mlp"]


def main():
    warnings.simplefilter("ignore")
    task = measure.task()
    if task.case == "import":
        return measure.once(lambda: importlib.import_module("sklearn.neural_network"))
    if task.case == "mlp_fit":
        return measure.repeated(fit, task.scale, DIGITS // KIND.batch)
    measure.repeated(predict(int(task.case.rpartition("_")[2])), task.scale)


def fit():
    """Trains a network for exactly one epoch."""
    from sklearn.neural_network import MLPClassifier

    x, y = KIND.data(DIGITS)
    return MLPClassifier((128, 64), batch_size=KIND.batch, max_iter=1).fit(x, y.ravel())


def predict(rows):
    model = fit()
    x, _ = KIND.data(rows)
    return lambda: model.predict_proba(x)


if __name__ == "__main__":
    main()
