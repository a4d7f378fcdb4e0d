"""Scripts written for Horovod, and what its names mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .launch import launch

SCRIPT = Path(__file__).with_name("horovod_digits.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("horovod")
    run = ("-m", "keras_core", "run")
    return folder, launch(folder, SCRIPT.read_text(encoding="utf-8"), folder, command=run)


def test_script_runs_with_one_changed_import(trained):
    folder, ended = trained
    assert ended.status == 0, ended.err
    assert ended.out.count("Epoch 1/4") == 1
    accuracy = float(ended.out.rpartition("Test accuracy: ")[2])
    assert accuracy > 0.85
    kept = [f"checkpoint-{epoch}.h5" for epoch in range(1, 5)]
    assert sorted(path.name for path in folder.glob("*.h5")) == [*kept, "final.h5"]


def test_ranks_end_with_equal_weights_and_averaged_metrics(trained):
    folder, ended = trained
    assert ended.status == 0, ended.err
    with np.load(folder / "rank0.npz") as first, np.load(folder / "rank1.npz") as second:
        assert first.files == second.files and len(first.files) == 8
        for name in first.files:
            np.testing.assert_array_equal(first[name], second[name])
        np.testing.assert_allclose(first["lr"], 0.006, rtol=1e-6)


SETUP = """
import numpy as np
import keras_core.distribute as hvd
from keras_core import backend as K, layers, models, optimizers

hvd.init(quiet=False)
RANK = hvd.rank()

def of_rank(rank, count):
    rows = np.random.RandomState(rank).normal(size=(count, 4))
    return rows[:, :3], rows[:, 3:]
"""


def agrees(tmp_path, body, count=2):
    """Runs assertions on all ranks."""
    ended = launch(tmp_path, SETUP + body, count=count)
    assert ended.status == 0, ended.err
    return ended


def test_gradient_is_the_mean_of_those_of_the_ranks_own_batches(tmp_path):
    # Of 4 and 12 samples: each rank counts alike, whatever its number of samples.
    agrees(
        tmp_path,
        """
model = models.Sequential([layers.Dense(1, use_bias=False, input_shape=(3,))])
model.compile(hvd.DistributedOptimizer(optimizers.SGD(0.1)), "mse")
w = np.array([[1.0], [-2.0], [0.5]])
model.set_weights([w])
gradients = []
for rank, count in enumerate([4, 12]):
    x, y = of_rank(rank, count)
    gradients.append(2 * x.T @ (x @ w - y) / count)
x, y = of_rank(RANK, [4, 12][RANK])
loss = model.train_on_batch(x, y)
np.testing.assert_allclose(loss, np.mean((x @ w - y) ** 2), rtol=1e-5)
wanted = w - 0.1 * (gradients[0] + gradients[1]) / 2
np.testing.assert_allclose(model.get_weights()[0], wanted, rtol=1e-5)
""",
    )


def test_allreduce_allgather_and_broadcast(tmp_path):
    agrees(
        tmp_path,
        """
assert (hvd.size(), hvd.local_size(), hvd.local_rank()) == (3, 3, RANK)
own = np.array([[1.0, 2.0]]) * (RANK + 1)
np.testing.assert_array_equal(hvd.allreduce(own), [[2.0, 4.0]])
np.testing.assert_array_equal(hvd.allreduce(own, average=False), [[6.0, 12.0]])
rows = np.full((RANK, 2), RANK, "int32")
np.testing.assert_array_equal(hvd.allgather(rows), [[1, 1], [2, 2], [2, 2]])
assert hvd.allgather(rows).dtype == np.int32
assert hvd.broadcast({"from": RANK}, 2) == {"from": 2}
x = K.placeholder((None, 2))
mean = K.function([x], [hvd.allreduce(x), hvd.allreduce(x, average=False)])
for found, wanted in zip(mean([own]), ([[2.0, 4.0]], [[6.0, 12.0]])):
    np.testing.assert_allclose(found, wanted)
""",
        count=3,
    )


def test_variables_are_those_of_one_rank_after_broadcast(tmp_path):
    agrees(
        tmp_path,
        """
variable = K.variable(np.full(3, RANK + 5.0))
hvd.broadcast_global_variables(1, [variable])
np.testing.assert_array_equal(K.get_value(variable), [6.0, 6.0, 6.0])
""",
    )


def test_metrics_of_an_epoch_are_averaged(tmp_path):
    agrees(
        tmp_path,
        """
average = hvd.callbacks.MetricAverageCallback()
logs = {"loss": 1.0 + RANK, "accuracy": 0.5 * RANK}
average.on_epoch_end(0, logs)
assert logs == {"loss": 1.5, "accuracy": 0.25}
""",
    )


def test_warm_up_grows_from_the_rate_of_one_rank_to_that_of_all(tmp_path):
    agrees(
        tmp_path,
        """
model = models.Sequential([layers.Dense(1, input_shape=(3,))])
model.compile(hvd.DistributedOptimizer(optimizers.SGD(0.2)), "mse")
warm_up = hvd.callbacks.LearningRateWarmupCallback(warmup_epochs=2)
history = model.fit(*of_rank(RANK, 16), batch_size=4, epochs=3, verbose=0, callbacks=[warm_up])
np.testing.assert_allclose(history.history["lr"], [0.15, 0.2, 0.2], rtol=1e-6)
""",
    )


def test_one_rank_may_evaluate_predict_and_save_alone(tmp_path):
    agrees(
        tmp_path,
        """
from keras_core import callbacks
model = models.Sequential([layers.Dense(1, input_shape=(3,))])
model.compile(hvd.DistributedOptimizer(optimizers.SGD(0.2)), "mse", metrics=["mae"])
class Look(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if RANK == 0:
            self.seen = model.evaluate(*of_rank(7, 10), verbose=0)
            model.predict(of_rank(7, 10)[0])
            model.save_weights("weights.h5")
model.fit(*of_rank(RANK, 16), batch_size=4, epochs=3, verbose=0, callbacks=[Look()])
print("rank", RANK, "went through")
""",
    )


def test_rank_with_more_batches_is_told_that_it_waits_in_vain(tmp_path):
    ended = launch(
        tmp_path,
        SETUP
        + """
model = models.Sequential([layers.Dense(1, input_shape=(3,))])
model.compile(hvd.DistributedOptimizer(optimizers.SGD(0.2)), "mse")
model.fit(*of_rank(0, 16 + 16 * RANK), batch_size=4, verbose=0)
""",
    )
    assert ended.status != 0
    assert "rank 0 has come to its end while rank 1 waits for it in fit (sums of" in ended.err
