"""The core asks for primitives and capabilities, and never for a backend's name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import keras_core

ROOT = Path(keras_core.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
NAMERS = {"backend", "backend_name"}
ENGINES = {"tensorflow", "theano", "jax", "torch", "keras_numpy"}


def asks_for_a_name(node):
    """Tells whether a comparison has `backend()`, `backend_name()` or `….backend.name` in it."""
    return isinstance(node, ast.Compare) and any(
        is_a_name(part) for side in (node.left, *node.comparators) for part in ast.walk(side)
    )


def is_a_name(node):
    if isinstance(node, ast.Call):
        called = node.func
        return getattr(called, "attr", getattr(called, "id", None)) in NAMERS
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "name"
        and getattr(node.value, "attr", getattr(node.value, "id", None)) == "backend"
    )


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    "code",
    [
        "K.backend() == 'numpy'",
        "backend() in ('numpy', 'theano')",
        "'numpy' != backend_name()",
        "current.backend.name == 'numpy'",
        "K.backend().lower() == 'numpy'",
    ],
)
def test_the_rule_finds_what_it_forbids(code):
    assert any(asks_for_a_name(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_file_compares_no_backend_name_and_imports_no_engine(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    lines = [node.lineno for node in ast.walk(tree) if asks_for_a_name(node)]
    assert not lines, f"{file.name} asks which backend runs in line {lines}"
    assert not ENGINES & set(imported(tree))
