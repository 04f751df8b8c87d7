"""Two whole sites with `up`, real mail between them, and only the commands that people have: the main job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.enums import ALLOCATOR, CONSOLE, GEOCODER, SERVICES
from intergestan_runtime.embedded_redis import EmbeddedRedis, server_pid
from services.cli.context import Call
from services.cli.running.up import wanted_services
from tests import warm
from tests.patience import PATIENCE, eventually, patient
from tests.servers import Dovecot, MailUser, SmtpServer
from tests.servers.places import ScriptedPlaces
from tests.services.cli.conftest import FIRST_SIRET, SECOND_SIRET, Ran, Run, data
from tests.services.cli.exchange import archive
from tests.services.cli.neighbours import leaks, leave_cores, open_to_others, secrets_of, shown, write_nonsense

SETTINGS = "\n[heartbeats]\nevery_seconds = 0\n\n[console]\nport = 0\n"


@dataclass(frozen=True)
class Site:
    """A site's folder, its mail account, and its commands, which run in this process."""

    folder: Path
    user: MailUser
    command: Run

    def run(self, *arguments: object, code: int = 0, stdin: str = "") -> Ran:
        done = self.command("--lang", "en", *arguments, cwd=self.folder, stdin=stdin)
        assert done.code == code, done.err
        return done

    def json(self, *arguments: object) -> Any:
        return self.run(*arguments, "--json").json


def make(folder: Path, name: str, siret: str, dovecot: Dovecot, smtp: SmtpServer, run: Run) -> Site:
    folder.mkdir(mode=0o755)
    site = Site(folder, dovecot.new_user(), run)
    login = ("--login", site.user.address, "--password-stdin", "--security", "none", "--host", "127.0.0.1")
    password = f"{site.user.password}\n"
    site.run("init", "--name", name, "--orders-address", site.user.address, "--siret", siret, "--login", "marie")
    site.run("relay", "set", *login, "--port", smtp.port, stdin=password)
    site.run("mailbox", "add", "commandes", *login, "--port", dovecot.imap, stdin=password)
    file = folder / "intergestan.toml"
    file.write_text(file.read_text() + SETTINGS)
    return site


def trust(one: Site, other: Site) -> None:
    card = other.json("site", "card")
    one.run("partner", "add", "-", "--fingerprint", card["kid"], stdin=card["card"])


@contextmanager
def up(site: Site) -> Iterator[subprocess.Popen[str]]:
    """`intergestan up`, once it says that all services run."""
    with (site.folder / "up.log").open("w") as log:
        process = warm.FamilyPopen[str](
            [sys.executable, "-m", "services.cli", "--lang", "en", "up"], cwd=site.folder, stderr=log, text=True
        )
    try:
        eventually(lambda: "The site is up" in (site.folder / "up.log").read_text() or process.poll() is not None)
        assert process.poll() is None, (site.folder / "up.log").read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def soon(condition: Callable[[], object], what: str = "") -> None:
    """As `eventually`, with time between two looks: a command that looks takes the CPU of those who shall be ready."""
    eventually(condition, what=what, every=0.25)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Whatever is made is for everybody, unless it is made for fewer."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def sites(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, run: Run) -> tuple[Site, Site]:
    """A distributor and its supplier, paired, with products, not running."""
    shop = make(tmp_path / "shop", "Arts de la Table", FIRST_SIRET, dovecot, smtp_server, run)
    base = make(tmp_path / "base", "STAUBER", SECOND_SIRET, dovecot, smtp_server, run)
    trust(shop, base)
    trust(base, shop)
    shop.run("catalog", "import", data("catalogue_shop.csv"))
    base.run("catalog", "import", data("catalogue_base.csv"))
    shop.run("orders", "import", "--dates", "any", data("orders.csv"))
    return shop, base


