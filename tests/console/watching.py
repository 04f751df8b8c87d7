"""What the browser has against a page, and what axe has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.servers.chromium import Chromium, axe
from tests.services.console.desk import PASSWORD


class Watched:
    """A context whose pages say what the browser has against them."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.on("console", lambda message: self._note(message.type, message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "the server responded with a status of 4" not in text:
            self.complaints.append(text)


@pytest.fixture
def watched(chromium: Chromium) -> Iterator[Watched]:
    context = chromium.context()
    watched = Watched(context)
    yield watched
    context.close()
    assert not watched.complaints, watched.complaints


def enter(page: Page, url: str, login: str = "carl") -> None:
    """Log in at the console that is there."""
    page.goto(f"{url}/entrer")
    page.get_by_label("Identifiant ou adresse courriel").fill(login)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="S'identifier").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Accueil")


def fits(page: Page) -> None:
    """It needs no scrolling both ways at 320 × 256 (WCAG 1.4.10); then it is as wide as usual again."""
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.set_viewport_size({"width": 1280, "height": 800})


def press(page: Page, *keys: str) -> None:
    """Press keys, once the scripts of the page have run: what is pressed before them goes to nobody."""
    page.wait_for_load_state()
    for key in keys:
        page.keyboard.press(key)


def picture(page: Page, name: str) -> None:
    """For people to look at: light and dark, wide and narrow, in the folder INTERGESTAN_PICTURES, if that is set."""
    folder = os.environ.get("INTERGESTAN_PICTURES")
    if folder is None:
        return
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True, caret="initial")
    page.emulate_media(color_scheme="light")


def found_by_axe(page: Page, within: str = "html") -> list[str]:
    """What it says is wrong, and what it could not judge: colours under something, for one."""
    page.evaluate(axe())
    result = page.evaluate("within => axe.run(within)", within)
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for kind in ("violations", "incomplete")
        for each in result[kind]
    ]
