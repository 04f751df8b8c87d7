"""Pages of what went wrong: what happened, what it means for what was typed, what to do. None loses a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.responses import Response

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console.access import cookies
from services.console.access.walls import TOKEN
from services.console.visit import Visit

KEPT: Final = "garde."
"""Before the name of a field of another page, while its person enters."""
_PASSWORD, _CODE = "mot_de_passe", "code"
_OF_CODED: Final = ("/tiers/", "/reglages/")
"""Where a field `code` names a thing; anywhere else it is what lets somebody in."""
DIALOGUE: Final = "dialogue"
"""The block, and the element, in which a person enters over a page that is open."""
ALERTS: Final = "alertes"

_TITLES: Final[Mapping[int, str]] = {
    403: marked("Not allowed"),
    404: marked("There is no such page"),
    405: marked("This page takes no forms"),
    409: marked("It was changed meanwhile"),
    422: marked("Not as it was asked"),
    500: marked("A fault of ours"),
    503: marked("The database does not answer"),
}
_TEXTS: Final[Mapping[str, str]] = {
    "403": marked("Your roles do not include this. An administrator gives roles. Nothing was changed."),
    "403 foreign": marked(
        "This form was sent from a page that is not ours, so nothing was done. Open the page here and send it again."
    ),
    "403 token": marked(
        "This form is of another session, so nothing was done. Go back, reload the page, and send it again."
    ),
    "404": marked("The address leads to nothing here: what it named may have another number, or is not here."),
    "405": marked("Nothing was changed. Go back and use the buttons of the page."),
    "500": marked("This page could not be made. Our log has the reason under the number {number}."),
    "503": marked("Nothing was changed. Wait a moment, then try again; what you typed is still here."),
}

ACTS: Final[Mapping[Act, str]] = {
    Act.CHOOSE_BETTER: marked("Choose another password, such as a short sentence of your own."),
    Act.ACCEPT_UNTESTED: marked("«Store without a test» takes it all the same."),
    Act.ADD_MAILBOX: marked("An administrator enters one under «Incoming server»."),
    Act.CHOOSE_FOLDER: marked("Type its name under «Folder»."),
    Act.CONSENT: marked("Whoever runs the site gives consent anew."),
    Act.GIVE_SERVER: marked("Type its name as the mail provider tells it."),
    Act.NAME_CERTIFICATES: marked("Type the name of a file with certificates under «More»."),
    Act.PUBLISH_SEAL: marked("Whoever runs the site upgrades it, which lets passwords be stored."),
    Act.SAY_WHAT_IS_NAMED: marked("Say it under the file, one a line."),
    Act.READ_BY_IMAP: marked("Choose IMAP, or leave the folder out."),
    Act.START_SITE: marked("Whoever runs the site starts its services."),
    Act.START_ALLOCATOR: marked("Whoever runs the site starts it."),
    Act.START_CONSOLE: marked("Whoever runs the site starts it."),
    Act.UPGRADE: marked("Whoever runs the site upgrades it."),
    Act.START_POLLER: marked("Whoever runs the site starts one; the mails wait in the mailbox meanwhile."),
    Act.GIVE_RIGHTS: marked("An administrator gives roles and rights."),
}
"""What to do about a problem, where it is more than its sentence says; a page words it without a command."""

_STATUS: Final[Mapping[ProblemCode, int]] = {
    ProblemCode.NO_RIGHT: 403,
    ProblemCode.NO_ORDER: 404,
    ProblemCode.NO_HOLD: 404,
    ProblemCode.NO_POLLER: 409,
    ProblemCode.OTHER_STATE: 409,
    ProblemCode.CHANGED_MEANWHILE: 409,
    ProblemCode.WRONG_PLACE: 409,
    ProblemCode.OTHER_INVOICES: 409,
}


def status_of(problem: Problem) -> int:
    """The status of a page that says a problem."""
    return _STATUS.get(problem.code, 422)


def next_acts(problem: Problem) -> list[str]:
    """What to do about it, as messages of the catalogue."""
    return [ACTS[act] for act in problem.next if act in ACTS]


def told(visit: Visit, problem: Problem | None) -> dict[str, Any]:
    """What a page with a place for a problem says of it, and what to do about it."""
    if problem is None:
        return {"problem": None, "acts": []}
    return {"problem": sentence(problem, visit.language), "acts": next_acts(problem)}


def page(visit: Visit, status: int, why: str = "", **values: str) -> Response:
    """A page of what went wrong with the request as such."""
    text = Said(_TEXTS[f"{status} {why}".strip()], **values)
    again = _kept_fields(visit) if status == 503 and visit.request.method == "POST" else {}
    response = _fault(visit, status, text, again=again)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def of_problem(visit: Visit, problem: Problem) -> Response:
    """A page of what a library refused, where the page itself has no place for it."""
    return _fault(visit, status_of(problem), problem, acts=next_acts(problem))


def not_entered(visit: Visit) -> Response:
    """Nobody is there, or no longer: enter first, and go on where you were."""
    target = visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else "")
    if visit.is_partial:
        response = visit.html("access/login.html", status=401, block=DIALOGUE, **_of_form("/", "", None, {}))
        response.headers["HX-Retarget"] = f"#{DIALOGUE}"
        response.headers["HX-Reswap"] = "innerHTML"
        cookies.keep_entering(visit.request, response, visit.entering)
        return response
    if visit.request.method == "POST":
        return login_form(visit, status=401, retour=target, kept=_kept_fields(visit))
    response = visit.go("/entrer") if target == "/" else visit.go("/entrer", retour=target)
    if visit.request.cookies:
        cookies.end(visit.request, response)
    return response


def login_form(
    visit: Visit,
    *,
    status: int,
    retour: str,
    login: str = "",
    said: Said | None = None,
    kept: Mapping[str, str],
) -> Response:
    """The form by which one enters; it carries what was typed into another one."""
    text = None if said is None else sentence(said, visit.language)
    block = DIALOGUE if visit.is_partial and DIALOGUE in visit.form else None
    response = visit.html("access/login.html", status=status, block=block, **_of_form(retour, login, text, kept))
    cookies.keep_entering(visit.request, response, visit.entering)
    return response


def _of_form(retour: str, login: str, said: str | None, kept: Mapping[str, str]) -> dict[str, Any]:
    fields = {f"{KEPT}{name}": value for name, value in kept.items()}
    return {"retour": retour, "login": login, "said": said, "kept": fields}


def kept_before(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed into another page's form, which the form of who enters carries."""
    return {name.removeprefix(KEPT): value for name, value in form.items() if name.startswith(KEPT)}


def is_secret(visit: Visit, name: str) -> bool:
    """Whether a field has what no page carries further, nor a digest: a password, or the code that counts once."""
    return name.startswith(_PASSWORD) or (name == _CODE and not visit.request.url.path.startswith(_OF_CODED))


def _kept_fields(visit: Visit) -> dict[str, str]:
    return {name: value for name, value in visit.form.items() if name != TOKEN and not is_secret(visit, name)}


def _fault(
    visit: Visit,
    status: int,
    said: Said | Problem,
    *,
    acts: Iterable[str] = (),
    again: Mapping[str, str] | None = None,
) -> Response:
    response = visit.html(
        "fault.html",
        status=status,
        block=ALERTS if visit.is_partial else None,
        heading=_TITLES.get(status, _TITLES[422]),
        text=sentence(said, visit.language),
        acts=list(acts),
        again=again or {},
    )
    if visit.is_partial:
        response.headers["HX-Retarget"] = f"#{ALERTS}"
        response.headers["HX-Reswap"] = "innerHTML"
    return response
