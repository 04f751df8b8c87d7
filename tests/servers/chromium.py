"""Debian's Chromium, driven by Playwright; one for each process of the tests, a context of its own for each of them."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.patience import PATIENCE
from tests.servers.process import Unavailable, find_program

AXE = Path(sys.prefix) / "share" / "axe.min.js"


class Chromium:
    """A browser without a window."""

    def __init__(self) -> None:
        self._program = find_program("chromium", "chromium")
        self._parts = ExitStack()

    def __enter__(self) -> Self:
        playwright = self._parts.enter_context(sync_playwright())
        # the sandbox wants rights that tests in a container do not have; it only sees pages of ours
        self._browser: Browser = playwright.chromium.launch(executable_path=self._program, args=["--no-sandbox"])
        self._parts.callback(self._browser.close)
        expect.set_options(timeout=PATIENCE * 1000)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._parts.close()

    def context(self, **options: Any) -> BrowserContext:
        """A new one, French and 1280 pixels wide unless it is to be otherwise."""
        usual: dict[str, Any] = {"locale": "fr-FR", "viewport": {"width": 1280, "height": 800}}
        made = self._browser.new_context(**{**usual, **options})
        made.set_default_timeout(PATIENCE * 1000)
        return made


def axe() -> str:
    """The source of axe-core."""
    if not AXE.exists():
        raise Unavailable(f"{AXE} is missing. Cure: .ci/install-axe {AXE.parent}, or run make test.")
    return AXE.read_text()
