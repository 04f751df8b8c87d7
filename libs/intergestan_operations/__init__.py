"""What programs share: how a site is opened, a service started, checked and watched, mail accounts tried.

`finding.py` may import: nothing.
"""
