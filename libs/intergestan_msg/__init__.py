"""The message that travels between sites: pure values and functions, no I/O, no clock, no settings.

`answer.py` may import: diagnosis, errors, money, order, order_rules, peppol, shapes.
`as_oca.py` may import: order.
`as_peppol.py` may import: answer, change, electronic_address, money, order, peppol.
`business_hash.py` may import: change, money, order.
`card.py` may import: diagnosis, email_address, errors, key_notice, manifest, plain_text, seal, shapes, strict_json.
`change.py` may import: diagnosis, errors, money, order, order_rules, peppol.
`diagnosis.py` may import: plain_text, typography.
`electronic_address.py` may import: nothing.
`email_address.py` may import: nothing.
`errors.py` may import: diagnosis.
`flavour.py` may import: nothing.
`identity.py` may import: nothing.
`jws.py` may import: diagnosis, errors, signature_form.
`key_notice.py` may import: kinds, seal.
`kinds.py` may import: nothing.
`manifest.py` may import: diagnosis, errors, key_notice, kinds, plain_text, shapes, statement, strict_json.
`money.py` may import: nothing.
`number_ranges.py` may import: nothing.
`order.py` may import: diagnosis, errors, money, order_rules, peppol.
`order_rules.py` may import: diagnosis, errors, money, unit_factors.
`peppol.py` may import: errors.
`plain_text.py` may import: nothing.
`running_sha256.py` may import: nothing.
`seal.py` may import: diagnosis, errors, jws, signature_form, strict_json.
`shapes.py` may import: nothing.
`signature_form.py` may import: nothing.
`spelling.py` may import: answer, change, identity, manifest, order.
`stated.py` may import: money.
`stated_order.py` may import: money, order, peppol, stated.
`statement.py` may import: number_ranges, running_sha256, shapes.
`strict_json.py` may import: diagnosis, errors.
`unit_factors.py` may import: money.
`typography.py` may import: nothing.
`units.py` may import: nothing.
"""
