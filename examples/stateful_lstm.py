"""Follow a slow average over a long series that is read in short pieces.

You see: a stateful LSTM, which goes on where the last batch ended, `reset_states`, batches of a
fixed shape, and how much worse a network does that begins anew with each piece.

Source: S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.
"""

import numpy as np
from _common import options, save_picture

from keras_core.layers import LSTM, Dense, TimeDistributed
from keras_core.models import Sequential
from keras_core.optimizers import Adam

SERIES, PIECE, PIECES = 16, 10, 40
KEPT = 0.95  # of the average, at each step


def made_up_series():
    """Random inputs `(series, steps, 1)`, and their exponential moving averages."""
    x = np.random.choice([-1.0, 1.0], size=(SERIES, PIECE * PIECES, 1))
    y, average = np.empty_like(x), np.zeros((SERIES, 1))
    for step in range(x.shape[1]):
        average = KEPT * average + (1 - KEPT) * x[:, step]
        y[:, step] = 3 * average
    return x, y


def pieces(series):
    return np.split(series, PIECES, axis=1)


def build_model(stateful):
    model = Sequential()
    shape = (SERIES, PIECE, 1)
    model.add(LSTM(24, return_sequences=True, stateful=stateful, batch_input_shape=shape))
    model.add(TimeDistributed(Dense(1)))
    model.compile(Adam(lr=0.01), "mean_squared_error")
    return model


def followed(stateful, epochs, x_test):
    """Trains piece by piece, in their order, and follows other series in the same way."""
    model = build_model(stateful)
    for _ in range(epochs):
        x, y = made_up_series()
        model.reset_states()
        for piece, target in zip(pieces(x), pieces(y)):
            model.train_on_batch(piece, target)
    model.reset_states()
    return np.concatenate([model.predict_on_batch(piece) for piece in pieces(x_test)], axis=1)


def main(epochs, output):
    np.random.seed(1)
    x_test, y_test = made_up_series()
    results = {
        "with state": followed(True, epochs, x_test),
        "without": followed(False, epochs, x_test),
    }
    explained = {
        name: 1 - np.mean((y - y_test) ** 2) / np.var(y_test) for name, y in results.items()
    }

    def draw(axes):
        axes.plot(y_test[0], "k", label="wanted")
        for name, y in results.items():
            axes.plot(y[0], label=name, linewidth=1)
        axes.set(xlabel="step", xlim=(0, 200))
        axes.legend()

    save_picture(output / "stateful_lstm.png", draw)
    print(f"Variance explained without state: {explained['without']:.3f}")
    print(f"Variance explained with state: {explained['with state']:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=40))
