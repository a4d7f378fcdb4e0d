"""The first layout of weights, of Keras before 1.0: layers and arrays by their number alone."""

from __future__ import annotations

import numpy as np

from keras_core.utils.io_utils import H5Dict

# The list of names of the later layout, to the number that stands here, and the names it means.
_NUMBERS = {
    "layer_names": ("nb_layers", "layer_{}"),
    "weight_names": ("nb_params", "param_{}"),
}


def named(group: H5Dict) -> H5Dict:
    """A group of weights that answers in the words of the later layout.

    Args:
        group: H5Dict of weights in either layout.
    """
    return Numbered(group.gate, "r") if is_numbered(group) else group


def is_numbered(group: H5Dict) -> bool:
    """Whether a group of weights is in the first layout."""
    return group.file is not None and group.gate.has_attribute("nb_layers")


class Numbered(H5Dict):
    """A group whose lists of names follow from their numbers."""

    def names(self, key: str) -> list[str]:
        """What the list of a name would hold.

        Raises:
            ModelFileError: if the number is missing, or no number of what is there.
        """
        number, name = _NUMBERS[key]
        return [name.format(place) for place in range(self._count(number))]

    def group(self, key: str) -> H5Dict:
        """An inner group, in the same layout.

        Raises:
            ModelFileError: if it is missing or something else.
        """
        return Numbered(self.gate.group(key), "r")

    def _count(self, key: str) -> int:
        found = np.asarray(self._described(key))
        if found.ndim or found.dtype.kind not in "iu" or not 0 <= found <= len(self):
            raise self.wrong("the number of what stands beside it was expected.", key)
        return int(found)
