"""Issue 3: what stops a service or a command is said in French to who speaks French."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_msg import typography
from intergestan_operations.opening.opening import WrongKey, check_key
from intergestan_operations.starting.startup import CONFIGURATION
from intergestan_runtime.secrets import SecretError, Secrets
from intergestan_runtime.settings import SiteSettings
from intergestan_runtime.settings_load import ConfigurationError
from services.cli.shown import wording
from services.dispatcher.__main__ import main
from tests.services.cli.conftest import Run


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "fr")


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")


NO_BASE = "site.database_url : il faut sqlite:///FICHIER ou postgresql+psycopg://utilisateur@serveur/base"
WRONG = """
[site]
language = "de"
langage = "fr"
database_url = "mysql://base"
[dispatcher]
threads = 0
"""


@pytest.mark.usefixtures("french")
def test_a_service_refuses_a_wrong_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "intergestan.toml"
    file.write_text(f"alone = true\n{WRONG}")
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(file)])
    assert ended.value.code == CONFIGURATION
    (event,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (event["service"], event["level"]) == ("dispatcher", "critical")
    assert sorted(event["event"].splitlines()) == [
        typography.french(f"{file}, ligne 4 : site.language = 'de' : il faut l'un de 'fr', 'en'."),
        typography.french(f"{file}, ligne 5 : clé inconnue site.langage. Vouliez-vous dire language ?"),
        typography.french(f"{file}, ligne 6 : {NO_BASE}."),
        typography.french(f"{file}, ligne 8 : dispatcher.threads = 0 : il faut 1 au moins."),
    ]


def test_the_command_line_says_it_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "intergestan.toml").write_text(f"alone = true\n{WRONG}")
    for language, said in (("fr", "clé inconnue site.langage"), ("en", "unknown key site.langage")):
        ran = run("--lang", language, "orders", "list")
        assert (ran.code, said in ran.err) == (CONFIGURATION, True), ran.err
        assert said in run("--lang", language, "doctor").out


@pytest.mark.usefixtures("french")
def test_a_secret_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SecretError) as raised:
        Secrets(tmp_path, environment={}, container=tmp_path).get("imap")
    assert wording(raised.value) == f"Le secret 'imap' manque. Écrivez-le dans {tmp_path}/imap (chmod 600)."


def test_a_base_without_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Database(f"sqlite:///{tmp_path}/site.db")
    with empty.read() as connection, pytest.raises(migrate.NotMigrated) as raised:
        migrate.check(connection)
    empty.dispose()
    for language, said in (("fr", "La base est au schéma aucun"), ("en", "The base is at schema none")):
        monkeypatch.setenv("LANGUAGE", language)
        assert wording(raised.value).startswith(said)


def test_the_key_of_another_site(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "fr")  # `shop` has spoken English
    with pytest.raises(WrongKey) as raised:
        check_key(SiteSettings(data_dir=shop), "another")
    assert "n'est pas celle du site de cette base" in wording(raised.value)


@pytest.mark.usefixtures("english")
def test_a_problem_of_ours_stays_as_it_is_in_english() -> None:
    assert wording(ConfigurationError([])) == ""
    assert wording(ValueError("what a library says")) == "what a library says"


def test_figures_and_days_among_the_values_are_written_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 13: a sentence in French has 72,00 and 30/11/2026, whatever says it."""
    said = Problem(
        "{amount} of {whole}, {day}",
        ProblemCode.NO_VALUE,
        amount=Decimal("-1234.50"),
        whole=Decimal("1E+1"),
        day=date(2026, 11, 30),
    )
    monkeypatch.setenv("LANGUAGE", "fr")
    assert wording(said) == "-1234,50 of 10, 30/11/2026"
    monkeypatch.setenv("LANGUAGE", "en")
    assert wording(said) == "-1234.50 of 10, 2026-11-30"
