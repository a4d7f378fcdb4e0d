"""The page on who reads and writes what, made of the tests that hold it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_GENUINE = "tests/matrix/test_formats_genuine.py"
_PROGRAMS = {"keras_2": "Keras 2.3.1", "tf_keras": "tf-keras", "keras_3": "Keras 3"}

# Folders of files that other programs wrote, which tests read.
_KEPT = {
    "keras_1_2_2": "Keras 1.2.2 on TensorFlow and Theano",
    "keras_2_3_1": "Keras 2.3.1 on TensorFlow and Theano",
    "later_keras/tf_keras": "tf-keras 2.21",
    "later_keras/keras_3": "Keras 3.15",
}

# What a test's first line says is a row, under the name of the other system.
_SYSTEMS = {
    "TensorFlow's functions in models": "plugins/keras_tf/tests/test_dispatch.py",
    "TensorFlow's tensors, `tf.GradientTape`": "plugins/keras_tf/tests/test_interop.py",
    "`tf.data`": "plugins/keras_tf/tests/test_data.py",
    "`tf.train.Checkpoint`": "plugins/keras_tf/tests/test_checkpoint.py",
    "SavedModel": "plugins/keras_tf/tests/test_saved_model.py",
    "TFLite": "plugins/keras_tf/tests/test_tflite.py",
    "tf-keras": "plugins/keras_tf/tests/test_tf_keras.py",
    "JAX's arrays and functions": "plugins/keras_jax/tests/test_interop.py",
    "`jax.grad`, `jit`, `vmap`": "plugins/keras_jax/tests/test_stateless.py",
    "PyTorch's tensors, autograd": "plugins/keras_torch/tests/test_interop.py",
    "PyTorch's functions in models": "plugins/keras_torch/tests/test_dispatch.py",
    "PyTorch's data loaders": "plugins/keras_torch/tests/test_data.py",
    "`torch.nn.Module`, `torch.export`": "plugins/keras_torch/tests/test_module.py",
    "`torch.compile`": "plugins/keras_torch/tests/test_jitted.py",
    "ONNX, onnxruntime": "tests/matrix/test_convert_onnx.py",
    "TensorFlow.js": "tests/matrix/test_convert_tensorflowjs.py",
    "TensorBoard": "tests/matrix/test_tensorboard.py",
    "scikit-learn": "tests/matrix/test_wrappers.py",
    "Graphviz, matplotlib": "tests/matrix/test_vis_utils.py",
    "Published weights of `applications`": "tests/matrix/test_applications.py",
}


def page() -> str:
    """The page as Markdown."""
    parts = [
        "# Files and systems",
        "Who reads and writes what. Every table on this page is made of the tests when the site is "
        "built: a row is there because a test holds it. [Files](files.md) tells the formats and "
        "what is refused, [Converting models](converting.md) the way to other runtimes.",
        "## Files exchanged with the programs themselves",
        "Models of every kind of layer are written by one program and read by the other, in "
        "processes of their own, and have to predict the same. The last column names the models "
        "that cannot go that way: `sequential` begins with an input layer, of which Keras 2.3.1 "
        "writes a file that it cannot read itself; for the others the reader has no layer or "
        "function, or has another one under that name.",
        _exchanged(),
        "## Files that are kept",
        "Files that the programs themselves wrote, with the predictions that they made. They are "
        "read in every run of the tests.",
        _kept(),
        "## Other systems",
        "What is promised of them stands in the first line of the test.",
        _systems(),
    ]
    return "\n\n".join(parts) + "\n"


def _exchanged() -> str:
    values = _constants(ROOT / _GENUINE)
    lines = ["| from | to | file | all models but |", "|---|---|---|---|"]
    for name, ending, lost in values["WRITTEN_THERE"]:
        lines.append(f"| {_PROGRAMS[name]} | keras_core | `{ending}` | {_listed(lost)} |")
    for name, ending, lost in values["WRITTEN_HERE"]:
        lines.append(f"| keras_core | {_PROGRAMS[name]} | `{ending}` | {_listed(lost)} |")
    return "\n".join([*lines, "", f"Held by {_link(_GENUINE)}."])


def _constants(path: Path) -> dict[str, Any]:
    """The values of a module's constants, without importing what it tests."""
    found: dict[str, Any] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            code = compile(ast.Expression(node.value), str(path), "eval")
            try:
                found[node.targets[0].id] = eval(code, {}, found)
            except NameError:
                continue
    return found


def _listed(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "–"


def _kept() -> str:
    lines = ["| written by | files |", "|---|---|"]
    for folder, writer in _KEPT.items():
        files = sorted((ROOT / "tests" / "data" / folder).glob("*"))
        kinds = [path.name.partition(".")[2] for path in files if path.suffix != ".npz"]
        counts = {kind: kinds.count(kind) for kind in sorted(set(kinds)) if kind and kind != "md"}
        lines.append(f"| {writer} | {', '.join(f'{n} `.{k}`' for k, n in counts.items())} |")
    return "\n".join(lines)


def _systems() -> str:
    return "\n".join(["| system | what holds | test |", "|---|---|---|", *_rows()])


def _rows() -> Iterator[str]:
    for system, path in _SYSTEMS.items():
        docstring = ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8"))) or ""
        yield f"| {system} | {docstring.splitlines()[0]} | {_link(path)} |"


def _link(path: str) -> str:
    return f"[{path.rpartition('/')[2]}](https://github.com/keras-core/keras-core/blob/main/{path})"
