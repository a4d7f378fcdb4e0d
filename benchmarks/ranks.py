"""A batch shared by two processes, each with one thread, beside one process with one thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.benchmark import Benchmark
from benchmarks.contenders import ON_RANKS
from benchmarks.cost import Compute, Link, fitted_compute, fitted_link
from benchmarks.report import ABSENT, Results, duration, memory, table
from benchmarks.workers.ranks import KINDS, SHARES

# What the model is asked about, beside the link that was measured.
_LINKS = {"10 Gbit/s, 30 µs": Link(30e-6, 1.25e9), "100 Gbit/s, 2 µs": Link(2e-6, 12.5e9)}
_MANY = (16, 256, 4096)

_METRICS = ("fit", *SHARES, "sums", "messages", "bytes")


@dataclass(frozen=True)
class _Case:
    """What one engine takes for one model, in seconds and bytes.

    Args:
        batch: rows of a batch.
        one: a step of one process.
        two: a step of two.
        compute: what one process takes by its rows.
        sums: what two take to add up the gradients, and nothing else.
        messages: of a step.
        size: bytes of a step.
    """

    batch: int
    one: float
    two: float
    compute: Compute
    sums: float
    messages: float
    size: float

    def shared(self, ranks: int, link: Link) -> float:
        """How many times faster the model says that a batch is done which so many share."""
        return self.one / (self.compute.step(self.batch / ranks) + link.sums(ranks, self.size))

    def efficiency(self, ranks: int, link: Link) -> float:
        """The part of a step that is computing, where each rank has a batch like one alone."""
        return self.one / (self.one + link.sums(ranks, self.size))


def _cases(results: Results, engine: str) -> dict[str, _Case]:
    """The cases of which all is known."""
    found = {}
    for case in results.cases:
        one, two = (
            {m: results.best(case, f"{engine}-on-{n}", m) for m in _METRICS} for n in (1, 2)
        )
        if one["fit"] is not None and two["fit"] is not None:
            found[case] = _case(KINDS[case].batch, one, two)
    return found


def _case(batch: int, one: dict, two: dict) -> _Case:
    points = [(batch, one["fit"]), *((batch // n, one[name]) for name, n in SHARES.items())]
    counts = two["sums"], two["messages"], two["bytes"]
    return _Case(batch, one["fit"], two["fit"], fitted_compute(points), *counts)


def _tables(results: Results, reference: str) -> Iterator[str]:
    for engine in dict.fromkeys(name.rpartition("-on-")[0] for name in results.contenders):
        yield from _of_engine(engine, _cases(results, engine))


def _of_engine(engine: str, cases: dict[str, _Case]) -> Iterator[str]:
    link = fitted_link([(case.size, case.sums) for case in cases.values()])
    rows = {name: _row(case, link) for name, case in cases.items()}
    yield table(f"{engine}: a step of fit", _COLUMNS, rows)
    rate = memory(link.bandwidth / 1e6)
    yield f"By the model, two ranks are {duration(link.latency)} and {rate} a second apart.\n"
    for name, other in _LINKS.items():
        yield _said(f"{engine}, a batch for all, {name}: times faster", cases, other, _times_faster)
        yield _said(f"{engine}, a batch for each, {name}: efficiency", cases, other, _efficiency)


_COLUMNS = (
    *("one rank", "two ranks", "times faster", "by the model"),
    *("messages", "bytes", "sums alone"),
)


def _row(case: _Case, link: Link) -> list[str]:
    times = duration(case.one), duration(case.two)
    faster = f"{case.one / case.two:.2f}", f"{case.shared(2, link):.2f}"
    return [*times, *faster, f"{case.messages:.0f}", memory(case.size / 1e6), duration(case.sums)]


def _said(title, cases, link, form) -> str:
    """A table of what the model says for many ranks."""
    rows = {name: [form(case, n, link) for n in _MANY] for name, case in cases.items()}
    return table(title, [f"{n:,} ranks" for n in _MANY], rows)


def _times_faster(case: _Case, ranks: int, link: Link) -> str:
    return f"{case.shared(ranks, link):.1f}" if ranks <= case.batch else ABSENT


def _efficiency(case: _Case, ranks: int, link: Link) -> str:
    return f"{case.efficiency(ranks, link):.0%}"


_CHOICES = ("mlp", "wide", "mnist_cnn", "cifar_bn", "lstm", "lstm_128", "bigru_text")

BENCHMARK = Benchmark(
    "ranks",
    "two processes that share each batch, beside one; a model of the cost",
    {name: f"{KINDS[name].about}, batch {KINDS[name].batch}" for name in _CHOICES},
    dict.fromkeys(ON_RANKS, _CHOICES),
    _tables,
    processes=3,
)
