"""The archive in a bucket of an S3-compatible store: ``<prefix>/ab/<sha256>.eml``.

A store acknowledges a PUT when the object is kept for good, and reads and lists it from then on (S3 is strongly
consistent). It checks each upload against the SHA-256 that is sent with it. Mails are put with ``If-None-Match: *``,
so that none is ever written over, not by two pollers at once either; a store that does not know this condition gets
the same bytes under the same name, which changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from structlog import get_logger

from intergestan_runtime.archive import Archive, ArchiveError, Found, Missing, Unreachable, is_name, key_of
from intergestan_runtime.posted_url import is_plain
from intergestan_runtime.said import Said

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Store

_PUTS_AT_ONCE = 8
_LISTED_AT_ONCE = 1000  # what one answer of S3 holds
_PIECE = 1 << 20  # octets read at a time
_CONNECT = timedelta(seconds=5)
_STALLED = timedelta(seconds=20)
_REQUEST = timedelta(seconds=120)  # 25 MB at 2 Mbit/s
_RETRIES = 4
_PATIENCE = timedelta(seconds=30)  # no new attempt after that
_NO_SUCH_BUCKET = "NoSuchBucket"
_TRIALS = "tmp/"
_NO_SUCH_CONDITION = ("501 Not Implemented", "NotImplemented")

_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where the bucket is, and how one logs in.

    :ivar url: ``s3://bucket`` or ``s3://bucket/prefix``.
    :ivar endpoint: of a store other than Amazon's.
    :ivar key: access key id and secret access key; None takes the identity of the machine, pod or task.
    :ivar ca: the certificates (PEM) of an authority that the machine does not know.
    :ivar patience: no new attempt is made after so long.
    """

    url: str
    endpoint: str | None = None
    region: str | None = None
    key: tuple[str, str] | None = None
    ca: bytes | None = None
    patience: timedelta = _PATIENCE


