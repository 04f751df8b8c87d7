"""The layers of configuration, and what is said when they are wrong."""

from pathlib import Path

import pytest

from intergestan_runtime.sections import key
from intergestan_runtime.settings import (
    HeartbeatSettings,
    LogSettings,
    Section,
    ServiceSettings,
    Settings,
    SiteSettings,
)
from intergestan_runtime.settings_docs import document
from intergestan_runtime.settings_load import ConfigurationError, config_files, load


class PollerSettings(ServiceSettings):
    """The poller's table."""

    every: float = key(60, gt=0, description="Seconds between two polls.")
    mailboxes: tuple[str, ...] = key(("all",), min_length=1, description="Names.")
    urgent: bool = key(False, description="Whether it is.")
    nick: str | None = key(None, max_length=5, pattern=r"^\S+$", description="A short name.")


class PollerProcess(Settings):
    """All that a poller reads."""

    site: SiteSettings = SiteSettings()
    log: LogSettings = LogSettings()
    poller: PollerSettings = PollerSettings()


class BeatingProcess(Settings):
    """All that a process with heartbeats reads."""

    heartbeats: HeartbeatSettings


class NeedySection(Section):
    """Has a key without default."""

    host: str = key(description="A host.")


class NeedyProcess(Settings):
    """All that a needy process reads."""

    sender: NeedySection


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the test runs, with the user's configuration below it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    (tmp_path / "user" / "intergestan").mkdir(parents=True)
    return tmp_path


def problems(text: str = "", flags: dict[str, object] | None = None) -> list[str]:
    file = Path("intergestan.toml")
    file.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load(PollerProcess, flags or {})
    assert str(raised.value).splitlines() == raised.value.problems
    return list(raised.value.problems)


def test_defaults_alone_will_do() -> None:
    settings = load(PollerProcess, {})
    home = Path.home() / ".local/share/intergestan"
    assert settings.site.database_url == f"sqlite:///{home}/site.db"
    assert settings.site.archive_dir == home / "archive"
    assert settings.poller.threads == 4


def test_each_layer_wins_over_the_one_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "user/intergestan/intergestan.toml").write_text(
        "[poller]\nthreads = 2\nevery = 2\nhealth_port = 2\n[log]\nlevel = 'DEBUG'\n"
    )
    (folder / "intergestan.toml").write_text("[poller]\nthreads = 3\nevery = 3\nhealth_port = 3\n")
    monkeypatch.setenv("INTERGESTAN_POLLER__THREADS", "5")
    monkeypatch.setenv("INTERGESTAN_POLLER__EVERY", "5")
    settings = load(PollerProcess, {"poller.threads": 6, "poller.every": None})
    assert (settings.poller.threads, settings.poller.every, settings.poller.health_port) == (6, 5, 3)
    assert settings.log.level == "DEBUG"


def test_config_replaces_the_file_in_the_current_folder(folder: Path) -> None:
    (folder / "intergestan.toml").write_text("[poller]\nthreads = 3\n")
    other = folder / "other.toml"
    other.write_text("[poller]\nevery = 7\n")
    settings = load(PollerProcess, {}, other)
    assert (settings.poller.threads, settings.poller.every) == (4, 7)


def test_a_file_that_stands_alone(folder: Path) -> None:
    (folder / "user/intergestan/intergestan.toml").write_text("[poller]\nthreads = 2\n")
    (folder / "intergestan.toml").write_text("alone = true\n[poller]\nevery = 7\n")
    settings = load(PollerProcess, {})
    assert (settings.poller.threads, settings.poller.every) == (4, 7)


def test_paths_are_relative_to_their_file(folder: Path) -> None:
    (folder / "site").mkdir()
    config = folder / "site" / "intergestan.toml"
    config.write_text('[site]\ndata_dir = "."\nkey_file = "~/my.key"\n')
    site = load(PollerProcess, {}, config).site
    assert site.archive_dir == folder / "site" / "archive"
    assert site.key_file == Path.home() / "my.key"


def test_the_tables_of_other_services_are_theirs() -> None:
    Path("intergestan.toml").write_text("[sender]\nwhatever = 1\n")
    load(PollerProcess, {})


def test_everything_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERGESTAN_POLLER__EVERY", "-1")
    monkeypatch.setenv("INTERGESTAN_POLER__EVERY", "1")
    monkeypatch.setenv("INTERGESTAN_USER", "is no table")
    said = problems(
        "[site]\nlangage = 'fr'\nlanguage = 'de'\n\n[poller]\nthreads = 0\n[poler]\nx = 1\n",
        {"log.level": "LOUD"},
    )
    file = Path("intergestan.toml")
    assert sorted(said) == sorted(
        [
            f"{file}, line 7: unknown table [poler]. Did you mean poller?",
            "environment: unknown table [poler]. Did you mean poller?",
            f"{file}, line 2: unknown key site.langage. Did you mean language?",
            f"{file}, line 3: site.language = 'de': it has to be one of 'fr', 'en'.",
            f"{file}, line 6: poller.threads = 0: it has to be 1 or more.",
            "environment: INTERGESTAN_POLLER__EVERY = '-1': it has to be more than 0.",
            "flags: log.level = 'LOUD': it has to be one of 'DEBUG', 'INFO', 'WARNING', 'ERROR'.",
        ]
    )


