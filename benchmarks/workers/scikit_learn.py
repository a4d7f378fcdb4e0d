"""The workloads that scikit-learn's MLPClassifier can do: `scikit_learn.py WORKLOAD [quick]`."""

from __future__ import annotations

import sys
import warnings

import measure

WORKLOAD = sys.argv[1]


def import_it():
    import sklearn.neural_network  # noqa: F401


def classifier(epochs):
    """Returns a network that runs exactly so many epochs."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        (128, 64), batch_size=measure.BATCH, max_iter=epochs, tol=0, n_iter_no_change=epochs
    )


def mlp_fit():
    x, y = measure.digits()
    return measure.per_step_of_fit(lambda epochs: classifier(epochs).fit(x, y), len(x))


def predict(rows):
    x, y = measure.digits()
    model = classifier(1).fit(x, y)
    return measure.per_call(lambda: model.predict_proba(x[:rows]), 1000)


def main():
    warnings.simplefilter("ignore")
    seconds = measure.timed(import_it)
    if WORKLOAD == "import":
        return seconds
    if WORKLOAD == "mlp_fit":
        return mlp_fit()
    return predict(int(WORKLOAD.rpartition("_")[2]))


measure.report(main())
