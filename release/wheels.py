"""What lies in a wheel."""

from __future__ import annotations

import zipfile
from email import message_from_bytes
from email.message import Message
from functools import cached_property
from pathlib import Path


class Wheel:
    """A wheel that was built, and the folder whose files it has.

    Attributes:
        path: of the wheel.
        source: folder of its `pyproject.toml`, relative to the repository.
    """

    def __init__(self, path: Path, source: Path):
        self.path = path
        self.source = source

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The content of each file."""
        with zipfile.ZipFile(self.path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    @property
    def package(self) -> str:
        """Name of the package that it brings."""
        return self.path.name.partition("-")[0]

    @property
    def info(self) -> str:
        """Name of the folder of its metadata."""
        return f"{'-'.join(self.path.name.split('-')[:2])}.dist-info"

    @cached_property
    def metadata(self) -> Message:
        return message_from_bytes(self.files[f"{self.info}/METADATA"])

    @property
    def name(self) -> str:
        return self.metadata["Name"]

    @property
    def version(self) -> str:
        return self.metadata["Version"]

    def all(self, field: str) -> list[str]:
        """The values of a field of the metadata that may stand there several times."""
        return self.metadata.get_all(field, [])

    @property
    def readme(self) -> str:
        text = self.metadata.get_payload(decode=True)
        assert isinstance(text, bytes)
        return text.decode("utf-8")
