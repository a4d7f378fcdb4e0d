"""Lay digits out on a plane with a variational autoencoder.

You see: a Lambda layer that draws at random, a loss of the whole model by `add_loss`, training
without targets, and an encoder and a decoder that share their layers with the trained model.

Source: D. P. Kingma, M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
"""

import numpy as np
from _common import load_digits, options, save_tiles

from keras_core import backend as K
from keras_core.layers import Dense, Input, Lambda
from keras_core.models import Model, Sequential
from keras_core.optimizers import Adam

PIXELS, LATENT = 64, 2


def drawn(moments):
    """Draws from a normal distribution, by way of which gradients go on."""
    mean, log_variance = moments
    return mean + K.exp(log_variance / 2) * K.random_normal(K.shape(mean))


def loss_of(image, restored, mean, log_variance):
    """Minus the evidence lower bound: what restoring costs, and the divergence from the prior."""
    restoring = PIXELS * K.mean(K.binary_crossentropy(image, restored), axis=-1)
    divergence = -K.sum(1 + log_variance - K.square(mean) - K.exp(log_variance), axis=-1) / 2
    return K.mean(restoring + divergence)


def build_models():
    image = Input((PIXELS,))
    hidden = Dense(128, activation="relu")(image)
    hidden = Dense(64, activation="relu")(hidden)
    mean, log_variance = Dense(LATENT)(hidden), Dense(LATENT)(hidden)
    decoder = Sequential(name="decoder")
    decoder.add(Dense(64, activation="relu", input_shape=(LATENT,)))
    decoder.add(Dense(128, activation="relu"))
    decoder.add(Dense(PIXELS, activation="sigmoid"))
    restored = decoder(Lambda(drawn, name="draw")([mean, log_variance]))
    vae = Model(image, restored)
    vae.add_loss(loss_of(image, restored, mean, log_variance))
    vae.compile(Adam(lr=0.003))
    return vae, Model(image, mean), decoder


def main(epochs, output):
    np.random.seed(1)
    (x_train, _), (x_test, _) = load_digits()
    x_train, x_test = (x.reshape(-1, PIXELS) for x in (x_train, x_test))
    vae, encoder, decoder = build_models()
    vae.fit(x_train, epochs=epochs, validation_data=(x_test, None), verbose=2)

    line = np.linspace(-2, 2, 12)
    plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, LATENT)
    digits = decoder.predict(plane).reshape(-1, 8, 8, 1)
    save_tiles(output / "vae.png", digits, 12, "the plane of digits")
    restored = decoder.predict(encoder.predict(x_test))
    unexplained = np.sum((x_test - restored) ** 2) / np.sum((x_test - x_train.mean(axis=0)) ** 2)
    print(f"Variance of the test digits that two numbers explain: {1 - unexplained:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=60))
