"""Our purchase orders, from the base to the supplier and after."""
