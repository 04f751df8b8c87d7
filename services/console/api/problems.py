"""What went wrong, as RFC 9457 says it: a code for programs, a sentence for people, what may be done.

Problems of the libraries keep their codes; what is wrong with the request as such has a `Word`. Each has a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from intergestan_db.problem import EntryProblems, FileProblems, Problem, ProblemCode
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console.api.mount import PATH
from services.console.api.titles import TITLES
from services.console.api.values import written

MEDIA_TYPE: Final = "application/problem+json"


class Word(StrEnum):
    """What is wrong with a request as such."""

    UNREADABLE_REQUEST = "unreadable_request"
    NO_BEARER = "no_bearer"
    NO_SCOPE_FOR_IT = "no_scope_for_it"
    NOT_ALLOWED = "not_allowed"
    NOTHING_THERE = "nothing_there"
    NO_SUCH_METHOD = "no_such_method"
    TOO_SLOW = "too_slow"
    STATE_MOVED = "state_moved"
    PLACE_GONE = "place_gone"
    STALE = "stale"
    TOO_LONG = "too_long"
    OTHER_MEDIA_TYPE = "other_media_type"
    WRONG_FIELDS = "wrong_fields"
    KEY_REUSED = "key_reused"
    KEY_MISSING = "key_missing"
    VERSION_NEEDED = "version_needed"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_MANY_STREAMS = "too_many_streams"
    OUR_FAULT = "our_fault"
    BASE_AWAY = "base_away"


STATUS_OF_WORD: Final[Mapping[Word, int]] = {
    Word.UNREADABLE_REQUEST: 400,
    Word.NO_BEARER: 401,
    Word.NO_SCOPE_FOR_IT: 403,
    Word.NOT_ALLOWED: 403,
    Word.NOTHING_THERE: 404,
    Word.NO_SUCH_METHOD: 405,
    Word.TOO_SLOW: 408,
    Word.STATE_MOVED: 409,
    Word.PLACE_GONE: 410,
    Word.STALE: 412,
    Word.TOO_LONG: 413,
    Word.OTHER_MEDIA_TYPE: 415,
    Word.WRONG_FIELDS: 422,
    Word.KEY_REUSED: 422,
    Word.KEY_MISSING: 422,
    Word.VERSION_NEEDED: 428,
    Word.TOO_MANY_REQUESTS: 429,
    Word.TOO_MANY_STREAMS: 429,
    Word.OUR_FAULT: 500,
    Word.BASE_AWAY: 503,
}
DETAILS: Final[Mapping[Word, str]] = {
    Word.UNREADABLE_REQUEST: marked("The request cannot be read: its body is no JSON. Nothing was changed."),
    Word.NO_BEARER: marked(
        "Say who you are: `Authorization: Bearer ig_…`. This token opens nothing, or none was sent."
    ),
    Word.NO_SCOPE_FOR_IT: marked("The token is not for this: it lacks the scope {scope}. Nothing was changed."),
    Word.NOT_ALLOWED: marked("{login} may not do this; an administrator gives roles. Nothing was changed."),
    Word.NOTHING_THERE: marked("There is nothing at this address."),
    Word.NO_SUCH_METHOD: marked("This address does not take this method. Nothing was changed."),
    Word.TOO_SLOW: marked("The request did not come whole in time. Nothing was changed."),
    Word.STATE_MOVED: marked("Somebody else was quicker: it has another state now. Nothing was changed; read it anew."),
    Word.PLACE_GONE: marked("This place in the stream is none of this database. Begin at {place}."),
    Word.STALE: marked("It was changed since that version. Nothing was changed now; read it anew."),
    Word.TOO_LONG: marked("The request is longer than anything that is taken here. Nothing was changed."),
    Word.OTHER_MEDIA_TYPE: marked("What is sent here is JSON: `Content-Type: application/json`. Nothing was changed."),
    Word.WRONG_FIELDS: marked("Some fields are not as they must be; `errors` says which. Nothing was changed."),
    Word.KEY_REUSED: marked("This Idempotency-Key came with another request before. Nothing was changed now."),
    Word.KEY_MISSING: marked("This wants an Idempotency-Key: 1 to 255 visible letters. Nothing was changed."),
    Word.VERSION_NEEDED: marked("Say which version you have seen: `If-Match`, with its `ETag`. Nothing was changed."),
    Word.TOO_MANY_REQUESTS: marked("More requests came than a token may make in a minute. Wait {seconds} seconds."),
    Word.TOO_MANY_STREAMS: marked("More streams are open than a token may have. Close one first."),
    Word.OUR_FAULT: marked("This failed by a fault of ours. Our log has the reason under the number {number}."),
    Word.BASE_AWAY: marked("The database does not answer. Nothing was changed; try again in a moment."),
}

MEANS: Final[Mapping[int, str]] = {
    400: marked("The server cannot read the request."),
    401: marked("Nobody is known by the token that came, or none came."),
    403: marked("The token, or the person whose it is, may not do this."),
    404: marked("What the address names is not here, or not any more."),
    405: marked("The address is right, the method is not."),
    408: marked("The request did not come whole in time."),
    409: marked("As things stand now it cannot be done; it might be later, or was done already."),
    410: marked("The database was restored since: what the place counts from is another history."),
    412: marked("It was changed since it was read."),
    413: marked("The request is too long."),
    415: marked("The body is written in a way that is not taken here."),
    422: marked("The request can be read, and what it says cannot be done so."),
    428: marked("Nobody may change a thing without saying which version of it they have seen."),
    429: marked("More was asked in a minute than one token may ask."),
    500: marked("Something failed that should not have."),
    503: marked("The database does not answer for the moment."),
}
"""What a status means."""
ADVICE: Final[Mapping[int, str]] = {
    400: marked("Correct the program: it must send JSON in UTF-8."),
    401: marked("Send a token that has not ended. An administrator makes one."),
    403: marked("Ask an administrator for a token with this scope, or for the role."),
    404: marked("Read the list anew, and take the number or code from there."),
    405: marked("Look the method up in the description of the API."),
    408: marked("Send it again."),
    409: marked("Read the thing anew, and decide again. The sentence in the answer says what stands against it."),
    410: marked("Read what you keep anew, then go on from the place that the answer names."),
    412: marked("Read it anew, look at what is different, and send the new version with it."),
    413: marked("Send less at once."),
    415: marked("Send JSON, with its media type."),
    422: marked("Correct what the sentence or `errors` names. The same request fails again."),
    428: marked("Read the thing, and send its `ETag` as `If-Match`."),
    429: marked("Wait as long as `Retry-After` says."),
    500: marked(
        "Tell whoever runs the site the number in the answer. Whether it was done says the thing itself: read it."
    ),
    503: marked("Wait as long as `Retry-After` says, then send the same request with the same Idempotency-Key."),
}
"""What to do about a status."""

_STATUS: Final[Mapping[ProblemCode, int]] = {
    ProblemCode.NO_RIGHT: 403,
    ProblemCode.NO_ORDER: 404,
    ProblemCode.NO_HOLD: 404,
    ProblemCode.NO_MAIL: 404,
    ProblemCode.BUSY: 503,
    **dict.fromkeys(
        (
            *(ProblemCode.CHANGED_MEANWHILE, ProblemCode.CONFLICT, ProblemCode.NO_ADDRESS, ProblemCode.NO_POLLER),
            *(ProblemCode.NO_RELAY, ProblemCode.NOT_COMPOSED, ProblemCode.NOT_RESENDABLE, ProblemCode.NOT_SENT),
            *(ProblemCode.NOT_WAITING, ProblemCode.ON_ITS_WAY, ProblemCode.OTHER_STATE, ProblemCode.PARTNER_INACTIVE),
            *(ProblemCode.PARTNER_PAUSED, ProblemCode.SENT_BEFORE, ProblemCode.UNCHANGED, ProblemCode.CREDIT_BLOCKED),
            *(ProblemCode.BELOW_MINIMUM, ProblemCode.NO_MAILBOX, ProblemCode.NOT_PAUSED, ProblemCode.WRONG_PLACE),
            *(ProblemCode.NOT_IN_STOCK, ProblemCode.NOT_PREPARED, ProblemCode.GOODS_LEFT, ProblemCode.QUOTE_EXPIRED),
            *(ProblemCode.STOCK_NOT_MANAGED, ProblemCode.BOOKS_CLOSED, ProblemCode.NO_RESERVATIONS),
        ),
        409,
    ),
}
_NAMED_BY_A_PATH: Final = frozenset(
    {
        *(ProblemCode.NO_PARTNER, ProblemCode.NO_PRODUCT, ProblemCode.NO_MAILBOX, ProblemCode.NO_INVOICE),
        *(ProblemCode.NO_DELIVERY, ProblemCode.NOT_SENT, ProblemCode.AMBIGUOUS, ProblemCode.NOT_ONE_PARTY),
        *(ProblemCode.NO_FEE, ProblemCode.NO_TERM, ProblemCode.NO_PAYMENT, ProblemCode.NO_QUOTE),
        *(ProblemCode.NO_SLIP, ProblemCode.NO_PLACE, ProblemCode.NO_DOSSIER, ProblemCode.NO_FOLDER),
        ProblemCode.NO_PRICE_LIST,
    }
)
"""What is not there when somebody only looks."""


_OF_CREDIT: Final = ("exposure", "maximum", "delta", "establishment")
"""Figures that a program wants of a block, beside the sentence."""


class Refused(Exception):
    """The request as such is refused."""

    def __init__(self, status: int, word: Word, /, headers: Mapping[str, str] | None = None, **values: Any) -> None:
        super().__init__(word)
        assert STATUS_OF_WORD[word] == status
        self.status = status
        self.word = word
        self.headers = headers or {}
        self.values = values


def status_of(problem: Problem, *, looks: bool = False) -> int:
    """The status of an answer that says a problem. :param looks: nothing was to be changed."""
    if looks and problem.code in _NAMED_BY_A_PATH:
        return 404
    return _STATUS.get(problem.code, 422)


def of_refusal(refused: Refused, language: str) -> Response:
    """The answer to a request that is refused as such."""
    detail = sentence(Said(DETAILS[refused.word], **refused.values), language)
    more = {"trace": refused.values["number"]} if "number" in refused.values else {}
    return details(refused.status, refused.word, detail, language, headers=refused.headers, **more)


def of_problem(problem: Problem, language: str, *, looks: bool = False) -> Response:
    """The answer that says what a library refused."""
    more: dict[str, Any] = {"next": problem.next[0]} if problem.next else {}
    if problem.code is ProblemCode.CREDIT_BLOCKED:
        more |= {name: problem.values[name] for name in _OF_CREDIT if name in problem.values}
    proposed = getattr(problem, "proposed", None)
    if isinstance(proposed, str):
        more["proposed"] = proposed
    return details(status_of(problem, looks=looks), problem.code, sentence(problem, language), language, **more)


def of_entry(problems: EntryProblems | FileProblems, language: str) -> Response:
    """The answer that names each fault of what was entered."""
    errors = [
        {
            **({} if isinstance(problems, FileProblems) else {"pointer": pointer(fault.row, fault.column)}),
            **({"row": fault.row, "column": fault.column} if isinstance(problems, FileProblems) else {}),
            "detail": sentence(fault, language),
            "code": fault.code,
        }
        for fault in problems.faults
    ]
    return of_fields(errors, language)


def of_fields(errors: Sequence[Mapping[str, Any]], language: str) -> Response:
    """The answer that names each wrong field."""
    detail = translated(DETAILS[Word.WRONG_FIELDS], language)
    return details(422, Word.WRONG_FIELDS, detail, language, errors=errors)


def details(
    status: int,
    code: ProblemCode | Word,
    detail: str,
    language: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """The answer (RFC 9457)."""
    said = {
        "type": f"{PATH}/problems/{code}",
        "title": title_of(code, language),
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    given = {**(headers or {}), "Content-Language": language}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        given.setdefault("Retry-After", "5")
    return Response(written(said), status_code=status, media_type=MEDIA_TYPE, headers=given)


def title_of(code: ProblemCode | Word, language: str) -> str:
    """What all problems of a kind have in common, in some words."""
    return translated(TITLES[str(code)], language)


def code_named(text: str) -> ProblemCode | Word | None:
    """The kind that somebody asks about."""
    for kind in (Word, ProblemCode):
        if text in set(kind):
            return kind(text)
    return None


def usual_status(code: ProblemCode | Word) -> int:
    """The status with which a kind is answered, where something was to be done."""
    return STATUS_OF_WORD[code] if isinstance(code, Word) else _STATUS.get(code, 422)


def pointer(row: int | None, column: str | None) -> str:
    """Where in a JSON body a fault is (RFC 6901). :param row: of the line, 1 for the first; None: of the head."""
    parts = (["lines", str(row - 1)] if row is not None else []) + ([column] if column else [])
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)
