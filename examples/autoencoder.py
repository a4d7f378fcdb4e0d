"""Clean noisy digits with a convolutional autoencoder.

You see: pooling and upsampling, a target that is the input before the noise, and how much of the
noise is taken away.

Source: P. Vincent et al., "Extracting and Composing Robust Features with Denoising Autoencoders",
ICML 2008.
"""

import numpy as np
from _common import load_digits, options, save_tiles

from keras_core.layers import Conv2D, Input, MaxPooling2D, UpSampling2D
from keras_core.models import Model

NOISE = 0.4


def build_model():
    image = Input((8, 8, 1))
    code = Conv2D(32, 3, padding="same", activation="relu")(image)
    code = MaxPooling2D()(code)
    code = Conv2D(32, 3, padding="same", activation="relu")(code)
    code = MaxPooling2D()(code)
    clean = Conv2D(32, 3, padding="same", activation="relu")(code)
    clean = UpSampling2D()(clean)
    clean = Conv2D(32, 3, padding="same", activation="relu")(clean)
    clean = UpSampling2D()(clean)
    clean = Conv2D(1, 3, padding="same", activation="sigmoid")(clean)
    model = Model(image, clean)
    model.compile("adam", "mean_squared_error")
    return model


def with_noise(images):
    return np.clip(images + np.random.normal(scale=NOISE, size=images.shape), 0, 1)


def main(epochs, output):
    np.random.seed(1)
    (x_train, _), (x_test, _) = load_digits()
    x_train = np.repeat(x_train, 2, axis=0)
    noisy = with_noise(x_test)
    model = build_model()
    model.fit(
        with_noise(x_train), x_train, epochs=epochs, validation_data=(noisy, x_test), verbose=2
    )
    cleaned = model.predict(noisy)

    shown = np.concatenate([images[:10] for images in (x_test, noisy, cleaned)])
    save_tiles(output / "autoencoder.png", shown, 10, "test digits, with noise, and cleaned")
    left = np.mean((cleaned - x_test) ** 2) / np.mean((noisy - x_test) ** 2)
    print(f"Share of the noise that is taken away: {1 - left:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=20))
