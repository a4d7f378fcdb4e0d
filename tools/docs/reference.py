"""Pages of the reference, made of the public objects of keras_core and their docstrings.

What a page says is asked of the running code, since names are resolved when they are first used:
a tool that reads source files alone would not see what they stand for.
"""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tools.docs.docstrings import as_markdown
from tools.docs.signatures import signature

# The order is that of the pages; what a later module has of an earlier one is linked.
MODULES = (
    "models",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "callbacks",
    "activations",
    "initializers",
    "regularizers",
    "constraints",
    "backend",
    "preprocessing.image",
    "preprocessing.sequence",
    "preprocessing.text",
    "datasets",
    "applications",
    "utils",
    "wrappers.scikit_learn",
    "config",
    "distribute",
    "saving.safety",
    "errors",
    "plugins",
    "plugins.authoring",
)
# What examples use without importing it.
GIVEN = """\
import numpy as np
import keras_core as keras
from keras_core import backend as K
from keras_core import activations, applications, callbacks, config, constraints, datasets
from keras_core import distribute, initializers, layers, losses, metrics, models, optimizers
from keras_core import preprocessing, regularizers, utils, wrappers
from keras_core.preprocessing import image, sequence, text
"""
# Stands before each example: it runs in names and a folder of its own.
BEGIN = "<!-- example -->"

_OF_SEVERAL = {"keras_core.datasets", "keras_core.applications"}
_BY_FAMILY = {"layers", "backend"}
# What else stands in these modules is for those who load files.
_ALONE = {"keras_core.saving.safety": ("memory_scope", "safe_mode_scope")}
_TITLES = {
    "keras_core": "Choosing backends and devices",
    "layers.base": "The base class",
    "activations": "Activations",
    "layers.core": "Core layers",
    "layers.convolutional": "Convolution",
    "layers.convolutional_recurrent": "Convolution over time",
    "layers.cudnn_recurrent": "Layers of cuDNN",
    "layers.embeddings": "Embedding",
    "backend.ctc": "CTC",
    "backend.ctc_decoding": "CTC: decoding",
    "backend.linalg": "Products",
    "backend.naming": "Names",
    "backend.nn": "Neural networks",
    "backend.common": "dtypes and settings",
    "backend.phase": "Learning phase",
    "utils": "Utilities",
    "wrappers.scikit_learn": "Estimators for scikit-learn",
    "saving.safety": "What files may do",
    "plugins": "For authors of plugins",
    "plugins.authoring": "For authors of backends",
    "preprocessing.image": "Images",
    "preprocessing.sequence": "Sequences",
    "preprocessing.text": "Texts",
    "layers.advanced_activations": "Activations with parameters",
    "layers.merge": "Merging layers",
    "layers.wrappers": "Wrappers of layers",
    "layers.local": "Locally connected layers",
    "layers.old": "Layers of Keras 1 that files may hold",
}
_WHERE_ELSE = {
    "keras_core.layers._lambda": "core",
    "keras_core.layers._reshaping": "core",
    "keras_core.engine.input_layer": "base",
    "keras_core.engine.input_spec": "base",
    "keras_core.engine.base_layer": "base",
    "keras_core.layers": "base",
    "keras_core.config": "settings",
}


@dataclass
class Entry:
    """A public object.

    Attributes:
        path: where users find it, such as `keras_core.layers.Dense`.
        names: all its names in that module, the one to use first.
        value: the object.
    """

    path: str
    names: list[str]
    value: Any


@dataclass
class Page:
    """A page of the reference: whose objects stand there, where it is, and what it says."""

    module: str
    address: str
    title: str
    about: str
    entries: list[Entry] = field(default_factory=list)


def pages() -> list[Page]:
    """All pages but the index, in their order; an object stands on one page alone."""
    homes: dict[int, str] = {}
    found = [page for name in MODULES for page in _of_module(name, homes)]
    found.append(_page("keras_core", "reference/keras_core.md", _entries("keras_core", homes)))
    return [page for page in found if page.entries]


def _of_module(name: str, homes: dict[int, str]) -> Iterator[Page]:
    full = f"keras_core.{name}"
    entries = _entries(full, homes)
    if full in _OF_SEVERAL:
        for part in _submodules(full):
            entries += _entries(f"{full}.{part}", homes)
    if name not in _BY_FAMILY:
        yield _page(full, f"reference/{name.replace('.', '/')}.md", entries)
        return
    families = defaultdict(list)
    for entry in entries:
        families[_family(entry.value, full)].append(entry)
    for family in sorted(families):
        yield _page(f"{full}.{family}", f"reference/{name}/{family}.md", families[family])


def _submodules(full: str) -> list[str]:
    module = importlib.import_module(full)
    return [name for name in dir(module) if isinstance(getattr(module, name), ModuleType)]


def _family(value: Any, module: str) -> str:
    home = getattr(value, "__module__", module)
    if home in _WHERE_ELSE:
        return _WHERE_ELSE[home]
    return home[len(module) + 1 :].partition(".")[0]


def _page(full: str, address: str, entries: list[Entry]) -> Page:
    short = full.removeprefix("keras_core.")
    last = short.rpartition(".")[2].replace("_", " ")
    title = _TITLES.get(short, last[:1].upper() + last[1:])
    return Page(full, address, title, _about(full), entries)


