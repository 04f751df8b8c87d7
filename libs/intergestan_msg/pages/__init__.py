"""What a mail says to a person, as text and as HTML, in French and in English.

May import: answer, change, key_notice, kinds, money, number_ranges, order, plain_text, statement, typography, units.
"""
