"""Names of keras_core on all pages are spelled as the code spells them."""

from __future__ import annotations

import importlib
import re

import pytest

import keras_core
from tools.docs.sources import pages

PAGES = pages()

_FENCES = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_PREFIXES = {
    "K": "keras_core.backend",
    **{name: f"keras_core.{name}" for name in keras_core.__all__ if name.islower()},
}
_NAME = re.compile(rf"(?<![\w./'-])({'|'.join(['keras_core', *_PREFIXES])})((?:\.\w+)+)\b(?![/-])")

# What pages say is not there, or stands for any name.
ABSENT = {
    "K.set_image_dim_ordering": "only where a program says `import keras`",
    "keras_core.losses.my_loss": "given by the program of the page",
    "activations.gelu": "newer than Keras 2.3, and said to be absent",
    "activations.swish": "newer than Keras 2.3, and said to be absent",
    "optimizers.schedules": "newer than Keras 2.3, and said to be absent",
    "engine.precise": "a function of the JAX backend",
}


def names_on(text):
    for span in _SPAN.findall(_FENCES.sub("", text)):
        for found in _NAME.finditer(span):
            yield found[0]


def resolves(name):
    first, *rest = name.split(".")
    value = importlib.import_module(_PREFIXES.get(first, first))
    for part in rest:
        try:
            value = getattr(value, part)
        except AttributeError:
            try:
                value = importlib.import_module(f"{value.__name__}.{part}")
            except (ImportError, AttributeError):
                return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_public_names_are_there(page, tried):
    found = [
        name for name in names_on(PAGES[page]) if name not in ABSENT and not name.endswith(".py")
    ]
    tried["names"] += len(found)
    assert sorted({name for name in found if not resolves(name)}) == []
