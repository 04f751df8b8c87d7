"""What the program reads that makes a site in the browser."""

from __future__ import annotations

from intergestan_runtime.settings import ConsoleSettings, Settings, SiteSettings


class BeginningProcess(Settings):
    """Where the site will be, and its pages."""

    site: SiteSettings
    console: ConsoleSettings
