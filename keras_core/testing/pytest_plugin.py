"""The kit's pytest plugin: the options --backend and --shard, and the table at the end.

pytest loads it wherever keras-core is installed. So it does nothing but in a run that names the
kit: other projects may have options of these names. All else is in `conftest.py`, which is not
loaded where other processes run the checks.
"""

from __future__ import annotations

from typing import Any

_KIT = "keras_core.testing"


def pytest_addoption(parser: Any, pluginmanager: Any) -> None:
    if _runs_the_kit(pluginmanager.get_plugin("pytestconfig")):
        group = parser.getgroup("keras_core")
        group.addoption(
            "--backend",
            metavar="NAME",
            help="the backend that the conformance kit examines; the one in use by default",
        )
        group.addoption(
            "--shard",
            metavar="I/N",
            help="deal the checks out to N runs, and do those of the I-th one",
        )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _runs_the_kit(terminalreporter.config):
        return
    from keras_core.testing.report import report

    lines = report(terminalreporter)
    if lines:
        terminalreporter.section("conformance")
    for line in lines:
        terminalreporter.write_line(line)


def _runs_the_kit(config: Any) -> bool:
    return any(str(argument).startswith(_KIT) for argument in config.invocation_params.args)
