"""What the command line reads from the configuration."""

from __future__ import annotations

from pydantic import Field

from intergestan_runtime.settings import LogSettings, Section, Settings, SiteSettings


class CliSettings(Section):
    """The command line."""

    user: str | None = Field(
        None, description="Login of the user who acts when neither --as nor INTERGESTAN_USER says so."
    )


class CliProcess(Settings):
    """All that the command line reads."""

    site: SiteSettings = SiteSettings()
    log: LogSettings = LogSettings()
    cli: CliSettings = CliSettings()
