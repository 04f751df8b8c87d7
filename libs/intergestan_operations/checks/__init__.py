"""Whether a site is whole and works: what `doctor` tries, and what it says.

May import: finding, language, mail_trial, opening.
"""
