"""Learn from pairs alone which digits are the same, and map digits so that equal ones lie close.

You see: one network used twice, a distance in a Lambda layer, a loss of your own, and a generator
of batches.

Source: R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality Reduction by Learning an Invariant
Mapping", CVPR 2006.
"""

import numpy as np
from _common import load_digits, options, save_picture

from keras_core import backend as K
from keras_core.layers import Dense, Dropout, Flatten, Input, Lambda
from keras_core.models import Model, Sequential

MARGIN = 1.0


def distance(pair):
    first, second = pair
    squared = K.sum(K.square(first - second), axis=-1, keepdims=True)
    return K.sqrt(K.maximum(squared, K.epsilon()))


def contrastive_loss(is_same, distances):
    """Equal digits attract each other; others repel each other as far as the margin."""
    apart = K.maximum(MARGIN - distances, 0)
    return K.mean(is_same * K.square(distances) + (1 - is_same) * K.square(apart))


def build_models():
    """The model of pairs, and the network in it that maps one digit to a point."""
    mapping = Sequential(name="mapping")
    mapping.add(Flatten(input_shape=(8, 8, 1)))
    mapping.add(Dense(128, activation="relu"))
    mapping.add(Dropout(0.2))
    mapping.add(Dense(64, activation="relu"))
    mapping.add(Dense(2))
    first, second = Input((8, 8, 1)), Input((8, 8, 1))
    model = Model([first, second], Lambda(distance)([mapping(first), mapping(second)]))
    model.compile("adam", contrastive_loss)
    return model, mapping


def pairs(images, classes, count):
    """Draws pairs, half of them of equal digits."""
    first = np.random.randint(len(images), size=count)
    second = np.random.randint(len(images), size=count)
    for at in range(0, count, 2):
        second[at] = np.random.choice(np.flatnonzero(classes == classes[first[at]]))
    return [images[first], images[second]], (classes[first] == classes[second]).astype("float32")


def batches(images, classes):
    while True:
        yield pairs(images, classes, 64)


def main(epochs, output):
    np.random.seed(1)
    train, test = load_digits()
    model, mapping = build_models()
    model.fit_generator(batches(*train), steps_per_epoch=100, epochs=epochs, verbose=2)
    points = mapping.predict(test[0])

    def draw(axes):
        for digit in range(10):
            axes.scatter(*points[test[1] == digit].T, s=6, label=digit, color=f"C{digit}")
        axes.legend(markerscale=2, loc="center left", bbox_to_anchor=(1, 0.5))
        axes.set_title("test digits, mapped", fontsize=9)

    save_picture(output / "siamese.png", draw)
    together, is_same = pairs(*test, 2000)
    told_same = model.predict(together)[:, 0] < MARGIN / 2
    print(f"Test pairs told rightly: {np.mean(told_same == is_same):.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=30))
