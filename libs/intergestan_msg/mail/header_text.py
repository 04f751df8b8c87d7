"""Header fields as we write them: ASCII, folded at 76 characters, nothing that could start another field.

Anything that is not short, plain ASCII goes into encoded words (RFC 2047) or encoded parameters (RFC 2231).
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

from intergestan_msg.plain_text import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intergestan_msg.email_address import EmailAddress

WIDTH = 76

_VISIBLE = re.compile(VISIBLE)
_ATOMS = re.compile(r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_PLAIN_VALUE = re.compile(r"\A[A-Za-z0-9 ._+-]{1,50}\Z")
_WORD_BYTES = 39  # 52 characters of base64 and 12 of "=?utf-8?B??=", so that a first line has room for a name
_CHUNK = 50


def unstructured(name: str, text: str) -> str:
    """A field of free text, such as Subject. Raises ValueError for a text with control characters."""
    _refuse_hidden(text)
    line = f"{name}: {text}"
    if len(line) <= WIDTH and text.isascii() and "=?" not in text and text == " ".join(text.split()):
        return line
    return f"{name}: " + "\r\n ".join(_encoded_words(text))


def mailbox(name: str, who: EmailAddress) -> str:
    """A field with one address, such as From. Raises ValueError for a name with control characters."""
    if not who.name:
        return f"{name}: {who.address}"
    _refuse_hidden(who.name)
    if len(who.name) <= WIDTH - 20 and _ATOMS.match(who.name) and "=?" not in who.name:
        phrase = f'"{who.name}"'
    else:
        phrase = "\r\n ".join(_encoded_words(who.name))
    line = f"{name}: {phrase}"
    room = WIDTH - len(line.rpartition("\r\n")[2])
    separator = " " if len(who.address) + 3 <= room else "\r\n "
    return f"{line}{separator}<{who.address}>"


def parameter(name: str, value: str) -> str:
    """A parameter such as filename, on lines of its own, to stand after a semicolon."""
    if _PLAIN_VALUE.match(value):
        return f'\r\n {name}="{value}"'
    text = "utf-8''" + quote(value, safe="")
    pieces = [text[i : i + _CHUNK] for i in range(0, len(text), _CHUNK)]
    if len(pieces) == 1:
        return f"\r\n {name}*={text}"
    return ";".join(f"\r\n {name}*{number}*={piece}" for number, piece in enumerate(_whole(pieces)))


def _whole(pieces: list[str]) -> Iterator[str]:
    """Move a %-escape that a cut would break to the next piece: some readers decode each piece by itself."""
    kept = ""
    for piece in pieces:
        text = kept + piece
        cut = len(text) - (text[-1:] == "%") - 2 * (text[-2:-1] == "%")
        kept = text[cut:]
        yield text[:cut]
    if kept:
        yield kept


def _encoded_words(text: str) -> Iterator[str]:
    chunk = b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _WORD_BYTES:
            yield _encoded_word(chunk)
            chunk = b""
        chunk += encoded
    yield _encoded_word(chunk)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?B?{b64encode(chunk).decode()}?="


def _refuse_hidden(text: str) -> None:
    if not _VISIBLE.match(text):
        raise ValueError(f"{text[:80]!r} has characters that do not belong in a header.")
