"""Measures keras_core and its backends beside other libraries, and prints Markdown tables.

    python -m benchmarks small                      steps, predictions, imports
    python -m benchmarks wide mlp resnet            13 models, or some of them
    python -m benchmarks growth depth rows          how costs grow, on all axes or some
    python -m benchmarks overhead                   what fit and its like add to a step
    python -m benchmarks ranks                      two processes that share each batch, and a model
    python -m benchmarks table benchmarks/results/wide-*.jsonl --reference keras-2.3.1

Each process measures one contender at one case. Processes of the contenders take turns, so that a
change in the computer's speed meets all of them, and the least of a contender's figures is told.
Only ratios carry over to other computers. What each process measured is kept as a line of JSON;
`table` joins the lines of several runs.

A contender's environment is made at its first need, which downloads it, or is one that exists:

    python -m benchmarks wide --offline --environment tensorflow=/path/to/venv --contenders keras-tf

keras-core and its backends are those of this tree, but backends must be installed to be found.
The contenders on Theano need Python 3.7 and 3.10, a C++ compiler and OpenBLAS (Debian:
libopenblas-dev); their first steps tell of compilation only while their caches are empty.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks import growth, overhead, ranks, records, small, wide
from benchmarks.benchmark import Benchmark
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.environments import FOLDER, Environments, NoEnvironment
from benchmarks.records import Record
from benchmarks.report import Results
from benchmarks.rounds import Rounds

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = {one.BENCHMARK.name: one.BENCHMARK for one in (small, wide, growth, overhead, ranks)}


def main() -> None:
    """Parses the command line and does what it says."""
    chosen = _parser().parse_args()
    chosen.do(chosen)


def _measure(chosen: argparse.Namespace) -> None:
    benchmark = BENCHMARKS[chosen.command]
    pythons = _pythons(chosen.contenders or benchmark.entries, _environments(chosen))
    run = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    processes, launcher = chosen.processes or benchmark.processes, tuple(chosen.launcher.split())
    rounds = Rounds(run, processes, chosen.scale, chosen.limit, launcher)
    path = chosen.lines or RESULTS / f"{benchmark.name}-{run}.jsonl"
    measured = []
    for choice in chosen.choices or benchmark.usual:
        able = {c: python for c, python in pythons.items() if choice in benchmark.entries[c.name]}
        for case in benchmark.cases([choice], chosen.scale):
            for record in rounds.measure(benchmark, case, able):
                records.append(path, record)
                measured.append(record)
    _print_tables(benchmark, measured, chosen.reference)


def _pythons(names: Iterable[str], environments: Environments) -> dict[Contender, str]:
    """The Python of each contender that can take part."""
    found = {}
    for contender in map(CONTENDERS.__getitem__, names):
        try:
            found[contender] = environments.python_of(contender.environment)
        except NoEnvironment as reason:
            print(f"Without {contender.name}: {reason}.", file=sys.stderr, flush=True)
    return found


def _environments(chosen: argparse.Namespace) -> Environments:
    return Environments(chosen.environments, dict(chosen.environment), chosen.offline)


def _join(chosen: argparse.Namespace) -> None:
    joined = records.read(chosen.files)
    for name, benchmark in BENCHMARKS.items():
        own = [record for record in joined if record.benchmark == name]
        if own:
            _print_tables(benchmark, own, chosen.reference)


def _print_tables(benchmark: Benchmark, measured: Sequence[Record], reference: str) -> None:
    results = Results(measured)
    for part in benchmark.tables(results, reference or benchmark.reference):
        print(part, flush=True)
    for failure in results.failures():
        print(f"\n{failure}", flush=True)


# The command line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for benchmark in BENCHMARKS.values():
        _add_benchmark(commands.add_parser(benchmark.name, help=benchmark.about), benchmark)
    table = commands.add_parser("table", help="the tables of what was measured before")
    table.add_argument("files", nargs="+", type=Path, metavar="FILE", help="lines of JSON")
    table.set_defaults(do=_join)
    for command in commands.choices.values():
        command.add_argument(
            "--reference",
            default="",
            choices=list(CONTENDERS),
            metavar="NAME",
            help="who the others are compared with",
        )
    return parser


def _add_benchmark(parser: argparse.ArgumentParser, benchmark: Benchmark) -> None:
    parser.set_defaults(do=_measure)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"{name:14}{what}" for name, what in benchmark.choices.items())
    parser.add_argument(
        "choices",
        nargs="*",
        metavar="CASE",
        type=_one_of(benchmark.choices),
        help="those below; all if none is named"
        + "".join(f", but for {name}" for name in benchmark.optional),
    )
    parser.add_argument(
        "--contenders",
        nargs="+",
        metavar="NAME",
        choices=list(benchmark.entries),
        help=", ".join(benchmark.entries),
    )
    _add_thoroughness(parser, benchmark)
    _add_places(parser)


def _add_thoroughness(parser: argparse.ArgumentParser, benchmark: Benchmark) -> None:
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help=f"of each contender at a case (default {benchmark.processes})",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="a share of the steps, or of sizes (default 1)"
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="after which a process is given up (default 600)",
    )


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--environments",
        type=Path,
        default=FOLDER,
        metavar="FOLDER",
        help="where environments are looked for and made (default benchmarks/.venvs)",
    )
    parser.add_argument(
        "--environment",
        type=_named_folder,
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="an environment that exists (may be given several times): "
        + ", ".join(dict.fromkeys(c.environment.name for c in CONTENDERS.values())),
    )
    parser.add_argument(
        "--launcher",
        default="",
        metavar="WORDS",
        help="what starts several processes of MPI (default: mpiexec of the environment)",
    )
    parser.add_argument("--offline", action="store_true", help="make no environments")
    parser.add_argument(
        "--lines",
        type=Path,
        metavar="FILE",
        help="where lines of JSON are added (default: a new file in benchmarks/results)",
    )


def _one_of(choices: Iterable[str]):
    # With `choices`, argparse refuses an empty list.
    def checked(name: str) -> str:
        if name not in choices:
            raise argparse.ArgumentTypeError(f"there is no {name!r}, but {', '.join(choices)}")
        return name

    return checked


def _named_folder(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER")
    return name, folder


if __name__ == "__main__":
    main()
