"""Errors at run time, told with the layer and the user's line that built the failing node."""

from __future__ import annotations

import re
from collections.abc import Iterable

import tensorflow as tf

from keras_core.graph import Node
from keras_core.plugins.authoring import place_of

_SCOPE = re.compile(r"\w+_\d+(?=/)")


def explained(
    error: tf.errors.OpError, scopes: Iterable[str], nodes: Iterable[Node]
) -> tf.errors.OpError:
    """The error with the origin of the node that it names; itself where it names none.

    Args:
        error: an error at run time.
        scopes: name scopes of what was traced.
        nodes: the nodes of the program that runs, one a scope.
    """
    by_scope = dict(zip(scopes, nodes))
    named = [by_scope[scope] for scope in _SCOPE.findall(error.message) if scope in by_scope]
    if not named:
        return error
    node = named[-1]
    return type(error)(error.node_def, error.op, f"{_reason(error)} ({place_of(node)})")


def _reason(error: tf.errors.OpError) -> str:
    """What went wrong, without TensorFlow's listing of its own frames that stands before it."""
    return error.message.rpartition("\n\n")[2].partition("\n")[0]
