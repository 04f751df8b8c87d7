"""The files of which whoever makes a site is told to keep a copy, by the names that the sentences have for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intergestan_runtime.settings import SiteSettings


def files_to_keep(site: SiteSettings) -> dict[str, Path]:
    """The keys: nobody can make them a second time."""
    return {
        "key_file": site.key_file,
        "base_key_file": site.base_key_file,
        "bounce_key_file": site.bounce_key_file,
        "console_key_file": site.console_key_file,
    }
