"""The trial: from nothing to the first order between two sites, then what may befall them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.deploy.clean_system import machine as machines
from tests.deploy.clean_system.machine import Machine, wait
from tests.deploy.clean_system.page import at_the_shop, blocks
from tests.deploy.clean_system.typist import Failed, Typist
from tests.servers.certificates import Certificates

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
SERVICES = [f"intergestan-{name}" for name in ("composer", "sender", "poller", "importer", "dispatcher")]
MINUTES = 10
_HOSTS = [f"{kind}.{site}.example" for site in ("depot", "shop") for kind in ("imap", "smtp")]


class Site:
    """A machine, and who types there."""

    def __init__(self, machine: Machine, stack: ExitStack) -> None:
        self.machine = machine
        self.typist = stack.enter_context(Typist(machine.name, machine.entry))

    def type(self, commands: list[str]) -> str:
        """Commands of the page; what the last one printed."""
        printed = ""
        for command in commands:
            printed = self.typist.type(command.replace("REPOSITORY", "/srv/project"))
        return printed

    def main_process(self, unit: str) -> str:
        """The id of a unit's main process."""
        return self.machine.run("systemctl", "show", "--property=MainPID", "--value", unit).strip()

    def all_run(self) -> bool:
        """Whether each service of the site is active."""
        return self.machine.run("systemctl", "is-active", *SERVICES).split() == ["active"] * len(SERVICES)

    def check_journal(self) -> None:
        """:raises Failed: a service was started again, or said something that nobody should read."""
        again = self.machine.run("systemctl", "show", "--property=NRestarts", "--value", *SERVICES).split()
        journal = self.machine.run("journalctl", "--boot", "--unit=intergestan-*", "--no-pager", "--output=cat")
        bad = [line for line in journal.splitlines() if any(word in line for word in _BAD)]
        if set(again) != {"0"} or bad:
            raise Failed(f"{self.machine.name}: restarts {again}, journal:\n" + "\n".join(bad[:20]))


_BAD = ("Traceback", "denied", '"level": "error"', '"level": "critical"', "not permitted", "Failed with result")


def main() -> int:
    """Everything; 0 when the page led there."""
    try:
        machines.check_this_machine()
        with tempfile.TemporaryDirectory(prefix="intergestan-clean-") as folder, ExitStack() as stack:
            depot, shop = _two_machines(Path(folder), stack)
            _first_order(depot, shop)
            _sandbox(depot)
            _death(depot)
            _scaling(depot)
            _backup_upgrade_restore(depot, shop)
            _reboot(depot)
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print("The page leads there.")
    return 0


def _two_machines(folder: Path, stack: ExitStack) -> tuple[Site, Site]:
    project = folder / "project"
    machines.run("git", "clone", "--quiet", "--bare", ROOT, project)
    certificates = Certificates(folder)
    base = folder / "base"
    print("Making a minimal Debian …", flush=True)
    machines.make_base(base)
    shutil.copy(certificates.ca_file, base / "usr/local/share/ca-certificates/provider.crt")
    stack.enter_context(machines.network())
    provider, *sites = (_boot(stack, folder, base, project, name) for name in ("mail", "depot", "shop"))
    _provide_mail(provider, certificates)
    depot, shop = (Site(site, stack) for site in sites)
    return depot, shop


def _boot(stack: ExitStack, folder: Path, base: Path, project: Path, name: str) -> Machine:
    root = stack.enter_context(machines.files(base, name, folder))
    return stack.enter_context(machines.booted(root, name, project))


