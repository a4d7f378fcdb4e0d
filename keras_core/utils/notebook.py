"""What a notebook shows of a model and of a training: HTML without scripts or colours of its own,
so that it is as readable on a dark page as on a light one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

# Of a panel, and of the lines in it, in pixels; and how many points a line has at most.
_WIDTH, _HEIGHT = 320, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 310, 28, 150
_MOST_POINTS = 300

_DASHES = ' stroke-dasharray="5 3"'


def table(title: str, heading: Sequence[str], rows: Iterable[Any], totals: Iterable[str]) -> str:
    """The summary of a model as a table.

    Args:
        title: stands above the table.
        heading: names of the columns.
        rows: for each layer a list of rows, of which those after the first go on with its cells.
        totals: lines below the table.
    """
    body = "".join(_table_row("td", map(_cell, zip(*of_layer))) for of_layer in rows)
    return (
        f"<div><div>{escape(title)}</div>"
        '<table style="color: inherit">'
        f"<thead>{_table_row('th', map(escape, heading))}</thead>"
        f"<tbody>{body}</tbody></table>"
        f"{''.join(f'<div>{escape(line)}</div>' for line in totals)}</div>"
    )


def _cell(lines: Sequence[Any]) -> str:
    return "<br>".join(escape(str(line)) for line in lines if str(line))


def _table_row(tag: str, cells: Iterable[str]) -> str:
    filled = (f'<{tag} style="text-align: left">{cell}</{tag}>' for cell in cells)
    return f"<tr>{''.join(filled)}</tr>"


def panel_names(values: Mapping[str, Any]) -> list[str]:
    """What has a panel of its own in a picture of a training; a validation goes with its value."""
    return [name for name in values if not (name.startswith("val_") and name[4:] in values)]


def plots(values: Mapping[str, Sequence[Any]], epochs: Sequence[int]) -> str:
    """Pictures of losses and metrics epoch by epoch, drawn as SVG.

    Args:
        values: the values of the epochs by name; those that are no numbers are not drawn.
        epochs: indices of the epochs, from 0; they are shown from 1 on.
    """
    panels = (_panel(name, values, epochs) for name in panel_names(values))
    return f'<div style="display: flex; flex-wrap: wrap">{"".join(panels)}</div>'


def _panel(name: str, values: Mapping[str, Sequence[Any]], epochs: Sequence[int]) -> str:
    lines = [_numbers(values[key]) for key in (name, f"val_{name}") if key in values]
    shown = [value for line in lines for value in line if math.isfinite(value)]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    label = f"{name} (dashed: validation)" if len(lines) > 1 else name
    paths = "".join(
        _path(line, epochs, (low, high), dashes) for line, dashes in zip(lines, ("", _DASHES))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" fill="currentColor" font-size="11">'
        f"<title>{escape(label)}</title>{_text(_LEFT, 16, label)}{_axes()}{paths}"
        f"{_text(_LEFT - 6, _TOP + 4, f'{high:.4g}', 'end')}"
        f"{_text(_LEFT - 6, _BOTTOM, f'{low:.4g}', 'end')}"
        f"{_text(_LEFT, _BOTTOM + 16, f'epoch {_first(epochs)}')}"
        f"{_text(_RIGHT, _BOTTOM + 16, str(_last(epochs, lines)), 'end')}</svg>"
    )


def _numbers(values: Sequence[Any]) -> list[float]:
    """The values as numbers; those that are none as NaN."""
    return [float(v) if isinstance(v, (int, float, np.number)) else math.nan for v in values]


def _first(epochs: Sequence[int]) -> int:
    return epochs[0] + 1 if epochs else 1


def _last(epochs: Sequence[int], lines: Sequence[Sequence[float]]) -> int:
    return epochs[-1] + 1 if epochs else max(map(len, lines))


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _axes() -> str:
    corners = f"M{_LEFT},{_TOP} V{_BOTTOM} H{_RIGHT}"
    return f'<path d="{corners}" fill="none" stroke="currentColor" stroke-opacity="0.4"/>'


def _path(
    line: Sequence[float], epochs: Sequence[int], limits: tuple[float, float], dashes: str
) -> str:
    """A line, which has gaps where values are no numbers; a value on its own is a dot."""
    places = _places(len(line), epochs)
    step = math.ceil(len(line) / _MOST_POINTS)
    kept = sorted({*range(0, len(line), step), len(line) - 1})
    steps, drawn = [], False
    for at in kept:
        if math.isfinite(line[at]):
            steps.append(f"{'L' if drawn else 'M'}{places[at]:.1f},{_height(line[at], limits):.1f}")
            steps += [] if drawn else ["h0"]
        drawn = math.isfinite(line[at])
    return (
        f'<path d="{" ".join(steps)}" fill="none" stroke="currentColor" stroke-width="1.5"'
        f' stroke-linecap="round"{dashes}/>'
    )


def _places(count: int, epochs: Sequence[int]) -> list[float]:
    indices = epochs if len(epochs) == count else range(count)
    span = max(indices[-1] - indices[0], 1)
    return [_LEFT + (index - indices[0]) / span * (_RIGHT - _LEFT) for index in indices]


def _height(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return _BOTTOM - (value - low) / ((high - low) or 1.0) * (_BOTTOM - _TOP)
