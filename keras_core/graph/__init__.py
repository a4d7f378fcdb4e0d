"""The symbolic graph: shapes and derivatives, and nothing of how a backend runs it."""

from keras_core.graph import primitives
from keras_core.graph.autodiff import cut_between, gradients
from keras_core.graph.evaluate import evaluate
from keras_core.graph.function import Function, in_sequence
from keras_core.graph.primitive import PRIMITIVES, Node, Primitive
from keras_core.graph.program import Program
from keras_core.graph.provenance import Origin, layer_scope
from keras_core.graph.rewrite import substitute
from keras_core.graph.tensor import Constant, Placeholder, Spec, Tensor, Update, Variable, as_tensor

from keras_core.graph import operators  # noqa: F401  isort: skip  (attaches Tensor's operators)

__all__ = [
    "PRIMITIVES",
    "Constant",
    "Function",
    "Node",
    "Origin",
    "Placeholder",
    "Primitive",
    "Program",
    "Spec",
    "Tensor",
    "Update",
    "Variable",
    "as_tensor",
    "cut_between",
    "evaluate",
    "gradients",
    "in_sequence",
    "layer_scope",
    "primitives",
    "substitute",
]
