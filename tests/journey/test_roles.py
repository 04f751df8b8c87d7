"""Each service as a process with a role of its own in the base (deploy/postgresql).

That no role has more is shown by `tests/deploy/test_rights.py` and `test_broken_in.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.enums import OPTIONAL_SERVICES
from intergestan_exchange.outbox import outbound
from tests.databases import give_roles
from tests.factories import an_order
from tests.journey.conftest import MakePair
from tests.journey.journey_site import SERVICES, JourneySite
from tests.journey.pair_of_sites import PairOfSites
from tests.patience import eventually


def as_role(url: str, service: str) -> str:
    return url.replace("://tester@", f"://intergestan-{service}@")


def use_roles(site: JourneySite) -> None:
    """Give the base its roles, and each service a configuration that names its own."""
    url = site.database.url
    give_roles(url)
    give_roles(url)  # it may be run at any time
    text = (site.folder / "intergestan.toml").read_text()
    for service in SERVICES:
        config = site.folder / f"{service}.toml"
        config.write_text(text.replace(url, as_role(url, service)))
        site.processes[service]._config = config


@pytest.fixture(scope="module")
def pair(make_pair: MakePair) -> Iterator[PairOfSites]:
    made = make_pair("postgresql", prepare=use_roles)
    yield made
    made.stop()


def test_every_service_does_its_work_with_its_own_role(pair: PairOfSites) -> None:
    """Orders that are taken, one that is held, one that is given up, and a clean end of every service."""
    numbers = pair.enter(6)
    pair.send(numbers, mails=2)
    pair.wait_answered(numbers)
    assert pair.booked(numbers) == 6

    strange = an_order("CFR-strange", lines=30)  # products that the seller does not know
    pair.buyer.know_products_of([strange])
    pair.buyer.enter([strange])
    pair.send([strange.id])
    eventually(lambda: [hold for hold in pair.seller.rows(_hold()) if hold.closed_at is None], what="a hold")

    pair.buyer.processes["composer"].stop()
    given_up = pair.enter(1)
    pair.send(given_up)
    with pair.buyer.database.transaction() as connection:
        (mail,) = [row for row in pair.buyer.rows(_mail()) if row.state == "requested"]
        outbound.abandon(connection, [mail.id], by="test", at=pair.buyer.database.now())
    pair.buyer.start("composer")
    pair.buyer.processes["composer"].wait_ready()
    pair.wait_at_rest()

    for process in pair.processes():
        process.stop()
        assert process.exit_code == 0, process.log()[-2000:]
        assert "permission denied" not in process.log(), process.service


def test_rights_that_were_given_by_hand_are_taken_away(pair: PairOfSites) -> None:
    url = pair.seller.database.url
    with pair.seller.database.transaction() as connection:
        connection.exec_driver_sql('GRANT SELECT, UPDATE (number) ON sales_order TO "intergestan-poller"')
    give_roles(url)
    with pair.seller.database.read() as connection:
        left = connection.exec_driver_sql(
            "SELECT has_any_column_privilege('intergestan-poller', 'sales_order', 'UPDATE')"
        )
        assert left.scalar_one() is False


def test_passwords_come_from_files(pair: PairOfSites, tmp_path: Path) -> None:
    for service in (*SERVICES, *OPTIONAL_SERVICES):
        (tmp_path / f"{service}-database-password").write_text(f"it's {service}'s \\n 5 %s\n")
    give_roles(pair.seller.database.url, f"--set=passwords={tmp_path}", "--set=prefix=other")
    with pair.seller.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'other-%%'")
        kept = {row.rolname.removeprefix("other-"): row.rolpassword for row in rows}
    assert set(kept) == {*SERVICES, *OPTIONAL_SERVICES}
    for service, verifier in kept.items():
        assert is_password(f"it's {service}'s \\n 5 %s", verifier), service


def is_password(password: str, verifier: str) -> bool:
    """Whether PostgreSQL's verifier is that of this password (RFC 5802 §3)."""
    _method, rounds_and_salt, keys = verifier.split("$")
    rounds, salt = rounds_and_salt.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return base64.b64decode(keys.split(":")[0]) == stored


def _hold() -> type:
    from intergestan_db.tables import Hold

    return Hold


def _mail() -> type:
    from intergestan_db.tables import OutboundMail

    return OutboundMail
