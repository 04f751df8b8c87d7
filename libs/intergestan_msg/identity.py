"""When two keys are the same one: order numbers, line ids, codes. Pure.

One key has several encodings: the é of a Mac's file is two characters, that of a Windows program one. Everything that
is joined or compared is in NFC from the door on; what a partner wrote is quoted back to them as they wrote it.
"""

from __future__ import annotations

from unicodedata import normalize


def nfc(text: str) -> str:
    """A key as it is kept and compared."""
    return text if text.isascii() else normalize("NFC", text)


def case_key(text: str) -> str:
    """What keys have in common that differ by upper and lower case alone."""
    return nfc(nfc(text).casefold())
