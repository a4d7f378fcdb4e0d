"""Show which pixels a network looks at.

You see: `K.gradients` of a class score in the image, the layer before the softmax as an output of
its own, and a test of the result: to erase the pixels of the largest gradient fools the network far
more often than to erase as many others.

Source: K. Simonyan et al., "Deep Inside Convolutional Networks: Visualising Image Classification
Models and Saliency Maps", arXiv:1312.6034, 2013.
"""

import numpy as np
from _common import load_digits, options, save_tiles

from keras_core import backend as K
from keras_core.layers import Activation, Conv2D, Dense, Flatten, MaxPooling2D
from keras_core.models import Sequential

ERASED = 8


def build_model():
    model = Sequential()
    model.add(Conv2D(16, 3, padding="same", activation="relu", input_shape=(8, 8, 1)))
    model.add(Conv2D(32, 3, padding="same", activation="relu"))
    model.add(MaxPooling2D())
    model.add(Flatten())
    model.add(Dense(64, activation="relu"))
    model.add(Dense(10, name="scores"))
    model.add(Activation("softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def saliency_function(model):
    """Gives what each pixel adds to the highest score: its gradient times its brightness."""
    highest = K.max(model.get_layer("scores").output, axis=-1)
    (gradient,) = K.gradients(K.sum(highest), [model.input])
    return K.function([model.input], [gradient * model.input])


def without(images, order):
    """Erases the first ERASED pixels of an order `(samples, 64)` from each image."""
    flat = images.reshape(len(images), -1).copy()
    np.put_along_axis(flat, order[:, :ERASED], 0, axis=1)
    return flat.reshape(images.shape)


def main(epochs, output):
    np.random.seed(1)
    train, (x_test, _) = load_digits()
    model = build_model()
    model.fit(*train, epochs=epochs, verbose=2)

    (saliency,) = saliency_function(model)([x_test])
    flat = saliency.reshape(len(x_test), -1)
    bright = x_test.reshape(flat.shape) > 0
    orders = {
        "any bright": np.argsort(np.where(bright, np.random.uniform(size=flat.shape), 2)),
        "the salient": np.argsort(-flat),
    }
    read = model.predict(x_test).argmax(axis=-1)
    fooled = {
        name: np.mean(model.predict(without(x_test, order)).argmax(axis=-1) != read)
        for name, order in orders.items()
    }

    shown = np.maximum(saliency[:10], 0)
    shown /= shown.max(axis=(1, 2, 3), keepdims=True)
    erased = without(x_test, orders["the salient"])[:10]
    shown = np.concatenate([x_test[:10], shown, erased])
    save_tiles(output / "saliency.png", shown, 10, "digits, salient pixels, digits without them")
    for name, share in fooled.items():
        print(f"Read otherwise without {ERASED} pixels, {name}: {share:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=12))
