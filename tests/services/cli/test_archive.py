"""`archive verify`: every file against its name, every mail of the base against its file (G24)."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from tests.services.cli.conftest import Run
from tests.services.cli.exchange import archive, enter

MAILS = [f"Subject: {number}\r\n\r\nHello.\r\n".encode() for number in range(8)]


@pytest.fixture
def names(shop: Path) -> list[str]:
    """The sha256 of eight mails in archive and base, sorted."""
    names = [archive(shop, mail) for mail in MAILS]
    for sha256, mail in zip(names, MAILS, strict=True):
        enter(shop, sha256, len(mail))
    return sorted(names)


def file_of(shop: Path, sha256: str) -> Path:
    return shop / "archive" / sha256[:2] / f"{sha256}.eml"


def grow_old(file: Path) -> None:
    long_ago = time.time() - 3600
    os.utime(file, (long_ago, long_ago))


def test_all_is_well(shop: Path, names: list[str], run: Run) -> None:
    found = run("archive", "verify", cwd=shop)
    assert (found.code, found.out, f"{len(names)} files" in found.err) == (0, "", True)
    assert run("archive", "verify", "--json", cwd=shop).json == {
        "files": 8,
        "octets": sum(map(len, MAILS)),
        "begun_after": None,
        "ended": True,
        "count": 0,
        "faults": [],
    }


def test_every_fault_is_told_with_its_cure(shop: Path, names: list[str], run: Run) -> None:
    missing, altered, dropped = names[0], names[3], names[7]
    file_of(shop, missing).unlink()
    file_of(shop, altered).write_bytes(b"rotten")
    file_of(shop, dropped).unlink()
    enter(shop, "f" * 64, 0)  # an alien, whose bytes were dropped
    orphan = archive(shop, b"nobody knows me")
    grow_old(file_of(shop, orphan))
    young = archive(shop, b"about to be entered")
    stray = shop / "archive" / "ab" / "notes.txt"
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("x")
    misplaced = shop / "archive" / "zz" / f"{hashlib.sha256(b'x').hexdigest()}.eml"
    misplaced.parent.mkdir()
    misplaced.write_bytes(b"x")
    found = run("archive", "verify", "--json", cwd=shop)
    assert found.code == 1
    faults = {(each["kind"], each["sha256"]) for each in found.json["faults"]}
    assert faults == {("missing", missing), ("missing", dropped), ("altered", altered), ("orphan", orphan)} | {
        ("stray", None)
    }
    assert {each["path"] for each in found.json["faults"] if each["kind"] == "stray"} == {str(stray), str(misplaced)}
    assert young not in found.out
    assert all(each["cure"] for each in found.json["faults"])
    french = run("--lang", "fr", "archive", "verify", cwd=shop)
    assert (french.code, "sauvegarde" in french.out, "replay --all" in french.out) == (1, True, True)


def test_a_limited_verification_goes_on_the_next_time(shop: Path, names: list[str], run: Run) -> None:
    file_of(shop, names[4]).unlink()
    first = run("archive", "verify", "--limit", "3", "--json", cwd=shop)
    assert (first.code, first.json["files"], first.json["ended"]) == (0, 3, False)
    second = run("archive", "verify", "--limit", "3", "--json", cwd=shop)
    assert (second.code, second.json["begun_after"]) == (1, names[2])
    assert [each["sha256"] for each in second.json["faults"]] == [names[4]]
    third = run("archive", "verify", "--limit", "3", "--json", cwd=shop)
    assert (third.code, third.json["files"], third.json["ended"]) == (0, 1, True)
    assert run("archive", "verify", "--limit", "3", "--json", cwd=shop).json["begun_after"] is None
    assert run("archive", "verify", "--json", cwd=shop).json["files"] == 7
