"""Mutations: each takes a random generator and something good, and returns something bad."""

from __future__ import annotations

import copy
import io
import json
import struct
import warnings
import zipfile

import h5py
import numpy as np
import yaml

NAMES = [
    *("Dense", "Lambda", "Model", "Sequential", "LSTM", "TimeDistributed", "Bidirectional"),
    *("Layer", "InputLayer", "RNN", "StackedRNNCells", "mse", "relu", "l2", "Zeros", "MaxNorm"),
    "deserialize",
    *("get", "Any", "Family", "np", "K", "os.system", "__builtins__", "builtins", "eval", "exec"),
    *("__class__", "__init__", "__import__", "subprocess.Popen", "../../etc/passwd", "/etc/passwd"),
    *("keras.utils.get_file", "keras.src.models.model", "tensorflow", "TFSMLayer", "StringLookup"),
]
ADDED = ["function_type", "module", "registered_name", "shared", "unroll", "build_config"]
VALUES = [
    *(None, True, False, 0, 1, -1, 2, 255, 2**31, -(2**31), 2**63, 10**12, 10**30, -0.5, 1e308),
    *(float("nan"), float("inf"), "", "a", "x" * 5000, "\0", "\ud800", "ä/é", [], {}, [[]], [None]),
    *([1, 2, 3], {"a": 1}, {"class_name": "Dense"}, {"class_name": "Dense", "config": {}}),
    *({"class_name": "Lambda", "config": {"function": "os.system"}}, [10**9, 10**9], [[[[[[1]]]]]]),
]


