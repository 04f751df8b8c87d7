"""What tests read out of the forms of a page."""

from __future__ import annotations

import re


def act_of(page: str) -> str:
    """By what the last form of a page does its act once."""
    return str(re.findall(r'name="jeton_acte" value="([^"]+)"', page)[-1])
