"""Worker processes that use a model themselves, as NumPy lets them."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.utils import Sequence

X = np.linspace(-1, 1, 32).reshape(16, 2).astype("float32")


class Predicted(Sequence):
    def __init__(self, model):
        self.model = model

    def __len__(self):
        return 4

    def __getitem__(self, index):
        rows = X[index * 4 : index * 4 + 4]
        return rows, self.model.predict(rows)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork"
)
def test_forked_workers_may_predict_while_the_model_trains():
    teacher = Sequential([Dense(1, input_shape=(2,))])
    student = Sequential([Dense(1, input_shape=(2,))])
    student.compile("adam", "mse")
    options = {"workers": 2, "use_multiprocessing": True, "verbose": 0}
    student.fit(Predicted(teacher), epochs=3, validation_data=(X, teacher.predict(X)), **options)
    found = student.predict(Predicted(student), **options)
    # BLAS may sum products of 4 rows in another order than those of 16.
    np.testing.assert_allclose(found, student.predict(X), rtol=1e-6, atol=1e-7)