def test_a_wrong_folder_does_not_drag_others_along() -> None:
    (said,) = problems("[site]\ndata_dir = 5\n")
    assert "site.data_dir = 5" in said


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    (said,) = problems("[site]\ndatabase_url = 'postgresql://joe:hunter2@db/base'\n")
    assert said.startswith("intergestan.toml, line 2: site.database_url: no password in a URL")
    assert "hunter2" not in said


def test_broken_toml_names_the_place() -> None:
    (said,) = problems("[site\n")
    assert "intergestan.toml" in said
    assert "line 1" in said


def test_a_key_where_a_table_belongs() -> None:
    (said,) = problems("poller = 3\n")[:1]
    assert said == "intergestan.toml, line 1: poller is a table: write [poller] and its keys below."


def test_a_file_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent.toml: there is no such file"):
        load(PollerProcess, {}, folder / "absent.toml")


def test_a_table_as_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERGESTAN_POLLER", '{"threads": 9}')
    assert load(PollerProcess, {}).poller.threads == 9
    monkeypatch.setenv("INTERGESTAN_POLLER", "{threads")
    assert "JSON" in problems()[0]


@pytest.mark.parametrize(
    ("key", "said", "value"),
    [
        ("threads", "8", 8),
        ("threads", " 8.0 ", 8),
        ("every", "1e1", 10.0),
        ("health_address", "8", "8"),
        ("mailboxes", '["a", "b"]', ("a", "b")),
        ("urgent", "YES", True),
        ("urgent", "0", False),
    ],
)
def test_the_environment_has_texts_for_everything(
    key: str, said: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"INTERGESTAN_POLLER__{key.upper()}", said)
    found = getattr(load(PollerProcess, {}).poller, key)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("threads = 2.5", "it has to be a whole number"),
        ("threads = inf", "it has to be a whole number"),
        ("threads = 'two'", "it has to be a whole number"),
        ("every = [1]", "it has to be a number"),
        ("urgent = 2", "it has to be true or false"),
        ("urgent = 'perhaps'", "it has to be true or false"),
        ("health_address = 1", "it has to be a text"),
        ("mailboxes = 'a'", "it has to be a list"),
        ("mailboxes = []", "it has to have 1 values or more"),
        ("nick = 'a b'", "it does not have the form that docs/settings.md asks for"),
        ("nick = 'abcdef'", "it has to have 5 characters or less"),
        ("every = 0", "it has to be more than 0"),
        ("threads = 65", "it has to be 64 or less"),
    ],
)
def test_what_a_value_has_to_be(line: str, what: str) -> None:
    (said,) = problems(f"[poller]\n{line}\n")
    key, value = line.split(" = ")
    shown = repr([1]) if value == "[1]" else value
    assert said == f"intergestan.toml, line 2: poller.{key} = {shown}: {what}."


def test_keys_that_do_not_go_together() -> None:
    file = Path("intergestan.toml")
    file.write_text("[heartbeats]\nlate_seconds = 9\nlost_seconds = 9\n")
    with pytest.raises(ConfigurationError) as raised:
        load(BeatingProcess, {})
    (said,) = raised.value.problems
    assert said.startswith(f"{file}, line 1: heartbeats = ")
    assert said.endswith("a heartbeat is late before it is lost: lost_seconds is more than late_seconds.")


def test_a_table_does_not_change() -> None:
    site = load(PollerProcess, {}).site
    with pytest.raises(AttributeError, match="cannot be changed"):
        site.language = "en"
    assert site == load(PollerProcess, {}).site
    with pytest.raises(ValueError, match="threads: it has to be 1 or more"):
        PollerSettings(threads=0)


def test_what_is_missing_is_named() -> None:
    Path("intergestan.toml").write_text("[sender]\n")
    with pytest.raises(ConfigurationError) as raised:
        load(NeedyProcess, {})
    assert raised.value.problems == [
        "sender.host is missing. Set it in intergestan.toml or as INTERGESTAN_SENDER__HOST."
    ]


def test_where_the_files_are(folder: Path) -> None:
    assert config_files() == [
        Path("/etc/intergestan/intergestan.toml"),
        folder / "user/intergestan/intergestan.toml",
        Path("intergestan.toml"),
    ]


def test_the_documentation_writes_itself() -> None:
    text = document([PollerProcess, NeedyProcess])
    assert "## [poller]\n\nThe poller's table.\n" in text
    assert "| `every` | float, > 0 | `60` | `INTERGESTAN_POLLER__EVERY` | Seconds between two polls. |" in text
    assert "| `archive_dir` | path | `<data_dir>/archive` |" in text
    assert "| `host` | text | required | `INTERGESTAN_SENDER__HOST` | A host. |" in text
    assert str(Path.home()) not in text


def test_documentation_must_not_be_missing() -> None:
    class Bare(Section):
        """A table."""

        key: int = 1

    class Process(Settings):
        """A process."""

        demo: Bare = Bare()

    with pytest.raises(ValueError, match=r"demo\.key has no description"):
        document([Process])
