"""Builds all distributions, checks them, and tries them in fresh environments.

    python -m release                    what is ready to be uploaded lies in dist/
    python -m release --python 3.12      on an interpreter of your choice; may be repeated

`docs/releases.md` says which step of a release this is.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from release import build, check, pages, trial
from release.processes import Failed
from release.wheels import Wheel

DIST = build.ROOT / "dist"


def main() -> int:
    """Returns 0 where all is well."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__.split("\n")[0])
    parser.add_argument("--python", action="append", metavar="VERSION", default=[])
    chosen = parser.parse_args()
    began = time.monotonic()
    try:
        wheels = _made()
        done = _tried(wheels, chosen.python or check.oldest_and_newest(wheels))
    except Failed as failure:
        print(f"\nNo release: {failure}", file=sys.stderr)
        return 1
    print(f"{len(wheels)} distributions, {done} trials: {time.monotonic() - began:.0f} s")
    print(f"They lie in {DIST.name}/.")
    return 0


def _made() -> list[Wheel]:
    """Builds and checks; what was in `dist/` goes."""
    for change in build.changes():
        print(f"Not committed: {change}")
    shutil.rmtree(DIST, ignore_errors=True)
    began = time.monotonic()
    wheels = build.build_all(DIST)
    print(f"built: {time.monotonic() - began:.0f} s")
    faults = [*check.faults(DIST, wheels), *pages.faults(DIST, wheels)]
    if faults:
        raise Failed("\n".join(["what was built is not right.", *faults]))
    print(f"checked: {', '.join(f'{w.name} {w.version}' for w in wheels)}")
    return wheels


def _tried(wheels: list[Wheel], pythons: list[str]) -> int:
    """Tries all combinations, two at a time, and returns how many there were."""
    combinations = [(python, numpy) for python in pythons for numpy in _numpys(wheels, python)]
    if not combinations:
        raise Failed("none of the interpreters is here; `--python` names others.")
    with ThreadPoolExecutor(2) as pool:
        for line in pool.map(lambda pair: trial.run_trial(DIST, wheels, *pair), combinations):
            print(line, flush=True)
    return len(combinations)


def _numpys(wheels: list[Wheel], python: str) -> list[str]:
    found = trial.numpys(wheels, python)
    if not found:
        print(f"SKIPPED: Python {python} is not here; what is built was not tried on it.")
    return found


if __name__ == "__main__":
    sys.exit(main())
