"""Tell prose from program text with an LSTM that reads ten words at a time.

You see: Tokenizer and pad_sequences, an Embedding with masking, a bidirectional LSTM, and early
stopping. The texts are files of this repository: its license, its documents, and its code.

Source: S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.
"""

from pathlib import Path

import numpy as np
from _common import options, save_picture

import keras_core
from keras_core.callbacks import EarlyStopping
from keras_core.layers import LSTM, Bidirectional, Dense, Dropout, Embedding
from keras_core.models import Sequential
from keras_core.preprocessing.sequence import pad_sequences
from keras_core.preprocessing.text import Tokenizer, text_to_word_sequence

CODE = Path(keras_core.__file__).parent
ROOT = Path(__file__).parents[1]
KINDS = {
    "license": [ROOT / "LICENSE"],
    "document": sorted((ROOT / "docs").glob("*.md")),
    "code": sorted((CODE / "optimizers").glob("*.py")),
}
LENGTH, WORDS = 10, 1500


def passages(files):
    """Divides files into passages of at most LENGTH words."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    words = text_to_word_sequence(text)
    return [" ".join(words[at : at + LENGTH]) for at in range(0, len(words), LENGTH)]


def load_data():
    """Passages as rows of word numbers, and their kinds, mixed; a quarter is for testing."""
    labelled = [
        (text, kind) for kind, files in enumerate(KINDS.values()) for text in passages(files)
    ]
    np.random.shuffle(labelled)
    texts, kinds = zip(*labelled)
    tested = len(texts) // 4
    tokenizer = Tokenizer(num_words=WORDS, oov_token="?")
    tokenizer.fit_on_texts(texts[tested:])
    x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=LENGTH)
    y = np.array(kinds, dtype=int)
    return (x[tested:], y[tested:]), (x[:tested], y[:tested])


def build_model():
    model = Sequential()
    model.add(Embedding(WORDS, 32, mask_zero=True, input_length=LENGTH))
    model.add(Bidirectional(LSTM(24)))
    model.add(Dropout(0.5))
    model.add(Dense(len(KINDS), activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs, output):
    np.random.seed(1)
    train, (x_test, y_test) = load_data()
    print(f"{len(train[0])} passages to train on, {len(x_test)} to test.")
    model = build_model()
    enough = EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    model.fit(*train, epochs=epochs, validation_split=0.1, callbacks=[enough], verbose=2)
    read = model.predict(x_test).argmax(axis=-1)

    def draw(axes):
        counts = np.histogram2d(y_test, read, bins=len(KINDS))[0].astype(int)
        axes.imshow(counts, cmap="Blues")
        for (row, column), count in np.ndenumerate(counts):
            axes.text(column, row, count, ha="center", va="center", color="tab:orange")
        axes.set_xticks(range(len(KINDS)), KINDS)
        axes.set_yticks(range(len(KINDS)), KINDS)
        axes.set(xlabel="read as", ylabel="is")

    save_picture(output / "text_lstm.png", draw)
    print(f"Test accuracy: {np.mean(read == y_test):.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=10))
