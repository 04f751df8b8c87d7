"""What customers owe and may owe: exposure, the block, and who lets a document pass (T18 to T22).

May import: agencies, amounts, listing, parties, people, site.
"""
