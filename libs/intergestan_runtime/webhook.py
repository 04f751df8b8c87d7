"""Posting JSON to a URL of the firm's own choice, such as a chat or a pager."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from intergestan_runtime.posted_url import check_posted, is_plain

SECONDS = 10.0


class WebhookFailed(Exception):
    """It was not taken; the message says why, without the URL, which may be a secret."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any, **_more: Any) -> None:
        """What is meant for one server is told to no other."""


def post(url: str, value: Any) -> None:
    """One attempt.

    :raises WebhookFailed: no 2xx came within 10 s.
    :raises ValueError: the URL is not https, nor http to this machine (`check_posted`).
    """
    check_posted(url)
    request = urllib.request.Request(  # noqa: S310 - checked above
        url,
        json.dumps(value, ensure_ascii=False).encode(),
        {"Content-Type": "application/json", "User-Agent": "intergestan"},
    )
    direct = [urllib.request.ProxyHandler({})] if is_plain(url) else []
    try:
        with urllib.request.build_opener(_NoRedirect, *direct).open(request, timeout=SECONDS):
            return
    except urllib.error.HTTPError as error:
        error.close()
        raise WebhookFailed(f"it answered {error.code}") from error
    except OSError as error:
        raise WebhookFailed(str(getattr(error, "reason", error))) from error
