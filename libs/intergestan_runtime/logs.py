"""The log of a process: one event a line on standard error, as JSON for machines or as text for people.

Everything goes through one formatter, ours and what libraries say through `logging`. `bind` adds names to
every line that is logged inside it: ``with bind(transfer=..., order=...):``.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from io import StringIO
from typing import Any, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars as bind

from intergestan_runtime.rarely import QuietLibrary
from intergestan_runtime.visible_text import VisibleStream, in_one_line, visible

__all__ = ["bind", "configure"]

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
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(form, stream),
            ],
        )
    )
    handler.addFilter(QuietLibrary("dramatiq"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def mask_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put stars where a name promises a secret, however deep it lies."""
    for name, value in event.items():
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


def _rendering(form: str, stream: TextIO) -> list[Any]:
    if form == "json" or (form == "auto" and not stream.isatty()):
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