def _about(full: str) -> str:
    try:
        module = importlib.import_module(full)
    except ImportError:
        return ""
    return as_markdown(module.__doc__ or "")


def _entries(full: str, homes: dict[int, str]) -> list[Entry]:
    """The objects of a module that no page has yet, by name, with their aliases."""
    module = importlib.import_module(full)
    names: Mapping[int, list[str]] = defaultdict(list)
    for name in _ALONE.get(full) or public_names(module):
        value = getattr(module, name)
        if callable(value) and id(value) not in homes:
            names[id(value)].append(name)
    entries = [_entry(full, module, aliases) for aliases in names.values()]
    homes.update((id(entry.value), entry.path) for entry in entries)
    return sorted(entries, key=lambda entry: entry.names[0].lower())


def public_names(module: ModuleType) -> list[str]:
    """What a module shows: its `__all__`, or what it defines itself."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = vars(module).items()
    return sorted(
        name
        for name, value in own
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    )


def _entry(full: str, module: ModuleType, names: list[str]) -> Entry:
    value = getattr(module, names[0])
    own = getattr(value, "__name__", names[0])
    ordered = sorted(names, key=lambda name: (name != own, name))
    return Entry(f"{full}.{ordered[0]}", ordered, value)


def text_of(page: Page) -> str:
    """The page as Markdown."""
    parts = [f"# {page.title}", page.about, _list_of(page)]
    parts += [part for entry in page.entries for part in _of_entry(entry, page)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _list_of(page: Page) -> str:
    return "\n".join(
        f"- [`{shown(entry, page)}`](#{entry.path}): {_first_sentence(entry.value)}"
        for entry in page.entries
    )


def shown(entry: Entry, page: Page) -> str:
    """The name of an object on its page: without the module that the page is about."""
    if page.module in _OF_SEVERAL:
        return entry.path.removeprefix(f"{page.module}.")
    return entry.names[0]


def _first_sentence(value: Any) -> str:
    paragraph = (inspect.getdoc(value) or "").partition("\n\n")[0]
    return as_markdown(" ".join(paragraph.split()))


def _of_entry(entry: Entry, page: Page) -> Iterator[str]:
    yield f"## `{shown(entry, page)}` {{ #{entry.path} }}"
    yield _block(entry.path, entry.value)
    if len(entry.names) > 1:
        yield "Other names: " + ", ".join(f"`{name}`" for name in entry.names[1:]) + "."
    yield from _text(entry.value)
    if inspect.isclass(entry.value):
        yield _properties(entry.value)
        for name, method in methods(entry.value):
            yield f"### `{name}` {{ #{entry.path}.{name} }}"
            yield _block(name, method)
            yield from _text(method)


def _text(value: Any) -> Iterator[str]:
    text = as_markdown(inspect.getdoc(value) or "")
    yield from [BEGIN, text] if ">>> " in text else [text]


def _properties(cls: type) -> str:
    found = {name: value for name, value in _own(cls).items() if isinstance(value, property)}
    lines = [f"- **`{name}`**: {_first_sentence(found[name])}" for name in sorted(found)]
    return "\n".join(["**Properties**", "", *lines]) if lines else ""


def methods(cls: type) -> Iterator[tuple[str, Any]]:
    """The documented public methods that a class has of itself or of bases that are not public."""
    for name, value in sorted(_own(cls).items()):
        if inspect.isfunction(getattr(value, "__func__", value)):
            yield name, getattr(cls, name)


def _own(cls: type) -> dict[str, Any]:
    """What is documented in a class and its bases, up to the first base that users know."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if base is not cls and _is_public(base):
            break
        shown = {name: value for name, value in vars(base).items() if not name.startswith("_")}
        documented = {name: v for name, v in shown.items() if getattr(v, "__doc__", None)}
        found = {**documented, **found}
    return found


def _is_public(cls: type) -> bool:
    """Whether users find the class by its name."""
    places = ("layers", "models", "losses", "metrics", "optimizers", "callbacks", "plugins")
    modules = [importlib.import_module(f"keras_core.{place}") for place in places]
    named = (module for module in modules if cls.__name__ in dir(module))
    return any(getattr(module, cls.__name__) is cls for module in named)


def _block(name: str, value: Any) -> str:
    return f"```py\n{name}{signature(value, len(name))}\n```"


def index(found: Iterable[Page]) -> str:
    """The first page: what stands where."""
    lines = [
        "# Reference",
        "",
        "Every public object, by the path that Keras 2 gave it: with `import keras_core as keras`,",
        "`keras_core.layers.Dense` is `keras.layers.Dense`.",
        "Examples are run when this site is built. Each begins after",
        "",
        f"```python\n{GIVEN}```",
        "",
    ]
    for page in found:
        names = ", ".join(
            f"[`{shown(entry, page)}`]({page.address.removeprefix('reference/')}#{entry.path})"
            for entry in page.entries
        )
        lines += [f"## {_full_title(page)}", "", names, ""]
    return "\n".join(lines)


def _full_title(page: Page) -> str:
    place = page.address.removeprefix("reference/").removesuffix(".md").split("/")
    return f"{page.title}" if len(place) == 1 else f"{place[0]}: {page.title.lower()}"
