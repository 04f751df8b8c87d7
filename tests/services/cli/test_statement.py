"""`statement`, `restored`, `resume`, and what `status` and `doctor` say about them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from intergestan_db.tables import Event, OutboundMail, Partner
from services.composer.__main__ import main as composer
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
    assert (FIRST_SIRET in cure, "intergestan resume" in cure) == (True, True)
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


def file_of(folder: Path) -> Path:
    return folder / "history" / "high-water.json"


def test_restored_says_which_numbers_are_left_out(stauber: Path, run: Run) -> None:
    """`design.md` §16.7: a gap in every series, for the accountant; an event keeps it, and no number comes twice."""
    told = run("restored", "--json", cwd=stauber).json
    sales = told["left_out"]["sales_order"]
    assert (sales["from"], sales["to"], sales["next"]) == ("CCL1", "CCL2000", "CCL2001")
    again = run("restored", cwd=stauber)
    assert "CCL2001 to CCL4000 are left out; the next is CCL4001" in again.err
    events = [row.detail for row in rows(stauber, Event) if row.name == "leave out numbers"]
    assert events[1]["sales_order"] == "CCL2001–CCL4000"


def test_an_older_database_is_refused_until_restored_is_typed(
    stauber: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`design.md` §16.5: a copy is put back in place of the database; nobody is told anything."""
    copy = tmp_path / "copy.db"
    shutil.copy(stauber / "site.db", copy)
    assert run("restored", cwd=stauber).code == 0
    seen = json.loads(file_of(stauber).read_text())
    shutil.copy(copy, stauber / "site.db")
    refused = run("up", cwd=stauber)
    assert refused.code == 78
    assert "intergestan restored" in refused.err
    with pytest.raises(SystemExit) as ended:
        composer(["--config", str(stauber / "intergestan.toml")])
    assert ended.value.code == 78
    assert "note the restore" in capsys.readouterr().err
    findings = {each["subject"]: each for each in run("doctor", "--json", cwd=stauber).json}
    assert not findings["History"]["ok"]
    assert "restored" in findings["History"]["cure"]
    assert run("restored", cwd=stauber).code == 0
    assert {each["subject"]: each for each in run("doctor", "--json", cwd=stauber).json}["History"]["ok"]
    after = json.loads(file_of(stauber).read_text())
    assert after["n"] > seen["n"]
    assert after["numbers"]["sales_order"] > seen["numbers"]["sales_order"]


def test_two_restores_of_one_backup_never_give_one_series(pair: tuple[Path, Path], run: Run, tmp_path: Path) -> None:
    """With the high-water file beside it the next series; without, one that no other restore has."""
    _, stauber = pair
    copy, series = tmp_path / "copy.db", []
    shutil.copy(stauber / "site.db", copy)
    for _ in range(2):
        shutil.copy(copy, stauber / "site.db")
        assert run("restored", cwd=stauber).code == 0
        series += [row.out_epoch for row in rows(stauber, Partner)]
    shutil.copy(copy, stauber / "site.db")
    shutil.rmtree(stauber / "history")
    assert run("restored", cwd=stauber).code == 0
    series += [row.out_epoch for row in rows(stauber, Partner)]
    assert len({1, *series}) == 4
