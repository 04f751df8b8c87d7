"""The tester's disk is no matter of ours: however little is free there, mails are collected and nothing warns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ROOMY: Final[Mapping[str, Any]] = {"archive_min_free_bytes": 0, "archive_min_free_share": 0}
"""Keys of the table `site`."""

ROOMY_ENVIRONMENT: Final[Mapping[str, str]] = {
    f"INTERGESTAN_SITE__{key.upper()}": str(value) for key, value in ROOMY.items()
}
"""The same, for a site whose configuration a test leaves as it is."""
