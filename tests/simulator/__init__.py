"""A world of two or three sites in one process and one thread, in which everything that can go wrong does, by a seed.

The services are the real ones, on real SQL (SQLite in memory); time is virtual; mails, archives and bells are lists
that lose, double and reorder what is put into them. One random generator picks every step, so that a seed is a story
that can be told again. When the faults stop and time has run on, `oracle.py`, which imports nothing of ours, says
whether the promise was kept. `docs/proof.md` says what that shows, and how to repeat it.

`faults.py` names what goes wrong, `outside.py` is what lies around the sites (post office, archive, bells),
`processes.py` what dies and sleeps, `site.py` one site with its processes, `people.py` what its people do, `calm.py`
lets all come to rest, `world.py` picks the steps of a story, `__main__.py` tells many; `walk.py` is one order's whole
way in a process that a test kills around every commit.
"""
