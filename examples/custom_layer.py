"""Separate two spirals with a layer of your own.

You see: `build`, `call`, `compute_output_shape` and `get_config` of a layer of radial basis
functions, and a model with it that is saved and loaded by `custom_objects`.

Source: D. S. Broomhead, D. Lowe, "Multivariable Functional Interpolation and Adaptive Networks",
Complex Systems 2, 1988.
"""

import tempfile
from pathlib import Path

import numpy as np
from _common import options, save_picture

from keras_core import backend as K
from keras_core.initializers import RandomUniform
from keras_core.layers import Dense, Layer
from keras_core.models import Sequential, load_model
from keras_core.optimizers import Adam


class RadialBasis(Layer):
    """Bells around learnt centres: `exp(-sharpness * distance ** 2)` for each of the units."""

    def __init__(self, units, sharpness=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.sharpness = sharpness

    def build(self, input_shape):
        self.centres = self.add_weight(
            name="centres", shape=(self.units, input_shape[-1]), initializer=RandomUniform(-1, 1)
        )
        self.log_sharpness = self.add_weight(
            name="log_sharpness",
            shape=(self.units,),
            initializer=lambda shape, dtype=None: np.full(shape, np.log(self.sharpness)),
        )
        super().build(input_shape)

    def call(self, inputs):
        differences = K.expand_dims(inputs, axis=1) - self.centres
        squared = K.sum(K.square(differences), axis=-1)
        return K.exp(-K.exp(self.log_sharpness) * squared)

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.units

    def get_config(self):
        return {**super().get_config(), "units": self.units, "sharpness": self.sharpness}


def two_spirals(samples):
    """Points `(samples, 2)` on two spirals in each other, with noise, and which one they are on."""
    spiral = np.random.randint(2, size=samples)
    radius = np.sqrt(np.random.uniform(0.01, 1, size=samples))
    angle = 3 * np.pi * radius + np.pi * spiral
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return points + np.random.normal(scale=0.02, size=points.shape), spiral


def build_model():
    model = Sequential()
    model.add(RadialBasis(80, sharpness=10.0, input_shape=(2,)))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(Adam(lr=0.02), "binary_crossentropy", metrics=["accuracy"])
    return model


def saved_and_loaded(model):
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "spirals.h5")
        model.save(file)
        return load_model(file, custom_objects={"RadialBasis": RadialBasis})


def main(epochs, output):
    np.random.seed(1)
    test = two_spirals(1000)
    model = build_model()
    model.fit(*two_spirals(1000), epochs=epochs, validation_data=test, verbose=2)
    model = saved_and_loaded(model)

    def draw(axes):
        line = np.linspace(-1.2, 1.2, 80)
        plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        axes.contourf(line, line, model.predict(plane).reshape(80, 80), 10, cmap="coolwarm")
        axes.scatter(*test[0].T, c=test[1], s=3, cmap="coolwarm", edgecolors="k", linewidths=0.2)
        axes.set_aspect("equal")

    save_picture(output / "custom_layer.png", draw)
    _, accuracy = model.evaluate(*test, verbose=0)
    print(f"Test accuracy, saved and loaded: {accuracy:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=100))
