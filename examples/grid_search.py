"""Search the width and the learning rate of a network with scikit-learn.

You see: a function that builds a model, wrapped as an estimator, and a grid search over its
arguments with cross-validation. Needs scikit-learn.

Source: J. Bergstra, Y. Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012,
which also tells when to draw at random instead.
"""

import numpy as np
from _common import load_digits, options, save_picture

from keras_core.layers import Dense, Flatten
from keras_core.models import Sequential
from keras_core.optimizers import Adam
from keras_core.wrappers.scikit_learn import KerasClassifier

GRID = {"units": [8, 32, 128], "rate": [0.0001, 0.001, 0.01]}


def build_model(units=32, rate=0.001):
    model = Sequential()
    model.add(Flatten(input_shape=(8, 8, 1)))
    model.add(Dense(units, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    model.compile(Adam(lr=rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs, output):
    try:
        from sklearn.model_selection import GridSearchCV
    except ImportError:
        raise SystemExit("This example needs scikit-learn: pip install scikit-learn") from None
    np.random.seed(1)
    train, test = load_digits()
    estimator = KerasClassifier(build_model, epochs=epochs, verbose=0)
    search = GridSearchCV(estimator, GRID, cv=3)
    search.fit(*train)
    scores = search.cv_results_["mean_test_score"].reshape(len(GRID["rate"]), -1)

    def draw(axes):
        axes.imshow(scores, cmap="Blues")
        for (row, column), score in np.ndenumerate(scores):
            axes.text(column, row, f"{score:.3f}", ha="center", va="center", color="tab:orange")
        axes.set_xticks(range(len(GRID["units"])), GRID["units"])
        axes.set_yticks(range(len(GRID["rate"])), GRID["rate"])
        axes.set(xlabel="units", ylabel="learning rate", title="accuracy in cross-validation")

    save_picture(output / "grid_search.png", draw)
    print(f"Best: {search.best_params_}")
    print(f"Test accuracy of the best: {search.score(*test):.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=15))
