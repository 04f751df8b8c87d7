"""Whether a document keeps the rules of Peppol BIS 3: an oracle that knows nothing of our writers and readers.

It looks at bytes with lxml alone and imports nothing of ours, so that a misreading of a rule cannot stand on both
sides. Who changes a writer in `intergestan_msg.ubl` does not change what stands here, or the other way round.

The transactions are the five that a site writes: T01 (order), T76 (answer), T116 (answer to an order or a change),
T114 (change) and T115 (cancellation). Two kinds of rule have ids of Peppol's:

- `B…` follow from the data model of a transaction: `models/` has it as an outline, `codes/` the code lists it names,
  both as OpenPEPPOL's poacc-upgrade-3 has them in `structure/` (facts, not its text); `model_rules.py` numbers the
  rules as its generator does: of element and attribute `nnn` in the order of the outline, check `mm`.
- `R…` are written by people; `stated_rules.py` has all of the five transactions, and the common ones but R044 to R048,
  warnings about Italian tax codes.

Where it differs from the releases of 2025, it is as that of May 2026. `MODEL-…` are ours, and warn: an element that the
model has once and the document twice. Peppol's own files do not look for that. All other rules were compared with the
330 examples that poacc-upgrade-3 tests its own rules with.
"""
