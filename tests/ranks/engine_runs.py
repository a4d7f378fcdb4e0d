"""Runs of what engines that trace pure functions do with sums over ranks."""

from __future__ import annotations

import warnings

import numpy as np
from runs import classes, mlp, numbers, run

from keras_core import layers, models, ranks
from keras_core.graph import primitives as p
from keras_core.plugins import backend_name, current_backend


def multiplied():
    """A model of `x sum(x)`, the sum being that over the ranks."""
    inputs = layers.Input((2,))
    return models.Model(inputs, layers.Lambda(lambda x: x * p.all_reduce(x)[0])(inputs))


def own():
    return np.full((3, 2), 1.0 + ranks.current().rank, "float32")


@run
def transformations(folder):
    """Calls, gradients, tangents and batches by the engine itself."""
    return {name: np.asarray(value) for name, value in _BY_ENGINE[backend_name()]().items()}


def _by_jax():
    import jax
    import jax.numpy as jnp

    model, x = multiplied(), jnp.asarray(own())

    def total(x):
        return model(x).sum()

    return {
        "called": model(x),
        "compiled": jax.jit(model)(x),
        "gradient": jax.grad(total)(x),
        "gradient_compiled": jax.jit(jax.grad(total))(x),
        "tangent": jax.jvp(model, (x,), (jnp.ones((3, 2)),))[1],
        "batched": jax.vmap(model)(jnp.stack([x, x]))[1],
    }


def _by_torch():
    import torch

    model, x = multiplied(), torch.from_numpy(own())

    def total(x):
        return model(x).sum()

    tracked = x.clone().requires_grad_()
    total(tracked).backward()
    return {
        "called": model(x).detach(),
        "gradient_compiled": tracked.grad,
        "gradient": torch.func.grad(total)(x).detach(),
        "tangent": torch.func.jvp(model, (x,), (torch.ones(3, 2),))[1].detach(),
        "batched": torch.func.vmap(model)(torch.stack([x, x]))[1].detach(),
    }


_BY_ENGINE = {"jax": _by_jax, "torch": _by_torch}


@run
def steps_of_pure_functions(folder):
    """Each rank passes its rows, as many as the others."""
    model = mlp()
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = numbers(24, 6), classes(24, 3)
    world, backend = ranks.current(), current_backend()
    x, y = (backend.to_storage(a[world.rank :: world.size]) for a in (x, y.astype("float32")))
    weights, state = [backend.to_storage(w) for w in model.get_weights()], None
    for _ in range(3):
        loss, weights, state = model.stateless_step(weights, state, x, y)
    return {"loss": backend.to_numpy(loss), "weights": [backend.to_numpy(w) for w in weights]}


@run
def compiled_as_a_whole(folder):
    """jit_compile=True, which TensorFlow says that it cannot heed."""
    model = mlp()
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(numbers(24, 6), classes(24, 3), batch_size=8, verbose=0)
    told = [str(one.message) for one in caught if "several processes" in str(one.message)]
    return {"weights": model.get_weights(), "own_warnings": told}
