"""The allocator's own settings; whether anything is set aside says the dossier (`intergestan dossier set`)."""

from __future__ import annotations

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.sections import key
from intergestan_runtime.settings import ServiceSettings


class AllocatorSettings(ServiceSettings):
    """Sets goods aside for accepted orders; for none, unless a dossier manages its stock."""

    threads: int = key(1, ge=1, le=8, description="Orders allocated at the same time.")


class AllocatorProcess(ServiceProcess):
    """All that an allocator process reads."""

    allocator: AllocatorSettings