def _provide_mail(provider: Machine, certificates: Certificates) -> None:
    print("The provider of mail accounts …", flush=True)
    place = provider.root / "etc/provider"
    place.mkdir()
    good = certificates.for_hosts(*_HOSTS)
    shutil.copy(good.certificate_file, place / "mail.crt")
    shutil.copy(good.key_file, place / "mail.key")
    shutil.copy(ROOT / "deploy/two-sites/mail/dovecot.conf", place)
    shutil.copy(HERE / "mail_provider.sh", place)
    address = machines.ADDRESSES["mail"]
    command = ["sh", "/etc/provider/mail_provider.sh", address, machines.upstream()]
    ended = subprocess.run([*provider.entry, *command], capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise Failed(f"The provider of mail accounts: {ended.stdout[-1000:]}{ended.stderr[-1000:]}")


def _first_order(depot: Site, shop: Site) -> None:
    """Both operators type one after the other, so each of them would be faster."""
    *both, card, at_depot, orders, sales, answers = blocks("From nothing to the first order on Debian, in ten minutes")
    began = time.monotonic()
    for block in (*both, card):
        depot.type(block)
    for block in (*both, card):
        shop.type([at_the_shop(command) for command in block])
    _exchange_cards(depot.machine, shop.machine)
    depot.type(at_depot)
    shop.type(orders)
    wait(lambda: "CFR1" in depot.type(sales), 60, "the sales order is at the depot")
    wait(lambda: "accepted" in shop.type(answers[:1]), 60, "the answer is at the shop")
    minutes = (time.monotonic() - began) / 60
    shop.type(answers[1:])
    for site in (depot, shop):
        site.check_journal()
    print(f"From nothing to the first order: {minutes:.1f} minutes, both machines one after the other.", flush=True)
    if minutes > MINUTES:
        raise Failed(f"That is more than {MINUTES}.")


def _exchange_cards(depot: Machine, shop: Machine) -> None:
    for giver, taker in ((depot, shop), (shop, depot)):
        card = f"var/lib/intergestan/{giver.name}.card"
        shutil.copy(giver.root / card, taker.root / card)


def _sandbox(site: Site) -> None:
    """What the units promise holds for the processes that run."""
    for unit in SERVICES:
        process = site.main_process(unit)
        status = site.machine.run("cat", f"/proc/{process}/status")
        for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"):
            if line not in status:
                raise Failed(f"{unit}: not «{line}», but:\n{status}")
        if site.machine.run("nsenter", f"--target={process}", "--mount", "sh", "-c", "touch /etc/x && echo written"):
            raise Failed(f"{unit} sees a file system that it can write")
    for unit, may in (("composer", False), ("importer", False), ("poller", True)):
        if _reaches_the_world(site, unit) is not may:
            raise Failed(f"intergestan-{unit} reaches the mail server: {not may}")


def _reaches_the_world(site: Site, unit: str) -> bool:
    """A connection from within the unit's control group, where IPAddressDeny= counts."""
    group = f"/sys/fs/cgroup/system.slice/intergestan-{unit}.service/cgroup.procs"
    look = f"import socket; socket.create_connection(('{machines.ADDRESSES['mail']}', 993), 2); print('yes')"
    return "yes" in site.machine.run("sh", "-c", f'echo $$ > {group}; exec python3 -c "{look}"')


def _death(site: Site) -> None:
    """Killed services come back; the target's stop stops them all."""
    for unit in SERVICES:
        site.machine.run("kill", "-KILL", site.main_process(unit))
    wait(lambda: not site.all_run(), 10, "the services are dead")
    wait(site.all_run, 60, "systemd starts what was killed")
    site.type(["systemctl stop 'intergestan*'"])
    _wait_for_units(site, "intergestan*", 0)
    site.type(["systemctl start intergestan.target"])
    _wait_for_units(site, "intergestan-*", len(SERVICES))


def _scaling(site: Site) -> None:
    """A poller of its own for a mailbox, beside the common one, and a second that stands by."""
    for count in (2, 1, 0):
        site.type([f"/usr/local/src/intergestan/deploy/scale-pollers appros={count}"])
        _wait_for_units(site, "intergestan-poller@*", count)


def _wait_for_units(site: Site, pattern: str, count: int) -> None:
    command = ("systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating,deactivating", pattern)
    wait(lambda: len(site.machine.run(*command).splitlines()) == count, 2, f"{count} units {pattern} are there")


def _backup_upgrade_restore(depot: Site, shop: Site) -> None:
    """What the page says, and an order that came after the backup is booked again."""
    backup, restore = blocks("Backup and restore")
    depot.type(backup)
    (upgrade,) = blocks("Upgrade")
    depot.type(upgrade)
    shop.type(
        [
            "sed 's/CFR/CFX/' orders.csv > later.csv",
            "site orders import --dates any later.csv",
            'site --as marc send --supplier "Dépôt central" --wait',
        ]
    )
    wait(lambda: "CFX1" in depot.type(["site sales list"]), 60, "the later order is at the depot")
    depot.type(restore)
    wait(lambda: "CFX1" in depot.type(["site sales list"]), 180, "the later order is booked again")


def _reboot(site: Site) -> None:
    """All comes back by itself."""
    site.typist.leave()
    site.machine.restart()
    wait(site.all_run, 60, "all services run again")
    site.check_journal()


if __name__ == "__main__":
    raise SystemExit(main())
