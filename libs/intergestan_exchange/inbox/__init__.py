"""Mails taken in: read, judged by rules, booked, applied. Up to the decision (`read.py`, `recognise.py`, `take_in.py`,
`decide.py`) nothing is written, so that `replay --dry-run` can show what would become of a mail.

May import: budgets, credit_holds, delivery_reports, findings, history, keys, outbox, partners, statements, transfers.
"""
