"""Search among many models with several processes, here or on a cluster.

You see: scikit-learn's grid search, whose fits go to the workers of a Dask cluster by joblib; here
the cluster is two processes of this machine. Each model begins with a seed of its own, so that
the scores are those of one process. Needs scikit-learn and `dask[distributed]`.

On a cluster that runs, write `Client("scheduler:8786")`. For Ray, call `ray.util.joblib`'s
`register_ray()` and choose "ray" instead of "dask"; "loky" needs neither. Each worker loads its
engine by itself: do not choose "multiprocessing", which forks.

Source: J. Bergstra, Y. Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012.
"""

import numpy as np
from _common import load_digits, options, save_picture

from keras_core.layers import Dense, Dropout, Flatten
from keras_core.models import Sequential
from keras_core.optimizers import Adam
from keras_core.utils import set_random_seed
from keras_core.wrappers.scikit_learn import KerasClassifier

GRID = {"units": [16, 64], "dropout": [0.0, 0.2, 0.5]}


def build_model(units=32, dropout=0.0):
    set_random_seed(1)
    model = Sequential()
    model.add(Flatten(input_shape=(8, 8, 1)))
    model.add(Dense(units, activation="relu"))
    model.add(Dropout(dropout))
    model.add(Dense(10, activation="softmax"))
    model.compile(Adam(lr=0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs, output):
    try:
        from distributed import Client, LocalCluster
        from joblib import parallel_config
        from sklearn.model_selection import GridSearchCV
    except ImportError:
        needed = "pip install scikit-learn 'dask[distributed]'"
        raise SystemExit(f"This example needs scikit-learn and Dask: {needed}") from None
    train, test = load_digits()
    estimator = KerasClassifier(build_model, epochs=epochs, verbose=0)
    search = GridSearchCV(estimator, GRID, cv=3)
    workers = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    # What is scattered is sent to each worker once, not with each fit.
    with workers, Client(workers), parallel_config("dask", scatter=list(train)):
        search.fit(*train)
    scores = search.cv_results_["mean_test_score"].reshape(len(GRID["dropout"]), -1)

    def draw(axes):
        for units, column in zip(GRID["units"], scores.T):
            axes.plot(GRID["dropout"], column, marker="o", label=f"{units} units")
        axes.set(xlabel="dropout", ylabel="accuracy", title="18 fits on two processes")
        axes.legend()

    save_picture(output / "many_models.png", draw)
    print(f"Best: {search.best_params_}, {np.max(scores):.3f} in cross-validation")
    print(f"Test accuracy of the best: {search.score(*test):.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=15))
