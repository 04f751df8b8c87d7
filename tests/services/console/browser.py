"""A browser without a screen: it speaks ASGI with the application, keeps cookies and reads tokens out of forms."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import anyio
from anyio.from_thread import BlockingPortal

HOST = "127.0.0.1:8470"
JUST_SO = {"sec-fetch-site": "same-origin"}
"""What a browser says of a form of the same site."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def said(self) -> str:
        """The text that a person reads, in one line."""
        plain = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", self.text)
        return " ".join(html.unescape(plain).split())

    @property
    def token(self) -> str:
        """Of the page's forms."""
        return str(re.findall(r'name="jeton" value="([^"]*)"', self.text)[-1])

    def kept(self) -> dict[str, str]:
        """The hidden fields of all its forms."""
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.text)
        return {html.unescape(name): html.unescape(value) for name, value in found}

    def form_at(self, action: str) -> dict[str, str]:
        """What its form that goes there sends, if nobody touches it."""
        (form,) = re.findall(rf'(?s)<form method="post" action="{re.escape(action)}".*?</form>', self.text)
        return fields_in(form)

    def rows(self) -> list[list[str]]:
        """The cells of its table's body, as text."""
        body = re.search(r"(?s)<table class=\"list[^>]*>.*?<tbody[^>]*>(.*?)</tbody>", self.text)
        rows = re.findall(r"(?s)<tr\b[^>]*>(.*?)</tr>", body[1] if body else "")
        return [
            [" ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split(" ")).strip() for cell in _cells(row)]
            for row in rows
        ]


def fields_in(form: str) -> dict[str, str]:
    """What the inputs of a form send: all but ticks and choices that do not stand."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        given = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        stands = given.get("type") not in {"checkbox", "radio"} or re.search(r"\schecked\b", tag)
        if "name" in given and stands:
            found[given["name"]] = given.get("value", "on" if given.get("type") == "checkbox" else "")
    return found


def _cells(row: str) -> list[str]:
    return re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row)


@dataclass
class Browser:
    """One browser."""

    application: Any
    portal: BlockingPortal
    cookies: dict[str, str] = field(default_factory=dict)
    takes_host_cookies: bool = True
    address: str = "192.0.2.7"

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, b"", headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """A form of the same site, as a browser sends it."""
        given = {**JUST_SO, **{name.replace("_", "-"): value for name, value in headers.items()}}
        given.setdefault("content-type", "application/x-www-form-urlencoded")
        return self.ask("POST", path, urlencode(fields or {}).encode(), given)

    def submit(self, page: str, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Open a page, and send its form with these fields."""
        return self.post(path, {"jeton": self.get(page).token, **(fields or {})}, **headers)

    def upload(self, path: str, field: str, files: Mapping[str, bytes], **fields: str) -> Answer:
        """Open a page, and send its form with these files."""
        given = {"jeton": self.get(path).token, "jeton_acte": "a" * 20, **fields}
        parts = [(f'name="{name}"', value.encode()) for name, value in given.items()]
        parts += [(f'name="{field}"; filename="{name}"', data) for name, data in files.items()]
        body = b"".join(
            f"--limit\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
            for head, data in parts
        )
        kind = {"content-type": "multipart/form-data; boundary=limit", **JUST_SO}
        return self.ask("POST", path, body + b"--limit--\r\n", kind)

    def enter(self, login: str, password: str) -> Answer:
        return self.submit("/entrer", "/entrer", {"login": login, "mot_de_passe": password})

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(path)
        sent = {
            "host": HOST,
            "accept-encoding": "gzip",
            **{name.replace("_", "-"): each for name, each in headers.items()},
        }
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": (self.address, 4711),
            "server": ("127.0.0.1", 8470),
        }
        return self._told(self.portal.call(_run, self.application, scope, body))

    def _told(self, messages: list[dict[str, Any]]) -> Answer:
        start = messages[0]
        pairs = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
        cookies = tuple(value for name, value in pairs if name == "set-cookie")
        for each in cookies:
            name, _, rest = each.partition("=")
            if name.startswith("__Host-") and not self.takes_host_cookies:
                continue
            value = rest.partition(";")[0].strip('"')
            self.cookies[name] = value
            if "max-age=0" in each.lower():
                del self.cookies[name]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        headers = dict(pairs)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(start["status"], headers, cookies, body)


async def _run(application: Any, scope: dict[str, Any], body: bytes) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    parts = iter([{"type": "http.request", "body": body, "more_body": False}])

    over = anyio.Event()

    async def receive() -> dict[str, Any]:
        """The body; then nothing until all is answered: the browser stays."""
        part = next(parts, None)
        if part is None:
            await over.wait()
            return {"type": "http.disconnect"}
        return part

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            over.set()

    await application(scope, receive, send)
    return sent
