"""When two keys are the same one: order numbers, line ids, product codes. Pure.

One key has several encodings: the é of a file from a Mac is two characters, that of a Windows program one. Whatever is
joined or compared is in NFC from the door on.
"""

from __future__ import annotations

from unicodedata import normalize


def nfc(text: str) -> str:
    """A key as it is kept and compared."""
    return text if text.isascii() else normalize("NFC", text)


def case_key(text: str) -> str:
    """What keys have in common that differ by upper and lower case alone."""
    return nfc(nfc(text).casefold())
