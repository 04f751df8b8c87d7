"""Sends steps as spans to an OTLP/HTTP receiver. Only this module imports OpenTelemetry and requests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import cast

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    get_current_span,
    set_span_in_context,
)

from intergestan_runtime.posted_url import is_plain

_TIMEOUT_S = 5
_EVERY_MS = 1000
_KINDS = {"send": SpanKind.PRODUCER, "collect": SpanKind.CONSUMER}


class OtlpTracer:
    """The tracer of a process; what it is told is sent in the background, the rest at the end of the process.

    A receiver that is away costs spans, never an order: they are dropped.
    """

    is_on = True

    def __init__(self, endpoint: str, service: str, site_code: str) -> None:
        from requests import Session  # to import it opens a socket

        resource = Resource.create({"service.name": f"intergestan-{service}", "service.namespace": site_code})
        # What a foreign header says of sampling is not heeded: few orders travel, and all are traced.
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource)
        session = Session()
        session.trust_env = not is_plain(endpoint)  # no proxy, where it stays on this machine
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_TIMEOUT_S, session=session)
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_EVERY_MS))
        self._tracer = provider.get_tracer("intergestan")

    def step(self, name: str, parent: str | None, /, **about: str | int) -> AbstractContextManager[None]:
        """See `Tracer`."""
        span = self._tracer.start_as_current_span(name, _context(parent), _kind(name), about)
        return cast("AbstractContextManager[None]", span)

    def here(self) -> str | None:
        """See `Tracer`."""
        found = get_current_span().get_span_context()
        return _trace_parent(found) if found.is_valid else None

    def was_step(self, name: str, parent: str | None, began: float, /, **about: str | int) -> str | None:
        """See `Tracer`."""
        start = int(began * 1e9)
        span = self._tracer.start_span(name, _context(parent), _kind(name), about, start_time=start)
        span.end()
        return _trace_parent(span.get_span_context())


def _kind(name: str) -> SpanKind:
    return _KINDS.get(name, SpanKind.INTERNAL)


def _trace_parent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def _context(parent: str | None) -> Context:
    """What a span hangs on; `parent` has been checked when it came in (`intergestan_msg.mail.trace_header`)."""
    if parent is None:
        return Context()
    _version, trace_id, span_id, _flags = parent.split("-")
    remote = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True)
    return set_span_in_context(NonRecordingSpan(remote), Context())
