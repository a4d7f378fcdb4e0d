"""Read digits with a multilayer perceptron.

You see: a Sequential model, dropout, `fit` with validation data, and the history that it returns.

Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
JMLR 15, 2014.
"""

import numpy as np
from _common import load_digits, options, save_picture

from keras_core.layers import Dense, Dropout, Flatten
from keras_core.models import Sequential


def build_model():
    model = Sequential()
    model.add(Flatten(input_shape=(8, 8, 1)))
    model.add(Dense(256, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(128, activation="relu"))
    model.add(Dropout(0.3))
    model.add(Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs, output):
    np.random.seed(1)
    (x_train, y_train), test = load_digits()
    model = build_model()
    model.summary()
    history = model.fit(x_train, y_train, epochs=epochs, validation_data=test, verbose=2)

    def draw(axes):
        axes.plot(history.history["accuracy"], label="training, with dropout")
        axes.plot(history.history["val_accuracy"], label="test")
        axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0.8, 1))
        axes.legend()

    save_picture(output / "mlp.png", draw)
    _, accuracy = model.evaluate(*test, verbose=0)
    print(f"Test accuracy: {accuracy:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=40))
