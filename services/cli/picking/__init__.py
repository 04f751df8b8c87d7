"""The commands about picking slips and what comes back."""
