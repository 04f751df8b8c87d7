"""Write the sample mails of this version: `python -m tests.msg.make_samples`.

Only for a new version of the format, into a folder of its own: what stands in `samples/v1` is what partners have
in their archives, and stays as it is.
"""

from __future__ import annotations

from pathlib import Path

from intergestan_msg.pages.words import Language
from tests.msg.letters import BUYER_KEY, SELLER_KEY, answers_batch, orders_batch

FOLDER = Path(__file__).parent / "samples" / "v1"

SAMPLES = {
    "orders-fr.eml": orders_batch(),
    "orders-en.eml": orders_batch(language=Language.ENGLISH),
    "answers-fr.eml": answers_batch(),
}
KEY_FILE = "keys.txt"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, batch in SAMPLES.items():
        (FOLDER / name).write_bytes(batch.mail())
    lines = [f"{key.public.raw.hex()}\n" for key in (BUYER_KEY, SELLER_KEY)]
    (FOLDER / KEY_FILE).write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
