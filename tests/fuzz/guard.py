"""A hook that sees what Python does for a file, and tells what it must not do."""

from __future__ import annotations

import os
import sys

# Each with all events whose names begin so.
FORBIDDEN = (
    *("exec", "compile", "marshal.load", "code.__new__", "pickle.", "ctypes."),
    *("import", "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn"),
    *("os.spawn", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.putenv"),
    *("shutil.", "urllib.", "http.", "ftplib.", "glob.", "os.listdir", "os.scandir", "webbrowser."),
)


def _callers() -> set[str]:
    frame, names = sys._getframe(1), set()
    while frame:
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    return names


class Guard:
    """Notes forbidden events while it is armed.

    Args:
        allowed: the files that may be opened.
    """

    def __init__(self) -> None:
        self.allowed: frozenset[str] = frozenset()
        self.armed = False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def watch(self, allowed: frozenset[str]) -> None:
        """Begins to watch; these files may be opened."""
        self.allowed, self.seen, self.armed = allowed, [], True

    def rest(self) -> list[str]:
        """Stops watching, and returns what was seen."""
        self.armed = False
        return self.seen

    def _hook(self, event: str, arguments: tuple) -> None:
        if not self.armed:
            return
        if event == "open":
            self._see_open(arguments[0])
        elif event.startswith(FORBIDDEN) and not self._is_own(event, arguments):
            self.seen.append(f"{event} {str(arguments)[:200]}")

    def _see_open(self, path: object) -> None:
        if isinstance(path, (str, bytes)) and os.path.abspath(os.fsdecode(path)) in self.allowed:
            return
        if not isinstance(path, int):
            self.seen.append(f"open {path!r}"[:200])

    @staticmethod
    def _is_own(event: str, arguments: tuple) -> bool:
        """Modules of this program may be imported at first use, and `inspect` reads signatures of
        Python's own functions by compiling them; a file names neither."""
        if event == "compile":
            return "_signature_fromstr" in _callers()
        return event == "import" and arguments[0] in sys.modules
