"""Tell what is in a model file, who wrote it, and what in it is suspicious; nothing is run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_core.saving.inspection import LayerFound, Report

_SHOWN = (
    *("units", "filters", "kernel_size", "strides", "activation", "rate", "input_dim"),
    *("output_dim", "batch_input_shape", "batch_shape", "return_sequences", "trainable"),
)
_UNREMARKABLE = {"activation": "linear", "return_sequences": False, "trainable": True}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("file", help="an HDF5 file, .keras archive, or model in JSON or YAML")
    parser.add_argument("--json", action="store_true", help="write all that was found as JSON")


def run(chosen: argparse.Namespace) -> int:
    """Prints the findings.

    Returns:
        1 where the file is no model file, or cannot be read.
    """
    from keras_core.saving.inspection import inspect

    try:
        report = inspect(chosen.file)
    except OSError as error:
        print(f"keras-core: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        print(json.dumps(report.as_dict(), indent=1, default=str))
    else:
        print("\n".join(_lines(report)))
    return 0


def _lines(report: Report) -> Iterator[str]:
    yield f"{report.file}: {report.kind}, {_bytes(report.size)}"
    yield f"written by  {report.writer}"
    yield f"engine      {report.backend or 'the file does not say'}"
    if report.engine_note:
        yield f"            {report.engine_note}"
    if report.model:
        top = sum(layer.depth == 0 for layer in report.layers)
        yield f"model       {report.model}, {top} layer(s)"
    for layer in report.layers:
        yield f"            {_layer_line(layer)}"
    yield from _weight_lines(report)
    yield from _training_lines(report)
    for note in report.suspicious:
        yield f"SUSPICIOUS: {note}"
    if not report.suspicious:
        yield "Nothing suspicious was found."


def _layer_line(layer: LayerFound) -> str:
    options = layer.options
    told = [f"{k}={options[k]}" for k in _SHOWN if options.get(k) not in (None, _plain(k))]
    if layer.calls > 1:
        told.append(f"shared: called {layer.calls} times")
    line = f"{'  ' * layer.depth}{layer.name} ({layer.kind})"
    return f"{line}  {', '.join(told)}".rstrip()


def _plain(key: str) -> Any:
    return _UNREMARKABLE.get(key)


def _weight_lines(report: Report) -> Iterator[str]:
    if not report.weights:
        return
    total = sum(weight.size for weight in report.weights)
    yield f"weights     {len(report.weights)} array(s), {total:,} numbers"
    for weight in report.weights:
        yield f"            {weight.name}  {weight.shape} {weight.dtype}"


def _training_lines(report: Report) -> Iterator[str]:
    if report.optimizer:
        name, *options = (f"{k}={v}" for k, v in report.optimizer.items())
        yield f"optimizer   {name.partition('=')[2]}({', '.join(options)})"
        yield f"            state: {report.state} array(s)"
    for key, value in report.compiled.items():
        text = json.dumps(value, default=str)
        yield f"{key:<11} {text if len(text) <= 200 else text[:200] + '...'}"


def _bytes(count: int) -> str:
    return f"{count:,} bytes"
