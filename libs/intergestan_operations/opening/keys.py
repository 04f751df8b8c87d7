"""The site's private key: made once, in a file that only its owner can read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from intergestan_db.problem import Problem, ProblemCode
from intergestan_runtime.durable import write_new
from intergestan_runtime.private import make_folder

if TYPE_CHECKING:
    from intergestan_msg.seal import SigningKey
    from intergestan_runtime.settings import SiteSettings


def read_key(file: Path) -> SigningKey:
    """The key in a file.

    :raises Problem: when there is none that we may read; `SecretError`: when others may read it.
    """
    from intergestan_msg.seal import SigningKey
    from intergestan_runtime.secrets import check_private

    try:
        check_private(file)
        return SigningKey.from_pem(file.read_bytes())
    except OSError as error:
        raise Problem(
            "The site's private key {file} cannot be read ({error}): act as the user who runs the composer, or "
            "bring the file back from a backup.",
            ProblemCode.KEY_UNREADABLE,
            file=file,
            error=error.strerror,
        ) from error
    except ValueError as error:
        raise Problem(
            "{file} holds no private key of ours: bring the file back from a backup.",
            ProblemCode.KEY_UNREADABLE,
            file=file,
        ) from error


def make_key(file: Path) -> SigningKey:
    """A new key in a new file, on the disk for good; the one that is there, from an `init` that did not end."""
    from intergestan_msg.seal import SigningKey

    if file.exists():
        return read_key(file)
    key = SigningKey.generate()
    write_private(file, key.to_pem())
    return key


def make_bounce_key(site: SiteSettings) -> bool:
    """The key of the marks by which reports of undelivered mail prove themselves; whether it is new."""
    return _make_key_file(site.bounce_key_file)


def make_console_key(site: SiteSettings) -> bool:
    """The key of second factors; whether it is new."""
    return _make_key_file(site.console_key_file)


def _make_key_file(file: Path) -> bool:
    from intergestan_runtime.secrets import create_key_file

    if file.exists():
        return False
    make_folder(file.parent)
    create_key_file(file)
    return True


def write_private(file: Path, content: bytes) -> None:
    """A new file that only its owner can read, on the disk for good. Raises FileExistsError."""
    make_folder(file.parent)
    write_new(file, content)
