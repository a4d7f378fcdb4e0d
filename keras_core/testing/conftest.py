"""What the kit adds to pytest: the backend under test, strict limitations, the table."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from keras_core.errors import BackendLoadError, BackendNotFoundError, PluginConflictError
from keras_core.testing.limitation import limitation_of, refuse_passing
from keras_core.testing.report import counted, table

_HERE = Path(__file__).parent
_FAMILY = "keras_core_family"
_NAMES = pytest.StashKey[list]()
_COLUMN_OF = {
    "passed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "not supported",
}


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
    """Names of all checks; None where only a part of the kit was asked for."""
    return request.config.stash[_NAMES]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    own = [item for item in items if _HERE in item.path.parents]
    for item in own:
        item.user_properties.append((_FAMILY, _family(item)))
    is_whole = {item.path for item in own} == set(_HERE.glob("test_*.py"))
    is_whole = is_whole and not any("::" in argument for argument in config.args)
    config.stash[_NAMES] = [_check_name(item) for item in own] if is_whole else None


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
    try:
        result = yield
    except pytest.skip.Exception as skipped:
        pytest.fail(f"{name} was skipped, and no limitation says why: {skipped}")
    except Exception:
        if known is None:
            raise
        pytest.skip(known.reason)
    if known is not None:
        refuse_passing(name, known)
    return result


def pytest_terminal_summary(terminalreporter: Any) -> None:
    results = [
        (family, column)
        for outcome, column in _COLUMN_OF.items()
        for report in terminalreporter.getreports(outcome)
        for key, family in getattr(report, "user_properties", ())
        if key == _FAMILY
    ]
    if results:
        terminalreporter.section("conformance")
        for line in table(counted(results)):
            terminalreporter.write_line(line)
