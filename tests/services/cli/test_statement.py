"""`statement`, `restored`, `resume`, and what `status` and `doctor` say about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from intergestan_db.tables import Event, OutboundMail
from tests.services.cli.conftest import FIRST_SIRET, SECOND_SIRET, Run
from tests.services.cli.exchange import compose, receive, rows


@pytest.fixture
def pair(paired_shop: Path, stauber: Path, run: Run) -> tuple[Path, Path]:
    """The shop and STAUBER, who trust each other."""
    card = run("site", "card", "--json", cwd=paired_shop).json
    added = run("partner", "add", "-", "--fingerprint", card["kid"], cwd=stauber, stdin=card["card"])
    assert added.code == 0, added.err
    return paired_shop, stauber


def doctor(run: Run, folder: Path) -> list[str]:
    """The cures about statements and booking."""
    found = run("doctor", "--json", cwd=folder).json
    return [each["cure"] for each in found if not each["ok"] and each["subject"] in {"Booking", "Statements"}]


def test_statements_by_hand(pair: tuple[Path, Path], run: Run) -> None:
    shop, stauber = pair
    empty = run("statement", SECOND_SIRET, cwd=shop)
    assert (empty.code, "They have not said anything yet." in empty.err) == (0, True)
    sent = run("statement", SECOND_SIRET, "--send", cwd=shop)
    assert "an older one holds it" in sent.err
    (mail,) = rows(shop, OutboundMail)
    receive(stauber, compose(shop, mail.id))
    shown = run("statement", FIRST_SIRET, cwd=stauber)
    assert "Both sides agree." in shown.out
    (reply,) = rows(stauber, OutboundMail)
    assert (reply.kind, reply.state) == ("statement", "requested"), "the other side wanted one"
    told = run("statement", FIRST_SIRET, "--json", cwd=stauber).json
    assert told["theirs"]["wanted"] is True
    assert run("statement", "nobody", cwd=shop).code == 1


def test_a_pause_is_shown_and_ended(pair: tuple[Path, Path], run: Run) -> None:
    _, stauber = pair
    assert doctor(run, stauber) == []
    assert run("restored", cwd=stauber).code == 0
    assert "rests since the restore" in run("status", cwd=stauber).out
    (paused,) = run("status", "--json", cwd=stauber).json["paused"]
    assert (paused["code"], paused["mails"]) == (FIRST_SIRET, 0)
    (cure,) = doctor(run, stauber)
    assert f"intergestan resume {FIRST_SIRET}" in cure
    assert run("resume", FIRST_SIRET, cwd=stauber).code == 2, "it asks why"
    done = run("resume", FIRST_SIRET, "--reason", "they called", "--json", cwd=stauber)
    assert done.json == {"partner": FIRST_SIRET, "mails": 0}
    assert run("resume", FIRST_SIRET, "--reason", "again", cwd=stauber).code == 1
    assert doctor(run, stauber) == []
    (event,) = [row for row in rows(stauber, Event) if row.name == "resume"]
    assert (event.who, event.detail) == ("jean", {"why": "they called"})


def test_in_french(pair: tuple[Path, Path], run: Run) -> None:
    shown = run("--lang", "fr", "statement", SECOND_SIRET, cwd=pair[0])
    assert "Il n'a encore rien dit." in shown.err
