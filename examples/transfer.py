"""Learn five digits from four images of each, on top of what was learnt from the other five.

You see: a base that is trained, frozen by `trainable = False` and given a new head, then thawed for a
gentle round of training of the whole; and the same network that has to start from nothing.

Source: J. Yosinski et al., "How Transferable Are Features in Deep Neural Networks?", NIPS 2014.
"""

import numpy as np
from _common import load_digits, options, save_picture

from keras_core.layers import BatchNormalization, Conv2D, Dense, Flatten, MaxPooling2D
from keras_core.models import Sequential
from keras_core.optimizers import Adam

PER_DIGIT = 4


def build_base():
    base = Sequential(name="base")
    base.add(Conv2D(32, 3, padding="same", activation="relu", input_shape=(8, 8, 1)))
    base.add(BatchNormalization())
    base.add(Conv2D(64, 3, padding="same", activation="relu"))
    base.add(MaxPooling2D())
    base.add(Flatten())
    base.add(Dense(64, activation="relu"))
    return base


def under_new_head(base):
    model = Sequential([base, Dense(5, activation="softmax")])
    compile_for_digits(model, rate=0.003)
    return model


def compile_for_digits(model, rate):
    model.compile(Adam(lr=rate), "sparse_categorical_crossentropy", metrics=["accuracy"])


def low_and_high(images, classes):
    """The digits 0 to 4, and the digits 5 to 9 as classes 0 to 4."""
    low = classes < 5
    return (images[low], classes[low]), (images[~low], classes[~low] - 5)


def few_of_each(images, classes):
    chosen = np.concatenate([np.flatnonzero(classes == c)[:PER_DIGIT] for c in range(5)])
    return images[chosen], classes[chosen]


def accuracies(model, few, test, epochs):
    history = model.fit(*few, epochs=epochs, validation_data=test, verbose=0)
    return history.history["val_accuracy"]


def main(epochs, output):
    np.random.seed(1)
    train, test = load_digits()
    (low, high), (_, high_test) = low_and_high(*train), low_and_high(*test)
    few = few_of_each(*high)
    curves = {"from nothing": accuracies(under_new_head(build_base()), few, high_test, 2 * epochs)}

    base = build_base()
    under_new_head(base).fit(*low, epochs=10, verbose=2)
    base.trainable = False
    model = under_new_head(base)
    model.summary()
    curves["base frozen, then thawed"] = accuracies(model, few, high_test, epochs)
    base.trainable = True
    compile_for_digits(model, rate=0.0003)
    curves["base frozen, then thawed"] += accuracies(model, few, high_test, epochs)

    def draw(axes):
        for name, curve in curves.items():
            axes.plot(curve, label=name)
        axes.axvline(epochs - 0.5, color="gray", linestyle=":")
        axes.set(xlabel="epoch", ylabel="accuracy on new digits")
        axes.legend()

    save_picture(output / "transfer.png", draw)
    for name, curve in curves.items():
        print(f"Test accuracy of {PER_DIGIT} images a digit, {name}: {curve[-1]:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=40))
