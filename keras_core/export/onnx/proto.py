"""Operations as ONNX's protocol buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core.export.errors import ExportError
from keras_core.export.onnx.operations import Block, DType, Operation, Value, read_by

if TYPE_CHECKING:
    from keras_core.export.onnx.model import Exported

OPSET = 18
_IR_VERSION = 8  # the first one for this set of operations
_LARGEST = 2**31 - 1  # bytes of a protocol buffer


def encoded(model: Exported) -> bytes:
    """The bytes of an ONNX file, which ONNX's checker has passed.

    Raises:
        ImportError: onnx is not installed.
        ExportError: the weights are too large for one file.
    """
    onnx = _onnx()
    read = read_by(model.block.operations)
    arrays = {name: array for name, array in model.store.arrays.items() if name in read}
    total = sum(array.nbytes for array in arrays.values())
    if total > _LARGEST:
        raise ExportError(
            f"Model {model.name} has weights of {total} bytes; an ONNX file holds {_LARGEST}."
        )
    proto = _model(onnx, model, arrays)
    _check(onnx, proto, model.name)
    return proto.SerializeToString()


def _check(onnx: Any, proto: Any, name: str) -> None:
    """Refuses what is not ONNX, such as a dtype that an operation does not take."""
    try:
        onnx.checker.check_model(proto, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"Model {name} cannot be written as ONNX: {error}") from error


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
        import onnx.shape_inference
    except ImportError as error:
        raise ImportError(
            "Models are written as ONNX by the package onnx, which is not installed. "
            "Get it with: pip install 'keras-core[onnx]>=2.4,<3'"
        ) from error
    return onnx


def _model(onnx: Any, model: Exported, arrays: dict[str, np.ndarray]) -> Any:
    graph = _graph(onnx, model.block, model.name)
    graph.initializer.extend(
        onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()
    )
    return onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="keras_core",
    )


def _graph(onnx: Any, block: Block, name: str) -> Any:
    return onnx.helper.make_graph(
        [_node(onnx, operation) for operation in block.operations],
        name,
        [_value(onnx, value) for value in block.inputs],
        [_value(onnx, value) for value in block.outputs],
    )


def _node(onnx: Any, operation: Operation) -> Any:
    attributes = {
        name: _attribute(onnx, name, value)
        for name, value in operation.attributes.items()
        if value != []  # has no type, and says nothing
    }
    return onnx.helper.make_node(
        operation.kind,
        operation.inputs,
        operation.outputs,
        name=operation.outputs[0],
        **attributes,
    )


def _attribute(onnx: Any, name: str, value: Any) -> Any:
    if isinstance(value, Block):
        return _graph(onnx, value, name)
    return _type(onnx, value) if isinstance(value, DType) else value


def _value(onnx: Any, value: Value) -> Any:
    return onnx.helper.make_tensor_value_info(
        value.name, _type(onnx, value.dtype), list(value.shape)
    )


def _type(onnx: Any, dtype: str) -> int:
    return onnx.helper.np_dtype_to_tensor_dtype(np.dtype(str(dtype)))
