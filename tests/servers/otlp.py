"""A receiver of traces: OTLP over HTTP, its protobuf decoded."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.servers.http import HttpServer, Reply, Request


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it came; ids in hexadecimal, `parent` empty for the first of a trace."""

    name: str
    service: str
    site: str
    trace: str
    span: str
    parent: str
    attributes: dict[str, str | int]
    seconds: float


class OtlpReceiver(HttpServer):
    """A context manager. `spans` is what came until now."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[ReceivedSpan] = []
        self.endpoint = f"{self.url}/v1/traces"

    def of(self, trace: str) -> list[ReceivedSpan]:
        """The spans of one trace."""
        return [span for span in self.spans if span.trace == trace]

    def reply(self, request: Request) -> Reply:
        is_packed = request.headers.get("Content-Encoding") == "gzip"
        self._take(ExportTraceServiceRequest.FromString(gzip.decompress(request.body) if is_packed else request.body))
        return Reply(
            body=ExportTraceServiceResponse().SerializeToString(), headers={"Content-Type": "application/x-protobuf"}
        )

    def _take(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            about = {each.key: each.value.string_value for each in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                self.spans.append(
                    ReceivedSpan(
                        name=span.name,
                        service=about["service.name"],
                        site=about["service.namespace"],
                        trace=span.trace_id.hex(),
                        span=span.span_id.hex(),
                        parent=span.parent_span_id.hex(),
                        attributes={
                            each.key: each.value.string_value or each.value.int_value for each in span.attributes
                        },
                        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                    )
                )
