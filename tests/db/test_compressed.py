"""The bytes of a mail in the database: short there, whole when they are read, and old ones as they stand."""

from __future__ import annotations

from intergestan_db.tables.types import Compressed

MAIL = b"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\n\r\n" + b"<cbc:ID>FOU-30</cbc:ID>\r\n" * 1000


def test_a_mail_takes_a_tenth_of_its_room_and_comes_back_whole() -> None:
    kind = Compressed()
    kept = kind.process_bind_param(MAIL, None)
    assert kept is not None
    assert len(kept) < len(MAIL) / 10
    assert kind.process_result_value(kept, None) == MAIL
    assert kind.process_result_value(kind.process_bind_param(b"", None), None) == b""
    assert kind.process_bind_param(None, None) is None
    assert kind.process_result_value(None, None) is None


def test_what_an_older_release_wrote_is_read_as_it_stands() -> None:
    assert Compressed().process_result_value(MAIL, None) == MAIL
    assert Compressed().process_result_value(b"x\x9c", None) == b"x\x9c"
