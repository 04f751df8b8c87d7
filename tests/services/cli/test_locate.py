"""`parties locate`, positions by hand, and the settings of T25 and T26 from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.cli.conftest import Run

DUPONT = (
    *("parties", "add", "--name", "Dupont SA", "--customer", "--code", "DUP", "--line1", "12 rue de la Loi"),
    *("--postcode", "68100", "--city", "Mulhouse", "--country", "FR"),
)


def card(run: Run, shop: Path, code: str = "DUP") -> dict[str, object]:
    (address,) = run("parties", "show", code, "--json", cwd=shop).json["addresses"]
    return {name: address[name] for name in ("latitude", "longitude", "geo")}


def test_nobody_is_asked_unless_somebody_wants_it(shop: Path, run: Run) -> None:
    """T25: saved, asked for, and still waiting: no provider was chosen."""
    assert run(*DUPONT, cwd=shop).code == 0
    assert card(run, shop) == {"latitude": None, "longitude": None, "geo": "none"}
    asked = run("parties", "locate", "DUP", cwd=shop)
    assert (asked.code, "1 address waits" in asked.err, "Nobody is asked here" in asked.err) == (0, True, True)
    assert "geo.provider" in asked.err
    assert card(run, shop)["geo"] == "waiting"
    assert run("parties", "locate", "--missing", "--json", cwd=shop).json == {"waiting": 1, "calls_left": None}


def test_who_is_asked_and_how_often(shop: Path, run: Run) -> None:
    """T25: what remains of the month is said; at the cap the sentence and what may be done about it."""
    chosen = run("settings", "set", "geo.provider", "ban", cwd=shop)
    assert (chosen.code, "intergestan run geocoder" in chosen.err) == (0, True)
    assert run("settings", "set", "geo.on_save", "true", cwd=shop).code == 0
    assert run(*DUPONT, cwd=shop).code == 0
    assert card(run, shop)["geo"] == "waiting"
    assert run("parties", "locate", "--missing", "--json", cwd=shop).json == {"waiting": 1, "calls_left": 5000}
    assert "ban may be asked 5000 more times this month." in run("parties", "locate", "DUP", cwd=shop).err
    assert run("settings", "set", "geo.calls_per_month", "0", cwd=shop).code == 0
    capped = run("--lang", "fr", "parties", "locate", "DUP", cwd=shop)
    assert "0 recherches ont été faites ce mois-ci, le maximum permis ; les autres reprendront" in capped.err.replace(
        "\u202f", " "
    )
    assert "geo.calls_per_month" in capped.err
    imported = shop / "tiers.csv"
    imported.write_text("Raison sociale;Client;Code;Code postal;Ville\nDurand;oui;DUR;68000;Colmar\n")
    assert run("parties", "import", imported, cwd=shop).code == 0
    assert card(run, shop, "DUR")["geo"] == "waiting"


def test_a_position_by_hand(shop: Path, run: Run) -> None:
    """T25: with a point or a comma; both, in their range; and taken away again."""
    assert run(*DUPONT, cwd=shop).code == 0
    placed = run("parties", "set", "DUP", "--latitude", "47,75081234", "--longitude", "-7.3389", cwd=shop)
    assert placed.code == 0, placed.err
    assert card(run, shop) == {"latitude": "47.7508123", "longitude": "-7.3389000", "geo": "by_hand"}
    assert "47.7508123 -7.3389000, set by hand" in run("parties", "show", "DUP", cwd=shop).out
    for wrong, said in (
        (("--latitude", "47.75"), "give both"),
        (("--latitude", "91", "--longitude", "7"), "between -90 and 90"),
        (("--latitude", "47.75", "--longitude", "1e1"), "between -180 and 180"),
        (("--latitude", "47°45'", "--longitude", "7"), "write it like 47.7508"),
    ):
        refused = run("parties", "set", "DUP", *wrong, cwd=shop)
        assert (refused.code, said in refused.err) == (1, True), refused.err
    assert card(run, shop)["geo"] == "by_hand"
    assert run("parties", "set", "DUP", "--latitude", "", "--longitude", "", cwd=shop).code == 0
    assert card(run, shop) == {"latitude": None, "longitude": None, "geo": "none"}


@pytest.mark.parametrize("arguments", [(), ("DUP", "--missing")])
def test_either_some_or_all(shop: Path, run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*DUPONT, cwd=shop).code == 0
    assert run("parties", "locate", *arguments, cwd=shop).code == 2
    assert run("parties", "locate", "NOBODY", cwd=shop).code == 2
    assert card(run, shop)["geo"] == "none"
