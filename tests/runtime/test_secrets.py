"""Named secrets and sealed values."""

import os
from pathlib import Path

import pytest

from intergestan_runtime.secrets import Sealer, SecretError, Secrets, SecretStr, url_with_password


def write(file: Path, text: str, mode: int = 0o600) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def test_the_first_folder_that_has_it_wins(tmp_path: Path) -> None:
    own, container, credentials = (tmp_path / name for name in ("own", "container", "credentials"))
    secrets = Secrets(own, environment={"CREDENTIALS_DIRECTORY": str(credentials)}, container=container)
    write(own / "imap", "own\n")
    assert secrets.get("imap").get_secret_value() == "own"
    write(container / "imap", "container", 0o444)
    assert secrets.get("imap").get_secret_value() == "container"
    write(credentials / "imap", " spaces count \n\n", 0o440)
    assert secrets.get("imap").get_secret_value() == " spaces count \n"


def test_it_is_never_printed(tmp_path: Path) -> None:
    write(tmp_path / "imap", "hunter2")
    assert "hunter2" not in repr(Secrets(tmp_path, environment={}).get("imap"))


def test_others_must_not_read_the_sites_file(tmp_path: Path) -> None:
    write(tmp_path / "imap", "hunter2", 0o640)
    with pytest.raises(SecretError, match=f"chmod 600 {tmp_path}/imap"):
        Secrets(tmp_path, environment={}).get("imap")


def test_a_key_file_may_be_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of systemd are given by an access list, which shows as 0440; it looks after who reads them."""
    credentials = tmp_path / "credentials"
    Sealer.create(tmp_path / "base.key")
    write(credentials / "base.key", (tmp_path / "base.key").read_text(), 0o440)
    with pytest.raises(SecretError, match="chmod 600"):
        Sealer.from_file(credentials / "base.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    Sealer.from_file(credentials / "base.key")


def test_a_missing_one_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=f"Write it into {tmp_path}/imap"):
        Secrets(tmp_path, environment={}).get("imap")


@pytest.mark.parametrize("name", ["../imap", "", "a/b", ".hidden", "/etc/passwd"])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecretError, match="no name of a secret"):
        Secrets(tmp_path, environment={}).get(name)


def test_binary_rubbish_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "imap").write_bytes(b"\xff\xfe")
    (tmp_path / "imap").chmod(0o600)
    with pytest.raises(SecretError, match="cannot be read: UnicodeDecodeError"):
        Secrets(tmp_path, environment={}).get("imap")


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("postgresql+psycopg://joe@db:5432/base?x=1", "postgresql+psycopg://joe:p%40%2Fss@db:5432/base?x=1"),
        ("redis://cache/0", "redis://:p%40%2Fss@cache/0"),
    ],
)
def test_a_password_goes_into_a_url(url: str, full: str) -> None:
    assert url_with_password(url, SecretStr("p@/ss")) == full


def test_sealed_and_opened(tmp_path: Path) -> None:
    file = tmp_path / "base.key"
    sealed = Sealer.create(file).seal("pässword".encode(), about="mailbox:3")
    assert file.stat().st_mode & 0o777 == 0o600
    sealer = Sealer.from_file(file)
    assert sealer.open(sealed, about="mailbox:3").decode() == "pässword"
    assert sealer.seal(b"x") != sealer.seal(b"x")
    with pytest.raises(FileExistsError):
        Sealer.create(file)


def test_a_sealed_value_opens_for_its_owner_only() -> None:
    sealer = Sealer(os.urandom(32))
    sealed = sealer.seal(b"secret", about="mailbox:3")
    middle = len(sealed) // 2
    altered = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    for value, about in ((sealed, "mailbox:4"), (altered, "mailbox:3"), ("v1:", "mailbox:3"), ("v1:é", "")):
        with pytest.raises(SecretError):
            sealer.open(value, about=about)
    with pytest.raises(SecretError, match="another key"):
        Sealer(os.urandom(32)).open(sealed, about="mailbox:3")
    with pytest.raises(SecretError, match="not sealed by us"):
        sealer.open("secret")


def test_a_key_file_must_be_private_whole_and_there(tmp_path: Path) -> None:
    file = tmp_path / "base.key"
    with pytest.raises(SecretError, match="missing"):
        Sealer.from_file(file)
    Sealer.create(file)
    file.chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        Sealer.from_file(file)
    write(file, "c2hvcnQ=")
    with pytest.raises(SecretError, match="5 bytes instead of 32"):
        Sealer.from_file(file)
    write(file, "no base64!")
    with pytest.raises(SecretError, match="base64"):
        Sealer.from_file(file)
