"""What ranks do each in its own way, and what they send each other."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.plugins import backend_name

RUNS = ("normalization_by_each_rank", "dropout", "messages", "refused")


def of_all(outcomes, count, name):
    found = outcomes(count, *RUNS)[name]
    assert isinstance(found[0], dict), found[0]
    return found


@pytest.mark.parametrize("count", [2, 3])
def test_moving_statistics_agree(outcomes, count):
    first, *others = of_all(outcomes, count, "normalization_by_each_rank")
    for other in others:
        np.testing.assert_equal(other, first)


def test_masks_differ_from_rank_to_rank(outcomes):
    """With a mask in common, half of the kernel would not move in the first step."""
    (first, *_), _ = (found["kernels"] for found in of_all(outcomes, 2, "dropout"))
    # Of six rows, three a rank, each is kept with probability 1 / 2; steps are of 2 / 6 each.
    kept = np.round(-first * 3).astype(int)
    np.testing.assert_allclose(first, -kept / 3, atol=1e-6)
    # Two ranks with one mask of three rows would keep an even number of six.
    assert (kept % 2 == 1).sum() > 100


def test_masks_repeat_from_run_to_run(outcomes):
    before = of_all(outcomes, 2, "dropout")
    again = outcomes.again(2, "dropout")
    np.testing.assert_equal(again, before)
    first, second, _ = before[0]["kernels"]
    assert not np.array_equal(second - first, first)


def test_messages_and_bytes_of_a_step(outcomes):
    """One message a step, of the gradients, the loss, and the total and the count of a metric."""
    weights = 6 * 16 + 16 + 16 * 3 + 3
    for found in of_all(outcomes, 2, "messages"):
        messages, sent = found["train"]
        assert messages == 3 * 4
        assert sent == 3 * 4 * 4 * (weights + 3)
        assert found["test"] == (4, 4 * 4 * 3)
        assert found["predict"] == (0, 0)


@pytest.mark.parametrize("count", [2, 3])
def test_updates_in_pieces_come_to_the_same(outcomes, count):
    """Of two ranks to the last bit. More add up in another order, and other optimizers than plain
    descent make much of rounding where a gradient is hardly more than that."""
    if backend_name() != "numpy":
        pytest.skip("other engines update by themselves")
    kept = {"SGD": 1, "RMSprop": 1, "Adagrad": 1, "Adadelta": 2, "Adam": 2, "Adamax": 2, "Nadam": 2}
    ranks = first, *_ = outcomes(count, "updates_in_pieces")["updates_in_pieces"]
    for rank in ranks:
        found = rank["own_of_optimizers"]
        assert len(found) == 8
        for name, of_one in found.items():
            number, kind = name.split()
            if count == 2 or kind == "SGD":
                assert of_one["off"] <= (0 if count == 2 else 1e-5), name
            assert of_one["end"] == first["own_of_optimizers"][name]["end"], name
            # At each of 8 steps the rows of a weight, and once an epoch what the optimizer keeps of
            # it, of which AMSGrad has one more.
            more = 8 + 2 * (kept[kind] + (number == "5"))
            assert of_one["messages"] == more, name


def test_the_first_rank_alone_writes(outcomes):
    if backend_name() != "numpy":
        pytest.skip("the graph has no part in it")
    first, *others = outcomes(3, "callbacks_of_all_kinds")["callbacks_of_all_kinds"]
    (alone,) = outcomes(1, "callbacks_of_all_kinds")["callbacks_of_all_kinds"]
    assert first["own_files"] == alone["own_files"] and len(first["own_files"]) > 3
    assert first["own_lines"] == alone["own_lines"] == len(first["history_loss"]) + 1
    assert all(other["own_files"] == [] for other in others)


def test_ranks_that_differ_are_told_so(outcomes):
    for found in of_all(outcomes, 2, "refused"):
        assert "The ranks differ in the number of samples" in found["samples"]
        assert "rank 0 has 40, but rank 1 has 39" in found["samples"]
        assert "The ranks differ in the number of epochs" in found["epochs"]
        assert "is stateful" in found["stateful"] and "2 ranks cannot share" in found["stateful"]
