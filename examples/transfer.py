"""Answer a new question about digits after few answers, on top of a network that reads them.

You see: a base that is trained, frozen by `trainable = False` and given a new head, then thawed for
a gentle round of training of the whole; and the same network that has to start from nothing. The
new question: how many closed loops has the digit?

Source: J. Yosinski et al., "How Transferable Are Features in Deep Neural Networks?", NIPS 2014.
"""

import numpy as np
from _common import load_digits, options, save_picture

from keras_core.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras_core.models import Sequential
from keras_core.optimizers import Adam

LOOPS = np.array([1, 0, 0, 0, 0, 0, 1, 0, 2, 1])  # of 0, 1, 2, …
PER_DIGIT = 1


def build_base():
    base = Sequential(name="base")
    base.add(Conv2D(32, 3, padding="same", activation="relu", input_shape=(8, 8, 1)))
    base.add(MaxPooling2D())
    base.add(Conv2D(64, 3, padding="same", activation="relu"))
    base.add(Flatten())
    base.add(Dropout(0.3))
    base.add(Dense(64, activation="relu"))
    return base


def compile_for_classes(model, rate):
    model.compile(Adam(lr=rate), "sparse_categorical_crossentropy", metrics=["accuracy"])


def under_new_head(base, classes):
    model = Sequential([base, Dense(classes, activation="softmax")])
    compile_for_classes(model, rate=0.01)
    return model


def few_of_each(images, digits):
    """Few images of each digit, with the numbers of their loops."""
    few = np.concatenate([np.flatnonzero(digits == digit)[:PER_DIGIT] for digit in range(10)])
    return images[few], LOOPS[digits[few]]


def accuracies(model, few, test, epochs):
    history = model.fit(*few, epochs=epochs, validation_data=test, verbose=0)
    return history.history["val_accuracy"]


def main(epochs, output):
    np.random.seed(1)
    train, (x_test, digits) = load_digits()
    few, test = few_of_each(*train), (x_test, LOOPS[digits])
    from_nothing = accuracies(under_new_head(build_base(), 3), few, test, 2 * epochs)

    base = build_base()
    under_new_head(base, 10).fit(*train, epochs=10, verbose=2)
    base.trainable = False
    model = under_new_head(base, 3)
    model.summary()
    frozen = accuracies(model, few, test, epochs)
    base.trainable = True
    compile_for_classes(model, rate=0.0003)
    thawed = accuracies(model, few, test, epochs)

    def draw(axes):
        axes.plot(from_nothing, label="from nothing")
        axes.plot(range(epochs), frozen, label="base frozen")
        axes.plot(range(epochs, 2 * epochs), thawed, label="base thawed")
        axes.set(xlabel="epoch", ylabel="test accuracy")
        axes.legend()

    save_picture(output / "transfer.png", draw)
    print(f"Test accuracy after {len(few[0])} answers, from nothing: {from_nothing[-1]:.3f}")
    print(f"Test accuracy after {len(few[0])} answers, with the base: {thawed[-1]:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=40))
