"""The progress bar of training, evaluation and prediction."""

from __future__ import annotations

import io
import math
import shutil
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# How a line is made to fit where it is too long.
_DIGITS = (4, 3, 2)
_LEAST_WIDTH = 10
_NAME_LENGTHS = (8, 7, 6, 5, 4, 3)

# Seconds between two drawings in a notebook, at least.
_NOTEBOOK_INTERVAL = 0.5


class Progbar:
    """Draws a line of progress on standard output, with running means of values.

    On a terminal the line is drawn over and over and never longer than the window is wide; on the
    page of a notebook as well, but twice a second. Where the output goes elsewhere, into a file or
    a pipe, it is written once, when the target is reached.

    Args:
        target: number of units (samples or steps) in all, or None when it is not known.
        width: width of the bar in characters.
        verbose: 1 draws a bar over and over, 2 writes one line at the end, 0 nothing.
        interval: least time between two drawings, in seconds.
        stateful_metrics: names of values to show as they stand instead of as running means.

    Example:
        >>> bar = utils.Progbar(3, verbose=2)
        >>> for step in range(3):
        ...     bar.update(step + 1, [("loss", float(step))])
         - ...s - loss: 1.0000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 30,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics: set[str] = set(stateful_metrics or ())
        self._sums: dict[str, list[float]] = {}
        self._seen = 0
        self._drawn_width = 0
        self._start = time.time()
        self._last_drawing = 0.0

    def update(
        self,
        current: int,
        values: Sequence[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Moves the bar.

        Args:
            current: units done so far.
            values: pairs of name and value for the units since the last call; a mean weighs them
                by their number.
            finalize: whether this is the last call; by default when the target is reached.
        """
        self._account(current, values or ())
        unknown = self.target is None
        finished = self._is_reached(current) if finalize is None else finalize
        now = time.time()
        if self.verbose == 1:
            if finished or unknown or (_can_redraw() and self._is_due(now)):
                self._draw(current, now, finished)
        elif self.verbose == 2 and (finished or unknown):
            _write(f" - {now - self._start:.0f}s{self._values_text(signed=True)}\n")

    def _is_reached(self, current: int) -> bool:
        return self.target is not None and current >= self.target

    def _is_due(self, now: float) -> bool:
        if not _is_notebook():
            return now - self._last_drawing >= self.interval
        # A page keeps all that is written to it, and of what is over soon it needs the end alone.
        last = max(self._last_drawing, self._start)
        return now - last >= max(self.interval, _NOTEBOOK_INTERVAL)

    def add(self, n: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """Moves the bar by `n` units."""
        self.update(self._seen + n, values)

    def _account(self, current: int, values: Iterable[tuple[str, Any]]) -> None:
        units = current - self._seen
        for name, value in values:
            if name in self.stateful_metrics:
                self._sums[name] = [float(value), 1]
            else:
                total = self._sums.setdefault(name, [0.0, 0])
                total[0] += float(value) * units
                total[1] += units
        self._seen = current

    def _draw(self, current: int, now: float, finished: bool) -> None:
        room = _room()
        timing = self._timing(current, now, finished)
        text = next(line for line in self._lines(current, timing) if _columns(line) <= room)
        columns = _columns(text)
        padding = " " * int(min(self._drawn_width, room) - columns)
        _write(self._rewind() + text + padding + ("\n" if finished else ""))
        self._drawn_width = columns
        self._last_drawing = now

    def _lines(self, current: int, timing: str) -> Iterator[str]:
        """The line, and then ever shorter ones: numbers, the bar and names lose what they can."""
        for digits in _DIGITS:
            yield self._bar(current, self.width) + timing + self._values_text(digits)
        for width in range(self.width - 1, _LEAST_WIDTH - 1, -1):
            yield self._bar(current, width) + timing + self._values_text(_DIGITS[-1])
        for length in (None, *_NAME_LENGTHS):
            yield self._count(current) + timing + self._values_text(_DIGITS[-1], length)
        for number in range(len(self._sums) - 1, -1, -1):
            yield self._count(current) + timing + self._values_text(_DIGITS[-1], number=number)
        line = self._count(current) + timing
        yield from (line[:length] for length in range(len(line) - 1, -1, -1))

    def _rewind(self) -> str:
        if _can_redraw():
            return "\b" * (0 if _is_notebook() else self._drawn_width) + "\r"
        return "\n" if self.target is None else ""

    def _count(self, current: int) -> str:
        if self.target is None:
            return f"{current:7d}/Unknown"
        return f"{current:{len(str(self.target))}d}/{self.target}"

    def _bar(self, current: int, width: int) -> str:
        if self.target is None:
            return self._count(current)
        share = min(1.0, current / self.target) if self.target else 1.0
        filled = int(width * share)
        head = "=" * (filled - 1) + (">" if current < self.target else "=") if filled > 0 else ""
        return f"{self._count(current)} [{head}{'.' * (width - filled)}]"

    def _timing(self, current: int, now: float, finished: bool) -> str:
        elapsed = now - self._start
        unit = elapsed / current if current else 0.0
        if self.target is not None and not finished:
            return f" - ETA: {_eta(int(unit * (self.target - current)))}"
        return f" - {elapsed:.0f}s {_unit_time(unit)}/step"

    def _values_text(
        self,
        digits: int = 4,
        length: int | None = None,
        number: int | None = None,
        signed: bool = False,
    ) -> str:
        """The values, each with its name.

        Args:
            digits: decimals of a value.
            length: characters of a name, as long as names stay apart.
            number: how many values, the first ones.
            signed: whether a negative value counts as small, as in the one-line mode.
        """
        names = [name[:length] for name in self._sums]
        if len(set(names)) < len(names):
            names = list(self._sums)
        means = [total / max(1, units) for total, units in self._sums.values()]
        shown = list(zip(names, means))[:number]
        return "".join(f" - {name}: {_number(mean, digits, signed)}" for name, mean in shown)


def _number(mean: float, digits: int, signed: bool) -> str:
    size = mean if signed else abs(mean)
    return f"{mean:.{digits}f}" if size > 1e-3 else f"{mean:.{digits}e}"


def _eta(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{seconds}s"


def _unit_time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _is_terminal() -> bool:
    return bool(getattr(sys.stdout, "isatty", lambda: False)())


def _can_redraw() -> bool:
    """Whether the output is one on which a line can be drawn over."""
    return _is_terminal() or _is_notebook()


def _is_notebook() -> bool:
    """Whether the output goes to the page of a notebook, and not into a file or a text."""
    elsewhere = (io.TextIOWrapper, io.StringIO)
    return "ipykernel" in sys.modules and not isinstance(sys.stdout, elsewhere)


def _room() -> float:
    """How long a line may be now, for a window may change its size at any time."""
    # What stands in the last column lets some terminals begin a new line.
    return shutil.get_terminal_size().columns - 1 if _is_terminal() else math.inf


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes; letters of East Asia take two."""
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def _write(text: str) -> None:
    stream = sys.stdout
    if stream is None:  # a program without a console
        return
    try:
        stream.write(text)
    except UnicodeEncodeError as error:
        stream.write(text.encode(error.encoding, "replace").decode(error.encoding))
    stream.flush()
