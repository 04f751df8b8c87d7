"""An S3 server: moto's, which answers S3's own protocol over HTTP and forgets all at its end."""

import os
import sys
import urllib.request
from pathlib import Path
from typing import ClassVar

from tests.patience import PATIENCE
from tests.servers.process import ServerProcess, free_port

_PROGRAM = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

port, knows_conditions = int(sys.argv[1]), sys.argv[2] == "yes"
s3 = DomainDispatcherApplication(create_backend_app)

def application(environ, start_response):
    if "HTTP_IF_NONE_MATCH" in environ and environ["REQUEST_METHOD"] == "PUT" and not knows_conditions:
        start_response("501 Not Implemented", [("Content-Type", "application/xml")])
        return [b"<Error><Code>NotImplemented</Code></Error>"]
    return s3(environ, start_response)

run_simple("127.0.0.1", port, application, threaded=True)
"""


class S3Server(ServerProcess):
    """Takes every key; what it would refuse for a wrong one it refuses never.

    :param knows_conditions: whether it understands If-None-Match at a PUT; older stores do not.
    """

    name: ClassVar[str] = "s3"
    key: ClassVar[tuple[str, str]] = ("AKIATEST", "secret")

    def __init__(self, *, knows_conditions: bool = True) -> None:
        super().__init__()
        self.port = free_port()
        self._knows_conditions = knows_conditions

    @property
    def endpoint(self) -> str:
        """For `site.archive_endpoint`."""
        return f"http://{self.host}:{self.port}"

    def make_bucket(self, name: str) -> str:
        """A new bucket; its URL for `site.archive_url`."""
        self.put(name, b"")
        return f"s3://{name}"

    def put(self, path: str, content: bytes) -> None:
        """Put an object behind the archive's back: ``bucket/key``."""
        self._request("PUT", path, content)

    def _request(self, method: str, path: str, content: bytes | None = None) -> None:
        scope = "20260101/us-east-1/s3/aws4_request"  # moto reads from it that S3 is meant, and checks no signature
        signature = f"AWS4-HMAC-SHA256 Credential={self.key[0]}/{scope}, SignedHeaders=host, Signature=0"
        request = urllib.request.Request(
            f"{self.endpoint}/{path}", content, {"Authorization": signature}, method=method
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answer.read()

    def _prepare(self) -> None:
        """Nothing to write: all is in memory."""

    def _command(self) -> list[str | Path]:
        return [sys.executable, "-c", _PROGRAM, str(self.port), "yes" if self._knows_conditions else "no"]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "AWS_ACCESS_KEY_ID": self.key[0], "AWS_SECRET_ACCESS_KEY": self.key[1]}

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/moto-api/", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
