"""Optimizers of PyTorch's own, against loops as PyTorch's users write them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

import keras_torch
from keras_core import optimizers
from keras_core.callbacks import BackupAndRestore, LambdaCallback
from keras_core.constraints import NonNeg
from keras_core.layers import Dense
from keras_core.models import Sequential, load_model

X = np.random.RandomState(0).uniform(-1, 1, (12, 3)).astype("float32")
Y = X @ np.array([[1.0, -2], [3, 4], [-5, 6]], "float32")
WEIGHTS = [
    np.linspace(-1, 1, 12).reshape(3, 4),
    np.zeros(4),
    np.linspace(1, -1, 8).reshape(4, 2),
    np.zeros(2),
]
OPTIMIZERS = {
    "sgd": partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
    "adam": torch.optim.Adam,
    "adamw": partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1),
    "rmsprop": partial(torch.optim.RMSprop, momentum=0.5),
    "adagrad": partial(torch.optim.Adagrad, lr=0.1),
}


def model(**options):
    made = Sequential([Dense(4, activation="tanh", input_shape=(3,)), Dense(2, **options)])
    made.set_weights(WEIGHTS)
    return made


def by_hand(make, epochs=3, schedule=None):
    """The weights that a loop of PyTorch, over modules of PyTorch, arrives at."""
    first, second = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)
    parameters = [first.weight, first.bias, second.weight, second.bias]
    for parameter, value in zip(parameters, WEIGHTS):
        parameter.data = torch.tensor(value.T, dtype=torch.float32)
    net = torch.nn.Sequential(first, torch.nn.Tanh(), second)
    optimizer = make(parameters)
    scheduler = schedule and schedule(optimizer)
    for _ in range(epochs):
        for x, y in zip(torch.from_numpy(X).split(4), torch.from_numpy(Y).split(4)):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(x), y).backward()
            optimizer.step()
        if scheduler:
            scheduler.step()
    return [parameter.detach().numpy().T for parameter in parameters]


def fitted(made, optimizer, epochs=3, **options):
    made.compile(optimizer, "mse")
    made.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, **options)
    return made


def check_equal(one, other):
    for a, b in zip(one, other):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_class_trains_as_in_a_loop_of_pytorch(name):
    make = OPTIMIZERS[name]
    check_equal(fitted(model(), make).get_weights(), by_hand(make))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_so_does_one_that_was_made_of_parameters(name):
    made, make = model(), OPTIMIZERS[name]
    fitted(made, make(keras_torch.Module(made).parameters()))
    check_equal(made.get_weights(), by_hand(make))


def test_a_scheduler_changes_the_learning_rate():
    made, schedule = model(), partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.1)
    optimizer = torch.optim.SGD(keras_torch.Module(made).parameters(), lr=0.2)
    scheduler = schedule(optimizer)
    turn = LambdaCallback(on_epoch_end=lambda epoch, logs: scheduler.step())
    fitted(made, optimizer, callbacks=[turn])
    check_equal(made.get_weights(), by_hand(partial(torch.optim.SGD, lr=0.2), 3, schedule))


def test_a_loop_goes_on_where_fit_ended():
    made = model()
    module, make = keras_torch.Module(made), OPTIMIZERS["sgd"]
    device = next(module.parameters()).device
    optimizer = make(module.parameters())
    fitted(made, optimizer, epochs=2)
    assert all(parameter.grad is None for parameter in module.parameters())
    for x, y in zip(torch.from_numpy(X).split(4), torch.from_numpy(Y).split(4)):
        optimizer.zero_grad()
        (module(x.to(device)) - y.to(device)).square().mean().backward()
        optimizer.step()
    check_equal(made.get_weights(), by_hand(make))


def test_one_state_serves_all_steps():
    made = model()
    made.compile(torch.optim.Adagrad, "mse")
    made.train_on_batch(X[:4], Y[:4])
    made.train_on_batch(X[4:8], Y[4:8], sample_weight=np.ones(4))
    made.train_on_batch(X[8:], Y[8:])
    check_equal(made.get_weights(), by_hand(torch.optim.Adagrad, epochs=1))


def test_constraints_and_penalties_hold():
    made = model(kernel_constraint=NonNeg(), kernel_regularizer="l2")
    fitted(made, OPTIMIZERS["sgd"])
    assert np.min(made.get_weights()[2]) == 0


def test_values_are_computed_before_weights_change(monkeypatch):
    seen, made = [], model()

    class Watching(torch.optim.SGD):
        def step(self, closure=None):
            super().step()
            seen.extend(made.get_weights())

    fitted(made, Watching, epochs=0)
    made.train_on_batch(X, Y)
    check_equal(seen, WEIGHTS)


def test_a_step_that_fails_changes_nothing():
    class Failing(torch.optim.SGD):
        def step(self, closure=None):
            super().step()
            raise RuntimeError("the step fails")

    made = model()
    module = keras_torch.Module(made)
    made.compile(Failing, "mse")
    with pytest.raises(RuntimeError, match="the step fails"):
        made.train_on_batch(X, Y)
    check_equal(made.get_weights(), WEIGHTS)
    check_equal([p.detach().cpu().numpy() for p in module.parameters()], WEIGHTS)


def test_steps_that_want_a_closure_are_refused():
    made = model()
    made.compile(torch.optim.LBFGS, "mse")
    with pytest.raises(NotImplementedError, match=r"LBFGS computes the loss several times.*Adam"):
        made.train_on_batch(X, Y)


def test_parameters_of_others_are_refused():
    made, other = model(), torch.nn.Linear(3, 2)
    made.compile(torch.optim.Adam(other.parameters()), "mse")
    with pytest.raises(ValueError, match=r"lacks \['dense.*\(2, 3\).*Module\(model\)"):
        made.train_on_batch(X, Y)


def test_parameters_that_are_missing_are_told():
    made = model()
    first = next(keras_torch.Module(made).parameters())
    made.compile(torch.optim.Adam([first]), "mse")
    with pytest.raises(ValueError, match="lacks.*bias:0.*others of shapes none"):
        made.train_on_batch(X, Y)


def test_what_needs_the_whole_state_is_refused(tmp_path):
    made = fitted(model(), torch.optim.Adam)
    backup = BackupAndRestore(str(tmp_path / "backup.h5"))
    with pytest.raises(NotImplementedError, match="BackupAndRestore needs.*belongs to PyTorch"):
        made.fit(X, Y, verbose=0, callbacks=[backup])
    device = keras_torch.parameter(made.weights[0]).device
    tensors = [torch.from_numpy(x).to(device) for x in (*made.get_weights(), X, Y)]
    with pytest.raises(NotImplementedError, match="stateless_step needs.*belongs to PyTorch"):
        made.stateless_step(tensors[:4], None, *tensors[4:])


def test_a_model_is_saved_without_it(tmp_path):
    made = fitted(model(), torch.optim.Adam)
    with pytest.warns(UserWarning, match="TorchOptimizer has no configuration"):
        made.save(tmp_path / "model.h5")
    with pytest.warns(UserWarning, match="no training configuration"):
        loaded = load_model(tmp_path / "model.h5")
    check_equal(loaded.get_weights(), made.get_weights())
    assert loaded.optimizer is None


def test_what_is_shown_of_it():
    assert "torch.optim.adam.Adam" in repr(optimizers.get(torch.optim.Adam))
