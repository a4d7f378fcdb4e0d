"""Structures of HDF5 files, changed so that their checksums are right again."""

from __future__ import annotations

import io
import random
import re
import struct
import sys

import h5py
import numpy as np

from keras_core.errors import ModelFileError
from keras_core.utils import hdf5_gate

_SIGNED = re.compile(
    rb"BTHD\0|BTIN\0|BTLF\0|FRHP\0|FHDB\0|FHIB\0|FAHD\0|FADB\0|EAHD\0|EAIB\0|EADB\0|EASB\0"
    rb"|OHDR\x02|OCHK|\x89HDF\r\n\x1a\n[\x02\x03]"
)
_PLAIN = re.compile(rb"TREE[\x00\x01]|SNOD\x01|HEAP\0")
_LONGEST = 640
_WORD = 2**32 - 1
WORDS = [0, 1, 2, 3, 7, 255, 2**15, 2**16 - 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1, 2**64 - 8]


def _turned(value, bits):
    return (value << bits | value >> (32 - bits)) & _WORD


def checksum(data: bytes) -> int:
    """The checksum of HDF5's metadata: Jenkins's third hash for lookups."""
    a = b = c = (0xDEADBEEF + len(data)) & _WORD
    words = struct.unpack(
        f"<{-(-len(data) // 12) * 3}I", data.ljust(-(-len(data) // 12) * 12, b"\0")
    )
    for at in range(0, len(words), 3):
        a, b, c = (a + words[at]) & _WORD, (b + words[at + 1]) & _WORD, (c + words[at + 2]) & _WORD
        if at + 3 < len(words):
            for bits in (4, 6, 8, 16, 19, 4):
                a = (a - c & _WORD) ^ _turned(c, bits)
                c = (c + b) & _WORD
                a, b, c = b, c, a
        elif words:
            for bits in (14, 11, 25, 16, 4, 14, 24):
                c = (c ^ b) - _turned(b, bits) & _WORD
                a, b, c = b, c, a
    return b


def parts(content: bytes) -> list:
    """Where structures begin, and where their checksums are; None for those that have none."""
    found = [(match.start(), None) for match in _PLAIN.finditer(content)]
    return found + [(m.start(), checksum_of(content, m.start())) for m in _SIGNED.finditer(content)]


def checksum_of(content: bytes, start: int) -> int | None:
    """Where the checksum of a structure is, None if it has none."""
    for at in range(start + 14, min(start + _LONGEST, len(content) - 3)):
        if struct.unpack_from("<I", content, at)[0] == checksum(content[start:at]):
            return at
    return None


def signed(content: bytes, part) -> bytes:
    """The content, with the checksum of a part made right."""
    start, at = part
    if at is None:
        return content
    return content[:at] + struct.pack("<I", checksum(content[start:at])) + content[at + 4 :]


def changed(r, content: bytes, known: list) -> bytes:
    """A file in which a place or two of structures say something else."""
    for _ in range(r.choice([1, 1, 1, 2, 4])):
        part = r.choice(known)
        start, end = part[0], part[1] or part[0] + 64
        form = r.choice("BHIQQQ")
        width = struct.calcsize(form)
        at = r.randrange(start + 4, max(end - width, start + 5))
        address = r.choice(known)[0]
        value = r.choice([*WORDS, address, address, start, start, r.randrange(256)])
        new = struct.pack(f"<{form}", value % 256**width)
        content = signed((content[:at] + new + content[at + width :])[: len(content)], part)
    return content


FORMS = [
    {"libver": "earliest"},
    {"libver": ("v108", "v108"), "track_order": True},
    {"libver": "latest"},
    {"libver": "latest", "track_order": True, "userblock_size": 512},
]
_PACKINGS = [{}, {"compression": "gzip"}, {"compression": "lzf", "shuffle": True}]
_MANY = 60


def sample(form: dict) -> bytes:
    """A file with each kind of index, of storage and of heap that h5py writes in a form."""
    image = io.BytesIO()
    with h5py.File(image, "w", **form) as file:
        _fill(file)
    return image.getvalue()


def _fill(file):
    few, many = file.create_group("few"), file.create_group("many")
    for number in range(_MANY):
        many[f"{number}"] = np.ones(2)
        many.attrs[f"a{number}"] = f"text {number}"
    few.attrs["names"] = np.array([b"abc", b"d"])
    few["up"], few["soft"] = file["/"], h5py.SoftLink("/many/1")
    file["type"] = np.dtype("f4")
    file.create_dataset("named", (3,), file["type"])
    for number, packing in enumerate(_PACKINGS):
        _fill_arrays(file.create_group(f"arrays{number}"), packing)


def _fill_arrays(group, packing):
    ones = np.ones((30, 4))
    group.create_dataset("single", data=ones, chunks=(30, 4), **packing)
    group.create_dataset("fixed", data=ones, chunks=(1, 4), **packing)
    group.create_dataset("grows", data=ones, chunks=(1, 4), maxshape=(None, 4), **packing)
    group.create_dataset("grows twice", data=ones, chunks=(1, 2), maxshape=(None, None), **packing)
    group.create_dataset("long", data=np.ones(300), chunks=(1,), maxshape=(None,), **packing)


def read_all(gate) -> dict:
    """All arrays and attributes that a gate gives, by their paths; errors where it refuses one."""
    found = {}
    for path, group, name in gate.walk():
        if _attempt(group.is_array, name) is True:
            found[path] = _attempt(group.array, name)
            continue
        inner = found[path] = _attempt(group.group, name)
        keys = _attempt(_keys, inner) if isinstance(inner, type(gate)) else []
        for key in keys if isinstance(keys, list) else ():
            found[f"{path}@{key}"] = _attempt(inner.attribute, key)
    return found


def _keys(gate):
    with gate._reading(""):
        return list(gate.node.attrs)


def _attempt(read, *arguments):
    try:
        return read(*arguments)
    except ModelFileError as error:
        return error


def outcomes_of(form: int, count: int = 25) -> set:
    """What becomes of forged files of one form: whether they can be read, or why not."""
    content = sample(FORMS[form])
    known, r = parts(content), random.Random(form)
    outcomes: set = set()
    for _ in range(count):
        try:
            gate = hdf5_gate.opened_content(changed(r, content, known), "s.h5")
            outcomes.add(bool(read_all(gate)))
        except ModelFileError as error:
            outcomes.add(error.reason)
    return outcomes


if __name__ == "__main__":
    print(len(outcomes_of(int(sys.argv[1]))))
