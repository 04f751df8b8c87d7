"""Two sites as real processes on real servers, faults of every kind, and a judgement that asks none of our programs.

`python -m tests.chaos --seconds 600 --seed 7` makes a buyer and a seller (`world.py`), lets people type orders, changes
and cancellations of known content (`typing_people.py`), lets a stranger forge mails all the time (`stranger.py`), draws
faults by the seed (`schedule.py`, `faults.py`), and judges after each of them (`oracle.py`).

Nothing here imports the product: what is true is read from the databases by SQL, from the archives and from the files
of the mailboxes, and what people do they do by the command `intergestan`. `test_apart.py` holds that.
"""
