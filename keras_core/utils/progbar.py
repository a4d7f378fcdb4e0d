"""The progress bar of training, evaluation and prediction."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any


class Progbar:
    """Draws a line of progress on standard output, with running means of values.

    Args:
        target: number of units (samples or steps) in all, or None when it is not known.
        width: width of the bar in characters.
        verbose: 1 draws a bar over and over, 2 writes one line at the end, 0 nothing.
        interval: least time between two drawings, in seconds.
        stateful_metrics: names of values to show as they stand instead of as running means.
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
        self.stateful_metrics = set(stateful_metrics or ())
        self._sums: dict[str, list[float]] = {}
        self._seen = 0
        self._drawn_width = 0
        self._start = time.time()
        self._last_drawing = 0.0

    def update(self, current: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """Moves the bar.

        Args:
            current: units done so far.
            values: pairs of name and value for the units since the last call; a mean weighs them
                by their number.
        """
        self._account(current, values or ())
        finished = self.target is not None and current >= self.target
        now = time.time()
        if self.verbose == 1:
            if now - self._last_drawing >= self.interval or finished or self.target is None:
                self._draw(current, now)
                self._last_drawing = now
        elif self.verbose == 2 and (finished or self.target is None):
            _write(f" - {now - self._start:.0f}s{self._values_text(signed=True)}\n")

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

    def _draw(self, current: int, now: float) -> None:
        text = self._bar(current) + self._timing(current, now) + self._values_text()
        finished = self.target is not None and current >= self.target
        padding = " " * max(0, self._drawn_width - len(text))
        _write(self._rewind() + text + padding + ("\n" if finished else ""))
        self._drawn_width = len(text)

    def _rewind(self) -> str:
        return "\b" * self._drawn_width + "\r" if _can_redraw() else "\n"

    def _bar(self, current: int) -> str:
        if self.target is None:
            return f"{current:7d}/Unknown"
        share = current / self.target if self.target else 1.0
        filled = int(self.width * share)
        head = "=" * (filled - 1) + (">" if current < self.target else "=") if filled > 0 else ""
        digits = len(str(self.target))
        return f"{current:{digits}d}/{self.target} [{head}{'.' * (self.width - filled)}]"

    def _timing(self, current: int, now: float) -> str:
        elapsed = now - self._start
        unit = elapsed / current if current else 0.0
        if self.target is not None and current < self.target:
            return f" - ETA: {_eta(int(unit * (self.target - current)))}"
        return f" - {elapsed:.0f}s {_unit_time(unit)}/step"

    def _values_text(self, signed: bool = False) -> str:
        """The values; with `signed`, a negative one counts as small, as in the one-line mode."""
        return "".join(
            f" - {name}: {_number(total / max(1, units), signed)}"
            for name, (total, units) in self._sums.items()
        )


def _number(mean: float, signed: bool) -> str:
    size = mean if signed else abs(mean)
    return f"{mean:.4f}" if size > 1e-3 else f"{mean:.4e}"


def _eta(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{seconds}s"


def _unit_time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _can_redraw() -> bool:
    """Whether the output is one on which a line can be drawn over."""
    terminal = getattr(sys.stdout, "isatty", lambda: False)()
    return terminal or "ipykernel" in sys.modules


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
