"""Keys as they come in: in NFC, so that one number is one order on every base (`intergestan_msg.identity`)."""

from __future__ import annotations

from intergestan_msg.identity import case_key, nfc

__all__ = ["case_key", "nfc"]
