"""French typography."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.grafana.boards import BOARDS
from deploy.grafana.panels import dashboard
from intergestan_db.enums import HoldReason
from intergestan_exchange.findings import findings, undelivered
from intergestan_exchange.findings.advice import ADVICE, advised
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.health import alarm_text
from intergestan_exchange.health.alarms import KINDS, Alarm
from intergestan_exchange.holds import notice_text
from intergestan_exchange.outbox.changes import NO_REASON
from intergestan_msg import diagnosis as message_diagnosis
from intergestan_msg import units
from intergestan_msg.pages.words import FRENCH
from intergestan_msg.typography import french
from intergestan_operations.language import texts
from services.demo import texts as demo
from services.poller import troubles
from services.poller.troubles import MailboxTrouble


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Il manque «{name}» : dites-le !", "Il manque «\u00a0{name}\u00a0»\u00a0: dites-le\u202f!"),
        ("Vraiment ? Oui ; non.", "Vraiment\u202f? Oui\u202f; non."),
        ("« déjà »", "«\u00a0déjà\u00a0»"),
        ("l’heure", "l'heure"),
        ("tapez `orders list ; true ?` : voilà", "tapez `orders list ; true ?`\u00a0: voilà"),
        ("voir https://exemple.fr/a?b ; oui", "voir https://exemple.fr/a?b\u202f; oui"),
        ("à 12:30, L1=2", "à 12:30, L1=2"),
    ],
)
def test_spaces_and_apostrophes(typed: str, printed: str) -> None:
    assert french(typed) == printed
    assert french(printed) == printed


def _translations() -> Iterator[str]:
    for message in texts.read():
        if message.id:
            yield from (message.string,) if isinstance(message.string, str) else message.string or ()


def test_the_catalogue_is_printed_so() -> None:
    for text in _translations():
        assert text == french(text)


NOT_FRENCH = {
    *("the", "and", "of", "is", "are", "was", "not", "with", "without", "from", "this", "that", "which", "there"),
    *("order", "orders", "file", "folder", "line", "mailbox", "partner", "supplier", "customer", "key", "hold"),
    *("does", "nothing", "again", "required", "show", "mean"),
}
NOT_OUR_WORDS = {
    *("mail", "mails", "email", "emails", "e-mail", "e-mails", "message", "messages"),
    *("monnaie", "monnaies", "partenaire", "partenaires", "clients client", "commandes clients"),
    *("caractère de commande", "caractères de commande"),
}
"""One word per thing: courriel, devise, correspondant, commandes client, caractère de contrôle."""
_TYPED = re.compile(
    r"`[^`]*`|intergestan(?: [a-z]+)+|"
    r"\{[^}]*\}|https?://\S+|--[a-z-]+|\[[a-z. ]+\]|[\w./-]+\.(?:csv|toml|xml)|[a-z]+_[a-z_]+|[a-z]+\.[a-z_]+"
)


_OF_THE_SOURCE = ("Saisir les caractéristiques du serveur de mail entrant.",)
"""What the source document says letter by letter (G21)."""


def _prose(text: str) -> str:
    """What is French in it: no command, option, setting, placeholder or file."""
    for quoted in (
        "partner match",
        "mailbox add",
        "partner add",
        "partner set",
        "Numbers that look alike",
        *_OF_THE_SOURCE,
    ):
        text = text.replace(quoted, "")
    return _TYPED.sub(" ", text)


def _others() -> Iterator[str]:
    """All French sentences that stand beside their English ones instead of in the catalogue."""
    for table in (findings.WHAT, undelivered.WHAT, undelivered.CURES):
        yield from (sentences["fr"] for sentences in table.values())
    yield from (findings.LINE["fr"], findings.VAT_NOTE["fr"], NO_REASON["fr"])
    for advice in ADVICE.values():
        yield from (advice["fr"].means, advice["fr"].do)
    yield from (french for _, french in (*message_diagnosis.SENTENCES.values(), *message_diagnosis.TERMS.values()))
    for texts_of_alarm in alarm_text.ALARMS["fr"].values():
        yield from texts_of_alarm
    yield from alarm_text.WORDS["fr"].values()
    yield from notice_text.TEXTS["fr"].values()
    yield from (cure.fr for cure in troubles.CURES.values())
    yield from (pair[1] for pair in demo.TEXTS.values())
    yield from (unit.french for unit in units.UNITS.values())
    yield from (french_text for _english, french_text in grafana_texts())


def grafana_texts() -> Iterator[tuple[str, str]]:
    """Every pair of texts of the dashboards."""
    for board in BOARDS:
        yield from (board.title, board.about)
        for row in board.rows:
            yield row.title
            for panel in row.panels:
                yield from (panel.title, panel.about)
                yield from (pair for pair, _color in (panel.words or {}).values())


def test_nothing_english_is_left_and_each_thing_has_its_word() -> None:
    for text in [*_translations(), *FRENCH.values(), *_others()]:
        words = set(re.findall(r"[\w-]+", _prose(text).lower()))
        assert not words & NOT_FRENCH, text
        assert not [word for word in NOT_OUR_WORDS if re.search(rf"\b{word}\b", _prose(text).lower())], text
        assert "’" not in text, "one apostrophe: the one of the keyboard"


def _shown() -> Iterator[str]:
    """What leaves each of those tables, as people read it; what others wrote stands in it as {…}."""
    for key in findings.WHAT:
        reason, _, variant = key.partition(".")
        values = {name: f"{{{name}}}" for name in re.findall(r"{(\w+)}", findings.WHAT[key]["fr"])}
        yield findings.explain(Finding(HoldReason(reason), values, "L1", variant or None), "fr")
    yield from (str(advised(key, "fr")) for key in ADVICE)
    for cause in undelivered.WHAT:
        yield str(undelivered.advice(Finding(HoldReason.UNDELIVERED, {}, variant=cause), "fr"))
    for code, (english, _) in message_diagnosis.SENTENCES.items():
        yield message_diagnosis.Diagnosis(code, dict.fromkeys(re.findall(r"{(\w+)}", english), "x")).said("fr")
    for name in KINDS:
        alarm = Alarm(name, "x", "1", variant="ahead" if name == "PartnerClock" else "")
        yield from (alarm_text.sentence(alarm, "fr"), alarm_text.cure(alarm, "fr"))
        yield alarm_text.report([alarm], [alarm], ["vu"], "fr")
    news = [notice_text.in_review("CCL1", "CFR1", "STAUBER", "fr")] * (notice_text.MOST + 1)
    yield notice_text.write_notice("Dépôt", news, 40, 10, "fr")[1]
    yield notice_text.about("CFR1", "STAUBER", "fr")
    yield from (MailboxTrouble(kind, "x").sentence("box", "fr") for kind in troubles.CURES)
    for name, pair in demo.TEXTS.items():
        counts = dict.fromkeys(re.findall(r"{(\w+)", pair[1]), 1)
        yield demo.speaker("fr")(name, **counts)
    for board in BOARDS:
        yield from _texts_of(dashboard(board, "fr"))


def _texts_of(value: Any) -> Iterator[str]:
    """The titles, descriptions and words in a dashboard."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"title", "description", "text", "label"} and isinstance(inner, str):
                yield inner
            else:
                yield from _texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_of(inner)


def test_whatever_is_said_in_french_is_printed_so() -> None:
    """Also what does not come from the catalogue: findings, advice, alarms, notices, the demo, the dashboards."""
    for text in _shown():
        assert text == french(text), text


def test_mails_are_printed_so() -> None:
    for key, text in FRENCH.items():
        assert key.startswith("subject") or text == french(text), key
