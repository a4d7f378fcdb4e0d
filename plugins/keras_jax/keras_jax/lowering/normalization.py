"""Composites. XLA joins what they are taken apart into, so that none is needed here."""

from __future__ import annotations

from collections.abc import Mapping

from keras_jax.tracing import Lowering

LOWERINGS: Mapping[str, Lowering] = {}
