"""Learn a text character by character, and write more of it.

You see: one-hot characters, two LSTMs on top of each other, a prediction at each step, and drawing
from the predicted distribution at a temperature. The text is this repository's license.

Source: A. Graves, "Generating Sequences With Recurrent Neural Networks", arXiv:1308.0850, 2013.
"""

from pathlib import Path

import numpy as np
from _common import options, save_picture

from keras_core.layers import LSTM, Dense, TimeDistributed
from keras_core.models import Sequential
from keras_core.optimizers import Adam
from keras_core.utils import to_categorical

LICENSE = Path(__file__).parents[1] / "LICENSE"
LENGTH = 32


def build_model(characters):
    model = Sequential()
    model.add(LSTM(128, return_sequences=True, input_shape=(None, characters)))
    model.add(LSTM(128, return_sequences=True))
    model.add(TimeDistributed(Dense(characters, activation="softmax")))
    optimizer = Adam(lr=0.005, clipnorm=1.0)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


def windows(codes, characters):
    """Cuts a text into windows of LENGTH; the targets are one character further."""
    starts = range(0, len(codes) - LENGTH, LENGTH // 2)
    x = np.array([codes[start : start + LENGTH] for start in starts])
    y = np.array([codes[start + 1 : start + LENGTH + 1] for start in starts])
    return to_categorical(x, characters), to_categorical(y, characters)


def drawn(probabilities, temperature):
    """Draws one character; the lower the temperature, the likelier ones are preferred."""
    sharpened = np.exp(np.log(probabilities.astype("float64")) / temperature)
    return np.random.choice(len(sharpened), p=sharpened / sharpened.sum())


def continued(model, codes, count, temperature):
    """Appends `count` drawn characters to those given."""
    codes = list(codes)
    characters = model.output_shape[-1]
    for _ in range(count):
        recent = to_categorical(codes[-LENGTH:], characters)
        codes.append(drawn(model.predict(recent[np.newaxis])[0, -1], temperature))
    return codes


def main(epochs, output):
    np.random.seed(1)
    text = " ".join(LICENSE.read_text(encoding="utf-8").lower().split())
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(character) for character in text])
    held_back = len(codes) // 10
    model = build_model(len(alphabet))
    history = model.fit(
        *windows(codes[:-held_back], len(alphabet)),
        epochs=epochs,
        validation_data=windows(codes[-held_back:], len(alphabet)),
        verbose=2,
    )
    for temperature in 0.2, 0.6, 1.0:
        written = continued(model, codes[:LENGTH], 120, temperature)
        print(f"\nAt temperature {temperature}: {''.join(alphabet[code] for code in written)}")

    def draw(axes):
        axes.plot(history.history["accuracy"], label="text learnt from")
        axes.plot(history.history["val_accuracy"], label="text held back")
        axes.set(xlabel="epoch", ylabel="next characters foreseen")
        axes.legend()

    save_picture(output / "char_generation.png", draw)
    print(f"Next characters foreseen, of text held back: {history.history['val_accuracy'][-1]:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=20))
