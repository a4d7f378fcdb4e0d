"""Invent digits with a generative adversarial network.

You see: two models with an optimizer each, one of them fixed inside the other, and
`train_on_batch`. A third network, which never saw an invented digit, judges whether they are varied
and readable.

Sources: I. Goodfellow et al., "Generative Adversarial Nets", NIPS 2014; the judgement is the score
of T. Salimans et al., "Improved Techniques for Training GANs", NIPS 2016: between 1 and 10 here.
"""

import numpy as np
from _common import load_digits, options, save_tiles

from keras_core.layers import BatchNormalization, Dense, Dropout, LeakyReLU
from keras_core.models import Model, Sequential
from keras_core.optimizers import Adam

PIXELS, NOISE, BATCH = 64, 20, 64


def build_generator():
    model = Sequential(name="generator")
    model.add(Dense(128, input_shape=(NOISE,)))
    model.add(BatchNormalization())
    model.add(LeakyReLU(0.2))
    model.add(Dense(128))
    model.add(BatchNormalization())
    model.add(LeakyReLU(0.2))
    model.add(Dense(PIXELS, activation="sigmoid"))
    return model


def build_discriminator():
    model = Sequential(name="discriminator")
    model.add(Dense(192, input_shape=(PIXELS,)))
    model.add(LeakyReLU(0.2))
    model.add(Dropout(0.3))
    model.add(Dense(96))
    model.add(LeakyReLU(0.2))
    model.add(Dropout(0.3))
    model.add(Dense(1, activation="sigmoid"))
    return model


def build_models():
    """The generator, the discriminator, and the generator under a discriminator that is fixed."""
    generator, discriminator = build_generator(), build_discriminator()
    discriminator.compile(Adam(lr=0.001, beta_1=0.5), "binary_crossentropy")
    fixed = Model(discriminator.inputs, discriminator.outputs)
    fixed.trainable = False  # only where it is used as this model
    adversarial = Sequential([generator, fixed])
    adversarial.compile(Adam(lr=0.002, beta_1=0.5), "binary_crossentropy")
    return generator, discriminator, adversarial


def noise(samples):
    return np.random.normal(size=(samples, NOISE))


def train_epoch(images, generator, discriminator, adversarial):
    """Trains both in turn, batch by batch; gives the mean losses of both."""
    losses = []
    for real in np.split(np.random.permutation(images), range(BATCH, len(images), BATCH)):
        invented = generator.predict_on_batch(noise(len(real)))
        is_real = np.repeat([0.9, 0.0], len(real))
        of_discriminator = discriminator.train_on_batch(np.concatenate([real, invented]), is_real)
        of_generator = adversarial.train_on_batch(noise(BATCH), np.ones(BATCH))
        losses.append((of_discriminator, of_generator))
    return np.mean(losses, axis=0)


def score(images, train):
    """How readable each image is, and how varied all of them are: from 1, bad, to 10, the best."""
    judge = Sequential()
    judge.add(Dense(128, activation="relu", input_shape=(PIXELS,)))
    judge.add(Dense(10, activation="softmax"))
    judge.compile("adam", "sparse_categorical_crossentropy")
    judge.fit(*train, epochs=20, verbose=0)
    read = judge.predict(images) + 1e-7
    return np.exp(np.mean(np.sum(read * np.log(read / read.mean(axis=0)), axis=1)))


def main(epochs, output):
    np.random.seed(1)
    (x_train, y_train), _ = load_digits()
    x_train = x_train.reshape(-1, PIXELS)
    generator, discriminator, adversarial = build_models()
    for epoch in range(1, epochs + 1):
        losses = train_epoch(x_train, generator, discriminator, adversarial)
        if epoch % 20 == 0:
            print(f"Epoch {epoch}: losses {losses.round(3)} of discriminator and generator")

    shown = generator.predict(noise(60)).reshape(-1, 8, 8, 1)
    save_tiles(output / "gan.png", shown, 12, "invented digits")
    judged = score(generator.predict(noise(1000)), (x_train, y_train))
    print(f"Score of the invented digits: {judged:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=160))
