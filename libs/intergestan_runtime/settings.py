"""What a process needs to know before it has the base.

A service's settings are a `Settings` class with one field for each TOML table it reads; a table is a
`Section`. Each service defines its own section beside its code; the shared ones are here.
`settings_load.load` reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENV_PREFIX = "INTERGESTAN_"
ENV_DELIMITER = "__"

TABLES = (
    "site",
    "log",
    "composer",
    "sender",
    "poller",
    "importer",
    "dispatcher",
    "console",
    "cli",
    "demo",
)
"""Every table that may stand in intergestan.toml; a process reads some and leaves the others to their
service.
"""


def _without_password(url: str) -> str:
    if urlsplit(url).password is not None:
        raise ValueError("no password in a URL: write it into a secret file and name that file instead")
    return url


ConfigPath = Annotated[Path, AfterValidator(Path.expanduser)]
"""A path; ``~`` is the home folder. In a TOML file it is relative to that file: its key ends in _dir or
_file.
"""
Url = Annotated[str, AfterValidator(_without_password)]


class Section(BaseModel):
    """One TOML table. Its docstring and its fields' descriptions become docs/settings.md."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Settings(BaseSettings):
    """All that one process reads: a field for each table. Made by `load`."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_DELIMITER,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load` has put the layers together already."""
        return (init_settings,)


def _in_data_dir(name: str) -> Any:
    return lambda data: data["data_dir"] / name


class SiteSettings(Section):
    """Where the parts of this site are. Passwords are never here: they are files, and these are their
    names.
    """

    data_dir: ConfigPath = Field(
        Path("~/.local/share/intergestan"), description="Folder for all that has no place of its own."
    )
    database_url: Url = Field(
        default_factory=lambda data: f"sqlite:///{data['data_dir']}/site.db",
        description="The base, as SQLAlchemy writes it: sqlite:/// or postgresql+psycopg://user@host/base.",
    )
    database_password: str | None = Field(None, description="Name of the secret with the base's password.")
    redis_url: Url | None = Field(
        None,
        description="redis://, rediss:// or unix://. Without it an embedded server runs in the data folder.",
    )
    redis_password: str | None = Field(None, description="Name of the secret with the password of Redis.")
    archive_dir: ConfigPath = Field(
        default_factory=_in_data_dir("archive"), description="Folder of the raw mails received."
    )
    secrets_dir: ConfigPath = Field(
        default_factory=_in_data_dir("secrets"),
        description="Folder of secret files (0600), one secret in each.",
    )
    key_file: ConfigPath = Field(
        default_factory=_in_data_dir("site.key"),
        description="The site's private key; only the composer reads it.",
    )
    base_key_file: ConfigPath = Field(
        default_factory=_in_data_dir("base.key"),
        description="The key of the passwords that the base holds sealed.",
    )
    language: Literal["fr", "en"] = Field("fr", description="Language of mails and answers.")


class LogSettings(Section):
    """How a process logs, to its standard error."""

    form: Literal["auto", "json", "console"] = Field(
        "auto", description="json, console, or console on a terminal and json elsewhere."
    )
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least that is logged.")


class ServiceSettings(Section):
    """What every service's own table has."""

    threads: int = Field(4, ge=1, le=64, description="Rows worked on at the same time.")
    health_address: str = Field(
        "127.0.0.1", description="Where /metrics, /live and /ready listen; they are for nobody outside."
    )
    health_port: int = Field(0, ge=0, le=65535, description="Their port; 0 takes a free one and logs it.")
