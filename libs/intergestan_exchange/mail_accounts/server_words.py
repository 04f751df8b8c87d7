"""What mail servers say when they refuse, and mean a limit or an outage: waiting helps, another password does not.

Servers of IMAP have codes for it (RFC 5530, RFC 9738), those of POP3 others (RFC 2449, RFC 3206); many say it in words
alone, and some in the answer to LOGIN or EXAMINE, where it reads as if the password or the folder were wrong.
"""

from __future__ import annotations

import re

_PATIENCE = re.compile(
    r"\[(?:INUSE|IN-USE|LIMIT|MESSAGELIMIT|UNAVAILABLE|SERVERBUG|OVERQUOTA|THROTTLED|LOGIN-DELAY|SYS/TEMP)\b"
    r"|\btoo many\b|(?:number|limit) of (?:\w+ ){0,3}(?:connections|sessions|logins)|connections? (?:limit|exceeded)"
    r"|\b(?:try|please try|come back) (?:again )?(?:later|in a)|\btemporar(?:y|ily)\b|\bunavailable\b|\bnot connected\b"
    r"|\bserver (?:error|is busy|busy|overloaded|down|shutting)|\binternal (?:server )?error|\bsystem error\b"
    r"|\bautologout\b|\bidle too long\b|\btime(?:d )?out\b|\bmaintenance\b|\bthrottl|\brate limit|\bover ?quota\b"
    r"|\bquota exceeded|\bbandwidth (?:limit )?exceeded|\block(?:ed)?\b|\bin use\b|\boverload|\bservice (?:is )?not "
    r"|\bno (?:more )?(?:resources|servers?) available|\bbackend\b"
    r"|\bunable to (?:connect|open) (?:to )?(?:the )?(?:mail|store)",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\[(?:AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|PRIVACYREQUIRED|CONTACTADMIN|NONEXISTENT|NOPERM|AUTH"
    r"|SYS/PERM)\]|\binvalid (?:credentials|login|user|password)|\bbad (?:password|credentials)"
    r"|\b(?:incorrect|wrong) (?:password|login)|\baccount (?:is |has been )?(?:locked|disabled|blocked)",
    re.IGNORECASE,
)


def asks_for_patience(words: str) -> bool:
    """Whether a refusal means that the server cannot now, rather than that a person must correct something."""
    return _PATIENCE.search(words) is not None and _PERSON.search(words) is None
