"""A folder that has no site yet: one form in the browser that makes it (`intergestan console --new`)."""
