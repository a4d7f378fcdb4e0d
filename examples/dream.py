"""Let a network dream: change noise until the network sees each of the ten digits in it.

You see: gradients in the input of a trained network, ascent with a step of constant length, and
terms that keep the image smooth.

Sources: D. Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", University of
Montreal, 2009; A. Mordvintsev et al., "Inceptionism: Going Deeper into Neural Networks", 2015.
"""

import numpy as np
from _common import load_digits, options, save_tiles

from keras_core import backend as K
from keras_core.layers import Activation, Conv2D, Dense, Dropout, Flatten
from keras_core.models import Sequential

STEPS, LENGTH, SMOOTH = 200, 0.15, 1.0


def build_model():
    model = Sequential()
    model.add(Conv2D(16, 3, padding="same", activation="relu", input_shape=(8, 8, 1)))
    model.add(Conv2D(32, 3, padding="same", activation="relu"))
    model.add(Flatten())
    model.add(Dropout(0.5))
    model.add(Dense(10, name="scores"))
    model.add(Activation("softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def roughness(images):
    """The squared differences of neighbouring pixels, of each image."""
    down = K.sum(K.square(images[:, 1:] - images[:, :-1]), axis=[1, 2, 3])
    across = K.sum(K.square(images[:, :, 1:] - images[:, :, :-1]), axis=[1, 2, 3])
    return down + across


def ascent_function(model):
    """Gives the direction in which image i comes to look more like digit i, and stays smooth."""
    images = model.input
    scores = model.get_layer("scores").output
    wanted = K.sum(scores * K.eye(10), axis=-1)
    (gradient,) = K.gradients(K.sum(wanted - SMOOTH * roughness(images)), [images])
    length = K.sqrt(K.sum(K.square(gradient), axis=[1, 2, 3], keepdims=True))
    return K.function([images], [gradient / (length + K.epsilon())])


def main(epochs, output):
    np.random.seed(1)
    train, test = load_digits()
    model = build_model()
    model.fit(*train, epochs=epochs, validation_data=test, verbose=2)

    ascent = ascent_function(model)
    noise = np.random.uniform(0.3, 0.5, size=(10, 8, 8, 1))
    dreams = noise
    for _ in range(STEPS):
        dreams = np.clip(dreams + LENGTH * ascent([dreams])[0], 0, 1)

    save_tiles(output / "dream.png", np.concatenate([noise, dreams]), 10, "from noise to digits")
    probabilities = model.predict(dreams).diagonal()
    print("Probability of each digit:", " ".join(f"{p:.2f}" for p in probabilities))
    print(f"Mean probability of the dreamt digits: {probabilities.mean():.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=10))
