"""The importer's own settings."""

from __future__ import annotations

from pydantic import Field

from intergestan_runtime.settings import HeartbeatSettings, ServiceSettings
from services.startup import ServiceProcess


class ImporterSettings(ServiceSettings):
    """Reads archived mails, decides and books."""

    threads: int = Field(
        2, ge=1, le=16, description="Mails worked on at the same time; each thread has a reader process of its own."
    )
    max_age_days: int = Field(30, ge=1, description="A mail that was composed longer ago when it came is held.")


class ImporterProcess(ServiceProcess):
    """All that an importer process reads."""

    importer: ImporterSettings = ImporterSettings()
    heartbeats: HeartbeatSettings = HeartbeatSettings()
