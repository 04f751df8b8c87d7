"""Where a site keeps its raw mails: in its folder, or in the bucket of its settings."""

from __future__ import annotations

from pathlib import Path

from intergestan_runtime.archive import Archive, key_of
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import Secrets
from intergestan_runtime.settings import SiteSettings
from intergestan_runtime.settings_load import ConfigurationError


def open_archive(site: SiteSettings) -> Archive:
    """The archive of raw mails. Nothing is connected yet.

    :raises ConfigurationError: a package, the name of the secret or a file is missing.
    :raises SecretError: the secret is missing, or others may read it.
    """
    if site.archive_url is not None:
        return _bucket(site, site.archive_url)
    least, share = site.archive_min_free_bytes, site.archive_min_free_share
    return FolderArchive(site.archive_dir, min_free_bytes=least, min_free_share=share)


def place_in_archive(site: SiteSettings, sha256: str) -> str:
    """Where a mail is, for people; neither the archive nor a secret is needed to say that."""
    return f"{str(site.archive_url or site.archive_dir).rstrip('/')}/{key_of(sha256)}"


def _bucket(site: SiteSettings, url: str) -> Archive:
    from importlib.util import find_spec

    from intergestan_runtime.archive_s3 import Bucket, S3Archive

    if find_spec("obstore") is None:
        raise ConfigurationError([Said("site.archive_url needs one more package. Run: pip install 'intergestan[s3]'.")])
    return S3Archive(
        Bucket(
            url=url,
            endpoint=site.archive_endpoint,
            region=site.archive_region,
            key=_key(site),
            ca=_ca(site.archive_ca_file) if site.archive_ca_file else None,
        )
    )


def _ca(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        problem = Said("site.archive_ca_file: {file} cannot be read: {error}.", file=file, error=error.strerror)
        raise ConfigurationError([problem]) from error


def _key(site: SiteSettings) -> tuple[str, str] | None:
    if site.archive_key_id is None:
        return None
    if site.archive_secret is None:
        raise ConfigurationError(
            [Said("site.archive_secret is missing: it names the secret that site.archive_key_id has.")]
        )
    return site.archive_key_id, Secrets(site.secrets_dir).get(site.archive_secret).get_secret_value()
