"""What people and machines get wrong: the error is clear, the mails stay where they are, all is done once mended."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, PollRun, Relay
from tests.journey.conftest import MakePair
from tests.journey.journey_site import JourneySite
from tests.journey.oracles import check_everything
from tests.journey.pair_of_sites import PairOfSites
from tests.journey.service_process import ServiceProcess
from tests.patience import eventually
from tests.servers.process import Unavailable

pytestmark = pytest.mark.mainly_on("sqlite")

CONFIGURATION, NOT_YET = 78, 75


@pytest.fixture
def stopped(sites: PairOfSites) -> Iterator[JourneySite]:
    """A site whose dispatcher does not run; its configuration is put right again afterwards."""
    file = sites.seller.folder / "intergestan.toml"
    right = file.read_text()
    sites.seller.processes["dispatcher"].stop()
    yield sites.seller
    file.write_text(right)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[dispatcher]\nscan_secnods = 5\n", "scan_seconds"),
        ("[dispatcher]\nscan_seconds = -1\n", "dispatcher.scan_seconds = -1"),
        ("[dispatcher\n", "intergestan.toml"),
        ('[site]\ndatabase_url = "postgresql+psycopg://me:secret@host/base"\n', "no password in a URL"),
    ],
    ids=["unknown key", "wrong value", "no TOML", "password in a URL"],
)
@pytest.mark.parametrize("base", ["sqlite"])
def test_a_wrong_configuration(stopped: JourneySite, wrong: str, said: str) -> None:
    """The start is refused with exit code 78 and a sentence that names the place."""
    code, text = start_with(stopped, wrong)
    assert code == CONFIGURATION, text
    assert said in text
    assert "secret@" not in text


@pytest.mark.parametrize("base", ["sqlite"])
def test_the_base_is_not_there(stopped: JourneySite) -> None:
    """The start ends with exit code 75, for a supervisor to try again, and says what does not answer."""
    code, text = start_with(stopped, '[site]\ndatabase_url = "postgresql+psycopg://127.0.0.1:9/base"\n')
    assert code == NOT_YET, text
    assert "The base does not answer" in text


@pytest.mark.parametrize("base", ["sqlite"])
def test_the_base_is_none(stopped: JourneySite) -> None:
    (stopped.folder / "broken.db").write_bytes(b"no base at all" * 100)
    code, text = start_with(stopped, f'[site]\ndatabase_url = "sqlite:///{stopped.folder}/broken.db"\n')
    assert (code, "file is not a database" in text) == (NOT_YET, True)


def start_with(site: JourneySite, configuration: str) -> tuple[int | None, str]:
    """Start a dispatcher with this configuration; its exit code, and what it said."""
    (site.folder / "intergestan.toml").write_text(f"alone = true\n{configuration}")
    process = ServiceProcess("dispatcher", site.folder)
    before = len(process.log())
    process.start()
    eventually(lambda: process.exit_code is not None, what="the process ends")
    text = process.log()[before:]
    assert "Traceback" not in text
    return process.exit_code, text


def test_a_wrong_password(sites: PairOfSites) -> None:
    """G21: the mailbox and the relay say so; the orders wait, and go on when the password is right."""
    numbers = sites.enter(2)
    sites.seller.write_password("wrong")
    for service in ("poller", "sender"):
        sites.seller.processes[service].stop()
        sites.seller.start(service)
    sites.send(numbers)
    eventually(lambda: _mailbox(sites.seller).state == "authenticationError", what="the mailbox tells")
    assert "inbox" in _mailbox(sites.seller).last_error
    assert not sites.seller.rows(InboundMail, state="archived")
    sites.seller.write_password(sites.seller.mail_user.password)
    collect_now(sites.seller)
    sites.wait_answered(numbers)
    sites.wait_at_rest()
    check_everything(sites, numbers)


def test_the_relay_refuses_the_password(sites: PairOfSites) -> None:
    """G19: no order leaves and none is refused; `relay set` with the right password sends them at once."""
    numbers = sites.enter(2)
    sites.buyer.write_password("wrong")
    sites.buyer.processes["sender"].stop()
    sites.buyer.start("sender")
    sites.send(numbers)
    eventually(lambda: "5.7.8" in (sites.buyer.rows(Relay)[0].last_error or ""), what="the relay's refusal is told")
    sites.buyer.write_password(sites.buyer.mail_user.password)
    sites.buyer.use_relay()
    sites.wait_answered(numbers)
    sites.wait_at_rest()
    check_everything(sites, numbers)


def test_the_disk_of_the_archive_is_full(make_pair: MakePair) -> None:
    """F9: the mailbox says so, the mail stays on the server, and is collected once there is space."""
    sites = make_pair("sqlite")
    try:
        with mounted(sites.seller.folder / "archive", "64k") as resize:
            numbers = sites.enter(8)
            sites.send(numbers)
            eventually(lambda: _mailbox(sites.seller).state == "diskFull", what="the mailbox tells")
            assert "disk" in _mailbox(sites.seller).last_error or "disque" in _mailbox(sites.seller).last_error
            assert not sites.seller.rows(MailboxUid)
            resize("16m")
            collect_now(sites.seller)
            sites.wait_answered(numbers)
            sites.wait_at_rest()
            check_everything(sites, numbers)
            sites.stop()
    finally:
        sites.stop()


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A disk of this size in this folder; the function that it gives makes the disk another size."""
    if os.getuid() != 0:
        raise Unavailable("A small disk is mounted as root only. Cure: run it as root.")
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)

    def resize(new: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={new}", folder], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def collect_now(site: JourneySite) -> None:
    """*Relever*: the poller hears of it with its next sign of life."""
    now = site.database.now()
    with site.database.transaction() as connection:
        connection.execute(insert(PollRun).values(mailbox_id=_mailbox(site).id, requested_at=now, requested_by="test"))


def _mailbox(site: JourneySite) -> Any:
    return site.rows(Mailbox)[0]
