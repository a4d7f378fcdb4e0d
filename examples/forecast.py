"""Foresee a series with a stack of dilated causal convolutions, an hour at a time, for a week.

You see: TimeseriesGenerator, causal Conv1D whose dilation doubles from layer to layer, residual
connections, and forecasts fed back as inputs. The series is made up: days, weeks, a trend and
noise.

Source: A. van den Oord et al., "WaveNet: A Generative Model for Raw Audio", arXiv:1609.03499, 2016.
"""

import numpy as np
from _common import options, save_picture

from keras_core.layers import Add, Conv1D, Dense, Input, Lambda
from keras_core.models import Model
from keras_core.preprocessing.sequence import TimeseriesGenerator

DAY, WEEK = 24, 7 * 24
SEEN = WEEK + DAY
HOURS = 12 * WEEK


def made_up_series():
    """Hours of something like the use of electricity."""
    hour = np.arange(HOURS)
    days = np.sin(2 * np.pi * hour / DAY) + 0.4 * np.sin(4 * np.pi * hour / DAY + 1)
    is_weekend = hour // DAY % 7 >= 5
    noise = np.random.normal(scale=0.1, size=HOURS)
    return (days * np.where(is_weekend, 0.4, 1) + hour / HOURS / 2 + noise)[:, np.newaxis]


def build_model():
    seen = Input((SEEN, 1))
    hidden = Conv1D(24, 2, padding="causal", activation="relu")(seen)
    for dilation in 2, 4, 8, 16, 32, 64:
        further = Conv1D(24, 2, padding="causal", dilation_rate=dilation, activation="relu")(hidden)
        hidden = Add()([hidden, further])
    last = Lambda(lambda steps: steps[:, -1])(hidden)
    model = Model(seen, Dense(1)(last))
    model.compile("adam", "mean_squared_error")
    return model


def forecast(model, series):
    """A week after a series, each hour from those before."""
    series = list(series)
    for _ in range(WEEK):
        recent = np.array(series[-SEEN:])[np.newaxis]
        series.append(model.predict_on_batch(recent)[0])
    return np.array(series[-WEEK:])


def main(epochs, output):
    np.random.seed(1)
    series = made_up_series()
    past, future = series[:-WEEK], series[-WEEK:]
    samples = TimeseriesGenerator(past, past, length=SEEN, batch_size=32, shuffle=True)
    model = build_model()
    model.fit_generator(samples, epochs=epochs, verbose=2)
    foreseen = forecast(model, past)

    def draw(axes):
        axes.plot(future, "k", label="what came")
        axes.plot(foreseen, label="forecast")
        axes.set(xlabel="hour", ylim=(-1.5, 3))
        axes.legend()

    save_picture(output / "forecast.png", draw)
    as_yesterday = np.tile(past[-DAY:], (7, 1))
    for name, told in {"each day as the last": as_yesterday, "the network": foreseen}.items():
        explained = 1 - np.mean((told - future) ** 2) / np.var(future)
        print(f"Variance of the week explained by {name}: {explained:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=12))
