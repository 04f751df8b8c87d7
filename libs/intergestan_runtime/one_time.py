"""Codes of an application on a telephone that change every half minute (RFC 6238), and the picture that it reads."""

from __future__ import annotations

import hmac
from datetime import datetime
from io import BytesIO
from typing import Final

STEP_S: Final = 30
"""So long one code counts, before and after which its neighbours still do (RFC 6238 §5.2)."""
DIGITS: Final = 6
_EARLY_OR_LATE: Final = (0, -1, 1)


def new_secret() -> str:
    """A secret of 160 bits, as the application takes it (base32)."""
    import pyotp

    return pyotp.random_base32()


def address_of(secret: str, login: str, site: str) -> str:
    """All that the application must know, as one address (`otpauth://`)."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=site)


def picture_of(address: str) -> str:
    """The address as a QR code: an SVG of black on white, whatever stands around it."""
    import segno

    drawn = BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        border=3,
        light="#ffffff",
        svgclass="qr",
        lineclass=None,
    )
    return drawn.getvalue().decode()


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The step whose code was typed: this one, or one of its neighbours, for clocks differ; None: none of them.

    What stands between the figures does not matter. Whoever asks sees to it that a step counts once.
    """
    import pyotp

    figures = "".join(each for each in typed if each.isdecimal())
    if len(figures) != DIGITS or not figures.isascii():
        return None
    codes, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    found = None
    for apart in _EARLY_OR_LATE:  # all of them: which one it was takes no other time
        step = present + apart
        if hmac.compare_digest(codes.generate_otp(step), figures) and found is None:
            found = step
    return found
