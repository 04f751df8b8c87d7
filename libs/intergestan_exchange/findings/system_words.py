"""What the operating system says, by its error numbers, so that it can be told in the language of whoever reads it."""

from __future__ import annotations

import errno
import socket

from intergestan_msg.diagnosis import Diagnosed, Diagnosis, System

_OF_NAMES = {socket.EAI_NONAME: System.EAI_NONAME, socket.EAI_AGAIN: System.EAI_AGAIN}


def text_of(error: Exception, text: str | None = None, place: str | None = None) -> str:
    """What an error says in English; it remembers its diagnosis where it has one or the system is known for it.

    :param text: what is said instead of the error's own text.
    :param place: of a network or a file, where the text names it.
    """
    found = getattr(error, "diagnosis", None)
    if isinstance(found, Diagnosis):
        return Diagnosed(found)
    said = str(error) if text is None else text
    cause = _of_the_system(error, said)
    code = None if cause is None else _code(cause)
    return said if code is None else Diagnosed(Diagnosis(code, {"words": said}, place=place))


def _of_the_system(error: BaseException, said: str) -> OSError | None:
    """The error of the system that this is, or that a client library says in its own; not one of a file with a name."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, OSError):
        seen = seen.__cause__ or seen.__context__
    if seen is None or seen.filename is not None:
        return None
    return seen if isinstance(seen, TimeoutError) or (seen.strerror or str(seen)) in said else None


def _code(error: OSError) -> System | None:
    if isinstance(error, socket.gaierror):
        return _OF_NAMES.get(error.errno or 0)
    late = System.TIMED_OUT if isinstance(error, TimeoutError) else ""
    name = errno.errorcode.get(error.errno or 0, late)
    return System(name) if name in set(System) else None
