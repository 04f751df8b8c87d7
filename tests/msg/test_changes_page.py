"""What a clerk reads in a mail of changes and cancellations, in either language."""

from intergestan_msg.change import ChangeCode
from intergestan_msg.pages import as_text
from intergestan_msg.pages.changes import changes_page, changes_subject
from intergestan_msg.pages.words import Language
from intergestan_msg.typography import french
from tests.msg.test_ubl_change import CANCELLATION, a_change


def test_a_change_says_line_by_line_what_is_new() -> None:
    change = a_change(ChangeCode.ADDED, ChangeCode.DELETED, ChangeCode.UNCHANGED)
    text = as_text.render(changes_page([change], Language.FRENCH))
    assert french("Commande CFR1 : modification n° 1") in text
    for words in ("ligne ajoutée", "ligne supprimée", "inchangée", "Casserole inox 16 cm", "Total TTC"):
        assert words in text
    assert changes_subject([change], Language.FRENCH) == "[Modification] Arts de la Table Mulhouse : CFR1"
    english = as_text.render(changes_page([change], Language.ENGLISH))
    assert "line deleted" in english
    assert "Order CFR1: change no. 1" in english


def test_a_cancellation_says_why() -> None:
    text = as_text.render(changes_page([CANCELLATION], Language.FRENCH))
    assert french("Commande CFR1 : annulation") in text
    assert "Client parti" in text
    assert changes_subject([CANCELLATION], Language.ENGLISH).startswith("[Cancellation]")
