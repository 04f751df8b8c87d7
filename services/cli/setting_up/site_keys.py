"""`intergestan site key`: our signing key, and the one that shall follow it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.bells import Bells
from intergestan_operations.language.language import _, spoken
from intergestan_operations.opening.keys import read_key, write_private
from services.cli.context import Call, call_of
from services.cli.days import ahead, begin_of, end_of
from services.cli.key_words import both_in_json, other_language, other_title, words_in_both
from services.cli.output import AsJson, print_fields, print_json, print_table, say
from services.cli.shown import cell
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_msg.seal import SigningKey

app = Group("Our signing key.")

USUAL_NOTICE = timedelta(days=14)


@app.verb("rotate")
def rotate(
    context: typer.Context,
    *,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Day on which it begins to sign; in 14 days by default."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Its last day; that of site.key_days by default.")
    ] = None,
    lost: Annotated[
        bool,
        typer.Option("--lost", help="The present key is lost or stolen: announce nothing, sign with a new one now."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a new signing key and announce it to all partners, in mails that the present key signs.

    Somebody there compares its 12 words with you by telephone, before the day on which it begins to sign.
    """
    from intergestan_exchange.keys import own_keys
    from intergestan_msg.seal import SigningKey

    call = call_of(context)
    database = call.database
    if lost and first is not None:
        raise typer.BadParameter(_("--lost begins at once: leave --from out."))
    now = database.now().replace(microsecond=0)
    start = now if lost else ahead(begin_of(first, call.zone), now, call.zone) or now + USUAL_NOTICE
    key = SigningKey.generate()
    new = own_keys.NewKey(key.public, start, ahead(end_of(last, call.zone), now, call.zone) or _usual_end(call, start))
    if not lost:
        with database.transaction() as connection:
            own_keys.check_can_rotate(connection)
    file = _write(call.site.key_file, key)
    mails: tuple[int, ...] = ()
    try:
        with database.transaction() as connection:
            by, at = call.actor(connection), database.now()
            if lost:
                own_keys.replace_lost(connection, new, by=by, at=at)
            else:
                mails = own_keys.announce(connection, new, by=by, at=at)
    except BaseException:
        file.unlink()  # nothing refers to it
        raise
    call.ring_all(Bells(compose=mails))
    if as_json:
        print_json(_new(new, file) | {"announcements": [f"out-{mail_id}" for mail_id in mails], "lost": lost})
    else:
        _say_rotated(new, file, len(mails), lost=lost)


@app.verb("abort")
def abort(context: typer.Context) -> None:
    """Take the announced key back, before it signs; the partners are told. Its file stays until you delete it."""
    from intergestan_exchange.keys import key_files, own_keys

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        kid, mails = own_keys.abort(connection, by=by, at=at)
    call.ring_all(Bells(compose=mails))
    say(_("The present key stays. Mails that say so: {count}.").format(count=len(mails)))
    say(_("You may delete {file}.").format(file=key_files.own_file(call.site.key_file, kid)))


@app.verb("finish")
def finish(
    context: typer.Context,
    *,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Although partners have not confirmed it; they hold our mails until they do."),
    ] = False,
) -> None:
    """End the change: the new key signs, everybody has confirmed it, and another change may begin."""
    from intergestan_exchange.keys import key_files, own_keys

    call = call_of(context)
    with call.database.transaction() as connection:
        old, new = own_keys.finish(connection, anyway=anyway, by=call.actor(connection), at=call.database.now())
    say(_("{kid} is the key of this site now.").format(kid=new))
    text = _("Keep {file} with the backups of the base from before this day; nothing else needs it any more.")
    say(text.format(file=key_files.file_of(call.site.key_file, old)))


@app.verb("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show our key, its words, the key that is announced, and who has not confirmed it."""
    from intergestan_db.site_rows import read_site
    from intergestan_exchange.keys.key_health import our_key_is_unconfirmed_by

    call = call_of(context)
    with call.database.read() as connection:
        site = read_site(connection)
        _start, waiting = our_key_is_unconfirmed_by(connection)
    keys = [_shown(call, site.key_fingerprint, None, site.key_until)]
    if site.next_key is not None:
        keys.append(_shown(call, site.next_key, site.next_key_from, site.next_key_until))
    unconfirmed = [{"partner": row.site_code, "name": row.name, "mail": f"out-{row.mail_id}"} for row in waiting]
    if as_json:
        print_json({"keys": keys, "unconfirmed": unconfirmed})
        return
    for key in keys:
        both = key["fingerprints"] or {}
        print_fields(
            {
                _("Key"): key["kid"],
                _("Words"): both.get(spoken()),
                other_title(): both.get(other_language()),
                _("Signs from"): key["from"],
                _("Signs until"): key["until"],
                _("File"): key["file"],
            }
        )
    if unconfirmed:
        say(_("Not confirmed yet by:"))
        print_table([_("Partner"), _("Name"), _("Mail")], [list(row.values()) for row in unconfirmed])


def _usual_end(call: Call, start: datetime) -> datetime | None:
    days = call.site.key_days
    return None if days is None else start + timedelta(days=days)


def _write(key_file: Path, key: SigningKey) -> Path:
    """The new key's file beside the first one, for the same owner."""
    from intergestan_exchange.keys.key_files import own_file

    file = own_file(key_file, key.public.kid)
    write_private(file, key.to_pem())
    if os.geteuid() == 0 and key_file.exists():
        owner = key_file.stat()
        os.chown(file, owner.st_uid, owner.st_gid)
    return file


def _new(new: Any, file: Path) -> dict[str, Any]:
    return {
        "kid": new.key.kid,
        "fingerprint": " ".join(new.key.words()),
        "fingerprints": both_in_json(new.key),
        "from": new.signs_from,
        "until": new.signs_until,
        "file": str(file),
    }


def _say_rotated(new: Any, file: Path, mails: int, *, lost: bool) -> None:
    say(_("Its words, to compare over the telephone: {words}").format(words=words_in_both(new.key)))
    say(_("Keep a copy of {file} in a safe place.").format(file=file))
    if lost:
        say(
            _(
                "It signs now. Give every partner the new card (`intergestan site card`), read them the words, and let "
                "them revoke the old key: until then they hold our mails."
            )
        )
        return
    text = _("It signs from {start} on; announcements to send: {count}. `intergestan doctor` says who has to confirm.")
    say(text.format(start=cell(new.signs_from), count=mails))


def _shown(call: Call, kid: str, start: datetime | None, until: datetime | None) -> dict[str, Any]:
    """A key of ours; without its words for who may not read its file."""
    from intergestan_db.problem import Problem
    from intergestan_exchange.keys.key_files import file_of
    from intergestan_runtime.secrets import SecretError

    file = file_of(call.site.key_file, kid)
    try:
        key = read_key(file)
        both = both_in_json(key.public) if key.public.kid == kid else None
    except (Problem, SecretError):
        both = None
    words = None if both is None else both["en"]
    return {"kid": kid, "words": words, "fingerprints": both, "from": start, "until": until, "file": str(file)}
