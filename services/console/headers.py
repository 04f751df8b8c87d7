"""What every answer says to the browser: nothing from elsewhere, nothing in a frame, nothing kept."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEARS: Final = 2 * 365 * 24 * 3600


def add(headers: MutableHeaders, *, secure: bool) -> None:
    """Say it; what the answer says itself of keeping it stays."""
    for name, value in ALWAYS.items():
        headers[name] = value
    if secure:
        headers["Strict-Transport-Security"] = f"max-age={_YEARS}"
    if "cache-control" not in headers:
        headers["Cache-Control"] = "no-store"
