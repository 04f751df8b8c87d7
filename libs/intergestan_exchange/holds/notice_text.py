"""What a notice to the person in charge says, in French and English. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from intergestan_msg.plain_text import shown
from intergestan_msg.typography import printed

MOST = 30
"""So many things are told of at length; the rest is counted."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that waits for a person: what it is called, what it is about, what happened, what to do."""

    ref: str
    about: str
    what: str
    advice: str


TEXTS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "subject": "À traiter chez {site} : {new} nouveau(x), {total} en tout",
        "head": "{new} nouveau(x) point(s) à traiter chez {site}, {total} en tout.",
        "more": "… et {more} autre(s).",
        "list": "Le programme montre tout ce qui attend, et les commandes à vérifier.",
        "foot": "Courriel envoyé par un programme, au plus un toutes les {minutes} minutes. N'y répondez pas.",
        "order": "commande {order}",
        "of": "de {partner}",
        "others": "et {others} autre(s) pour la même raison",
        "review": "La commande client {number} (n° {theirs}) attend votre décision.",
        "decide": "Acceptez-la ou refusez-la ; l'acheteur sera averti.",
    },
    "en": {
        "subject": "To do at {site}: {new} new, {total} in all",
        "head": "{new} new thing(s) wait for a person at {site}, {total} in all.",
        "more": "… and {more} more.",
        "list": "The program shows all that waits, and the orders to review.",
        "foot": "A program sent this, at most one in {minutes} minutes. Do not answer it.",
        "order": "order {order}",
        "of": "of {partner}",
        "others": "and {others} more for the same reason",
        "review": "The sales order {number} (their number {theirs}) waits for your decision.",
        "decide": "Accept it or refuse it; the buyer is told.",
    },
}


def _texts(language: str) -> Mapping[str, str]:
    return {name: printed(text, language) for name, text in TEXTS[language].items()}


def about(order: str | None, partner: str | None, language: str, others: int = 0) -> str:
    """`order CFR1, of Mulhouse`, as far as known. :param others: it stands for so many others."""
    texts = _texts(language)
    parts = (
        texts["order"].format(order=order) if order else "",
        texts["of"].format(partner=partner) if partner else "",
        texts["others"].format(others=others) if others else "",
    )
    return ", ".join(part for part in parts if part)


def in_review(number: str, theirs: str, partner: str, language: str) -> News:
    """A sales order that a clerk decides about."""
    texts = _texts(language)
    what = texts["review"].format(number=number, theirs=theirs)
    return News(number, about(None, partner, language), what, texts["decide"].format(number=number))


def write_notice(site: str, news: Sequence[News], total: int, minutes: int, language: str) -> tuple[str, str]:
    """Subject, with plain spaces, and text. What others wrote stands in it without characters that nobody sees."""
    texts = _texts(language)
    counts = {"site": shown(site, 80), "new": len(news), "total": total}
    parts = [texts["head"].format(**counts), *(_told(number, each) for number, each in enumerate(news[:MOST], 1))]
    if len(news) > MOST:
        parts.append(texts["more"].format(more=len(news) - MOST))
    parts += [texts["list"], texts["foot"].format(minutes=minutes)]
    return TEXTS[language]["subject"].format(**counts), "\n\n".join(parts) + "\n"


def _told(number: int, news: News) -> str:
    title = " – ".join(part for part in (news.ref, shown(news.about, 200)) if part)
    return f"{number}. {title}\n   {shown(news.what)}\n   {shown(news.advice)}"
