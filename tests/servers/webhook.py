"""A web server that takes what is posted to it, and can refuse."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.servers.http import HttpServer, Reply, Request


@dataclass
class WebhookServer(HttpServer):
    """A context manager. :ivar posted: what came and was taken. :ivar status: what is answered.

    :ivar location: where it sends others to, with a 3xx.
    """

    status: int = 200
    location: str = ""
    posted: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.url += "/hook"

    def reply(self, request: Request) -> Reply:
        value = json.loads(request.body)
        if self.status == 200:
            self.posted.append(value)
        return Reply(self.status, headers={"Location": self.location} if self.location else {})
