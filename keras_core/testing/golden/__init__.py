"""Numbers that Keras 2.3.1 computed, and what replays them: `data/README.md` tells the origin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class GoldenCase:
    """One use of a layer, a function, an optimizer or a model, with inputs and results.

    Attributes:
        family: name of the file that it stands in.
        record: the case as the file tells it; arrays are named.
    """

    family: str
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name for limitations: family and identifier."""
        return f"{self.family}/{self.record['id']}"

    def facts(self) -> dict[str, str]:
        """What somebody is told who looks for a fault: the record, with shapes for arrays."""
        record = {key: value for key, value in self.record.items() if key != "id"}
        return {key: repr(self._shapes(value)) for key, value in record.items()}

    def _shapes(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._shapes(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._shapes(one) for one in value]
        array = _arrays(self.family).get(value) if isinstance(value, str) else None
        return value if array is None else _Shape(f"{array.dtype}{array.shape}")

    def __getitem__(self, key: str) -> Any:
        return self.arrays(self.record[key])

    def get(self, key: str) -> Any:
        """The value of a field with arrays in place of their names; None where there is none."""
        return self.arrays(self.record.get(key))

    def arrays(self, value: Any) -> Any:
        """`value` with arrays in place of their names."""
        if isinstance(value, dict):
            return {key: self.arrays(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.arrays(one) for one in value]
        if isinstance(value, str):
            return _arrays(self.family).get(value, value)
        return value


class _Shape(str):
    """An array's dtype and shape, shown without quotes."""

    def __repr__(self) -> str:
        return str(self)


def golden_cases(family: str) -> list[GoldenCase]:
    """The cases of a family, in the order of its file."""
    text = (_DATA / f"{family}.json").read_text(encoding="utf-8")
    return [GoldenCase(family, record) for record in json.loads(text)["cases"]]


@cache
def _arrays(family: str) -> Mapping[str, np.ndarray]:
    with np.load(_DATA / f"{family}.npz") as archive:
        return dict(archive)
