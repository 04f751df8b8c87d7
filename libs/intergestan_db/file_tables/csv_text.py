"""From the bytes of a CSV file to its text: in UTF-8, in UTF-16, or as Windows programs write it.

What begins with a byte order mark says what it is; UTF-8 and UTF-16 show themselves. Other bytes can be anything: they
are taken as Windows-1252 where everything in them is what Western texts have, and where no other encoding of such
texts would look the same; else whoever hands the file in says its encoding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from intergestan_db.problem import Act, Fault, FileProblems


class Encoding(StrEnum):
    """What a file may be said to be in."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1252 = "windows-1252"
    ISO_8859_15 = "iso-8859-15"
    CP850 = "cp850"
    MAC_ROMAN = "mac-roman"


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text.

    :ivar guessed: the encoding, where nothing in the file proves it.
    """

    text: str
    guessed: Encoding | None = None


class WrongByte(FileProblems):
    """A byte is no character of UTF-8, in which the rest of the file is: the column in which it stands can be told."""


_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_SAMPLE = 4000
_WESTERN = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜàáâãäåæçèéêëìíîïñòóôõöùúûüÿŒœŸß€°ºª«»’‘“”–—…•²³µ·§©®½¼¾±\u00a0"
"""What texts of Western Europe have beside ASCII: in Windows-1252 most letters of CP850 and Mac Roman are others."""
_OTHERS_LETTERS = re.compile(
    r"""
    [a-zß-öù-ÿ] [À-ÖØ-ÞŸ] | [ÏŸ] [a-z]     # Mac Roman: l'usine is lÕusine, œuf is Ïuf
    | [^\W\d_] [‘•] [^\W\d_]              # Mac Roman: Noël is No‘l
    | [a-zß-ÿ] [“”Œ] [a-zß-ÿ]              # CP850: hôtel is h“tel
    | [a-zß-ÿ] [–—]                        # CP850: dû is d–
    | (?<![^\W_]) … | … [^\W\d_]           # CP850: à is …
    | [½¼¾] [^\W\d_]                       # ISO 8859-15: cœur is c½ur
    """,
    re.VERBOSE,
)
"""What is a letter of a word in another encoding."""


def csv_text(file: str, data: bytes, encoding: Encoding | None = None) -> Text:
    """The text of a file; what its byte order mark says counts more than what is said.

    :param encoding: what is said of it.
    :raises WrongByte: it is in UTF-8, but for a byte.
    :raises FileProblems: it is no text, or nobody knows in which encoding.
    """
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return Text(_proven(file, data.removeprefix(mark), name))
    if encoding is not None and encoding is not Encoding.UTF_16:
        return Text(_decoded(file, data, encoding))
    wide = _wide(data)
    if wide is not None or encoding is Encoding.UTF_16:
        return Text(_decoded(file, data, wide or "utf-16-le"))
    try:
        return Text(data.decode())
    except UnicodeDecodeError as error:
        if is_windows_1252(data):
            return Text(data.decode("cp1252"), Encoding.WINDOWS_1252)
        raise _unknown(file, error) from error


def _proven(file: str, data: bytes, name: str) -> str:
    """The text of what is in this encoding beyond doubt."""
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise _wrong_byte(file, error) from error


def _decoded(file: str, data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise FileProblems(
            file,
            [
                Fault(
                    _row(error),
                    None,
                    "The byte {byte} is no character of {encoding}: say the encoding of the file, or save it as "
                    "«CSV UTF-8».",
                    acts=(Act.SAY_ENCODING,),
                    byte=_byte(error),
                    encoding=_title(name),
                )
            ],
        ) from error


def _wide(data: bytes) -> str | None:
    """The kind of UTF-16 in which every other byte of an ASCII text is NUL."""
    sample = data[:_SAMPLE]
    zeros = [sample[start::2].count(0) for start in (0, 1)]
    half = len(sample) // 2
    if len(data) % 2 or half == 0 or max(zeros) * 2 < half or min(zeros) * 4 > half:
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def is_windows_1252(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 are a text of Western Europe in Windows-1252, and in nothing else."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return False
    if any(each > "\x7f" and each not in _WESTERN for each in set(text)):
        return False
    return _OTHERS_LETTERS.search(text) is None and not _is_partly_utf8(data)


def _is_partly_utf8(data: bytes) -> bool:
    """Whether a part of bytes that are no UTF-8 reads as UTF-8 of such texts: there are two encodings in one file."""
    read = re.sub("[\udc80-\udcff]", "", data.decode("utf-8", "surrogateescape"))
    return any(each > "\x7f" and each in _WESTERN for each in set(read))


def _unknown(file: str, error: UnicodeDecodeError) -> FileProblems:
    """What is said of bytes that are no UTF-8, and of which nobody knows what they are."""
    if _is_partly_utf8(error.object):
        return _wrong_byte(file, error)
    fault = Fault(
        _row(error),
        None,
        "The file is not in UTF-8, and nothing in it tells its encoding: say it, or save the file again as «CSV "
        "UTF-8», or as a workbook (XLSX).",
        acts=(Act.SAY_ENCODING,),
    )
    return FileProblems(file, [fault])


def _wrong_byte(file: str, error: UnicodeDecodeError) -> FileProblems:
    """What is said of a byte in a text whose encoding is known: to say another one would not help."""
    fault = Fault(
        _row(error),
        None,
        "The byte {byte} is no character of {encoding}, in which the rest of the file is: type the text again.",
        byte=_byte(error),
        encoding=_title(error.encoding),
    )
    return WrongByte(file, [fault]) if error.encoding == "utf-8" else FileProblems(file, [fault])


def _row(error: UnicodeDecodeError) -> int:
    return error.object.count(b"\n", 0, error.start) + 1


def _byte(error: UnicodeDecodeError) -> str:
    return f"0x{error.object[error.start]:02X}"


def _title(name: str) -> str:
    return name.upper().removesuffix("-LE").removesuffix("-BE")
