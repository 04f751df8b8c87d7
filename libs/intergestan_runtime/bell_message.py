"""What a message in Redis may be: a bell of ours, as `BellBroker` rings it, or nonsense.

Whoever can write into Redis can put anything there. A bell is read as strictly as a mail of a stranger: all that it may
carry is the id of a row, for the one actor of its queue. What says anything else says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from dramatiq import Message

LONGEST: Final = 1000
"""Bytes of a message; ours have about 250."""

LONGEST_KEY: Final = 64
"""Characters of the id by which Redis has a message; ours have 36."""

_LAST_ROW: Final = 2**63 - 1
_LAST_MILLISECOND: Final = 10**15


class Nonsense(Exception):
    """It is no bell; the message says why, in words of ours only."""


def read_bell(data: bytes, key: str, queue: str, actors: Collection[str]) -> Message[Any]:
    """The bell in a message.

    The id that the sender gave it is not taken over: one of our own tells what we work on apart from what somebody sent
    twice.

    :param key: the id by which Redis has it.
    :param actors: of this queue, in this process.
    :raises Nonsense: it says anything but the id of a row for one of them.
    """
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Nonsense("it is no JSON") from error
    if not isinstance(told, dict):
        raise Nonsense("it is no object")
    if told.get("queue_name") != queue:
        raise Nonsense("it is for another queue")
    actor = told.get("actor_name")
    if not isinstance(actor, str) or actor not in actors:
        raise Nonsense("it is for an actor that is not here")
    if told.get("kwargs") != {} or told.get("options") != {"redis_message_id": key}:
        raise Nonsense("it has options that no bell has")
    when = told.get("message_timestamp")
    if type(when) is not int or not 0 <= when < _LAST_MILLISECOND:
        raise Nonsense("it says no time")
    return Message(
        queue_name=queue,
        actor_name=actor,
        args=(_row(told.get("args")),),
        kwargs={},
        options={"redis_message_id": key},
        message_timestamp=when,
    )


def _row(arguments: Any) -> int:
    """The id of a row, as both databases have them."""
    if not isinstance(arguments, list) or len(arguments) != 1:
        raise Nonsense("it does not name one row")
    (row,) = arguments
    if type(row) is not int or not 1 <= row <= _LAST_ROW:
        raise Nonsense("what it names is no row")
    return row