@pytest.mark.usefixtures("open_umask")
def test_the_main_job_with_commands_alone(sites: tuple[Site, Site]) -> None:
    """G14–G19, G23, T25: sent, en attente, collected, booked once, answered; then replayed without any change.

    All of it with a umask of 000, in a folder that was open to others, while a stranger writes into Redis: what the
    site keeps is nobody else's, no service ends, and no secret is anywhere to be seen. The supplier has chosen somebody
    who says where addresses lie; so it runs a service more, which asks.
    """
    shop, base = sites
    with ExitStack() as stack:
        places = stack.enter_context(ScriptedPlaces())
        config = base.folder / "intergestan.toml"
        config.write_text(f'{config.read_text()}\n[geocoder]\ndomain = "{places.domain}"\nscheme = "http"\n')
        for name, value in (("geo.provider", "ban"), ("geo.on_save", "true")):
            base.run("settings", "set", name, value)
        processes = [stack.enter_context(up(site)) for site in sites]
        eventually(lambda: len(pids(shop)) == 6)
        before = pids(shop)
        for site in sites:
            write_nonsense(EmbeddedRedis(site.folder).url)
        sent = shop.json("send", "--supplier", "STAUBER", "--to", base.user.address, "--wait")
        assert (sent["orders"], sent["state"]) == (["CFR1", "CFR2"], "sent")
        assert {row["state"] for row in shop.json("orders", "list", "--all")} <= {"waiting", "accepted"}

        collected = base.json("poll")  # the poller may have seen the mail before, by itself; then this does not wait
        soon(lambda: base.json("status")["sales_orders"].get("accepted", {}).get("count") == 2)
        assert {each["customer_order_number"] for each in collected["sales_orders"]} <= {"CFR1", "CFR2"}

        soon(lambda: base.json("status")["outbound"].get("sent"))
        answers = shop.json("poll", "commandes")
        assert answers["mailboxes"][0]["error"] is None
        soon(lambda: {row["state"] for row in shop.json("orders", "list", "--all")} == {"accepted"})

        (mail,) = (base.folder / "archive").glob("??/*.eml")
        archive(base.folder, b"Received: from a backup\r\n" + mail.read_bytes())
        replayed = base.json("replay", "--all")
        assert (replayed["mails"], replayed["settled"], replayed["sales_orders"]) == (2, 2, [])
        assert [each["state"] for each in replayed["moved"]] == ["done"], "the one that the base did not know"
        assert base.json("status")["sales_orders"]["accepted"]["count"] == 2
        assert "Nothing new" in base.run("poll").err
        base.run("parties", "add", "--name", "Dupont", "--customer", "--code", "DUP", "--city", "Mulhouse")
        soon(lambda: base.json("parties", "show", "DUP")["addresses"][0]["geo"] == "found")
        assert places.questions == ["Mulhouse"]
        services = {"composer", "sender", "poller", "importer", "dispatcher", "geocoder", "console"}
        soon(lambda: {worker["service"] for worker in base.json("status")["workers"]} == services)
        second = base.run("up", code=1)
        assert "runs already" in second.err
        check_neighbours(shop)
        assert pids(shop) == before
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE) for process in processes] == [0, 0]
    assert base.json("status")["workers"] == []
    assert base.run("poll", code=75).out == ""


def check_neighbours(site: Site) -> None:
    """Another account of the machine finds nothing: in files, logs, pages, arguments, and what commands print."""
    site.run("orders", "export", "--again", "--to", site.folder)
    commands = ("status", "doctor", "relay show", "mailbox list", "partner list", "trace CFR1", "report undelivered")
    outputs = {
        name: f"{done.out}{done.err}"
        for name in commands
        for done in [site.command(*name.split(), "--json", cwd=site.folder)]
    }
    accounts = {"password": (site.user.address, site.user.password)}
    secrets, log = secrets_of(site.folder, accounts), site.folder / "up.log"
    assert leaks(secrets, iter([("a canary", f"x {site.user.password} x".encode())])), "it would be found"
    assert leaks(secrets, shown(site.folder, log, outputs)) == []
    assert leave_cores(pids(site).values()) == []
    assert log.read_text().count("no bell of ours") >= 4
    log.chmod(0o600)  # the test's own
    assert open_to_others(site.folder) == []


def pids(site: Site) -> dict[str, int]:
    """The process ids of the services that give a sign of life: they stand in the workers' names."""
    found = site.json("status")["workers"]
    return {worker["service"]: int(worker["name"].rsplit("-", 2)[1]) for worker in found}


def test_what_is_stopped_is_replaced(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, run: Run) -> None:
    """`design.md` §16: a service that hangs as a whole, and the embedded Redis, are killed and started again."""
    site = make(tmp_path / "shop", "Arts de la Table", FIRST_SIRET, dovecot, smtp_server, run)
    file = site.folder / "intergestan.toml"
    file.write_text(file.read_text().replace("[cli]\n", f"[cli]\nsilent_seconds = {patient(5)}\n"))
    with up(site) as process:
        soon(lambda: len(pids(site)) == 6)
        before = pids(site)
        redis = server_pid(EmbeddedRedis(site.folder).url)
        assert redis is not None
        for stopped in (before["importer"], redis):
            os.kill(stopped, signal.SIGSTOP)
        soon(lambda: pids(site).get("importer", before["importer"]) != before["importer"], what="replaced")
        eventually(lambda: server_pid(EmbeddedRedis(site.folder).url) not in {None, redis}, what="Redis replaced")
        soon(lambda: len(pids(site)) == 6)
        after = pids(site)
        assert {name for name in after if after[name] != before[name]} == {"importer"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    log = (site.folder / "up.log").read_text()
    assert log.count("A process gives no sign of life and is killed.") == 2


def test_a_geocoder_that_is_not_installed_stops_nobody(
    shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """T25: who chose a provider and lacks the extra hears so, and the site runs without positions."""
    assert run("settings", "set", "geo.provider", "ban", cwd=shop).code == 0
    call = Call(shop / "intergestan.toml")
    assert wanted_services(call) == (*SERVICES, CONSOLE, GEOCODER)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert wanted_services(call) == SERVICES
    assert "its extra is not installed" in capsys.readouterr().err
    call.close()


def test_the_allocator_runs_where_goods_are_set_aside(shop: Path, run: Run) -> None:
    """A11, D38: and nowhere else."""
    call = Call(shop / "intergestan.toml")
    assert wanted_services(call) == (*SERVICES, CONSOLE)
    assert run("dossier", "set", "--stock", cwd=shop).code == 0
    assert wanted_services(call) == (*SERVICES, CONSOLE)
    assert run("dossier", "set", "--reservations", cwd=shop).code == 0
    assert wanted_services(call) == (*SERVICES, ALLOCATOR, CONSOLE)
    call.close()
