"""What a heartbeat says to a person who finds one: that there is nothing to do."""

from __future__ import annotations

from intergestan_msg.pages.page import Page
from intergestan_msg.pages.words import WORDS, Language
from intergestan_msg.plain_text import shown


def heartbeat_subject(name: str, language: Language, *, is_echo: bool) -> str:
    """The subject; `name` is the sending site's."""
    return WORDS[language]["subject echo" if is_echo else "subject heartbeat"].format(name=shown(name, 100))


def heartbeat_page(name: str, language: Language, *, is_echo: bool) -> Page:
    """The bodies."""
    words = WORDS[language]
    intro = words["echo intro" if is_echo else "heartbeat intro"]
    return Page(
        title=words["heartbeat title"],
        intro=intro.format(name=shown(name, 200)),
        sections=(),
        closing=(words["heartbeat closing"],),
        language=language,
    )
