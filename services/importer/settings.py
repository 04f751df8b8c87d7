"""The importer's own settings."""

from __future__ import annotations

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.sections import key
from intergestan_runtime.settings import BudgetSettings, HeartbeatSettings, ServiceSettings


class ImporterSettings(ServiceSettings):
    """Reads archived mails, decides and books."""

    threads: int = key(
        2, ge=1, le=16, description="Mails worked on at the same time; each thread has a reader process of its own."
    )
    max_age_days: int = key(30, ge=1, description="A mail that was composed longer ago when it came is held.")


class ImporterProcess(ServiceProcess):
    """All that an importer process reads."""

    importer: ImporterSettings
    heartbeats: HeartbeatSettings
    budgets: BudgetSettings
