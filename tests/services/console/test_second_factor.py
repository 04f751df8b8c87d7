"""A second factor (console.md §12.6): set up, asked for, once for each code, written down, removed, needed by all."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from anyio.from_thread import BlockingPortal

from intergestan_db.tables import Event, User
from intergestan_runtime.secrets import create_key_file
from intergestan_runtime.settings import ConsoleSettings
from services.console.access.second_factor import PATH
from services.console.worker import Console
from tests.databases import as_service
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import PASSWORD, Desk
from tests.site_factories import SiteToTest

Open = Callable[..., Desk]


@pytest.fixture
def opened(an_office: SiteToTest, portal: BlockingPortal, tmp_path: Path) -> Open:
    """A console with a key of second factors, and what its settings say of them."""
    create_key_file(tmp_path / "console.key")

    def open_console(asked: str = "optional", key: str = "console.key") -> Desk:
        database = as_service(an_office.database, "console")
        console = Console(database, ConsoleSettings(second_factor=asked), 4, key_file=tmp_path / key)
        return Desk(an_office, console, portal)

    return open_console


@pytest.fixture
def office(opened: Open) -> Desk:
    return opened()


def secret_on(answer: Answer) -> str:
    (found,) = re.findall(r'<code class="breaks">([A-Z2-7]{32})</code>', answer.text)
    return str(found)


def codes_on(answer: Answer) -> list[str]:
    return re.findall(r"<li><code>([a-z0-9-]+)</code></li>", answer.text)


def set_up(desk: Desk, browser: Browser) -> tuple[str, list[str]]:
    """The secret of whoever sits there, and the codes to write down."""
    assert browser.submit(PATH, PATH, {"faire": "proposer"}).status == 303
    secret = secret_on(browser.get(PATH))
    done = browser.submit(PATH, PATH, {"faire": "confirmer", "code": code_of(desk, secret)})
    assert done.status == 200, done.said
    return secret, codes_on(done)


def code_of(desk: Desk, secret: str, steps: int = 0) -> str:
    return str(pyotp.TOTP(secret).at(desk.console.database.now() + timedelta(seconds=30 * steps)))


def give(browser: Browser, asked: Answer, code: str) -> Answer:
    return browser.post("/entrer/code", {**asked.form_at("/entrer/code"), "code": code})


def test_it_is_asked_for_once_it_was_proved(office: Desk) -> None:
    """§12.6: the picture says what the text says; a code counts once; its neighbours count, for clocks differ."""
    first = office.browser("carl")
    page = first.get(PATH)
    assert "avec votre seul mot de passe" in first.get("/moi").said
    first.submit(PATH, PATH, {"faire": "proposer"})
    page = first.get(PATH)
    assert 'class="qr"' in page.text
    wrong = first.submit(PATH, PATH, {"faire": "confirmer", "code": "000000"})
    assert (wrong.status, "ne compte pas" in wrong.said) == (422, True)
    assert office.browser("carl").get("/moi").status == 200, "until it is proved the password is enough"
    secret, codes = set_up(office, first)
    assert len(set(codes)) == 10
    assert secret not in str(office.site.row(User, login="carl")), "the base has it sealed"
    assert not {code for code in codes if code in str(office.site.row(User, login="carl"))}

    other = office.browser()
    asked = other.enter("carl", PASSWORD)
    assert (asked.status, "Code" in asked.said, office.browser().get("/moi").status) == (200, True, 303)
    assert other.get("/commandes").status == 303, "the password alone opens nothing"
    used = code_of(office, secret)
    assert give(other, asked, used).status == 401, "the code that proved it counts no more"
    office.move(seconds=30)
    assert give(other, asked, code_of(office, secret, 1)).status == 303, "a telephone that is early"
    assert other.get("/commandes").status == 200
    assert give(office.browser(), asked, code_of(office, secret, 1)).status == 403, "another browser's form"


@pytest.mark.parametrize("apart", [-3, -2, 2, 3])
def test_codes_of_other_times_do_not_count(office: Desk, apart: int) -> None:
    secret, _ = set_up(office, office.browser("carl"))
    office.move(minutes=10)
    browser = office.browser()
    asked = browser.enter("carl", PASSWORD)
    assert give(browser, asked, code_of(office, secret, apart)).status == 401
    assert give(browser, asked, code_of(office, secret)).status == 303


def test_an_older_code_does_not_count_after_a_newer_one(office: Desk) -> None:
    """Whoever saw the last but one over a shoulder has nothing of it."""
    secret, _ = set_up(office, office.browser("carl"))
    office.move(minutes=5)
    one, other = office.browser(), office.browser()
    forms = [each.enter("carl", PASSWORD) for each in (one, other)]
    assert give(one, forms[0], code_of(office, secret)).status == 303
    assert give(other, forms[1], code_of(office, secret)).status == 401
    assert give(other, forms[1], code_of(office, secret, -1)).status == 401
    assert give(other, forms[1], code_of(office, secret, 1)).status == 303


def test_a_code_that_was_written_down_opens_once(office: Desk) -> None:
    """However it is typed; its use is told in the journal, the code itself is not."""
    _, codes = set_up(office, office.browser("carl"))
    browser = office.browser()
    asked = browser.enter("carl", PASSWORD)
    assert give(browser, asked, f"  {codes[3].upper().replace('-', ' ')} ").status == 303
    assert "9 codes" in browser.get(PATH).said
    again = office.browser()
    assert give(again, again.enter("carl", PASSWORD), codes[3]).status == 401
    (event,) = office.site.rows(Event, name="recovery code")
    assert (event.who, event.detail) == ("carl", {"left": 9})


def test_other_codes_and_removing_want_the_password(office: Desk) -> None:
    """A screen that was left open is not enough."""
    browser = office.browser("carl")
    _, codes = set_up(office, browser)
    office.move(minutes=11)
    for does in ("codes", "retirer"):
        refused = browser.submit(PATH, PATH, {"faire": does, "mot_de_passe": "wrong"})
        assert (refused.status, codes_on(refused)) == (422, [])
    new = codes_on(browser.submit(PATH, PATH, {"faire": "codes", "mot_de_passe": PASSWORD}))
    assert len(new) == 10
    other = office.browser()
    asked = other.enter("carl", PASSWORD)
    assert give(other, asked, codes[0]).status == 401
    assert give(other, asked, new[0]).status == 303
    assert browser.submit(PATH, PATH, {"faire": "retirer", "mot_de_passe": PASSWORD}).status == 200
    assert office.browser("carl").get("/commandes").status == 200
    assert not [row for row in office.site.rows(User) if row.totp_sealed or row.recovery]


def test_tries_are_counted_with_those_of_the_password(office: Desk) -> None:
    """Nobody tries a million codes: after five tries a wait, whatever browser they come from."""
    secret, _ = set_up(office, office.browser("carl"))
    browser = office.browser()
    asked = browser.enter("carl", PASSWORD)
    statuses = [give(browser, asked, "123456").status for _ in range(8)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    late = give(browser, asked, code_of(office, secret, 1))
    assert (late.status, "Retry-After".lower() in late.headers) == (429, True)


def test_what_was_typed_before_goes_along(office: Desk) -> None:
    """A session that ended loses nothing, with a second factor either."""
    browser = office.browser("carl")
    secret, _ = set_up(office, browser)
    page = browser.get("/moi")
    office.move(hours=13)
    form = {**page.form_at("/moi"), "fuseau": "Indian/Reunion"}
    ended = browser.post("/moi", form)
    assert ended.status == 401
    fields = {**ended.form_at("/entrer"), "login": "carl", "mot_de_passe": PASSWORD}
    asked = browser.post("/entrer", fields)
    filled = give(browser, asked, code_of(office, secret))
    assert (filled.status, 'value="Indian/Reunion"' in filled.text) == (200, True)


def test_the_proof_of_a_password_ends_and_is_one_browsers(office: Desk) -> None:
    secret, _ = set_up(office, office.browser("carl"))
    browser, other = office.browser(), office.browser()
    asked = browser.enter("carl", PASSWORD)
    theirs = other.enter("nadia", "wrong password")
    stolen = {**theirs.kept(), "preuve": asked.kept()["preuve"]}
    assert other.post("/entrer/code", {**stolen, "code": code_of(office, secret)}).status == 401
    altered = {**asked.form_at("/entrer/code"), "preuve": asked.kept()["preuve"][:-8] + "AAAAAAA="}
    assert browser.post("/entrer/code", {**altered, "code": code_of(office, secret)}).status == 401
    office.move(minutes=11)
    late = give(browser, asked, code_of(office, secret))
    assert (late.status, "trop longtemps" in late.said) == (401, True)


def test_a_link_does_not_pass_it_by(office: Desk) -> None:
    """An administrator's link is for a forgotten password: whoever finds it still needs the telephone."""
    secret, _ = set_up(office, office.browser("carl"))
    office.move(minutes=1)
    browser = office.browser()
    asked = browser.submit("/invitation", "/invitation", {"code": office.link_for("carl")})
    assert browser.get("/commandes").status == 303
    assert give(browser, asked, code_of(office, secret)).status == 303
    assert browser.get("/commandes").status == 200


