"""The API: who may what, what it shows, how lists go on, how problems are told."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import delete, insert, select, update

from intergestan_db.enums import Right, Role, Scope
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import ApiToken, Event, Party, PurchaseOrder, Session, Throttle, User
from intergestan_erp.people.rights import OF_ROLE, change_rights
from intergestan_erp.people.tokens import create_token, list_tokens, revoke_token
from intergestan_erp.selling.views import DeliveryNoteView, InvoiceView
from intergestan_erp.site.setup import use_user
from intergestan_operations.language.wording import translated
from services.console.api.application import calls, methods_of
from services.console.api.caller import READS_A_MINUTE, Reads, claims
from services.console.api.problems import ADVICE, MEANS, Word, usual_status
from services.console.api.titles import TITLES
from services.console.api.values import PUBLIC_IDS
from services.console.headers import ALWAYS
from tests.services.console.browser import Browser
from tests.services.console.desk import PASSWORD, PEOPLE, Desk, add_order
from tests.services.console.programs import API, Program, program, token_of
from tests.services.console.test_pages import HOSTILE

pytestmark = pytest.mark.mainly_on("postgresql")

MATRIX = """
GET    /me                         -                nadia carl odile adele adam
GET    /status                     operate:read     nadia carl odile adele adam
GET    /mailboxes                  operate:read     nadia carl odile adele adam
GET    /events                     operate:read                 odile       adam
GET    /events/since               operate:read                 odile       adam
GET    /stream                     -                nadia carl odile adele adam
GET    /purchase-orders            orders:read      nadia carl odile adele adam
GET    /purchase-orders/CFR1       orders:read      nadia carl odile adele adam
POST   /purchase-orders            orders:write           carl            adam
PUT    /purchase-orders/CFR1       orders:write           carl            adam
DELETE /purchase-orders/CFR1       orders:write           carl            adam
POST   /purchase-orders/CFR1/confirm   orders:write       carl            adam
POST   /purchase-orders/CFR1/unconfirm orders:write       carl            adam
GET    /sales-orders               sales:read       nadia carl odile adele adam
GET    /sales-orders/CCL1          sales:read       nadia carl odile adele adam
POST   /sales-orders/CCL1/accept   sales:write            carl            adam
POST   /sales-orders/CCL1/refuse   sales:write            carl            adam
GET    /deliveries                 sales:read       nadia carl odile adele adam
GET    /deliveries/BL1             sales:read       nadia carl odile adele adam
GET    /invoices                   sales:read       nadia carl odile adele adam
GET    /invoices/FA1               sales:read       nadia carl odile adele adam
GET    /stories/CFR1               mails:read       nadia carl odile adele adam
GET    /sendings                   mails:read       nadia carl odile adele adam
GET    /sendings/CFR1              mails:read       nadia carl odile adele adam
POST   /sendings/preview           orders:read            carl            adam
POST   /sendings                   orders:send            carl            adam
POST   /sendings/CFR1/resend       orders:send            carl odile      adam
POST   /sendings/CFR1/abandon      orders:send            carl odile      adam
POST   /polls                      operate:act            carl odile      adam
GET    /polls/1                    operate:read     nadia carl odile adele adam
GET    /inbound-mails              mails:read       nadia carl odile adele adam
GET    /inbound-mails/in-1         mails:read       nadia carl odile adele adam
GET    /holds                      holds:read       nadia carl odile adele adam
GET    /holds/order-1              holds:read       nadia carl odile adele adam
POST   /holds/order-1/release      holds:act              carl            adam
POST   /holds/order-1/refuse       holds:act              carl            adam
GET    /partners                   partners:read    nadia carl odile adele adam
GET    /partners/elle              partners:read    nadia carl odile adele adam
GET    /partners/elle/matches      partners:read    nadia carl odile adele adam
GET    /products                   catalogue:read   nadia carl odile adele adam
GET    /products/CAS16             catalogue:read   nadia carl odile adele adam
GET    /parties                    parties:read     nadia carl odile adele adam
GET    /parties/find               parties:read     nadia carl odile adele adam
GET    /parties/STAUBER            parties:read     nadia carl odile adele adam
GET    /parties/STAUBER/addresses  parties:read     nadia carl odile adele adam
GET    /parties/STAUBER/credit     credit:read      nadia carl odile adele adam
GET    /accounts                   parties:read     nadia carl odile adele adam
GET    /accounts/find              parties:read     nadia carl odile adele adam
GET    /credit                     credit:read      nadia carl odile adele adam
GET    /credit/overrides           credit:read      nadia carl odile adele adam
GET    /settings/parties           parties:read     nadia carl odile adele adam
GET    /fees                       parties:read     nadia carl odile adele adam
GET    /fees/PORT                  parties:read     nadia carl odile adele adam
GET    /payment-terms              parties:read     nadia carl odile adele adam
GET    /payment-terms/30J          parties:read     nadia carl odile adele adam
GET    /payments                   credit:read      nadia carl odile adele adam
GET    /payments/RG1               credit:read      nadia carl odile adele adam
GET    /invoices/FA1/dues          sales:read       nadia carl odile adele adam
GET    /dues                       sales:read       nadia carl odile adele adam
GET    /credit-notes               sales:read       nadia carl odile adele adam
GET    /credit-notes/AV1           sales:read       nadia carl odile adele adam
GET    /quotes                     sales:read       nadia carl odile adele adam
GET    /quotes/DV1                 sales:read       nadia carl odile adele adam
GET    /sales-orders/CCL1/allocations stock:read    nadia carl odile adele adam
GET    /stock                      stock:read       nadia carl odile adele adam
GET    /stock/transit              stock:read       nadia carl odile adele adam
GET    /stock-moves                stock:read       nadia carl odile adele adam
GET    /returns                    stock:read       nadia carl odile adele adam
GET    /picking-slips              stock:read       nadia carl odile adele adam
GET    /picking-slips/BP1          stock:read       nadia carl odile adele adam
GET    /dossiers/1                 agencies:read    nadia carl odile adele adam
GET    /establishments             agencies:read    nadia carl odile adele adam
GET    /establishments/1           agencies:read    nadia carl odile adele adam
GET    /depots                     agencies:read    nadia carl odile adele adam
GET    /depots/PRINCIPAL           agencies:read    nadia carl odile adele adam
GET    /folders                    agencies:read    nadia carl odile adele adam
GET    /folders/1                  agencies:read    nadia carl odile adele adam
GET    /operation-codes            agencies:read    nadia carl odile adele adam
GET    /categories                 agencies:read    nadia carl odile adele adam
GET    /me/position                agencies:read    nadia carl odile adele adam
GET    /agency-orders              agencies:read    nadia carl odile adele adam
GET    /agency-orders/preview      agencies:read    nadia carl odile adele adam
GET    /prices                     catalogue:read   nadia carl odile adele adam
GET    /price-lists                catalogue:read   nadia carl odile adele adam
GET    /price-lists/VIP            catalogue:read   nadia carl odile adele adam
POST   /sales-orders               sales:write            carl            adam
POST   /payments/RG1/bank          payments:write               adele adam
POST   /credit-notes               invoices:write               adele adam
POST   /entries                    books:write                        adele adam
POST   /entries/OD1/reverse        books:write                        adele adam
POST   /letterings                 books:write                        adele adam
GET    /fiscal-years               books:read                         adele adam
POST   /deliveries                 sales:write            carl            adam
POST   /invoices                   invoices:write         carl      adele adam
POST   /parties                    parties:write          carl            adam
PUT    /parties/STAUBER            parties:write          carl            adam
PUT    /parties/STAUBER/credit     credit:write                     adele adam
POST   /fees                       settings:write                         adam
PUT    /fees/PORT                  settings:write                         adam
POST   /payment-terms              settings:write                         adam
PATCH  /settings/parties           settings:write                         adam
POST   /quotes                     sales:write            carl            adam
POST   /quotes/DV1/accept          sales:write            carl            adam
POST   /quotes/DV1/refuse          sales:write            carl            adam
POST   /payments                   payments:write         carl      adele adam
POST   /payments/RG1/settle        payments:write         carl      adele adam
POST   /payments/RG1/fail          payments:write         carl      adele adam
POST   /payments/RG1/cancel        payments:write         carl      adele adam
POST   /invoice-runs               invoices:write         carl      adele adam
POST   /stock-moves                stock:write            carl            adam
POST   /returns                    stock:write            carl            adam
POST   /goods-receipts             stock:write            carl            adam
PUT    /sales-orders/CCL1/allocations stock:write         carl            adam
POST   /picking-slips              stock:write            carl            adam
POST   /picking-slips/BP1/enter    stock:write            carl            adam
POST   /picking-slips/BP1/finish   stock:write            carl            adam
POST   /picking-slips/BP1/validate stock:write            carl            adam
POST   /picking-slips/BP1/reopen   stock:write            carl            adam
POST   /picking-slips/BP1/cancel   stock:write            carl            adam
PATCH  /dossiers/1                 agencies:write                         adam
POST   /establishments             agencies:write                         adam
PUT    /establishments/1           agencies:write                         adam
POST   /depots                     agencies:write                         adam
PUT    /depots/PRINCIPAL           agencies:write                         adam
PUT    /me/position                agencies:write   nadia carl odile adele adam
POST   /agency-orders              agencies:write         carl            adam
POST   /agency-orders/CFR1/cancel  agencies:write         carl            adam
GET    /entries                    books:read                         adele adam
GET    /results                    books:read                         adele adam
"""
"""Who may what with which scope, as docs/api.md prints it."""
STREAM = "/stream"
"""It does not end: tests/services/console/test_api_stream.py."""
LINES = [line.split() for line in MATRIX.strip().splitlines()]
IN_PATHS = {
    "/purchase-orders": "CFR1",
    "/sales-orders": "CCL1",
    "/sendings": "CFR1",
    "/inbound-mails": "in-1",
    "/holds": "order-1",
    "/polls": "1",
    "/deliveries": "BL1",
    "/invoices": "FA1",
    "/stories": "CFR1",
    "/partners": "elle",
    "/products": "CAS16",
    "/parties": "STAUBER",
    "/fees": "PORT",
    "/payment-terms": "30J",
    "/payments": "RG1",
    "/credit-notes": "AV1",
    "/quotes": "DV1",
    "/picking-slips": "BP1",
    "/dossiers": "1",
    "/establishments": "1",
    "/depots": "PRINCIPAL",
    "/folders": "1",
    "/agency-orders": "CFR1",
    "/entries": "OD1",
    "/price-lists": "VIP",
}


def path_of(route: APIRoute) -> str:
    return re.sub(r"\{\w+\}", lambda match: IN_PATHS[match.string[: match.start()].rstrip("/")], route.path_format)


NEED_MORE = {"/events/since", "/parties/find", "/accounts/find", "/prices", "/entries", "/results", "/fiscal-years"}
"""What an address must say besides; asked without it, it is refused."""
DRAFT = {"supplier": "none", "lines": [{"product": "none", "quantity": "1"}]}
CHOSEN = {"orders": [{"number": "none", "version": 1}]}
BODIES = {
    "/purchase-orders": DRAFT,
    "/purchase-orders/CFR1": DRAFT,
    "/sendings": CHOSEN,
    "/sendings/preview": CHOSEN,
}
"""What can be read, and asks for what is not there."""


def test_every_call_stands_in_the_matrix() -> None:
    found = {
        (method, path_of(route), str((claims(route) or fail(route)).scope or "-"))
        for route in calls()
        for method in methods_of(route)
    }
    assert found == {(line[0], line[1], line[2]) for line in LINES}


def fail(route: APIRoute) -> Any:
    raise AssertionError(f"{route.path} asks nobody who they are")


def test_who_may_what(desk: Desk) -> None:
    """Every call, with all scopes and with all but its own, nobody and each role."""
    browser = Browser(desk.console.application, desk.portal)
    everything = {who: Program(browser, token_of(desk, who)) for who in PEOPLE}
    without = {
        scope: Program(
            browser, token_of(desk, "adam", [each for each in Scope if each != scope], name=f"no-{scope.name}")
        )
        for scope in Scope
    }
    desk.console.application.api.application().state.reads = Reads(100_000)
    unkeyed = {"idempotency-key": "x", "if-match": "*"}
    for method, path, scope, *allowed in LINES:
        if path == STREAM:
            continue
        assert Program(browser, "").ask(method, path).problem == (401, Word.NO_BEARER)
        for who, each in everything.items():
            answer = each.ask(
                method, path, BODIES.get(path, {}) if method in {"POST", "PUT", "PATCH"} else None, **unkeyed
            )
            assert (answer.status == 403) is (who not in allowed), (method, path, who, answer.status)
            assert answer.status != 401
        if scope != "-":
            assert without[Scope(scope)].ask(method, path, {}, **unkeyed).problem == (403, Word.NO_SCOPE_FOR_IT), path


def test_a_right_of_the_matrix_is_that_of_the_table() -> None:
    """What the printed matrix says of a call is what the roles have."""
    printed = {(line[0], line[1]): set(line[3:]) for line in LINES}
    for route in calls():
        need = claims(route)
        assert need is not None
        may = {
            who for who, role in PEOPLE.items() if not isinstance(need.access, Right) or need.access in OF_ROLE[role]
        }
        if need.scope is Scope.HOLDS_ACT:
            continue  # by the kind of what waits: test_who_may_settle_what
        for method in methods_of(route):
            assert printed[method, path_of(route)] == may


def test_a_cookie_opens_nothing_and_a_token_opens_no_page(desk: Desk) -> None:
    entered = desk.browser("adam")
    assert entered.get(f"{API}/me").status == 401
    browser = desk.browser()
    secret = token_of(desk, "adam")
    page = browser.get("/commandes", authorization=f"Bearer {secret}")
    assert (page.status, page.headers["location"]) == (303, "/entrer?retour=%2Fcommandes")


@pytest.mark.parametrize(
    "scheme", ["", "Basic ", "Bearer  x", "Bearer ig_", "Bearer é", "bearer ig_aaaaaaaa_" + "x" * 43]
)
def test_what_is_no_token_opens_nothing(desk: Desk, scheme: str) -> None:
    answer = desk.browser().get(f"{API}/me", authorization=scheme)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Intergestan"')


def test_a_token_ends_by_itself_by_hand_and_with_its_person(desk: Desk) -> None:
    one, other, third = (program(desk, "carl", name=name) for name in ("one", "other", "third"))
    database = desk.site.database
    assert [each.get("/me").status for each in (one, other, third)] == [200, 200, 200]
    with database.transaction() as connection:
        assert revoke_token(connection, "carl", "one", by="marie", at=database.now())
        assert not revoke_token(connection, "carl", "one", by="marie", at=database.now())
    assert [each.get("/me").status for each in (one, other, third)] == [401, 200, 200]
    with database.transaction() as connection:
        use_user(connection, "carl", active=False, by="marie", at=database.now())
    assert [each.get("/me").status for each in (other, third)] == [401, 401]
    with database.transaction() as connection:
        use_user(connection, "carl", active=True, by="marie", at=database.now())
    assert other.get("/me").status == 200
    desk.move(days=91)
    assert other.get("/me").status == 401


def test_a_token_has_no_more_rights_than_its_person_has_now(desk: Desk) -> None:
    odile = program(desk, "odile")
    assert odile.get("/events").status == 200
    with desk.site.database.transaction() as connection:
        change_rights(connection, "odile", roles=[Role.READER], by="marie", at=desk.site.database.now())
    assert odile.get("/events").problem == (403, Word.NOT_ALLOWED)
    with desk.site.database.transaction() as connection:
        change_rights(connection, "odile", roles=[], by="marie", at=desk.site.database.now())
    assert odile.get("/purchase-orders").problem == (403, Word.NOT_ALLOWED)
    assert odile.get("/me").json["roles"] == []


def test_the_base_keeps_a_digest_of_it(desk: Desk) -> None:
    carl = program(desk)
    assert carl.get("/me").status == 200
    kept = repr([desk.site.rows(table) for table in (ApiToken, Event, Throttle, Session)])
    assert carl.token not in kept
    assert carl.token.rpartition("_")[2] not in kept
    with desk.site.database.read() as connection:
        (listed,) = list_tokens(connection)
    assert (listed.login, listed.name, listed.prefix) == ("carl", "erp", carl.token[3:11])
    assert listed.last_used_at == desk.site.database.now()


@pytest.mark.parametrize(
    ("name", "scopes", "days", "code"),
    [
        ("erp", [], 90, ProblemCode.NO_SCOPE),
        ("a/b", [Scope.ORDERS_READ], 90, ProblemCode.NO_NAME),
        ("x" * 41, [Scope.ORDERS_READ], 90, ProblemCode.NO_NAME),
        ("erp", [Scope.ORDERS_READ], 367, ProblemCode.IMPLAUSIBLE_DAY),
        ("erp", [Scope.ORDERS_READ], 0, ProblemCode.IMPLAUSIBLE_DAY),
        ("taken", [Scope.ORDERS_READ], 90, ProblemCode.TOKEN_TAKEN),
    ],
)
def test_what_no_token_is_made_of(desk: Desk, name: str, scopes: list[Scope], days: int, code: ProblemCode) -> None:
    token_of(desk, "carl", name="taken")
    with pytest.raises(Problem) as refused, desk.site.database.transaction() as connection:
        create_token(
            connection, "carl", name, scopes, lasts=timedelta(days=days), by="marie", at=desk.site.database.now()
        )
    assert refused.value.code is code


def test_a_list_of_the_seed(desk: Desk) -> None:
    found = program(desk).get("/purchase-orders?from=2020-11-01&to=2020-11-30&supplier=STAUBER").json
    assert [row["number"] for row in found["items"]] == ["CFR1", "CFR2"]
    assert found["next"] is None
    first = found["items"][0]
    assert {name: first[name] for name in ("issue_date", "note", "total_ht", "total_ttc", "state", "contact")} == {
        "issue_date": "2020-11-15",
        "note": "Matériel cuisine",
        "total_ht": "180.00",
        "total_ttc": "216.00",
        "state": "confirmed",
        "contact": "M. Wilfried ZWILLIG",
    }


def test_a_list_goes_on_and_rows_that_come_or_go_shift_nothing(desk: Desk) -> None:
    with desk.site.database.transaction() as connection:
        supplier = connection.execute(select(Party.id).where(Party.code == "STAUBER")).scalar_one()
        for n in range(3, 12):
            add_order(connection, supplier, f"CFR{n}", date(2020, 12, n), "x", Decimal(n), "confirmed")
    carl = program(desk)
    numbers, next_ = [], "/purchase-orders?supplier=STAUBER&limit=3"
    while next_:
        answer = carl.get(next_)
        numbers += [row["number"] for row in answer.json["items"]]
        link = answer.headers.get("link", "")
        assert bool(link) is (answer.json["next"] is not None)
        next_ = link[len(f"<{API}") :].partition(">")[0]
        with desk.site.database.transaction() as connection:
            if len(numbers) == 3:  # one that was shown changes, one before the place comes
                connection.execute(update(PurchaseOrder).where(PurchaseOrder.number == "CFR2").values(state="draft"))
                add_order(connection, supplier, "CFR0", date(2020, 11, 1), "x", Decimal(1), "confirmed")
    assert numbers == [f"CFR{n}" for n in range(1, 12)]


def test_two_states_go_on_together_and_one_said_twice_is_one(desk: Desk) -> None:
    with desk.site.database.transaction() as connection:
        supplier = connection.execute(select(Party.id).where(Party.code == "STAUBER")).scalar_one()
        for n, state in ((3, "draft"), (4, "draft"), (5, "confirmed")):
            add_order(connection, supplier, f"CFR{n}", date(2020, 12, n), "x", Decimal(n), state)
    carl, numbers = program(desk), []
    next_ = "/purchase-orders?all=true&state=draft&state=confirmed&state=draft&limit=2"
    while next_:
        answer = carl.get(next_)
        numbers += [row["number"] for row in answer.json["items"]]
        next_ = answer.headers.get("link", "")[len(f"<{API}") :].partition(">")[0]
    assert numbers == ["CFR1", "CFR2", "CFR3", "CFR4", "CFR5"]


@pytest.mark.parametrize("path", ["/events?who=%00", "/products/a%00b", "/purchase-orders/a%00b"])
def test_a_character_that_no_text_has_is_no_fault_of_ours(desk: Desk, path: str) -> None:
    assert program(desk, "adam").get(path).status in {200, 400, 404, 422}


def test_a_place_is_of_its_list_alone(desk: Desk) -> None:
    carl = program(desk)
    place = carl.get("/purchase-orders?limit=1").json["next"]
    assert carl.get(f"/purchase-orders?limit=1&cursor={place}").json["items"][0]["number"] == "CFR2"
    for path in (f"/purchase-orders?all=true&cursor={place}", f"/sales-orders?cursor={place}"):
        assert carl.get(path).problem == (422, ProblemCode.NO_PAGE)
    digest = place.partition(".")[0]
    for bad in ("x", f"{digest}.", f"{digest}.!", f"{digest}.AAAA", f"{digest}.{'A' * 900}", "é"):
        assert carl.get(f"/purchase-orders?limit=1&cursor={bad}").status == 422, bad


@pytest.mark.parametrize("day", ["0", "2020-13-01", "1604188800", "2020-11-1", "hier", "2020-11-01T00:00:00Z"])
def test_a_day_is_a_day(desk: Desk, day: str) -> None:
    refused = program(desk).get(f"/purchase-orders?from={day}")
    assert refused.problem == (422, Word.WRONG_FIELDS)
    assert refused.json["errors"][0]["query"] == "from"


def test_no_row_id_is_told(desk: Desk) -> None:
    adam = program(desk, "adam")
    desk.console.application.api.application().state.reads = Reads(100_000)
    for path in (line[1] for line in LINES if line[0] == "GET" and line[1] != STREAM):
        answer = adam.get(path)
        if answer.status == 200:
            names = re.findall(r'"(id|\w+_id)":', answer.answer.text)
            assert set(names) <= PUBLIC_IDS, path


def test_nothing_there(desk: Desk) -> None:
    adam = program(desk, "adam")
    for path in ("/purchase-orders/CFR9", "/sales-orders/x", "/sendings/out-9", "/inbound-mails/in-9", "/holds/in-9"):
        assert adam.get(path).status == 404, path
    for path in ("/partners/none", "/products/none", "/partners/none/matches", "/purchase-orders/%2e%2e/x"):
        assert adam.get(path).status == 404, path
    assert adam.get("/none").problem == (404, Word.NOTHING_THERE)
    assert adam.ask("DELETE", "/status").problem == (405, Word.NO_SUCH_METHOD)


def test_what_others_wrote_is_a_text(desk: Desk) -> None:
    with desk.site.database.transaction() as connection:
        connection.execute(update(Party).values(name=HOSTILE))
        connection.execute(update(PurchaseOrder).values(note=HOSTILE))
    answer = program(desk).get("/purchase-orders/CFR1")
    assert (answer.json["note"], answer.headers["content-type"]) == (HOSTILE, "application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_answer_has_its_headers(desk: Desk) -> None:
    adam = program(desk, "adam")
    for path in ("/me", "/none", "/purchase-orders?from=x", "/openapi.json"):
        headers = adam.get(path).headers
        assert {name: headers.get(name.lower()) for name in ALWAYS} == ALWAYS, path
        assert headers["cache-control"] == "no-store"
    assert adam.get("/me", host="evil.test").status == 421


def test_reading_changes_nothing_and_nothing_fails(desk: Desk) -> None:
    adam = program(desk, "adam")
    adam.get("/me")
    before = desk.counted()
    for path in (line[1] for line in LINES if line[0] == "GET" and line[1] != STREAM):
        answer = adam.get(path)
        assert answer.status in {200, 404} or path in NEED_MORE, (path, answer.answer.text)
    assert desk.counted() == before


def test_what_cannot_be_written_can_still_be_read(desk: Desk) -> None:
    carl = program(desk)
    desk.let_write(allowed=False)
    try:
        assert carl.get("/purchase-orders").status == 200
    finally:
        desk.let_write(allowed=True)


def test_who_reads_too_often_waits() -> None:
    reads = Reads(3)
    assert [reads.left_to_wait(1) for _ in range(3)] == [0, 0, 0]
    assert 1 <= reads.left_to_wait(1) <= 60
    assert reads.left_to_wait(2) == 0
    assert READS_A_MINUTE == 600


def test_too_many_reads_are_told(desk: Desk) -> None:
    carl = program(desk)
    desk.console.application.api.application().state.reads = Reads(2)
    assert [carl.get("/me").status for _ in range(2)] == [200, 200]
    refused = carl.get("/me")
    assert refused.problem == (429, Word.TOO_MANY_REQUESTS)
    assert 1 <= int(refused.headers["retry-after"]) <= 60


@pytest.mark.parametrize(("language", "text"), [("fr", "il n’y a"), ("en", "There is no purchase order")])
def test_a_sentence_is_in_the_language_that_was_asked_for(desk: Desk, language: str, text: str) -> None:
    answer = program(desk).get("/purchase-orders/CFR9", **{"accept-language": language})
    assert answer.headers["content-language"] == language
    assert text.lower() in answer.json["detail"].replace("'", "’").lower()
    assert answer.json["next"] == "list_orders"


def test_every_code_has_its_page_in_both_languages(desk: Desk) -> None:
    browser = desk.browser()
    codes = [*ProblemCode, *Word]
    assert set(TITLES) == set(map(str, codes))
    for code in codes:
        status = usual_status(code)
        for text in (TITLES[code], MEANS[status], ADVICE[status]):
            assert translated(text, "fr") != text, text
    for code in (ProblemCode.NO_ORDER, Word.STALE):
        for language in ("fr", "en"):
            page = browser.get(f"{API}/problems/{code}", accept_language=language)
            assert page.status == 200
            for text in (TITLES[code], MEANS[usual_status(code)], ADVICE[usual_status(code)]):
                assert translated(text, language) in page.said
    assert browser.get(f"{API}/problems").status == 200
    assert browser.get(f"{API}/problems/none").status == 404


def test_the_description_and_its_page(desk: Desk) -> None:
    browser = desk.browser()
    schema = json.loads(browser.get(f"{API}/openapi.json").body)
    assert schema["openapi"].startswith("3.1")
    paths = {(method.upper(), path) for path, item in schema["paths"].items() for method in item}
    assert paths == {(method, route.path_format) for route in calls() for method in methods_of(route)}
    page = browser.get(f"{API}/")
    assert page.status == 200
    for method, path in paths:
        assert f"{method} {API}{path}" in page.said
    assert "http" not in re.sub(r"application/problem\+json", "", page.text.replace("http-equiv", ""))[
        page.text.index("<main") : page.text.index("</main")
    ].replace("HTTP", "")


def test_what_is_told_of_a_document_is_described(desk: Desk) -> None:
    schema = json.loads(desk.browser().get(f"{API}/openapi.json").body)
    for path, view in (("/invoices/{number}", InvoiceView), ("/deliveries/{number}", DeliveryNoteView)):
        answer = schema["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        described = schema["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
        assert set(described["required"]) == {each.name for each in fields(view)} - {"id"}


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
def test_the_role_of_the_console_revives_no_token_and_lengthens_none(desk: Desk) -> None:
    """It makes tokens that end, and ends them; who has got it gives none another person, scopes or time."""
    token_of(desk, "adam")
    now = desk.site.database.now()
    with desk.site.database.transaction() as connection:
        revoke_token(connection, "adam", "erp", by="marie", at=now)
    row = {"user_id": 1, "name": "x", "prefix": "x", "hash": "x", "scopes": "x", "created_at": now, "created_by": "x"}
    for statement, why in (
        (insert(ApiToken).values(**row, ends_at=now + timedelta(days=367)), "tokens that end"),
        (insert(ApiToken).values(**row, ends_at=now, last_used_at=now), "permission denied"),
        (update(ApiToken).values(scopes="orders:send"), "permission denied"),
        (update(ApiToken).values(ends_at=now + timedelta(days=900)), "permission denied"),
        (update(ApiToken).values(user_id=1), "permission denied"),
        (update(ApiToken).values(hash="x"), "permission denied"),
        (update(ApiToken).values(revoked_at=None), "tokens end once"),
        (delete(ApiToken), "permission denied"),
    ):
        with pytest.raises(Exception, match=why), desk.console.database.transaction() as connection:
            connection.execute(statement)


def test_names_that_passwords_open_open_no_call(desk: Desk) -> None:
    basic = "Basic Y2FybDp0cm9pcyBwZXRpdHMgY2hhdHM="  # carl and their password
    assert PASSWORD == "trois petits chats"
    assert desk.browser().get(f"{API}/me", authorization=basic).status == 401
    assert desk.site.row(User, login="carl").active
