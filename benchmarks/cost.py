"""What a step costs that ranks share: a model of it, for numbers of ranks that nobody has here.

A rank computes its rows of the batch, then all add up their gradients. What that takes is known of
good algorithms (Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication
Operations in MPICH", 2005): short messages go along a tree, long ones are scattered and gathered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2


@dataclass(frozen=True)
class Link:
    """What is between two ranks.

    Args:
        latency: seconds that a message takes at least.
        bandwidth: bytes a second in each direction, with what the addition takes.
    """

    latency: float
    bandwidth: float

    def sums(self, ranks: int, size: float) -> float:
        """The seconds in which so many ranks add up arrays of so many bytes in all."""
        if ranks == 1:
            return 0.0
        rounds, transfer = ceil(log2(ranks)), size / self.bandwidth
        short = rounds * (self.latency + transfer)
        long = 2 * rounds * self.latency + 2 * (ranks - 1) / ranks * transfer
        return min(short, long)


@dataclass(frozen=True)
class Compute:
    """What one process takes for a step of some rows.

    Args:
        fixed: seconds that a step takes however few its rows are: the optimizer, calls.
        per_row: seconds for each row.
    """

    fixed: float
    per_row: float

    def step(self, rows: float) -> float:
        """The seconds of a step."""
        return self.fixed + self.per_row * rows


def fitted_compute(points: Sequence[tuple[float, float]]) -> Compute:
    """The straight line through steps of (rows, seconds), by least squares of relative errors."""
    return Compute(*_line(points))


def fitted_link(points: Sequence[tuple[float, float]]) -> Link:
    """The link of sums between two ranks of (bytes, seconds), by the same."""
    latency, per_byte = _line(points)
    return Link(latency, 1 / per_byte)


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Intercept and slope of y over x; errors count relative to y, and neither is negative."""
    weights = [1 / y**2 for _, y in points]
    sums = [sum(w * x**n for w, (x, _) in zip(weights, points)) for n in range(3)]
    products = [sum(w * y * x**n for w, (x, y) in zip(weights, points)) for n in range(2)]
    spread = sums[0] * sums[2] - sums[1] ** 2
    if spread > 1e-9 * sums[0] * sums[2]:
        slope = (sums[0] * products[1] - sums[1] * products[0]) / spread
        intercept = (products[0] - slope * sums[1]) / sums[0]
        if intercept > 0:
            return intercept, slope
    return 0.0, products[1] / sums[2]
