"""What people were told of alarms, so that each is told when it begins, once a day, and when it ends.

Kept in the base, in one row for each way of telling, so that a restart or a second watcher tells nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from intergestan_db.tables import Site, ToldAlarm
from intergestan_exchange.health.alarm_text import sentence
from intergestan_exchange.health.alarms import Alarm

REMIND = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one alarm: since when it was seen, when people were told last, and in which words."""

    seen: datetime
    told: datetime | None = None
    text: str = ""


Memories = Mapping[str, Memory]


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told now, and what is to be remembered then. `ended`: what was said when those began."""

    begun: Sequence[Alarm]
    reminded: Sequence[Alarm]
    ended: Sequence[str]
    memories: Memories

    @property
    def is_worth_telling(self) -> bool:
        """Whether there is any."""
        return bool(self.begun or self.reminded or self.ended)


def compare(known: Memories, alarms: Sequence[Alarm], now: datetime, language: str) -> News:
    """What is new. One that does not last as long as its kind demands is told to nobody.

    A memory of the future, from before a clock was set back, counts as old.
    """
    begun, reminded, memories = [], [], {}
    for alarm in alarms:
        memory = known.get(alarm.key) or Memory(now)
        if memory.told is None and abs(now - memory.seen) >= timedelta(seconds=alarm.kind.lasting):
            begun.append(alarm)
        elif memory.told is not None and abs(now - memory.told) >= REMIND:
            reminded.append(alarm)
        else:
            memories[alarm.key] = memory
            continue
        memories[alarm.key] = Memory(memory.seen, now, sentence(alarm, language))
    there = {alarm.key for alarm in alarms}
    ended = [memory.text for key, memory in known.items() if key not in there and memory.told is not None]
    return News(begun, reminded, ended, memories)


def read(connection: Connection, way: str) -> str:
    """What is remembered for a way of telling, as it stands in the base; empty for nothing."""
    return connection.scalar(select(ToldAlarm.memories).where(ToldAlarm.way == way)) or ""


def replace(connection: Connection, way: str, old: str, new: str) -> bool:
    """Write it, unless another watcher was faster."""
    connection.execute(select(Site.id).with_for_update()).all()
    if read(connection, way) != old:
        return False
    changed = connection.execute(update(ToldAlarm).where(ToldAlarm.way == way).values(memories=new))
    if changed.rowcount == 0:
        connection.execute(insert(ToldAlarm).values(way=way, memories=new))
    return True


def load(text: str) -> Memories:
    """What `dump` wrote."""
    found = json.loads(text) if text else {}
    return {
        key: Memory(_instant(seen), _instant(told) if told else None, said) for key, (seen, told, said) in found.items()
    }


def dump(memories: Memories) -> str:
    """As text."""
    return json.dumps(
        {
            key: (memory.seen.isoformat(), memory.told.isoformat() if memory.told else None, memory.text)
            for key, memory in memories.items()
        }
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
