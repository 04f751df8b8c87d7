"""What an enhanced status code (RFC 3463, RFC 7372, RFC 7505) means to a person, and the cure, in French and English.

`WHAT` and `CURES` have a sentence per cause; `findings.py` and `holds.py` show them for the reason `undelivered`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.advice import Advice
from intergestan_exchange.findings.finding import Finding

_BY_CODE: Final[Mapping[str, str]] = {
    "1.2": "domain",
    "1.7": "sender",
    "1.8": "sender",
    "2.1": "disabled",
    "2.2": "full",
    "2.3": "size",
    "3.4": "size",
    "4.4": "domain",
    "4.6": "loop",
}
"""Subject and detail of the code, without its class."""

_BY_SUBJECT: Final[Mapping[str, str]] = {
    "1": "address",
    "2": "disabled",
    "3": "server",
    "4": "unreachable",
    "5": "server",
    "6": "content",
    "7": "policy",
}

WHAT: Final[Mapping[str, Mapping[str, str]]] = {
    "address": {
        "en": "The mail was not delivered: there is no such address at the partner ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : cette adresse n'existe pas chez le correspondant ({status}). {error}",
    },
    "domain": {
        "en": "The mail was not delivered: nobody receives mail for that domain ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : ce domaine ne reçoit pas de courrier ({status}). {error}",
    },
    "sender": {
        "en": "The mail was not delivered: the partner's server refuses our sender address ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : le serveur du correspondant refuse notre adresse ({status}). {error}",
    },
    "disabled": {
        "en": "The mail was not delivered: the partner's mailbox takes no mail ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : la boîte du correspondant n'accepte pas de courrier ({status}). {error}",
    },
    "full": {
        "en": "The mail was not delivered: the partner's mailbox is full ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : la boîte du correspondant est pleine ({status}). {error}",
    },
    "size": {
        "en": "The mail was not delivered: it is too large for the partner's server ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : il est trop gros pour le serveur du correspondant ({status}). {error}",
    },
    "server": {
        "en": "The mail was not delivered: the partner's mail server failed ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : le serveur de courrier du correspondant a échoué ({status}). {error}",
    },
    "unreachable": {
        "en": "The mail was not delivered: the partner's server could not be reached in time ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : le serveur du correspondant est resté injoignable ({status}). {error}",
    },
    "loop": {
        "en": "The mail was not delivered: it went round in circles between servers ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : il tournait en rond entre des serveurs ({status}). {error}",
    },
    "content": {
        "en": "The mail was not delivered: a server on the way does not take its form ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : un serveur en route n'accepte pas sa forme ({status}). {error}",
    },
    "policy": {
        "en": "The mail was not delivered: the partner's server refuses it by its rules ({status}). {error}",
        "fr": "Le courriel n'a pas été remis : les règles du serveur du correspondant le refusent ({status}). {error}",
    },
    "other": {
        "en": "The mail was not delivered ({status}). {error}",
        "fr": "Le courriel n'a pas été remis ({status}). {error}",
    },
}

_CORRECT_ADDRESS = {
    "en": "Ask the partner for the right address and correct it.",
    "fr": "Demandez la bonne adresse et corrigez-la.",
}
_CALL = {
    "en": "Call the partner: they must put their mailbox or their mail server in order.",
    "fr": "Appelez le correspondant : il doit remettre en ordre sa boîte ou son serveur de courrier.",
}
_OUR_SERVER = {
    "en": "Have whoever runs our mail server look at it: sender address, SPF, DKIM and DMARC of our domain.",
    "fr": "Faites voir cela à qui tient notre serveur de courrier : adresse d'envoi, SPF, DKIM et DMARC du domaine.",
}

CURES: Final[Mapping[str, Mapping[str, str]]] = {
    "address": _CORRECT_ADDRESS,
    "domain": _CORRECT_ADDRESS,
    "sender": _OUR_SERVER,
    "disabled": _CALL,
    "full": _CALL,
    "size": {
        "en": "Ask the partner to allow larger mails; from now on send fewer orders at once.",
        "fr": "Demandez au correspondant d'accepter des courriels plus gros ; envoyez moins de commandes à la fois.",
    },
    "server": _CALL,
    "unreachable": _CALL,
    "loop": _CALL,
    "content": _CALL,
    "policy": _OUR_SERVER,
    "other": _CALL,
}

_MEANS = {"en": "The orders stay «waiting».", "fr": "Les commandes restent « en attente »."}
_THEN = {
    "en": "Then release the hold: the same bytes go out again, to the address that stands at the partner by then.",
    "fr": "Puis libérez : le même courriel repart, à l'adresse alors enregistrée chez le correspondant.",
}


def cause(status: str) -> str:
    """The cause that an enhanced status code names, a key of `WHAT`."""
    _, _, code = status.partition(".")
    return _BY_CODE.get(code) or _BY_SUBJECT.get(code.partition(".")[0], "other")


def detail_text(status: str, recipient: str, said: str) -> str:
    """What stands in an outbound mail's `detail`: the code first, then to whom, then the server's words."""
    return f"{status} {recipient}: {said}" if said else f"{status} {recipient}"


def undelivered(detail: str) -> Finding:
    """The finding of a mail with that `detail`."""
    status, _, error = detail.partition(" ")
    return Finding(HoldReason.UNDELIVERED, {"status": status, "error": error}, variant=cause(status))


def advice(detail: Finding, language: str) -> Advice:
    """What the finding means for the orders, and the cure."""
    do = f"{CURES[detail.variant or 'other'][language]} {_THEN[language]}"
    return Advice(_MEANS[language], do).printed(language)
