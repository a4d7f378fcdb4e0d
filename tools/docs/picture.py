"""Draws the README's picture, of what `keras-core demo` printed: `python -m tools.docs.picture`.

The plots are those that a notebook shows of a training.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from html import escape
from pathlib import Path

from keras_core import cli
from keras_core.utils import notebook

PATH = Path(__file__).parents[2] / "docs" / "assets" / "demo.svg"
_EPOCH = re.compile(r"loss: (?P<loss>[\d.]+) - accuracy: (?P<accuracy>[\d.]+)")
_LAST = 21
_LINE, _LETTER, _MARGIN = 15, 6.65, 18


def main() -> None:
    """Runs the demo and writes the picture."""
    PATH.write_text(picture(printed()), encoding="utf-8")


def printed() -> str:
    """What the demo prints."""
    told = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(told),
    ):
        cli.main(["demo"])
    return told.getvalue()


def picture(told: str) -> str:
    """An SVG of the end of what was printed, with plots of the training beside it."""
    lines = ["$ keras-core demo", "...", *told.rstrip().splitlines()[-_LAST:]]
    width = _MARGIN + _LETTER * max(map(len, lines)) + _MARGIN
    height = 2 * _MARGIN + _LINE * len(lines)
    plots = re.findall("<svg.*?</svg>", notebook.plots(_history(told), []))
    beside = max(float(re.search(r'width="(\d+)"', plot)[1]) for plot in plots)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + beside:.0f} {height}" '
        f'width="{width + beside:.0f}" height="{height}" color="#d8dee9">'
        "<title>keras-core demo: its last lines, and loss and accuracy by epoch</title>"
        '<rect width="100%" height="100%" rx="8" fill="#1e2430"/>'
        f"{_terminal(lines)}{_placed(plots, width, height)}</svg>\n"
    )


def _history(told: str) -> dict[str, list[float]]:
    epochs = [match.groupdict() for match in _EPOCH.finditer(told)]
    return {name: [float(epoch[name]) for epoch in epochs] for name in ("loss", "accuracy")}


def _terminal(lines: list[str]) -> str:
    rows = (
        f'<text x="{_MARGIN}" y="{_MARGIN + _LINE * (i + 0.7):.1f}" '
        f'textLength="{_LETTER * len(line):.1f}" xml:space="preserve">{escape(line)}</text>'
        for i, line in enumerate(lines)
        if line
    )
    style = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="11"'
    return f'<g {style} fill="currentColor">{"".join(rows)}</g>'


def _placed(plots: list[str], left: float, height: float) -> str:
    """The plots, one below the other."""
    share = height / len(plots)
    return "".join(
        f'<svg x="{left:.0f}" y="{share * i:.0f}" font-family="sans-serif"{plot[4:]}'
        for i, plot in enumerate(plots)
    )


if __name__ == "__main__":
    main()
