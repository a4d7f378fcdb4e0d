"""What the kit adds to pytest: the backend under test, strict limitations, shards, failures."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from keras_core.errors import BackendLoadError, BackendNotFoundError, PluginConflictError
from keras_core.testing.failure import told
from keras_core.testing.limitation import limitation_of, refuse_passing
from keras_core.testing.offers import NotOffered
from keras_core.testing.report import FAMILY, NOT_OFFERED
from keras_core.testing.runners import forget
from keras_core.testing.shard import shard

_HERE = Path(__file__).parent
_NAMES = pytest.StashKey[list]()


@pytest.fixture(scope="session", autouse=True)
def conformance_backend(request: Any) -> Iterator[Any]:
    """What is known of the backend under test, which is in use meanwhile (a BackendInfo)."""
    from keras_core.plugins import backend_name, load_backend, use_backend
    from keras_core.plugins.discovery import backend_info, find

    name = request.config.getoption("--backend", default=None) or backend_name()
    try:
        load_backend(name)
    except (BackendLoadError, BackendNotFoundError, PluginConflictError) as error:
        pytest.exit(str(error), returncode=1)
    with use_backend(name):
        yield backend_info(find(name))


@pytest.fixture
def check_names(request: Any) -> list[str] | None:
    """Names of all checks, of all shards; None where only a part of the kit was asked for."""
    return request.config.stash[_NAMES]


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> Generator[None, Any, Any]:
    """Notes all checks, and deals out those that are left when pytest has heeded -k."""
    own = [item for item in items if _HERE in item.path.parents]
    for item in own:
        item.user_properties.append((FAMILY, _family(item)))
    is_whole = {item.path for item in own} == set(_HERE.glob("test_*.py"))
    is_whole = is_whole and not any("::" in argument for argument in config.args)
    config.stash[_NAMES] = [_check_name(item) for item in own] if is_whole else None
    result = yield
    text = config.getoption("--shard", default=None)
    if text is not None:
        _keep(text, config, items)
    return result


def _keep(text: str, config: Any, items: list[Any]) -> None:
    """Keeps the items of one shard."""
    try:
        kept = shard(text).of(items)
    except ValueError as error:
        raise pytest.UsageError(f"--shard: {error}") from error
    chosen = set(map(id, kept))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in chosen])
    items[:] = kept


def _case(item: Any) -> Any:
    return getattr(item, "callspec", None) and item.callspec.params.get("case")


def _family(item: Any) -> str:
    case = _case(item)
    return case.family if case else item.path.stem.removeprefix("test_")


def _check_name(item: Any) -> str:
    if _case(item):
        return item.callspec.id
    return f"{_family(item)}/{item.name.removeprefix('test_')}"


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Generator[None, Any, Any]:
    """Turns what a limitation covers into a skip with its reason, or a failure where it passes."""
    name = _check_name(pyfuncitem)
    known = limitation_of(name, pyfuncitem.funcargs["conformance_backend"].limitations)
    forget()
    try:
        result = yield
    except NotOffered as absent:
        if known is None:
            pyfuncitem.user_properties.append((NOT_OFFERED, str(absent)))
        pytest.skip(known.reason if known else f"not offered: {absent}")
    except pytest.skip.Exception as skipped:
        pytest.fail(f"{name} was skipped, and no limitation says why: {skipped}")
    except (Exception, pytest.fail.Exception) as error:
        if known is not None:
            pytest.skip(known.reason)
        if pyfuncitem.config.getoption("tbstyle") != "auto":
            raise
        failure = pytest.fail.Exception(told(name, _case(pyfuncitem), error), pytrace=False)
        raise failure from None
    if known is not None:
        refuse_passing(name, known)
    return result
