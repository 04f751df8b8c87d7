"""`site key`, `partner key`, and what `doctor` and the gauges say about keys."""

from __future__ import annotations

import math
import quopri
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import insert, select, update

from intergestan_db.tables import InboundMail, OutboundMail, PartnerKey, Site, Table
from intergestan_runtime.metrics import Metrics
from services.dispatcher.key_gauges import measure_keys
from tests.services.cli.conftest import FIRST_SIRET, SECOND_SIRET, Run
from tests.services.cli.exchange import base, compose, receive, rows


@pytest.fixture
def pair(paired_shop: Path, stauber: Path, run: Run) -> tuple[Path, Path]:
    """The shop and STAUBER, who trust each other."""
    card = run("site", "card", "--json", cwd=paired_shop).json
    added = run("partner", "add", "-", "--fingerprint", card["kid"], cwd=stauber, stdin=card["card"])
    assert added.code == 0, added.err
    return paired_shop, stauber


def change(folder: Path, table: type[Table], **values: object) -> None:
    with base(folder) as database, database.transaction() as connection:
        connection.execute(update(table).values(**values))


def announced(run: Run, pair: tuple[Path, Path]) -> tuple[str, bytes]:
    """STAUBER announces a key; its words, and the mail."""
    rotated = run("site", "key", "rotate", "--json", cwd=pair[1])
    assert rotated.code == 0, rotated.err
    (ref,) = rotated.json["announcements"]
    return rotated.json["fingerprint"], compose(pair[1], int(ref.removeprefix("out-")))


def doctor(run: Run, folder: Path) -> list[tuple[str, str]]:
    """What about keys is not in order: text and cure."""
    found = run("doctor", "--json", cwd=folder).json
    about = [each for each in found if not each["ok"] and "ey" in each["subject"]]
    return [(each["text"], each["cure"]) for each in about]


def gauges(folder: Path) -> dict[str, float]:
    metrics = Metrics(CollectorRegistry())
    with base(folder) as database, database.read() as connection:
        measure_keys(connection, metrics, database.now())
    lines = generate_latest(metrics.registry).decode().splitlines()
    wanted = ("intergestan_certificate", "intergestan_unconfirmed")
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line.startswith(wanted))}


