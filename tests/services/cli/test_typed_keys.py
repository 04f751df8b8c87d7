"""Numbers, codes and logins are found whatever their case, accents and blanks, by every command that names one."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_db.tables import PurchaseOrder, User
from intergestan_erp.inputs.typed_keys import as_stored
from tests.services.cli.conftest import Run, data
from tests.services.cli.test_sales import seller
from tests.site_factories import NOW

__all__ = ["seller"]


@pytest.fixture
def buyer(paired_shop: Path, run: Run) -> Path:
    """A shop with the orders CFR1, CFR2 … of the demo; CFR2 is called "Réappro 7"."""
    assert run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop).code == 0
    base = Database(f"sqlite:///{paired_shop / 'site.db'}", lambda: NOW)
    with base.transaction() as connection:
        connection.execute(update(PurchaseOrder).where(PurchaseOrder.number == "CFR2").values(number="Réappro 7"))
    base.dispose()
    return paired_shop


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("orders show cfr1", "CFR1"),
        ("orders show Cfr1", "CFR1"),
        ("orders show 'reappro 7'", "Réappro 7"),
        ("orders show 'RÉAPPRO  7'", "Réappro 7"),
        ("orders list --supplier stauber", "CFR1"),
        ("orders list --supplier Stäuber", "CFR1"),
        ("orders list --followed-by MARIE --all", ""),
        ("--as Marie send --supplier stauber --to appros@stauber.test --dry-run", "CFR1"),
        ("trace cfr1", "CFR1"),
        ("partner match stauber", ""),
        ("partner key list Stauber", "STAUBER"),
        ("statement stauber", ""),
    ],
)
def test_a_buyers_keys(buyer: Path, run: Run, typed: str, shown: str) -> None:
    ran = run(*shlex.split(typed), cwd=buyer)
    assert ran.code == 0, ran.err
    assert shown in ran.out


def test_a_buyers_acts(buyer: Path, run: Run) -> None:
    assert run("orders", "unconfirm", "cfr1", "reappro 7", cwd=buyer).code == 0
    assert run("orders", "confirm", "Cfr1", cwd=buyer).code == 0
    assert run("orders", "export", "cfr1", cwd=buyer).code == 0
    assert (buyer / "CFR1.xml").exists()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("sales show ccl1", "CCL1"),
        ("sales list --customer mulhouse", "CCL1"),
        ("sales deliver ccl1", "BL1"),
        ("sales change ccl1 --line L2=1", "CCL1"),
        ("sales export ccl1", ""),
    ],
)
def test_a_sellers_keys(seller: Path, run: Run, typed: str, shown: str) -> None:
    ran = run(*typed.split(), cwd=seller)
    assert ran.code == 0, ran.err
    assert shown in ran.out + ran.err


def test_a_sellers_papers(seller: Path, run: Run) -> None:
    assert run("sales", "deliver", "CCL1", cwd=seller).code == 0
    assert "BL1" in run("sales", "show", "bl1", cwd=seller).out
    assert run("sales", "invoice", "bl1", cwd=seller).code == 0
    assert "FA1" in run("sales", "show", "fa1", cwd=seller).out


def test_of_several_that_are_alike_none_is_guessed(buyer: Path, run: Run) -> None:
    assert run("user", "add", "Zoe", "--email", "zoe@arts.test", cwd=buyer).code == 0
    assert run("user", "add", "zoe", "--email", "zoe2@arts.test", cwd=buyer).code == 0
    base = Database(f"sqlite:///{buyer / 'site.db'}", lambda: NOW)
    with base.read() as connection:
        assert as_stored(connection, "zoe", User.login) == "zoe"
        assert as_stored(connection, "Zoe", User.login) == "Zoe"
        with pytest.raises(Problem, match="may be Zoe, zoe"):
            as_stored(connection, "ZOE", User.login)
        assert as_stored(connection, "nobody", User.login) == "nobody"
    base.dispose()
