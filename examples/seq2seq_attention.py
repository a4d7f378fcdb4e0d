"""Translate numbers in words to figures with attention.

You see: an encoder and a decoder of the functional API, attention out of Dot and Activation,
teacher forcing, decoding step by step, and a second model that shows where the first one looks.

Source: M.-T. Luong et al., "Effective Approaches to Attention-based Neural Machine Translation",
EMNLP 2015.
"""

import numpy as np
from _common import options, save_picture

from keras_core.layers import (
    GRU,
    Activation,
    Bidirectional,
    Concatenate,
    Dense,
    Dot,
    Embedding,
    Input,
    TimeDistributed,
)
from keras_core.models import Model
from keras_core.optimizers import Adam

UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
UNITS += ["eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"]
UNITS += ["eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS = ["", *UNITS, *TENS, "hundred", "thousand"]
FIGURES = "0123456789<>"  # with marks of the start and the end
LONGEST_WORDS, LONGEST_FIGURES = 9, 6


def in_words(number):
    """The words of a number below 100,000."""
    if number >= 1000:
        return [*in_words(number // 1000), "thousand", *in_words(number % 1000)]
    if number >= 100:
        return [UNITS[number // 100 - 1], "hundred", *in_words(number % 100)]
    if number >= 20:
        return [TENS[number // 10 - 2], *in_words(number % 10)]
    return [UNITS[number - 1]] if number else []


def encoded(numbers):
    """The words `(samples, 9)` and figures `(samples, 6)` of numbers, as codes."""
    words = np.zeros((len(numbers), LONGEST_WORDS), "int32")
    figures = np.full((len(numbers), LONGEST_FIGURES), FIGURES.index(">"))
    for row, number in enumerate(numbers):
        for at, word in enumerate(in_words(number)):
            words[row, at] = WORDS.index(word)
        for at, figure in enumerate(str(number)):
            figures[row, at] = FIGURES.index(figure)
    return words, figures


def after_start(figures):
    """What the decoder has read when it is to tell the figures: the start, and those before."""
    start = np.full((len(figures), 1), FIGURES.index("<"))
    return np.concatenate([start, figures[:, :-1]], axis=1)


def build_models():
    """The translator, and a model on the same layers that gives the attention."""
    words = Input((LONGEST_WORDS,))
    before = Input((LONGEST_FIGURES,))
    read = Bidirectional(GRU(32, return_sequences=True))(Embedding(len(WORDS), 24)(words))
    written = GRU(64, return_sequences=True)(Embedding(len(FIGURES), 12)(before))
    weights = Activation("softmax")(Dot(axes=2)([written, read]))
    seen = Dot(axes=(2, 1))([weights, read])
    hidden = TimeDistributed(Dense(64, activation="tanh"))(Concatenate()([seen, written]))
    figures = TimeDistributed(Dense(len(FIGURES), activation="softmax"))(hidden)
    translator = Model([words, before], figures)
    translator.compile(Adam(lr=0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return translator, Model([words, before], weights)


def translate(translator, words):
    """Writes the likeliest figure at each step, after those written before."""
    figures = np.zeros((len(words), LONGEST_FIGURES), "int64")
    for at in range(LONGEST_FIGURES):
        told = translator.predict([words, after_start(figures)])
        figures[:, at] = told[:, at].argmax(axis=-1)
    return figures


def main(epochs, output):
    np.random.seed(1)
    numbers = np.random.permutation(np.arange(1, 100_000))[:5000].tolist()
    (x_train, x_test), (y_train, y_test) = (np.split(codes, [4500]) for codes in encoded(numbers))
    translator, attention = build_models()
    translator.fit(
        [x_train, after_start(y_train)], y_train[..., np.newaxis], 64, epochs=epochs, verbose=2
    )
    translated = translate(translator, x_test)
    for number, figures in zip(numbers[4500:4505], translated):
        told = "".join(FIGURES[figure] for figure in figures).rstrip(">")
        print(f"{' '.join(in_words(number))}: {told}")

    def draw(axes):
        sample = encoded([74_816])
        looked = attention.predict([sample[0], after_start(sample[1])])[0]
        axes.imshow(looked, cmap="gray_r")
        axes.set_xticks(range(LONGEST_WORDS), [WORDS[code] or "-" for code in sample[0][0]])
        axes.set_yticks(range(LONGEST_FIGURES), [FIGURES[code] for code in sample[1][0]])
        axes.tick_params(axis="x", rotation=60)

    save_picture(output / "seq2seq_attention.png", draw)
    print(f"New numbers that are wholly right: {np.mean((translated == y_test).all(axis=1)):.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=10))
