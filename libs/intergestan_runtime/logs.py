"""The log of a process: one event a line on standard error, as JSON for machines or as text for people.

Everything goes through one formatter, ours and what libraries say through `logging`; with `catch_all` also warnings,
exceptions that nobody caught, and what is written on the standard streams. `bind` adds names to every line that is
logged inside it: ``with bind(transfer=..., orders=...):``.
"""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
import warnings
from collections.abc import MutableMapping
from io import StringIO
from typing import Any, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars as bind

from intergestan_runtime.rarely import QuietLibrary
from intergestan_runtime.visible_text import VisibleStream, in_one_line, visible

__all__ = ["EventHandler", "bind", "catch_all", "configure", "writes_json"]

_SECRET = re.compile(r"password|passphrase|secret|token|private_key|authorization", re.IGNORECASE)
_MASK = "***"

EventDict = MutableMapping[str, Any]


def configure(
    service: str,
    *,
    form: Literal["auto", "json", "console"] = "auto",
    level: str = "INFO",
    stream: TextIO | None = None,
) -> None:
    """Send every log of this process to `stream` (standard error), each line with the service's name.

    May be called again; the last call counts. `form` "auto" is console on a terminal, else json.
    """
    stream = stream or sys.stderr
    if isinstance(stream, _Lines):
        stream = stream.beneath
    if isinstance(stream, VisibleStream):
        stream = stream.unmarked  # texts are marked before they are coloured
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(service),
        mask_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = EventHandler(stream)
    handler.is_json = _is_json(form, stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(stream, as_json=handler.is_json),
            ],
        )
    )
    handler.addFilter(QuietLibrary("dramatiq"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def writes_json() -> bool:
    """Whether the log is for machines, by the last `configure`."""
    return any(isinstance(handler, EventHandler) and handler.is_json for handler in logging.getLogger().handlers)


def catch_all() -> None:
    """From now on whatever this process has to say is an event of its log. For a process that is a service as a whole.

    What remains is what the interpreter writes while it breaks down (`faulthandler`), since nothing of it runs then.
    """
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable
    sys.stdout = _Lines("stdout", sys.stdout)
    sys.stderr = _Lines("stderr", sys.stderr)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """`warnings.showwarning`."""
    del file, line
    where = f"{filename}:{lineno}"
    structlog.get_logger("py.warnings").warning(str(message), category=category.__name__, where=where)


def _uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """`sys.excepthook`."""
    structlog.get_logger(__name__).critical("Nobody caught an error; the process ends.", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    """`threading.excepthook`."""
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread is not None else None
    error = args.exc_value or args.exc_type()
    trace = (args.exc_type, error, args.exc_traceback)
    structlog.get_logger(__name__).error("Nobody caught an error; a thread ends.", thread=name, exc_info=trace)


def _unraisable(args: Any) -> None:
    """`sys.unraisablehook`: of a destructor, say."""
    error = args.exc_value or args.exc_type()
    trace = (args.exc_type, error, args.exc_traceback)
    structlog.get_logger(__name__).error(
        args.err_msg or "An error could not be passed on.", about=repr(args.object)[:200], exc_info=trace
    )


class _Lines(io.TextIOBase):
    """A standard stream whose lines are events of the log. :ivar beneath: the stream itself."""

    def __init__(self, name: str, beneath: TextIO) -> None:
        self.beneath = beneath
        self._name = name
        self._lock = threading.RLock()
        self._begun = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return self.beneath.encoding

    def write(self, text: str) -> int:
        """Log the lines that are whole."""
        with self._lock:
            *lines, self._begun = (self._begun + text).split("\n")
        self._log(lines)
        return len(text)

    def flush(self) -> None:
        """Log what was begun."""
        with self._lock:
            line, self._begun = self._begun, ""
        self._log([line])
        self.beneath.flush()

    def writable(self) -> bool:
        """Yes."""
        return True

    def isatty(self) -> bool:
        """As the stream is."""
        return self.beneath.isatty()

    def fileno(self) -> int:
        """That of the stream."""
        return self.beneath.fileno()

    def _log(self, lines: list[str]) -> None:
        for line in filter(str.strip, lines):
            structlog.get_logger(self._name).warning(line.rstrip())


class EventHandler(logging.StreamHandler[TextIO]):
    """A handler whose own troubles are one line, too. :ivar is_json: whether it writes for machines."""

    is_json = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base's name
        """An event that cannot be worded is told by what is known of it; one that cannot be written is lost."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError | ValueError) and not isinstance(error, UnicodeError):
            return  # the stream is closed
        said = logging.LogRecord(__name__, logging.ERROR, record.pathname, record.lineno, "", None, None)
        said.msg = f"An event of {record.name} could not be worded: {type(error).__name__}: {error}"
        try:
            self.stream.write(self.format(said) + self.terminator)
        except (OSError, ValueError):
            return


def mask_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put stars where a name promises a secret, however deep it lies."""
    for name, value in event.items():
        if name != "exc_info":  # which is known by being a tuple
            event[name] = _masked(name, value)
    return event


def make_visible(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Mark in texts what cannot be seen or ends a line: they may be what others wrote. JSON escapes it by itself."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = in_one_line(value)
    return event


def _masked(name: object, value: Any) -> Any:
    if isinstance(name, str) and _SECRET.search(name):
        return _MASK
    if isinstance(value, dict):
        return {key: _masked(key, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(None, inner) for inner in value]
    return value


def _is_json(form: str, stream: TextIO) -> bool:
    return form == "json" or (form == "auto" and not stream.isatty())


def _rendering(stream: TextIO, *, as_json: bool) -> list[Any]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    return [make_visible, structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=_traceback)]


def _traceback(stream: TextIO, exc_info: Any) -> None:
    """A traceback in which the exception's own words can be seen."""
    plain = StringIO()
    structlog.dev.plain_traceback(plain, exc_info)
    stream.write(visible(plain.getvalue()))


class _Service:
    """Names the service in every line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = self._name
        return event
