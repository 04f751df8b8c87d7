"""What the forms of mail accounts share: their server is found from the address, the login is tried, then stored.

A server is shown to the person before a password travels there; no password comes back. A page says only what is its
own: which fields it has, which account they make, how that is tried and stored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from starlette.responses import Response

from intergestan_db.enums import Security
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.accounts import ListedRelay
from intergestan_exchange.listing.mailboxes import ListedMailbox
from intergestan_exchange.mail_accounts.accounts import Account, check_place
from intergestan_operations.finding import Finding
from intergestan_operations.language.wording import sentence, wording
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.pages.fields import NEEDED, TOO_LONG, Number, read_number
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.discovery import Server, Settings

SECURITIES: Final[Mapping[str, str]] = {
    Security.TLS: "SSL/TLS",
    Security.STARTTLS: "STARTTLS",
    Security.NONE: marked("none (this machine)"),
}
FIND, TRY, UNTESTED = "chercher", "essayer", "sans-essai"
PASSWORD: Final = "mot_de_passe_boite"  # noqa: S105 - the name of a field

Made = TypeVar("Made", bound=Account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of what was typed; at first nothing did.

    :ivar wrong: what is wrong with fields, by name. :ivar found: the servers of the address, `looks_first`: whoever
    wanted something else looks at them first. :ivar findings: of a trial.
    """

    status: int = 200
    wrong: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    found: Settings | None = None
    looks_first: bool = False
    findings: Sequence[Finding] | None = None

    def page(self, visit: Visit, template: str, values: Mapping[str, str], **own: Any) -> Response:
        """The page that says it. :param own: what only this page has."""
        found, findings = self.found, self.findings
        return visit.html(
            template,
            status=self.status,
            values=values,
            wrong=self.wrong,
            **faults.told(visit, self.problem),
            found=found,
            doubtful=found is not None and found.must_be_confirmed(values["adresse"]),
            looks_first=self.looks_first,
            findings=None if findings is None else [told(each, visit.language) for each in findings],
            securities=SECURITIES,
            password_field=PASSWORD,
            **own,
        )


