"""`partner`: a key is pinned only when a person vouched for its words."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.patience import PATIENCE
from tests.services.cli.conftest import SECOND_SIRET, Run


def words(run: Run, folder: Path) -> str:
    return str(run("site", "card", "--json", cwd=folder).json["fingerprint"])


def test_the_words_pin_the_key(shop: Path, stauber: Path, run: Run) -> None:
    spoken = words(run, stauber)
    added = run("partner", "add", stauber / "stauber.card", "--fingerprint", spoken.upper(), cwd=shop)
    assert added.code == 0, added.err
    assert "partner set" in added.err, "the address for orders is only proposed (G16)"
    (partner,) = run("partner", "list", "--json", cwd=shop).json
    assert (partner["site_code"], partner["order_address"]) == (SECOND_SIRET, None)
    assert partner["proposed_order_address"] == "appros@stauber.test"


def test_a_card_from_standard_input(shop: Path, stauber: Path, run: Run) -> None:
    card = (stauber / "stauber.card").read_text()
    added = run("partner", "add", "-", "--fingerprint", words(run, stauber), cwd=shop, stdin=card)
    assert added.code == 0


def test_other_words_are_refused(shop: Path, stauber: Path, run: Run) -> None:
    refused = run("partner", "add", stauber / "stauber.card", "--fingerprint", words(run, shop), cwd=shop)
    assert refused.code == 1
    assert run("partner", "list", "--json", cwd=shop).json == []


def test_without_a_terminal_nothing_is_asked_or_pinned(shop: Path, stauber: Path, run: Run) -> None:
    refused = run("partner", "add", stauber / "stauber.card", cwd=shop)
    assert refused.code == 2
    assert words(run, stauber) in refused.err
    assert run("partner", "list", "--json", cwd=shop).json == []


@pytest.mark.parametrize(
    ("said", "code", "partners"), [("y\n", 0, 1), ("n\n", 1, 0), ("oui\n", 0, 1), ("O\n", 0, 1), ("perhaps\n\n", 1, 0)]
)
def test_at_a_terminal_a_person_says_yes(
    shop: Path, stauber: Path, run: Run, said: str, code: int, partners: int
) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, said.encode())
        asked = warm.run(
            [sys.executable, "-m", "services.cli", "partner", "add", str(stauber / "stauber.card")],
            cwd=shop,
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert asked.returncode == code
    assert len(run("partner", "list", "--json", cwd=shop).json) == partners


@pytest.mark.parametrize("text", ["", "hello", "a.b.c"])
def test_what_is_no_card(shop: Path, run: Run, text: str) -> None:
    refused = run("partner", "add", "-", cwd=shop, stdin=text)
    assert refused.code == 1
    assert "Traceback" not in refused.err


def test_a_card_that_is_not_there(shop: Path, run: Run) -> None:
    refused = run("partner", "add", "none.card", cwd=shop)
    assert refused.code == 1
    assert "none.card" in refused.err


def test_the_address_for_orders(paired_shop: Path, run: Run) -> None:
    """G18: changed by an act of its own, one address for each supplier."""
    done = run(
        *("partner", "set", "STAUBER", "--order-address", "jean@stauber.test", "--price-tolerance", "0,05"),
        *("--acceptance", "review", "--contact", "M. Wilfried ZWILLIG", "--city", "PAIR ET GRANDRUPT"),
        cwd=paired_shop,
    )
    assert done.code == 0, done.err
    (partner,) = run("partner", "list", "--json", cwd=paired_shop).json
    assert (partner["order_address"], partner["acceptance"]) == ("jean@stauber.test", "review")
    assert partner["price_tolerance"] == "0.050000"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 2),
        (("--order-address", "nobody"), 1),
        (("--price-policy", "whatever"), 2),
        (("--price-tolerance", "much"), 2),
        (("--language", "de"), 1),
    ],
)
def test_what_cannot_be_agreed(paired_shop: Path, run: Run, options: tuple[str, ...], code: int) -> None:
    assert run("partner", "set", "STAUBER", *options, cwd=paired_shop).code == code
