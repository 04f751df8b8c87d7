"""One trace of an order over both sites (OpenTelemetry), an extra: without it nothing is imported and nothing is done.

Between two steps the trace is kept in the row that they share, as a W3C traceparent; between two sites it travels in
a header of the mail. What comes from there is a hint from outside: it says which trace to join, and nothing else.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from intergestan_runtime.said import Said

if TYPE_CHECKING:
    from intergestan_runtime.settings import TracingSettings


class NotInstalled(Exception):
    """Traces are asked for, and the extra `tracing` is not installed; the message says the cure."""


class Tracer(Protocol):
    """Where a process tells its steps. A `parent` is the traceparent of the step before; None begins a trace."""

    @property
    def is_on(self) -> bool:
        """Whether anybody listens."""

    def step(self, name: str, parent: str | None, /, **about: str | int) -> AbstractContextManager[None]:
        """What is done inside is the step `name`; an exception that passes through is told with it."""

    def here(self) -> str | None:
        """The traceparent of the step that this thread is in, for what follows it."""

    def was_step(self, name: str, parent: str | None, began: float, /, **about: str | int) -> str | None:
        """A step that began at `began` (seconds since 1970) ends now; its traceparent."""


class NoTracer:
    """The tracer of a site that traces nothing."""

    is_on = False

    def step(self, _name: str, _parent: str | None, /, **_about: str | int) -> AbstractContextManager[None]:
        """Nothing is told."""
        return nullcontext()

    def here(self) -> str | None:
        """Nowhere."""
        return None

    def was_step(self, _name: str, _parent: str | None, _began: float, /, **_about: str | int) -> str | None:
        """Nothing is told."""
        return None


NO_TRACER = NoTracer()


def open_tracer(settings: TracingSettings, service: str, site_code: str) -> Tracer:
    """The tracer of a process.

    :raises NotInstalled: an endpoint is set, but what sends to it is not there.
    """
    if settings.endpoint is None:
        return NO_TRACER
    try:
        from intergestan_runtime.otlp_tracer import OtlpTracer
    except ImportError as error:
        raise NotInstalled(
            Said("[tracing] endpoint is set, but the extra is not installed: pip install 'intergestan[tracing]'.")
        ) from error
    return OtlpTracer(settings.endpoint, service, site_code)