def test_where_all_need_one_nothing_else_opens_before(opened: Open) -> None:
    desk = opened("required")
    browser = desk.browser("adam")
    for path in ("/", "/commandes", "/moi", "/exploitation"):
        led = browser.get(path)
        assert (led.status, led.headers["location"]) == (303, PATH)
    sent = browser.submit(PATH, "/moi/sessions")
    assert (sent.status, sent.headers["location"]) == (303, PATH)
    assert "plus que d'un mot de passe" in html.unescape(browser.get(PATH).said).replace("’", "'")
    kept = desk.browser()
    form = {"jeton": kept.get("/entrer").token, "login": "nadia", "mot_de_passe": PASSWORD, "retour": "/commandes"}
    entered = kept.post("/entrer", {**form, "garde.du": "01/01/2020"})
    assert (entered.status, kept.get("/commandes").headers["location"]) == (303, PATH)
    set_up(desk, browser)
    assert browser.get("/commandes").status == 200
    assert 'value="retirer"' not in browser.get(PATH).text


def test_where_nobody_needs_one_none_is_asked_for(opened: Open) -> None:
    set_up(opened(), opened().browser("carl"))
    off = opened("off")
    assert off.browser("carl").get("/commandes").status == 200


def test_without_the_key_what_was_written_down_still_opens(opened: Open, tmp_path: Path) -> None:
    """A key that is lost or another one: nobody is let in by a password alone, and people are told what to do."""
    desk = opened()
    secret, codes = set_up(desk, desk.browser("carl"))
    create_key_file(tmp_path / "other.key")
    other = opened(key="other.key")
    browser = other.browser()
    asked = browser.enter("carl", PASSWORD)
    assert give(browser, asked, code_of(other, secret, 1)).status == 401
    assert give(browser, asked, codes[0]).status == 303
    without = opened(key="missing.key")
    refused = without.browser().enter("carl", PASSWORD)
    assert (refused.status, "console.key" in refused.said) == (503, True)
    nobody = without.browser("nadia").submit(PATH, PATH, {"faire": "proposer"})
    assert (nobody.status, "pas encore" in nobody.said) == (422, True)


def test_two_tabs_that_set_it_up_are_one(office: Desk) -> None:
    """The secret that stands in the base counts; a code of the older picture proves nothing."""
    browser = office.browser("carl")
    browser.submit(PATH, PATH, {"faire": "proposer"})
    older = secret_on(browser.get(PATH))
    browser.submit(PATH, PATH, {"faire": "proposer"})
    newer = secret_on(browser.get(PATH))
    assert browser.submit(PATH, PATH, {"faire": "confirmer", "code": code_of(office, older)}).status == 422
    form = {"jeton": browser.get(PATH).token}
    assert browser.post(PATH, {**form, "faire": "confirmer", "code": code_of(office, newer)}).status == 200
    again = browser.post(PATH, {**form, "faire": "confirmer", "code": code_of(office, newer)})
    assert (again.status, codes_on(again)) == (303, []), "the form sent again shows no codes"
    refused = browser.post(PATH, {**form, "faire": "proposer"})
    assert (refused.status, "existe déjà" in refused.said) == (409, True)
