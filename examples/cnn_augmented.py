"""Train a convolutional network on few digits that are turned, shifted and zoomed at random.

You see: ImageDataGenerator, `fit_generator`, batch normalization, a callback that lowers the
learning rate, and what augmentation gains over the same network without it.

Source: P. Simard et al., "Best Practices for Convolutional Neural Networks Applied to Visual
Document Analysis", ICDAR 2003.
"""

import numpy as np
from _common import load_digits, options, save_tiles

from keras_core.callbacks import ReduceLROnPlateau
from keras_core.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    MaxPooling2D,
)
from keras_core.models import Sequential
from keras_core.preprocessing.image import ImageDataGenerator

FEW = 200


def build_model():
    model = Sequential()
    model.add(Conv2D(32, 3, padding="same", use_bias=False, input_shape=(8, 8, 1)))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(MaxPooling2D())
    model.add(Conv2D(64, 3, padding="same", use_bias=False))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(Flatten())
    model.add(Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def accuracy_after(generator, train, test, epochs):
    np.random.seed(1)
    model = build_model()
    batches = generator.flow(*train, batch_size=20)
    slower = ReduceLROnPlateau(monitor="loss", factor=0.3, patience=8)
    model.fit_generator(batches, epochs=epochs, callbacks=[slower], verbose=0)
    return model.evaluate(*test, verbose=0)[1]


def main(epochs, output):
    (x_train, y_train), test = load_digits()
    few = x_train[:FEW], y_train[:FEW]
    augmented = ImageDataGenerator(
        rotation_range=10,
        width_shift_range=0.1,
        height_shift_range=0.1,
        zoom_range=0.1,
        fill_mode="constant",
    )
    plain = accuracy_after(ImageDataGenerator(), few, test, epochs)
    print(f"{FEW} digits as they are: test accuracy {plain:.3f}")
    accuracy = accuracy_after(augmented, few, test, epochs)

    shown = np.repeat(x_train[:4], 10, axis=0)
    drawn = next(augmented.flow(shown, batch_size=len(shown), shuffle=False, seed=1))
    save_tiles(output / "cnn_augmented.png", drawn, 10, "each row: one digit, drawn ten times")
    print(f"Test accuracy with augmentation: {accuracy:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=120))
