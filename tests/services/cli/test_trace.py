"""`trace`: one order's story for a person, at the buyer and at the seller."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from intergestan_db import states
from intergestan_db.tables import Event, InboundMail, OutboundMail
from intergestan_operations.language.happenings import WORDS
from intergestan_operations.language.language import speak
from intergestan_operations.language.trace_words import _listed, span
from tests.services.cli.conftest import Run, data
from tests.services.cli.exchange import base, compose, receive, rows


@pytest.fixture
def exchanged(paired_shop: Path, stauber: Path, run: Run) -> str:
    """CFR1 and CFR2 went to STAUBER and were answered; the sha256 of the answer in the shop's archive."""
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    run("--as", "marie", "send", "--supplier", "STAUBER", "--to", "appros@stauber.test", cwd=paired_shop)
    card = run("site", "card", "--json", cwd=paired_shop).json
    (stauber / "shop.card").write_text(card["card"])
    assert run("partner", "add", stauber / "shop.card", "--fingerprint", card["kid"], cwd=stauber).code == 0
    assert run("catalog", "import", data("catalogue_base.csv"), cwd=stauber).code == 0
    receive(stauber, compose(paired_shop, 1))
    return receive(paired_shop, compose(stauber, rows(stauber, OutboundMail)[0].id))


def test_the_story_at_either_site(exchanged: str, paired_shop: Path, stauber: Path, run: Run) -> None:
    shown = run("--lang", "fr", "trace", "CFR1", cwd=paired_shop)
    assert shown.code == 0, shown.err
    for words in (
        "marie",
        "courriel composé et signé",
        "courriel de réponse",
        "STAUBER",
        "+0:00:0",
        f"{exchanged}.eml",
        "→",
    ):
        assert words in shown.out, words
    (story,) = run("trace", "CFR1", "--json", cwd=paired_shop).json
    assert [mail["files"] for mail in story["mails"] if mail["direction"] == "in"] == [
        [str(paired_shop / "archive" / exchanged[:2] / f"{exchanged}.eml")]
    ]
    assert story["happened"][0]["after_seconds"] == 0
    assert all(each["text"] for each in story["happened"])
    sold = run("trace", "CCL1", cwd=stauber)
    assert (sold.code, "sales order booked" in sold.out, "answer: accepted" in sold.out) == (0, True, True)
    both = run("trace", story["mails"][0]["transfer_id"], "--json", cwd=stauber).json
    assert {each["their_number"] for each in both} == {"CFR1", "CFR2"}
    assert run("trace", "CFR9", cwd=paired_shop).code == 1


def test_an_event_of_a_later_release_is_shown_as_it_is(exchanged: str, paired_shop: Path, run: Run) -> None:
    (mail,) = rows(paired_shop, InboundMail)
    event = {"subject": "inbound_mail", "subject_id": mail.id, "name": "stamp", "who": "paul"}
    with base(paired_shop) as database, database.transaction() as connection:
        values = event | {"at": database.now(), "detail": {"why": ["a", "b"], "none": None}}
        connection.execute(insert(Event).values(values))
    shown = run("trace", "CFR1", cwd=paired_shop).out
    assert "inbound_mail: stamp" in shown
    assert "why: a b" in shown
    assert "none" not in shown
    assert exchanged in shown
    assert "pourquoi\u00a0: a b" in run("--lang", "fr", "trace", "CFR1", cwd=paired_shop).out


def test_a_span_may_be_long_or_negative() -> None:
    """The partner's clock may be ahead of ours."""
    assert [span(timedelta(seconds=each), "en") for each in (0, 3723, -61, 90061)] == [
        "+0:00:00",
        "+1:02:03",
        "-0:01:01",
        "+1 d 1:01:01",
    ]


@pytest.fixture
def french() -> Iterator[None]:
    speak("fr")
    yield
    speak("en")


@pytest.mark.usefixtures("french")
def test_words_of_ours_among_the_details_are_in_the_language_of_the_person() -> None:
    assert _listed({"revision": 2, "type": "cancel"}, "fr") == "révision\u00a0: 2, type\u00a0: annulation"
    assert _listed({"how": "refused", "said": ["change", "x"]}, "fr") == "comment\u00a0: refusée, dit\u00a0: change x"


def test_every_move_of_a_state_has_words() -> None:
    """What is missing goes into `WORDS`, and its French into the catalogue."""
    moves = {(machine.name, event) for machine in states.MACHINES for event in machine.moves}
    assert moves - WORDS.keys() == set()
