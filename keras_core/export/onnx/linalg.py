"""Products of matrices and tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

from keras_core.export.onnx.tracing import Lowering, Site


def _lower_dot(site: Site, a: str, b: str) -> str:
    ranks = [x.ndim for x in site.inputs]
    (contract_a, contract_b), (batch_a, batch_b) = site.params["contract"], site.params["batch"]
    free_b = _free(ranks[1], contract_b, batch_b)
    free_a = _free(ranks[0], contract_a, batch_a)
    is_product = len(contract_a) == 1 and len(free_b) == 1 and (not batch_a or len(free_a) == 1)
    if not is_product:
        return site.add("Einsum", a, b, equation=_equation(site))
    a = site.writer.transpose(a, [*batch_a, *free_a, *contract_a])
    b = site.writer.transpose(b, [*batch_b, *contract_b, *free_b])
    return site.add("MatMul", a, b)


def _free(rank: int, contract: Sequence[int], batch: Sequence[int]) -> list[int]:
    return [axis for axis in range(rank) if axis not in (*contract, *batch)]


def _equation(site: Site) -> str:
    """The product in the notation of Einstein."""
    a, b = site.inputs
    letters = list(ascii_lowercase[: a.ndim])
    others = list(ascii_lowercase[a.ndim : a.ndim + b.ndim])
    contract, batch = site.params["contract"], site.params["batch"]
    for i, j in [*zip(*contract), *zip(*batch)]:
        others[j] = letters[i]
    result = [letters[i] for i in (*batch[0], *_free(a.ndim, contract[0], batch[0]))]
    result += [others[j] for j in _free(b.ndim, contract[1], batch[1])]
    return f"{''.join(letters)},{''.join(others)}->{''.join(result)}"


LOWERINGS: Mapping[str, Lowering] = {"dot": _lower_dot}
