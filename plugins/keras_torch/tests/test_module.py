"""Models as `torch.nn.Module`s, and as exported programs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import keras_torch
from keras_core.layers import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
)
from keras_core.models import Sequential

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-1, 1, (8, 4)).astype("float32")
Y = X[:, :1]


def near(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def model():
    return Sequential(
        [
            Dense(5, activation="tanh", input_shape=(4,)),
            BatchNormalization(),
            Dropout(0.2),
            Dense(1),
        ]
    )


def test_parameters_and_buffers_are_the_weights():
    made = model()
    module = keras_torch.Module(made)
    assert [p.shape for p in module.parameters()] == [(4, 5), (5,), (5,), (5,), (5, 1), (1,)]
    assert len(list(module.buffers())) == 2
    names = [weight.name.partition(":")[0] for weight in made.trainable_weights]
    assert [name for name, _ in module.named_parameters()] == names


def test_memory_is_one():
    made = model()
    module = keras_torch.Module(made)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(2)
    assert all((weight.get_value() == 2).all() for weight in made.trainable_weights)
    made.layers[0].set_weights([np.ones((4, 5)), np.zeros(5)])
    assert next(module.parameters()).eq(1).all()


def test_a_loop_of_pytorch_trains_the_model():
    made = model()
    module = keras_torch.Module(made).train()
    optimizer = torch.optim.SGD(module.parameters(), 0.05)
    moving = made.layers[1].get_weights()[2]
    losses = []
    for _ in range(30):
        loss = (module(torch.from_numpy(X)) - torch.from_numpy(Y)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert not np.array_equal(moving, made.layers[1].get_weights()[2])
    module.eval()
    near(module(torch.from_numpy(X)).detach(), made.predict(X))


def test_fit_goes_on_where_the_loop_ended():
    made = model()
    module = keras_torch.Module(made)
    made.compile("adam", "mse")
    before = next(module.parameters()).detach().clone()
    made.fit(X, Y, verbose=0)
    assert not torch.equal(before, next(module.parameters()))


def test_a_state_dict_goes_into_another_model():
    first, second = model(), model()
    state = keras_torch.Module(first).state_dict()
    other = keras_torch.Module(second)
    other.load_state_dict(dict(zip(other.state_dict(), state.values())))
    near(second.predict(X), first.predict(X))


def test_functional_call():
    made = model()
    module = keras_torch.Module(made).eval()
    doubled = {name: 2 * value for name, value in module.state_dict().items()}
    found = torch.func.functional_call(module, doubled, torch.from_numpy(X))
    made.set_weights([2 * w for w in made.get_weights()])
    near(found.detach(), made.predict(X))


def test_within_another_module():
    made = model()
    whole = torch.nn.Sequential(torch.nn.Linear(3, 4), keras_torch.Module(made)).eval()
    x = torch.ones(2, 3)
    near(whole(x).detach(), made.predict(whole[0](x).detach().numpy()))
    whole(x).sum().backward()
    assert all(p.grad is not None for p in whole.parameters())


def test_as_many_inputs_as_the_model_has():
    with pytest.raises(ValueError, match="1 inputs; 2 were given"):
        keras_torch.Module(model())(torch.ones(2, 4), torch.ones(2, 4))


def images():
    return Sequential(
        [
            Conv2D(3, 3, activation="relu", input_shape=(8, 8, 2)),
            MaxPooling2D(),
            Flatten(),
            Dense(2),
        ]
    )


def series():
    return Sequential([LSTM(3, input_shape=(5, 2)), Dense(1)])


@pytest.mark.parametrize("build", [model, images, series])
@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.filterwarnings("ignore")
def test_export(build, batch_size):
    made = build()
    program = keras_torch.export(made, batch_size=batch_size)
    x = RANDOM.uniform(-1, 1, (batch_size or 7, *made.input_shape[1:])).astype("float32")
    near(program.module()(torch.from_numpy(x)).detach(), made.predict(x))


def test_export_wants_known_sizes():
    made = Sequential([LSTM(3, input_shape=(None, 2))])
    with pytest.raises(ValueError, match="known sizes"):
        keras_torch.export(made)
