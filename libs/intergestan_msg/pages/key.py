"""What a mail about a signing key says to a person.

It never shows the twelve words: whoever forged the mail would show theirs. They come by telephone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from intergestan_msg.kinds import KeyAction
from intergestan_msg.pages import figures
from intergestan_msg.pages.page import Page, Section
from intergestan_msg.pages.words import WORDS, Language
from intergestan_msg.plain_text import shown

if TYPE_CHECKING:
    from intergestan_msg.key_notice import KeyNotice


def key_subject(notice: KeyNotice, name: str, language: Language) -> str:
    """The subject: who says what about a key."""
    return WORDS[language][f"subject {notice.action}"].format(name=shown(name, 100))


def key_page(notice: KeyNotice, name: str, code: str, language: Language) -> Page:
    """The bodies: what is said, and what a person shall do about it."""
    words = WORDS[language]
    values = {"name": shown(name, 200), "code": code, "start": _day(notice.signs_from, language)}
    closing = ["announce cure", "announce doubt"] if notice.action is KeyAction.ANNOUNCE else []
    facts = [(words["key id"], notice.kid)]
    for label, instant in (("signs from", notice.signs_from), ("signs until", notice.signs_until)):
        if instant is not None:
            facts.append((words[label], _day(instant, language)))
    return Page(
        title=words["key title"].format_map(values),
        intro=words[f"{notice.action} intro"].format_map(values),
        sections=(Section(title=words["key id"], facts=tuple(facts)),),
        closing=(*(words[each].format_map(values) for each in closing), words["key counts"]),
        language=language,
    )


def _day(seconds: int | None, language: Language) -> str:
    if seconds is None:
        return ""
    instant = datetime.fromtimestamp(seconds, UTC)
    return f"{figures.day(instant.date(), language)} {instant:%H:%M} UTC"
