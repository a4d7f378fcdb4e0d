"""Callbacks that keep or show the values of a run."""

from __future__ import annotations

import csv
import json
import os
import warnings
from collections.abc import Iterable
from collections.abc import Iterable as IterableABC
from contextlib import suppress
from typing import Any

import numpy as np

from keras_core.callbacks.base import Callback, Logs, check_path, other_spelling
from keras_core.utils.io_utils import check_folder
from keras_core.utils.progbar import Progbar


class BaseLogger(Callback):
    """Puts the epoch's values into the logs of its end: means weighted by batch size.

    Args:
        stateful_metrics: names of metrics that accumulate by themselves; their last value counts.

    Example:
        >>> logger, logs = callbacks.BaseLogger(), {}
        >>> logger.set_params({"metrics": ["loss"]})
        >>> logger.on_epoch_begin(0)
        >>> logger.on_batch_end(0, {"size": 3, "loss": 1.0})
        >>> logger.on_batch_end(1, {"size": 1, "loss": 5.0})
        >>> logger.on_epoch_end(0, logs)
        >>> float(logs["loss"])
        2.0
    """

    _kept = ("seen", "totals")

    def __init__(self, stateful_metrics: Iterable[str] | None = None) -> None:
        super().__init__()
        self.stateful_metrics: set[str] = set(stateful_metrics or ())

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.seen: int = 0
        self.totals: dict[str, float] = {}

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        size = logs.get("size", 0)
        self.seen += size
        totals = self.totals
        for name, value in logs.items():
            if name in self.stateful_metrics:
                totals[name] = float(value)
            else:
                totals[name] = totals.get(name, 0.0) + float(value) * size

    def on_batches_end(self, count: int, logs: Logs) -> None:
        """Takes several batches at once: their samples, the mean loss, the last metrics."""
        self.on_batch_end(count, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is None:
            return
        for name in self.params["metrics"]:
            if name in self.stateful_metrics and name in self.totals:
                logs[name] = self.totals[name]
            elif name in self.totals:
                logs[name] = np.float64(self.totals[name]) / self.seen


class ProgbarLogger(Callback):
    """Shows the progress of training on standard output.

    Args:
        count_mode: `'samples'` or `'steps'`, what the bar counts.
        stateful_metrics: names of metrics to show as they stand instead of as means.

    Raises:
        ValueError: `count_mode` is neither of the two.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.zeros((4, 1)), np.zeros((4, 1))
        >>> history = model.fit(x, y, verbose=2)  # has `fit` use one
        Epoch 1/1
         - ...s - loss: 0.0000e+00
    """

    _kept = ("seen",)

    def __init__(
        self, count_mode: str = "samples", stateful_metrics: Iterable[str] | None = None
    ) -> None:
        super().__init__()
        if count_mode not in ("samples", "steps"):
            raise ValueError(
                f"ProgbarLogger: count_mode is {count_mode!r}; write 'samples' or 'steps'."
            )
        self.use_steps: bool = count_mode == "steps"
        self.stateful_metrics: set[str] = set(stateful_metrics or ())

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.verbose: int = self.params["verbose"]
        self.epochs: int = self.params["epochs"]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.target: Any = self.params["steps" if self.use_steps else "samples"]
        self.seen: int = 0
        self.log_values: list[tuple[str, Any]] = []
        if self.verbose:
            print(f"Epoch {epoch + 1}/{self.epochs}")
            self.progbar: Progbar = Progbar(
                self.target, verbose=self.verbose, stateful_metrics=self.stateful_metrics
            )

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        if self.seen < self.target:
            self.log_values = []

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(1, logs or {})

    def on_batches_end(self, count: int, logs: Logs) -> None:
        """Takes several batches at once: their samples, the mean loss, the last metrics."""
        self.on_batch_begin(count, logs)
        self._advance(count, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._collect(logs or {})
        if self.verbose:
            self.progbar.update(self.seen, self.log_values, finalize=True)

    def _advance(self, batches: int, logs: Logs) -> None:
        self.seen += batches if self.use_steps else logs.get("size", 0)
        self._collect(logs)
        # The last batch is drawn at the epoch's end, together with the validation's values.
        if self.verbose and self.seen < self.target:
            self.progbar.update(self.seen, self.log_values)

    def _collect(self, logs: Logs) -> None:
        self.log_values += [(name, logs[name]) for name in self.params["metrics"] if name in logs]


class _Values(dict):
    """Lists by name, where that of an accuracy is found by its other spelling too."""

    def __missing__(self, name: Any) -> Any:
        other = other_spelling(name) if isinstance(name, str) else None
        if other not in self:
            raise KeyError(name)
        return self[other]


class History(Callback):
    """Keeps the values of every epoch; `fit` returns it.

    Attributes:
        epoch: list of the epochs' indices, from 0.
        history: dict from a value's name to the list of its values; 'accuracy' is found as 'acc'
            too, and the reverse.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> history = model.fit(np.zeros((4, 1)), np.zeros((4, 1)), epochs=2, verbose=0)
        >>> history.epoch, sorted(history.history)
        ([0, 1], ['loss', 'mae'])
    """

    _kept = ("epoch", "history")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = _Values()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(_as_python(value))

    def _repr_html_(self) -> str | None:
        """What a notebook shows of the training: its values, epoch by epoch."""
        from keras_core.utils import notebook

        values = getattr(self, "history", None)
        return notebook.plots(values, self.epoch) if values else None


def _as_python(value: Any) -> Any:
    """A number of NumPy as one of Python, which JSON can hold; other things unchanged."""
    is_number = isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0
    return value.item() if is_number else value


class CSVLogger(Callback):
    """Writes the values of every epoch into a CSV file, a row an epoch, names sorted.

    Args:
        filename: path of the file.
        separator: what stands between two values.
        append: True adds to an existing file, but for a last line that a crash has cut off, and
            keeps to its columns; False begins a new one.

    Raises:
        FileNotFoundError: before training, when the folder is missing.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.zeros((4, 1)), np.zeros((4, 1))
        >>> _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[callbacks.CSVLogger("log.csv")])
        >>> with open("log.csv") as file:
        ...     print(file.read().strip())
        epoch,loss
        0,0.0
        1,0.0
    """

    writes = True

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        check_path("CSVLogger: filename", filename)
        if not isinstance(separator, str) or len(separator) != 1:
            raise TypeError(f"CSVLogger: separator is {separator!r}; give one character.")
        self.sep = separator
        self.filename = filename
        self.append = append
        self.file_flags = ""
        self.writer: Any = None
        self.keys: list[str] | None = None
        self._columns: list[str] | None = None
        self.append_header: bool = True
        self.csv_file: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        check_folder(self.filename)
        appends = self.append or self.params.get("resumes", False)
        columns: list[str] = []
        if appends:
            _drop_half_line(self.filename)
            columns = _first_row(self.filename, self.sep)
            self.append_header = not columns
        # A first row that is no header stays what it is: rows of values follow it.
        self._columns = columns[1:] if columns[:1] == ["epoch"] else None
        self.csv_file = open(self.filename, "a" if appends else "w", newline="")  # noqa: SIM115

    def get_state(self) -> dict[str, Any]:
        return {"keys": self.keys, "length": os.fstat(self.csv_file.fileno()).st_size}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on behind the rows that the file had then."""
        self.keys = state["keys"]
        length = min(state["length"], os.path.getsize(self.filename))
        self.csv_file.truncate(length)
        self.append_header = not length

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = self._keys_for(logs)
        if self.writer is None:
            self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep)
            if self.append_header:
                self.writer.writeheader()
        # After an early stop an epoch may lack the validation's values.
        row = {name: _cell(logs.get(name, "NA")) for name in self.keys}
        self.writer.writerow({"epoch": epoch, **row})
        self.csv_file.flush()

    def _keys_for(self, logs: Logs) -> list[str]:
        """The columns that the file has already, or else the names of the values."""
        if self._columns is None:
            return sorted(logs)
        left_out = sorted(set(logs) - set(self._columns))
        if left_out:
            warnings.warn(
                f"CSVLogger: {os.fspath(self.filename)} has the columns "
                f"{', '.join(self._columns)}, so there is no place for {', '.join(left_out)}. Give "
                "another filename to keep these, too.",
                stacklevel=3,
            )
        return self._columns

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.csv_file.close()
        self.writer = None

    def __del__(self) -> None:
        if getattr(self, "csv_file", None) is not None:
            with suppress(OSError):  # what could not be written has been told of
                self.csv_file.close()


def _drop_half_line(path: Any) -> None:
    if not os.path.isfile(path):
        return
    with open(path, "rb+") as file:
        text = file.read()
        file.truncate(text.rfind(b"\n") + 1)


def _first_row(path: Any, separator: str) -> list[str]:
    """The cells of the first row; none where there is no file or nothing in it."""
    if not os.path.isfile(path):
        return []
    with open(path, newline="") as file:
        return next(csv.reader(file, delimiter=separator), [])


def _cell(value: Any) -> Any:
    if isinstance(value, (str, np.generic)) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"' if isinstance(value, IterableABC) else value


class RemoteMonitor(Callback):
    """Posts the values of every epoch to a web server; needs the `requests` package.

    A server that cannot be reached gives a warning, and training goes on. Form fields hold NaN and
    infinities as Python writes them, JSON texts null.

    Args:
        root: address of the server.
        path: path under `root`.
        field: name of the form's field that holds the JSON text.
        headers: dict of HTTP headers, or None.
        send_as_json: True posts the JSON text itself instead of a form.

    Raises:
        ImportError: before training, where `requests` is missing.
    """

    writes = True

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_train_begin(self, logs: Logs | None = None) -> None:
        _requests()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        requests = _requests()
        url, message = self.root + self.path, {"epoch": epoch, **_plain(logs or {})}
        try:
            if self.send_as_json:
                requests.post(url, json=_in_json(message), headers=self.headers)
            else:
                requests.post(url, {self.field: json.dumps(message)}, headers=self.headers)
        except requests.exceptions.RequestException as error:
            warnings.warn(
                f"RemoteMonitor could not reach {self.root}: {error}. Training goes on.",
                stacklevel=2,
            )


def _requests() -> Any:
    try:
        import requests
    except ImportError as error:
        raise ImportError(
            "RemoteMonitor needs the requests package: pip install requests."
        ) from error
    return requests


def _plain(value: Any) -> Any:
    """A value with the numbers of NumPy in it as those of Python; an array of one as a number."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.item() if value.size == 1 else value.tolist()
    return value


def _in_json(value: Any) -> Any:
    """A plain value; null in place of numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {name: _in_json(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_in_json(entry) for entry in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
