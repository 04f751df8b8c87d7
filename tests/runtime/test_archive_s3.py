"""The archive in a bucket, on a real S3 server; and what both archives promise alike."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from intergestan_runtime.archive import Archive, Corrupt, Found, Missing, Unreachable
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.archive_s3 import Bucket, S3Archive
from tests.patience import PATIENCE
from tests.servers import FaultProxy, S3Server

MAILS = [f"mail {number}\r\n".encode() * 1000 for number in range(50)]
IMPATIENT = timedelta(seconds=1)
_numbers = count(1)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def place(s3: S3Server) -> str:
    """``bucket/prefix`` of this test."""
    return s3.make_bucket(f"bucket-{next(_numbers)}").removeprefix("s3://") + "/site/mails"


@pytest.fixture
def bucket(s3: S3Server, place: str) -> S3Archive:
    return archive_in(place, s3.endpoint)


def archive_in(place: str, endpoint: str, key: tuple[str, str] = S3Server.key) -> S3Archive:
    return S3Archive(Bucket(url=f"s3://{place}", endpoint=endpoint, key=key, patience=IMPATIENT))


def sha256(mail: bytes) -> str:
    return hashlib.sha256(mail).hexdigest()


def alter(s3: S3Server, place: str, name: str, content: bytes) -> None:
    s3.put(f"{place}/{name[:2]}/{name}.eml", content)


@pytest.fixture(params=["folder", "bucket"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """The test runs on both kinds."""
    made: Archive = (
        FolderArchive(tmp_path / "archive") if request.param == "folder" else request.getfixturevalue("bucket")
    )
    return made


def test_what_is_put_is_there_at_once_under_its_digest(archive: Archive) -> None:
    names = archive.put_many(MAILS)
    assert names == [sha256(mail) for mail in MAILS]
    assert [archive.get(name) for name in names] == MAILS
    assert list(archive.names()) == sorted(names)
    assert list(archive.names(after=sorted(names)[20])) == sorted(names)[21:]
    assert list(archive.verify()) == [(name, True) for name in sorted(names)]
    assert archive.put_many([]) == []
    assert archive.place(names[0]).endswith(f"/{names[0][:2]}/{names[0]}.eml")


def test_a_mail_is_found_with_its_size_and_age(archive: Archive) -> None:
    began = datetime.now(UTC)
    (name,) = archive.put_many([b"mail"])
    found = archive.find(name)
    assert isinstance(found, Found)
    assert found.size == 4
    assert began - timedelta(seconds=1) <= found.kept_at <= datetime.now(UTC)  # S3 tells the time in seconds
    assert archive.find(sha256(b"other")) is None


def test_a_mail_that_is_removed_is_gone(archive: Archive) -> None:
    (name,) = archive.put_many([b"alien"])
    archive.remove(name)
    archive.remove(name)
    assert not archive.has(name)
    for ask in (archive.get, archive.is_intact):
        with pytest.raises(Missing):
            ask(name)


def test_an_empty_archive(archive: Archive) -> None:
    assert list(archive.names()) == list(archive.strays()) == []
    archive.try_writing()
    assert list(archive.names()) == list(archive.strays()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, ""])
def test_only_digests_are_names(archive: Archive, name: str) -> None:
    for ask in (archive.get, archive.has, archive.remove, archive.place, archive.is_intact):
        with pytest.raises(ValueError, match="no sha256"):
            ask(name)


def test_what_is_there_is_adopted_and_never_written_over(bucket: S3Archive) -> None:
    (name,) = bucket.put_many([b"twice"])
    before = bucket.find(name)
    time.sleep(1.1)  # S3 tells the time in seconds
    assert bucket.put_many([b"twice", b"new", b"twice"]) == [name, sha256(b"new"), name]
    assert bucket.find(name) == before


def test_an_altered_mail_is_found_out_and_put_right(s3: S3Server, place: str, bucket: S3Archive) -> None:
    good, bad = bucket.put_many([b"good", b"bad!"])
    alter(s3, place, bad, b"bad?")
    with pytest.raises(Corrupt):
        bucket.get(bad)
    assert dict(bucket.verify()) == {good: True, bad: False}
    bucket.put_many([b"bad!"])
    assert bucket.get(bad) == b"bad!"


def test_strays_are_told(s3: S3Server, place: str, bucket: S3Archive) -> None:
    (name,) = bucket.put_many([b"mail"])
    other = sha256(b"other")
    for key in ("notes.txt", f"zz/{other}.eml", f"{other[:2]}/{other}.txt"):
        s3.put(f"{place}/{key}", b"x")
    s3.put(f"{place}-of-another/{other[:2]}/{other}.eml", b"not ours")
    assert list(bucket.names()) == [name]
    assert set(bucket.strays()) == {
        f"s3://{place}/{key}" for key in ("notes.txt", f"zz/{other}.eml", f"{other[:2]}/{other}.txt")
    }


def test_a_store_that_knows_no_conditions_keeps_mails_too(bucket: S3Archive) -> None:
    del bucket
    with S3Server(knows_conditions=False) as old:
        old.make_bucket("mails")
        archive = archive_in("mails", old.endpoint)
        names = archive.put_many(MAILS[:3])
        assert archive.put_many(MAILS[:3]) == names
        assert [archive.get(name) for name in names] == MAILS[:3]


def test_a_bucket_that_is_not_there_is_no_missing_mail(s3: S3Server) -> None:
    nowhere = archive_in("no-such-bucket", s3.endpoint)
    asked: tuple[Callable[[], object], ...] = (
        lambda: nowhere.put_many([b"mail"]),
        lambda: nowhere.get("a" * 64),
        lambda: list(nowhere.names()),
        nowhere.try_writing,
    )
    for ask in asked:
        with pytest.raises(Unreachable, match="no-such-bucket"):
            ask()


def test_a_store_that_does_not_answer(
    s3: S3Server, place: str, bucket: S3Archive, make_proxy: Callable[..., FaultProxy]
) -> None:
    """Nothing counts as kept, nothing as missing; the same calls go through when it is back."""
    (kept,) = bucket.put_many([b"kept"])
    proxy = make_proxy(s3.host, s3.port)
    archive = archive_in(place, f"http://{proxy.host}:{proxy.port}")
    proxy.refuse()
    asked: tuple[Callable[[], object], ...] = (
        lambda: archive.put_many(MAILS[:3]),
        lambda: archive.get(kept),
        lambda: archive.has(kept),
        lambda: archive.is_intact(kept),
        lambda: archive.remove(kept),
        lambda: list(archive.names()),
    )
    for ask in asked:
        started = time.monotonic()
        with pytest.raises(Unreachable, match="does not answer"):
            ask()
        assert time.monotonic() - started < PATIENCE
    proxy.resume()
    names = archive.put_many(MAILS[:3])
    assert [archive.get(name) for name in (kept, *names)] == [b"kept", *MAILS[:3]]


def test_a_reply_that_is_lost(s3: S3Server, place: str, make_proxy: Callable[..., FaultProxy]) -> None:
    """The store has the mail and we do not know: it is put again, found there, and adopted."""
    proxy = make_proxy(s3.host, s3.port)
    archive = archive_in(place, f"http://{proxy.host}:{proxy.port}")
    proxy.cut_after(b"the end of the mail")
    mail = b"mail with the end of the mail"
    (name,) = archive.put_many([mail])
    assert archive.get(name) == mail
    assert list(archive.names()) == [name]
