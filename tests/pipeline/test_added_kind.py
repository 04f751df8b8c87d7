"""A new kind of mail is a line of the table, a composer and a handler (`intergestan_msg.kinds`), and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from intergestan_msg.kinds import Kind
from services.composer.prepare import COMPOSERS
from services.importer.handlers import HANDLERS
from tests.databases import MigratedBases
from tests.servers import RedisServer


def test_a_kind_is_a_line_a_composer_and_a_handler(
    migrated: MigratedBases, tmp_path: Path, session_redis: RedisServer
) -> None:
    """No table of the base, no other step, no list and no count needs to hear of it."""
    urls = [migrated.new("sqlite", tmp_path, name) for name in ("one", "other")]
    program = [sys.executable, "-m", "tests.pipeline.added_kind", *urls, str(tmp_path), session_redis.url]
    said = subprocess.run(program, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    lines = [line.partition(": ")[2] for line in said.stdout.splitlines() if line.startswith("said: ")]
    assert lines == [
        "composed composed",
        "handled note Mulhouse",
        "taken in done",
        "handled note Mulhouse",
        "again done",
        "held 0",
    ]


def test_each_kind_of_this_release_has_both() -> None:
    ours = {kind for kind in Kind if not kind.nature.reserved}
    assert (set(COMPOSERS), set(HANDLERS)) == (ours, ours)
