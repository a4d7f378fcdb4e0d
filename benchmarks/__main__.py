"""Measures keras_core and its backends beside other libraries, and prints ratios.

    python -m benchmarks                       everything; takes some minutes
    python -m benchmarks mlp_fit predict_1     some workloads
    python -m benchmarks --quick --without tf-keras

Each contender runs in a process of its own, in turns, so that a change in the computer's speed
meets all of them. A ratio is the median over the rounds of (contender / keras-numpy), so above 1
means that keras-numpy is faster; below the table stand those of two libraries on one engine. Only
ratios carry over to other computers. The contenders on Theano need Python 3.7 and 3.10, a C++
compiler and OpenBLAS (Debian: libopenblas-dev).
"""

from __future__ import annotations

import argparse

from benchmarks.contenders import CONTENDERS, WORKLOADS, Contender
from benchmarks.environments import NoInterpreter, interpreter_of
from benchmarks.report import table
from benchmarks.rounds import measure


def main() -> None:
    """Parses the command line, measures and prints."""
    chosen = _parser().parse_args()
    interpreters = _interpreters([c for c in CONTENDERS if c.name not in chosen.without])
    contenders = [c for c in CONTENDERS if c.name in interpreters]
    rounds = chosen.rounds or (2 if chosen.quick else 5)
    for name in chosen.workloads or WORKLOADS:
        entered = [c for c in contenders if name in c.workloads]
        results = measure(name, entered, interpreters, rounds, chosen.quick)
        print(table(WORKLOADS[name], results), flush=True)


def _interpreters(contenders: list[Contender]) -> dict[str, str]:
    """The Python of each contender that can take part."""
    found = {}
    for contender in contenders:
        try:
            found[contender.name] = interpreter_of(contender.environment)
        except NoInterpreter as reason:
            print(f"Without {contender.name}: {reason}.", flush=True)
    return found


def _workload(name: str) -> str:
    if name not in WORKLOADS:
        raise argparse.ArgumentTypeError(f"there is no {name!r}, but {', '.join(WORKLOADS)}")
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", type=_workload, help=", ".join(WORKLOADS)
    )
    parser.add_argument("--rounds", type=int, help="turns of each contender (default 5, quick 2)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps, two rounds")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=[c.name for c in CONTENDERS[1:]],
        help="leave a contender out (may be given several times)",
    )
    return parser


main()
