"""Whether a site is whole and works: what `doctor` tries, and what it says.

May import: finding, mail_trial, opening.
"""