def test_a_change_of_keys_from_end_to_end(pair: tuple[Path, Path], run: Run) -> None:
    shop, stauber = pair
    words, mail = announced(run, pair)
    (file,) = [each for each in stauber.iterdir() if each.name.startswith("site.key.")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shown = run("site", "key", "show", "--json", cwd=stauber).json
    assert [key["words"] for key in shown["keys"]][1] == words
    assert [row["partner"] for row in shown["unconfirmed"]] == [FIRST_SIRET]
    assert words not in mail.decode(), "whoever forges the mail would show the words of his own key"
    ((text, cure),) = doctor(run, stauber)
    assert "has not confirmed" in text
    assert "out-" in cure

    receive(shop, mail)
    (hold,) = run("holds", "list", "--json", cwd=shop).json
    assert hold["reason"] == "key_announced"
    ((text, cure),) = doctor(run, shop)
    assert f"their code is {SECOND_SIRET}" in cure
    assert "partner key confirm" in cure
    assert gauges(shop)['intergestan_unconfirmed_keys{side="theirs"}'] == 1
    assert gauges(stauber)['intergestan_unconfirmed_keys{side="ours"}'] == 1
    (old, new) = run("partner", "key", "list", "STAUBER", "--json", cwd=shop).json
    assert (old["state"], new["state"]) == ("confirmed", "unconfirmed")

    wrong = run("partner", "key", "confirm", "STAUBER", *words.split()[::-1], cwd=shop)
    assert wrong.code == 1
    assert run("partner", "key", "confirm", "STAUBER", cwd=shop).code == 2
    confirmed = run("partner", "key", "confirm", "STAUBER", *words.upper().split(), cwd=shop)
    assert confirmed.code == 0, confirmed.err
    assert [row.state for row in rows(shop, InboundMail)] == ["archived"], "the announcement is taken in again"
    (notice,) = [row for row in rows(shop, OutboundMail) if row.kind == "key"]
    receive(stauber, compose(shop, notice.id))
    assert doctor(run, shop) == doctor(run, stauber) == []
    listed = run("--lang", "fr", "partner", "key", "list", cwd=shop).out
    assert "remplacée" in listed
    assert "confirmée" in listed

    assert run("site", "key", "finish", cwd=stauber).code == 1, "too early"
    change(stauber, Site, next_key_from=datetime.now(UTC) - timedelta(seconds=1))
    assert run("site", "card", "--json", cwd=stauber).json["fingerprint"] == words
    finished = run("site", "key", "finish", cwd=stauber)
    assert finished.code == 0, finished.err
    assert run("site", "card", "--json", cwd=stauber).json["fingerprint"] == words
    assert run("status", cwd=stauber).code == 0, "the key file that the base asks for is the new one"
    file.rename(file.with_name("elsewhere"))
    assert run("status", cwd=stauber).code == 78


def test_the_announcement_reads_well(pair: tuple[Path, Path], run: Run) -> None:
    """A mail stays a mail: in the partner's language, with what to do."""
    _words, mail = announced(run, pair)
    assert b"Auto-Submitted: auto-generated" in mail
    text = " ".join(quopri.decodestring(mail).decode(errors="replace").split())
    assert f"confirmez la clé de {SECOND_SIRET} par ces mots" in text


def test_an_announcement_is_taken_back(pair: tuple[Path, Path], run: Run) -> None:
    shop, stauber = pair
    _words, mail = announced(run, pair)
    receive(shop, mail)
    assert run("site", "key", "rotate", cwd=stauber).code == 1, "one at a time"
    assert len(list(stauber.glob("site.key.*"))) == 1, "a refused change leaves no file"
    aborted = run("site", "key", "abort", cwd=stauber)
    assert aborted.code == 0, aborted.err
    withdrawal = rows(stauber, OutboundMail)[-1]
    receive(shop, compose(stauber, withdrawal.id))
    assert [key["state"] for key in run("partner", "key", "list", "--json", cwd=shop).json] == ["confirmed", "revoked"]
    assert doctor(run, stauber) == []
    assert run("site", "key", "abort", cwd=stauber).code == 1


def test_a_lost_key(pair: tuple[Path, Path], run: Run) -> None:
    """No announcement: the new card and the words, then the old key is revoked."""
    shop, stauber = pair
    (stauber / "site.key").unlink()
    rotated = run("site", "key", "rotate", "--lost", "--json", cwd=stauber)
    assert rotated.code == 0, rotated.err
    assert rotated.json["announcements"] == []
    card = run("site", "card", cwd=stauber).out
    words = rotated.json["fingerprint"].split()
    assert (
        run("partner", "key", "confirm", "STAUBER", *words[:-1], "zoo", "--card", "-", cwd=shop, stdin=card).code == 1
    )
    assert run("partner", "key", "confirm", "STAUBER", *words, "--card", "-", cwd=shop, stdin=card).code == 0
    old = run("partner", "key", "list", "--json", cwd=shop).json[0]["kid"]
    assert run("partner", "key", "revoke", "STAUBER", "x", cwd=shop).code == 1
    revoked = run(
        "partner",
        "key",
        "revoke",
        "STAUBER",
        old[:8],
        "--since",
        datetime.now(UTC).astimezone().date().isoformat(),
        cwd=shop,
    )
    assert revoked.code == 0, revoked.err
    assert "Nothing was booked" in revoked.err
    assert run("partner", "key", "revoke", "STAUBER", old[:8], "--json", cwd=shop).json == {"kid": old, "booked": []}
    assert [key["state"] for key in run("partner", "key", "list", "--json", cwd=shop).json] == ["revoked", "confirmed"]


def test_an_id_that_begins_with_a_hyphen_is_no_option(pair: tuple[Path, Path], run: Run) -> None:
    """Not even where letters of it are: a key that was stolen would not be revoked, and the help be shown."""
    shop, _stauber = pair
    key = rows(shop, PartnerKey)[0]
    for place, begin in enumerate(("-v", "-h", "-6h", "-hn-", "--h"), 1):
        kid = begin + key.kid[len(begin) :]
        with base(shop) as database, database.transaction() as connection:
            connection.execute(insert(PartnerKey).values(**key._asdict() | {"id": key.id + place, "kid": kid}))
        revoked = run("partner", "key", "revoke", "STAUBER", kid[:9], cwd=shop)
        assert revoked.code == 0, revoked.err
        assert kid in revoked.err
    assert "Usage" in run("partner", "key", "revoke", "STAUBER", "-h", cwd=shop).out


def test_the_card_of_another_site_brings_no_key(pair: tuple[Path, Path], run: Run) -> None:
    shop, stauber = pair
    card = run("site", "card", "--json", cwd=shop).json
    done = run("partner", "key", "confirm", FIRST_SIRET, card["kid"], "--card", "-", cwd=stauber, stdin=card["card"])
    assert done.code == 1, "it is confirmed already"
    theirs = run("site", "card", "--json", cwd=stauber).json
    done = run(
        "partner", "key", "confirm", FIRST_SIRET, theirs["kid"], "--card", "-", cwd=stauber, stdin=theirs["card"]
    )
    assert done.code == 1
    assert SECOND_SIRET in done.err


@pytest.mark.parametrize(("days", "warned"), [(20, True), (22, False)])
def test_ends_that_come_near(pair: tuple[Path, Path], run: Run, days: int, *, warned: bool) -> None:
    """Three weeks before: in `doctor`, with the cure; and as a metric at any time."""
    shop, stauber = pair
    ends = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
    change(shop, PartnerKey, valid_until=ends)
    change(stauber, Site, key_until=ends)
    for folder in pair:
        found = doctor(run, folder)
        assert len(found) == int(warned)
        assert all("site key rotate" in cure or "Ask them for a new one" in cure for _text, cure in found)
    name = 'intergestan_certificate_expiry_timestamp_seconds{{kind="signing",name="{}"}}'
    assert gauges(shop)[name.format(SECOND_SIRET)] == gauges(stauber)[name.format(SECOND_SIRET)] == ends.timestamp()
    assert gauges(shop)[name.format(FIRST_SIRET)] == math.inf


def test_keys_may_have_an_end_by_setting(pair: tuple[Path, Path], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, stauber = pair
    monkeypatch.setenv("INTERGESTAN_SITE__KEY_DAYS", "365")
    rotated = run(
        "site",
        "key",
        "rotate",
        "--from",
        (datetime.now(UTC).astimezone().date() + timedelta(days=3)).isoformat(),
        cwd=stauber,
    )
    assert rotated.code == 0, rotated.err
    with base(stauber) as database, database.read() as connection:
        site = connection.execute(select(Site.__table__)).one()
    assert site.next_key_until - site.next_key_from == timedelta(days=365)
    receive(shop, compose(stauber, rows(stauber, OutboundMail)[-1].id))
    assert rows(shop, PartnerKey)[-1].valid_until == site.next_key_until
    assert run("site", "key", "rotate", "--from", "2020-01-01", cwd=shop).code == 2
    assert run("site", "key", "rotate", "--lost", "--from", "2099-01-01", cwd=shop).code == 2

    made = run("init", "--name", "X", "--orders-address", "x@x.test", "--data-dir", "dated", cwd=shop)
    assert made.code == 0, made.err
    assert rows(shop / "dated", Site)[0].key_until is not None
    card = run("site", "card", "--json", cwd=shop / "dated").json
    run("partner", "add", "-", "--fingerprint", card["kid"], cwd=shop, stdin=card["card"])
    assert rows(shop, PartnerKey)[-1].valid_until == rows(shop / "dated", Site)[0].key_until.replace(microsecond=0)
