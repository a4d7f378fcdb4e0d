"""What is done otherwise on a GPU; with one, also there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import keras_core
import keras_torch
from keras_core import backend as K
from keras_core.graph import Constant, Placeholder
from keras_core.graph import primitives as p
from keras_torch.kernel import Site
from keras_torch.lowering import LOWERINGS
from keras_torch.precision import exact_on, exactly

X = np.random.RandomState(0).uniform(-1, 1, (6, 4)).astype("float32")

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


@pytest.fixture(autouse=True)
def backend():
    """The backend on its first device, which is a GPU where there is one."""
    with keras_core.use_backend("torch"):
        yield


def kernel_on_a_gpu(tensor, *inputs):
    """The result of a node's kernel as it is written for a GPU."""
    kernel = LOWERINGS[tensor.node.primitive.name](Site(tensor.node, device="cuda"))
    places = {f"x{i}": x for i, x in enumerate(inputs)}
    names = {name: name for name in kernel.names}
    return eval(kernel.pattern.format(*places, **names), {**kernel.names, **places})


def test_rows_that_are_not_there_are_nan_and_end_nothing():
    x, rows = torch.arange(6.0).reshape(3, 2), torch.tensor([[2, 3], [-1, 0]])
    node = p.gather(Placeholder((3, 2)), Placeholder((2, 2), "int64"), axis=0)
    found = kernel_on_a_gpu(node, x, rows).numpy()
    nothing = [np.nan, np.nan]
    np.testing.assert_array_equal(found, [[[4, 5], nothing], [nothing, [0, 1]]])


def test_what_belongs_to_no_row_is_left_out():
    g, rows = torch.ones(4, 2), torch.tensor([2, 3, -1, 2])
    options = {"axis": 0, "shape": (3, 2)}
    node = p.gather_grad(Placeholder((4, 2)), Placeholder((4,), "int64"), **options)
    np.testing.assert_array_equal(kernel_on_a_gpu(node, g, rows), [[0, 0], [0, 0], [2, 2]])


@pytest.mark.parametrize("batch", [False, True])
def test_products_of_integers(batch):
    shape = (2, 3, 3) if batch else (3, 3)
    a, b = torch.arange(18)[: 18 if batch else 9].reshape(shape), torch.full(shape, 1 << 40)
    axes = {"contract": ((2,), (1,)), "batch": ((0,), (0,))}
    if not batch:
        axes = {"contract": ((1,), (0,)), "batch": ((), ())}
    node = p.dot(Placeholder(shape, "int64"), Placeholder(shape, "int64"), **axes)
    assert np.array_equal(kernel_on_a_gpu(node, a, b), a.numpy() @ b.numpy())


def test_the_precision_of_convolutions_is_put_back():
    def precision():
        return torch.backends.cudnn.allow_tf32

    before = precision()
    with pytest.raises(KeyError), exact_on(torch.device("cuda:0")):
        raise KeyError
    assert precision() == before


def test_a_convolution_on_a_cpu_changes_no_setting():
    seen = exactly(lambda x: torch.backends.cudnn.allow_tf32)(torch.ones(1))
    assert seen == torch.backends.cudnn.allow_tf32


def test_known_rows_that_are_not_there_are_refused_as_the_kernel_is_written():
    node = p.gather(Placeholder((3, 2)), Constant([0, 3], "int64"), axis=0)
    with pytest.raises(IndexError, match="3"):
        kernel_on_a_gpu(node, torch.ones(3, 2), torch.tensor([0, 3]))


@needs_cuda
def test_an_embedding_goes_on_after_an_index_that_is_not_there():
    layer = keras_core.layers.Embedding(3, 2)
    table = np.arange(6, dtype="float32").reshape(3, 2)
    rows = K.variable([[0, 7]], dtype="int32")
    out = layer(rows)
    layer.set_weights([table])
    np.testing.assert_array_equal(K.eval(out), [[[0, 1], [np.nan, np.nan]]])
    np.testing.assert_array_equal(
        K.eval(layer(K.constant([[2, 1]], dtype="int32"))), [table[[2, 1]]]
    )


@needs_cuda
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.filterwarnings("ignore")  # PyTorch's compiler warns of its own parts
def test_convolutions_have_all_bits(jit_compile):
    x = np.random.RandomState(0).rand(4, 9, 9, 16).astype("float32")
    kernel = np.random.RandomState(1).rand(3, 3, 16, 8).astype("float32")
    images = K.placeholder((None, 9, 9, 16))
    found = K.function([images], [K.conv2d(images, K.constant(kernel))], jit_compile=jit_compile)
    exact = torch.conv2d(
        torch.from_numpy(x).double().permute(0, 3, 1, 2),
        torch.from_numpy(kernel).double().permute(3, 2, 0, 1),
    )
    np.testing.assert_allclose(found([x])[0], exact.permute(0, 2, 3, 1), rtol=3e-6)


@needs_cuda
def test_tensors_of_the_user_s_on_the_cpu_come_along():
    x, matrix = K.placeholder((None, 4)), torch.arange(8.0).reshape(4, 2)
    found = K.function([x], [torch.matmul(x, matrix)])([X])[0]
    np.testing.assert_allclose(found, X @ matrix.numpy(), rtol=1e-5, atol=1e-6)


@needs_cuda
def test_modules_of_the_user_s_on_the_gpu():
    module = torch.nn.Linear(4, 2).cuda()
    model = keras_core.models.Sequential([keras_core.layers.Lambda(module, input_shape=(4,))])
    wanted = module(torch.from_numpy(X).cuda()).detach().cpu()
    np.testing.assert_allclose(model.predict(X), wanted, rtol=1e-5, atol=1e-6)


@needs_cuda
def test_a_loop_of_pytorch_trains_the_model_on_the_gpu():
    model = keras_core.models.Sequential([keras_core.layers.Dense(1, input_shape=(4,))])
    module, x = keras_torch.Module(model), torch.from_numpy(X).cuda()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = ((module(x) - x[:, :1]) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    np.testing.assert_allclose(model.predict(X), module(x).detach().cpu(), rtol=1e-5, atol=1e-6)