def _places(value, found):
    """All (container, key) in nested dicts and lists."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, item in items:
        found.append((value, key))
        if isinstance(item, (dict, list)):
            _places(item, found)
    return found


def _other(r, config):
    kind = r.randrange(4)
    if kind == 0:
        return r.choice(NAMES)
    if kind == 1:
        container, key = r.choice(_places(config, []))
        return copy.deepcopy(container[key])
    if kind == 2:
        value = copy.deepcopy(r.choice(VALUES))
        for _ in range(r.choice([1, 5, 150])):
            value = [value]
        return value
    return copy.deepcopy(r.choice(VALUES))


def configuration(r, config):
    """A configuration in which one to four places are changed."""
    config = copy.deepcopy(config)
    for _ in range(r.randint(1, 4)):
        places = _places(config, [])
        if not places:
            break
        container, key = r.choice(places)
        kind = r.randrange(8)
        if kind == 0:
            del container[key]
        elif kind == 1 and isinstance(container, dict):
            container[r.choice([*NAMES, *list(container), "shared", "name"])] = container.pop(key)
        elif kind == 2 and isinstance(container, list):
            container += copy.deepcopy(container) * r.choice([1, 3])
        elif kind == 3 and isinstance(container, list):
            r.shuffle(container)
        elif kind == 4 and isinstance(container, dict):
            container[r.choice(ADDED)] = _other(r, config)
        else:
            container[key] = _other(r, config)
    return config


def text(r, whole):
    """A text with a few places cut, doubled or replaced."""
    for _ in range(r.randint(1, 3)):
        at, length = r.randrange(len(whole) + 1), r.choice([1, 1, 3, 20])
        kind = r.randrange(6)
        inserted = [
            "",
            whole[at : at + 30],
            r.choice('{}[]",:0-&*!e'),
            r.choice(["NaN", "1e999", "[" * 3000, '{"a":' * 1500, "9" * 5000, '"\\ud800"']),
            r.choice(["&a [*a]", "<<: *a", "!!python/object/apply:os.system [x]", "!!binary AA=="]),
            chr(r.choice([0, 9, 127, 0xFFFD, 0x1F600])),
        ][kind]
        whole = whole[:at] + inserted + whole[at + (length if kind != 1 else 0) :]
    return whole


def as_json(r, config):
    """JSON text of a model that is none, or another one."""
    kind = r.randrange(4)
    written = json.dumps(config if kind == 0 else configuration(r, config))
    return text(r, written) if kind < 2 else written


def as_yaml(r, config):
    """YAML text of a model that is none, or another one."""
    kind = r.randrange(4)
    value = config if kind == 0 else configuration(r, config)
    plain = json.dumps(value)
    try:
        written = yaml.safe_dump(json.loads(plain), allow_unicode=True)
    except RecursionError:
        written = plain  # JSON is YAML
    return text(r, written) if kind < 2 else written


# HDF5

WORDS = [0, 1, 7, 8, 2**16 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, 2**64 - 16, 96, 2048]


def bytes_of(r, content):
    """The bytes of a file with a few of them changed."""
    content = bytearray(content)
    for _ in range(r.choice([1, 1, 2, 5, 30])):
        at = r.randrange(len(content))
        kind = r.randrange(8)
        if kind == 0:
            content[at] ^= 1 << r.randrange(8)
        elif kind == 1:
            content[at : at + 64] = bytes(len(content[at : at + 64]))
        elif kind == 2:
            content[at] = r.randrange(256)
        elif kind == 3:
            at -= at % 8
            _put(content, at, struct.pack("<Q", r.choice(WORDS)))
        elif kind == 4:
            source = r.randrange(len(content)) // 8 * 8
            _put(content, at // 8 * 8, bytes(content[source : source + r.choice([8, 8, 24, 200])]))
        elif kind == 5:
            at = max(content.find(r.choice([b"GCOL", b"TREE", b"SNOD", b"HEAP"]), at), 0)
            _put(content, at + r.randrange(64), struct.pack("<Q", r.choice(WORDS)))
        elif kind == 6:
            at = max(content.find(r.choice([b"TREE", b"SNOD", b"HEAP", b"GCOL"])), 0)
            _put(content, at + r.randrange(200), bytes([r.randrange(256)]))
        elif r.random() < 0.2:
            del content[r.randrange(len(content)) :]
            content += bytes(1)
    return bytes(content)


def _put(content, at, new):
    content[at : at + len(new)] = new[: len(content) - at]


def structure_of(r, content):
    """A well-formed file whose groups, arrays and attributes are not what they should be."""
    image = io.BytesIO(content)
    with h5py.File(image, "r+") as file:
        for _ in range(r.randint(1, 3)):
            try:
                _change(r, file)
            except (ValueError, TypeError, OSError, LookupError, RuntimeError, MemoryError):
                continue  # HDF5 itself refuses to write some of it
    return image.getvalue()


# Archives and folders


def archive_of(r, content):
    """A zip of which a member is changed, or missing, or said to be another one."""
    if r.randrange(6) == 0:
        return bytes_of(r, content)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    changed = [(name, _member(r, name, members[name])) for name in members]
    kind = r.randrange(8)
    if kind == 0:
        del changed[r.randrange(len(changed))]
    elif kind == 1:
        changed.append(r.choice(changed))
    elif kind == 2:
        changed.append(
            (r.choice(["/etc/x", "../x", "assets/x", "x" * 999, "metadata.json/x"]), b"x")
        )
    return _zipped(r, changed)


def _member(r, name, content):
    if r.randrange(2):
        return content
    if name.endswith(".json"):
        return as_json(r, json.loads(content)).encode("utf-8", "surrogatepass")
    return r.choice([bytes_of, structure_of])(r, content)


def _zipped(r, members):
    image = io.BytesIO()
    packing = r.choice([zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    packing = r.choice([packing, packing, packing, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    with warnings.catch_warnings(), zipfile.ZipFile(image, "w", packing) as file:
        warnings.simplefilter("ignore")  # about names that stand twice
        for name, content in members:
            file.writestr(name, content + bytes(2**26 if r.random() < 0.01 else 0))
    content = bytearray(image.getvalue())
    if r.randrange(4) == 0:  # a size in the directory
        at = max(content.find(b"PK\1\2", r.randrange(len(content))), 0)
        _put(content, at + r.choice([20, 24, 42]), struct.pack("<I", r.choice(WORDS) % 2**32))
    return bytes(content)


def folder_of(r, files):
    """Files of a TensorFlow.js folder, some of them changed."""
    files = dict(files)
    described = json.loads(files["model.json"])
    part = r.choice([described, described["modelTopology"], described["weightsManifest"]])
    if r.randrange(4):
        changed = json.dumps(configuration(r, part))
        written = json.dumps(described).replace(json.dumps(part), changed)
        written = text(r, written) if r.randrange(4) == 0 else written
        files["model.json"] = written.encode("utf-8", "surrogatepass")
    name = r.choice([name for name in files if name != "model.json"])
    if r.randrange(3) == 0:
        files[name] = r.choice([files[name][:-4], files[name] * 2, bytes_of(r, files[name]), b""])
    if r.randrange(8) == 0:
        del files[name]
    return files


def _change(r, file):
    groups, arrays = [file], []
    file.visititems(lambda _, node: (arrays if hasattr(node, "dtype") else groups).append(node))
    kind = r.randrange(4)
    if kind == 0 and arrays:
        _replace(r, r.choice(arrays), groups)
    elif kind == 1:
        _replace(r, r.choice([*groups[1:], *arrays]), groups)
    else:
        _attribute(r, r.choice(groups), kind)


def _replace(r, node, groups):
    parent, name = node.parent, node.name.rpartition("/")[2]
    shape = getattr(node, "shape", (3,))
    del parent[name]
    kind = r.randrange(15)
    if kind == 0:
        return
    if kind == 1:
        parent.create_group(name)
    elif kind == 2:
        parent[name] = h5py.SoftLink(r.choice(["/", "/nowhere", groups[-1].name]))
    elif kind == 3:
        parent[name] = h5py.ExternalLink(r.choice(["/etc/passwd", "other.h5", "/dev/zero"]), "/x")
    elif kind == 4:
        parent[name] = r.choice(groups)
    elif kind == 5:
        parent.attrs[name] = np.ones(min(int(np.prod(shape)), 50))
    elif kind == 6:
        parent.create_dataset(name, (10**6, 10 ** r.randrange(1, 12)), "f4", chunks=(10, 10))
    elif kind == 7:
        parent.create_dataset(name, shape, "f4", chunks=(2**10, 2**14)[: len(shape)], maxshape=None)
    elif kind == 8:
        parent.create_dataset(name, data=np.zeros(2**22), compression="gzip", compression_opts=9)
    elif kind == 9:
        parent.create_dataset(name, (50,), "u1", external=[("/etc/passwd", 0, 50)])
    elif kind == 10:
        layout = h5py.VirtualLayout(shape, "f4")
        layout[...] = h5py.VirtualSource("/etc/passwd", "x", shape)
        parent.create_virtual_dataset(name, layout)
    elif kind == 11:
        parent[name] = np.array(r.choice([b"abc", "text", 3, 1 + 2j, [b"a", b"bc"]]))
    elif kind == 12:
        dtype = r.choice([h5py.ref_dtype, h5py.string_dtype(), h5py.vlen_dtype("f4"), "V16", "c8"])
        parent.create_dataset(name, shape, dtype)
    elif kind == 13:
        filters = r.choice([{"scaleoffset": 2}, {"compression": "lzf"}, {"fletcher32": True}])
        parent.create_dataset(name, data=np.ones(shape, "f4"), **filters)
    else:
        twice = tuple(2 * size for size in shape)
        wrong = [tuple(reversed(shape)), (*shape, 1), (), (0,), shape[:-1], twice]
        dtype = r.choice(["f8", "i1", "?", "f2"])
        parent.create_dataset(name, data=np.ones(r.choice(wrong), dtype))


def _attribute(r, group, kind):
    names = list(group.attrs) or ["weight_names"]
    name = r.choice(names)
    value = group.attrs.get(name, b"")
    if kind == 2 and name.endswith("_config"):
        group.attrs[name] = as_json(r, json.loads(value))
        return
    del group.attrs[name]
    kind = r.randrange(9)
    if kind == 0:
        return
    if kind == 1:
        group[name] = np.ones(3)
    elif kind == 2:
        group.attrs[name] = list(value) * 2 if isinstance(value, np.ndarray) else b"x" * 9000
    elif kind == 3:
        group.attrs[name] = np.array(r.choice([3, 1.5, [1, 2], [[b"a"]], b"", 1j]))
    elif kind == 4:
        group.attrs[name] = h5py.Empty("f4")
    elif kind == 5:
        group.attrs[name] = [r.choice([*NAMES, "a" * 3000, ".", "..", "/", "dense/../x"])] * 3
    elif kind == 6:
        group.attrs[name] = np.array([b"\xff\xfe", b"\xc3"], "S2")
    elif kind == 7:
        ragged = np.empty(1, object)
        ragged[0] = np.ones(3, "f4")
        group.attrs.create(name, ragged, dtype=h5py.vlen_dtype("f4"))
    else:
        group.attrs[name] = group.ref
