"""Learn to read digits from nothing but the sums of pairs of them.

You see: one network shared by two inputs, a layer that adds what it says of both, two outputs with
a loss and a weight each, and that the shared network can read digits in the end, which nobody told
it.

Source: the idea is that of R. Manhaeve et al., "DeepProbLog: Neural Probabilistic Logic
Programming", NeurIPS 2018, here without the logic.
"""

import numpy as np
from _common import load_digits, options, save_tiles

from keras_core import backend as K
from keras_core.layers import Dense, Dropout, Flatten, Input, Lambda
from keras_core.models import Model, Sequential

PAIRS = 4000


def build_reader():
    """Gives the probability of each digit."""
    reader = Sequential(name="reader")
    reader.add(Flatten(input_shape=(8, 8, 1)))
    reader.add(Dense(128, activation="relu"))
    reader.add(Dropout(0.3))
    reader.add(Dense(10, activation="softmax"))
    return reader


def probabilities_of_sum(pair):
    """The probabilities of 0 to 18, from those of both digits: each sum is a diagonal."""
    first, second = pair
    shifted = [
        K.temporal_padding(K.expand_dims(first[:, digit : digit + 1] * second), (digit, 9 - digit))
        for digit in range(10)
    ]
    return K.squeeze(sum(shifted), axis=-1)


def probability_of_order(pair):
    """The probability that the first digit is larger than the second."""
    first, second = pair
    below = K.cumsum(second, axis=-1) - second
    return K.sum(first * below, axis=-1, keepdims=True)


def build_models():
    reader = build_reader()
    first, second = Input((8, 8, 1)), Input((8, 8, 1))
    read = [reader(first), reader(second)]
    sums = Lambda(probabilities_of_sum, name="sum")(read)
    larger = Lambda(probability_of_order, name="larger")(read)
    model = Model([first, second], [sums, larger])
    model.compile(
        "adam",
        {"sum": "sparse_categorical_crossentropy", "larger": "binary_crossentropy"},
        metrics={"sum": "accuracy"},
        loss_weights={"sum": 1.0, "larger": 0.5},
    )
    return model, reader


def pairs(images, digits, count):
    first, second = np.random.randint(len(images), size=(2, count))
    one, other = digits[first].astype(int), digits[second].astype(int)
    return [images[first], images[second]], {"sum": one + other, "larger": one > other}


def main(epochs, output):
    np.random.seed(1)
    train, (x_test, y_test) = load_digits()
    model, reader = build_models()
    model.fit(*pairs(*train, PAIRS), epochs=epochs, verbose=2)
    read = reader.predict(x_test).argmax(axis=-1)

    ordered = np.concatenate([x_test[np.flatnonzero(read == digit)[:12]] for digit in range(10)])
    save_tiles(output / "digit_sums.png", ordered, 12, "test digits, in the order of what was read")
    print(f"Test accuracy of digits: {np.mean(read == y_test):.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=30))