class AccountForm(ABC, Generic[Made]):
    """A form for one account.

    :cvar TEXTS: the fields in which one types, `LENGTHS`: how much. :cvar CHOICES: those in which one chooses, the
    first of each at first. :cvar FIELDS: at which field a problem is said.
    """

    TEXTS: ClassVar[Sequence[str]]
    LENGTHS: ClassVar[Mapping[str, int]]
    CHOICES: ClassVar[Mapping[str, Collection[str]]]
    FIELDS: ClassVar[Mapping[ProblemCode, str]] = {ProblemCode.PASSWORD_NEEDED: PASSWORD}

    def __init__(self, visit: Visit) -> None:
        self.visit = visit

    @abstractmethod
    def page(self, values: Mapping[str, str], outcome: Outcome) -> Response:
        """The page with the form."""

    @abstractmethod
    def server_of(self, found: Settings, values: Mapping[str, str]) -> Server:
        """The server to take. :raises Problem: there is none."""

    @abstractmethod
    def read(self, values: Mapping[str, str], wrong: dict[str, str], *, has_password: bool) -> Made:
        """The account that is typed; it is none where something stands in `wrong` then, by the field's name."""

    @abstractmethod
    def findings(self, account: Made, password: str) -> Iterable[Finding]:
        """What a trial finds, step by step; nothing is stored."""

    @abstractmethod
    def store(self, account: Made, password: str, *, untested: bool) -> Response:
        """Store it, after the login was tried. :raises Problem: it cannot be."""

    def typed(self) -> dict[str, str]:
        """What was typed, but for the password; of what was not sent, what it is at first."""
        form = self.visit.form
        values = {name: form.get(name, "").strip() for name in self.TEXTS}
        return values | {name: chosen(form.get(name, ""), words) for name, words in self.CHOICES.items()}

    def at_first(self) -> dict[str, str]:
        """What stands in an empty form."""
        return dict.fromkeys(self.TEXTS, "") | {name: next(iter(words)) for name, words in self.CHOICES.items()}

    def send(self) -> Response:
        """One of the buttons: find the server, try the account, or store it after it was tried."""
        values, wanted = self.typed(), self.visit.form.get("faire", "")
        if wanted == FIND or not values["serveur"]:
            return self._find(values, asked=wanted == FIND)
        password, wrong = self.visit.form.get(PASSWORD, ""), dict[str, str]()
        account = self.read(values, wrong, has_password=bool(password))
        wrong |= too_long(values, self.LENGTHS)
        if wrong:
            return self._wrong(values, wrong)
        if wanted == TRY:
            return self._try(values, account, password)
        try:
            return self.store(account, password, untested=wanted == UNTESTED)
        except Problem as problem:
            if problem.code in self.FIELDS:
                return self._wrong(values, {self.FIELDS[problem.code]: sentence(problem, self.visit.language)})
            return self.page(values, Outcome(status=faults.status_of(problem), problem=problem))

    def _wrong(self, values: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
        return self.page(values, Outcome(status=422, wrong=wrong))

    def _find(self, values: dict[str, str], *, asked: bool) -> Response:
        """Fill in the server of the address; whoever wanted to store or to try looks at it first."""
        from intergestan_exchange.mail_accounts.discovery import discover

        try:
            found = discover(values["adresse"], self.visit.console.network)
            server = self.server_of(found, values)
        except Problem as problem:
            return self._wrong(values, {"adresse": sentence(problem, self.visit.language)})
        values |= {**filled(server), "identifiant": server.login}
        if "protocole" in values:
            values["protocole"] = server.protocol
        return self.page(values, Outcome(found=found, looks_first=not asked))

    def _try(self, values: Mapping[str, str], account: Made, password: str) -> Response:
        if account.login and not password:
            text = sentence(Said("Type the password: it is not read from where it is stored."), self.visit.language)
            return self._wrong(values, {PASSWORD: text})
        try:
            check_place(account)
        except Problem as problem:
            return self.page(values, Outcome(status=422, problem=problem))
        return self.page(values, Outcome(findings=list(self.findings(account, password))))


def chosen(text: str, words: Collection[str]) -> str:
    """What was chosen of these; the first, where it is none of them."""
    return text if text in words else next(iter(words))


def filled(server: Server, prefix: str = "") -> dict[str, str]:
    """What stands in the fields of a server that was found."""
    return {f"{prefix}serveur": server.host, f"{prefix}port": str(server.port), f"{prefix}securite": server.security}


def so_far(account: ListedMailbox | ListedRelay) -> dict[str, str]:
    """What stands in the fields of an account that there is."""
    return {
        "adresse": account.login if account.login and "@" in account.login else "",
        "serveur": account.host,
        "port": str(account.port),
        "securite": account.security,
        "identifiant": account.login or "",
        "certificat": account.ca_file or "",
    }


def read_place(
    values: Mapping[str, str], usual: Callable[[Security], int], wrong: dict[str, str], prefix: str = ""
) -> dict[str, Any]:
    """The server that is typed, and who logs in there; what is wrong with its port stands in `wrong` then."""
    security = Security(chosen(values[f"{prefix}securite"], SECURITIES))
    name = f"{prefix}port"
    return {
        "host": values[f"{prefix}serveur"],
        "port": read_number(values[name], Number(1, 65_535, usual(security)), wrong, name),
        "security": security,
        "ca_file": values["certificat"] or None,
        "login": login_of(values) or None,
    }


def login_of(values: Mapping[str, str]) -> str:
    """Who logs in: the mail address, where nothing else is typed."""
    return values["identifiant"] or values["adresse"]


def needs_login(values: Mapping[str, str], wrong: dict[str, str], *, lacks_password: bool) -> None:
    """A mailbox opens for nobody without either; what lacks stands in `wrong`."""
    if not login_of(values):
        wrong["adresse"] = NEEDED
    if lacks_password:
        wrong[PASSWORD] = NEEDED


def too_long(values: Mapping[str, str], lengths: Mapping[str, int]) -> dict[str, str]:
    """What is longer than can be stored, by the field's name."""
    return {name: TOO_LONG for name, most in lengths.items() if len(values[name]) > most}


def told(finding: Finding, language: str) -> dict[str, Any]:
    """What a step of a trial found, in words."""
    text = finding.text
    return {
        "subject": sentence(finding.subject, language),
        "ok": finding.ok,
        "text": wording(text, language) if isinstance(text, Exception) else sentence(text, language),
        "cure": None if finding.cure is None else sentence(finding.cure, language),
    }