class S3Archive(Archive):
    """The mails in a bucket, which must exist. Nothing is connected before the first call."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._url = bucket.url.rstrip("/")
        self._knows_conditions = True

    def is_intact(self, sha256: str) -> bool:
        """See `Archive`."""
        with self._asked(sha256):
            digest = hashlib.sha256()
            for piece in self._store.get(key_of(sha256)).stream(min_chunk_size=_PIECE):
                digest.update(piece)
            return digest.hexdigest() == sha256

    def find(self, sha256: str) -> Found | None:
        """See `Archive`."""
        try:
            with self._asked(sha256):
                meta = self._store.head(key_of(sha256))
        except Missing:
            return None
        return Found(meta["size"], meta["last_modified"])

    def place(self, sha256: str) -> str:
        """See `Archive`."""
        return f"{self._url}/{key_of(sha256)}"

    def remove(self, sha256: str) -> None:
        """See `Archive`."""
        with self._asked(sha256):
            self._store.delete(key_of(sha256))

    def names(self, after: str = "") -> Iterator[str]:
        """See `Archive`. S3 lists in the order of the keys; of a store that does not, nothing would be right."""
        last = after
        for key in self._keys(key_of(after) if after else None):
            name = _name(key)
            if name is not None:
                if name <= last:
                    raise ArchiveError(f"{self._url} lists its objects out of order: it is no S3-compatible store.")
                last = name
                yield name

    def newer_than(self, instant: datetime) -> list[tuple[str, datetime]]:  # noqa: ARG002
        """See `Archive`. To ask a bucket is to list all of it."""
        return []

    def strays(self) -> Iterator[str]:
        """See `Archive`."""
        return (f"{self._url}/{key}" for key in self._keys(None) if _name(key) is None)

    def room(self) -> None:
        """A bucket has no end."""

    def check_space(self) -> None:
        """A bucket is never full."""

    def try_writing(self) -> None:
        """See `Archive`. Lists, too: a bucket that is not there looks, for a single mail, like a mail that is not."""
        key = f"{_TRIALS}{uuid4().hex}"
        with self._asked():
            self._store.put(key, b"", use_multipart=False)
            next(self._store.list(_TRIALS), None)
            self._store.delete(key)

    def _keep(self, by_name: Mapping[str, bytes]) -> None:
        """All at once, as far as there are connections for it."""
        if len(by_name) == 1:
            self._put(*next(iter(by_name.items())))
            return
        with ThreadPoolExecutor(_PUTS_AT_ONCE) as pool:
            list(pool.map(self._put, by_name.keys(), by_name.values()))

    def _put(self, name: str, mail: bytes) -> None:
        with self._asked():
            is_new = self._put_as_new(name, mail)
        if is_new or self._read(name) == mail:
            return
        _log.error("A mail in the archive was altered; it is put anew.", place=self.place(name))
        with self._asked():
            self._store.put(key_of(name), mail, use_multipart=False)

    def _put_as_new(self, name: str, mail: bytes) -> bool:
        """Whether there was none of this name; always, where the store does not know the condition."""
        from obstore.exceptions import AlreadyExistsError, BaseError

        if self._knows_conditions:
            try:
                self._store.put(key_of(name), mail, mode="create")
                return True
            except AlreadyExistsError:
                return False
            except BaseError as error:
                if not any(words in str(error) for words in _NO_SUCH_CONDITION):
                    raise
                _log.info("The store does not know If-None-Match; mails are put without it.", archive=self._url)
                self._knows_conditions = False
        self._store.put(key_of(name), mail, use_multipart=False)
        return True

    def _read(self, sha256: str) -> bytes:
        with self._asked(sha256):
            return bytes(self._store.get(key_of(sha256)).bytes())

    def _keys(self, after: str | None) -> Iterator[str]:
        """Every key behind this one, within the prefix; what checks of the archive leave is passed over."""
        with self._asked():
            for page in self._store.list(offset=after, chunk_size=_LISTED_AT_ONCE):
                yield from (each["path"] for each in page if not each["path"].startswith(_TRIALS))

    @cached_property
    def _store(self) -> S3Store:
        from obstore.store import S3Store

        bucket, parts = self._bucket, urlsplit(self._url)
        config: S3Config = {"checksum_algorithm": "SHA256"}
        if bucket.endpoint is not None:
            config["endpoint"] = bucket.endpoint
        if bucket.region is not None:
            config["region"] = bucket.region
        if bucket.key is not None:
            config["access_key_id"], config["secret_access_key"] = bucket.key
        client: ClientConfig = {
            "allow_http": bucket.endpoint is not None and is_plain(bucket.endpoint),
            "connect_timeout": _CONNECT,
            "read_timeout": _STALLED,
            "timeout": _REQUEST,
        }
        if bucket.endpoint is not None and is_plain(bucket.endpoint):
            # To name a proxy is the way to have none: those of the environment count no more, and this one is left out.
            client |= {"proxy_url": bucket.endpoint, "proxy_excludes": urlsplit(bucket.endpoint).hostname or ""}
        if bucket.ca is not None:
            client["root_certificate"] = bucket.ca
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config=config,
            client_options=client,
            retry_config={"max_retries": _RETRIES, "retry_timeout": bucket.patience},
        )

    @contextmanager
    def _asked(self, sha256: str = "") -> Iterator[None]:
        """What goes wrong while the store is asked for a mail, or in general, said in the archive's words."""
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError as error:
            if not sha256 or _NO_SUCH_BUCKET in str(error):
                raise Unreachable(
                    Said("There is no bucket at {url}: make it, or correct site.archive_url.", url=self._url)
                ) from error
            raise Missing(f"{self.place(sha256)} is not there.") from error
        except (BaseError, OSError) as error:
            words = str(error).splitlines()[0]
            raise Unreachable(
                Said("The archive in {url} does not answer as it should: {error}", url=self._url, error=words)
            ) from error


def _name(key: str) -> str | None:
    """The mail that is kept under this key; None of a stray."""
    name = key[3:].removesuffix(".eml")
    return name if is_name(name) and key == key_of(name) else None
