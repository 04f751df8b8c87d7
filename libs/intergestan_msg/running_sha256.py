"""SHA-256 (FIPS 180-4) that can be left off and gone on with another day: `hashlib` gives nobody the state of a hash.

Slower than `hashlib` by some hundred times, so it is for what a day adds, and not for a year at once. Pure.
"""

from __future__ import annotations

import struct
from typing import Final

_BLOCK: Final = 64
_WORD: Final = 0xFFFFFFFF
_STATE: Final = struct.Struct(">8IQ")
_WORDS: Final = struct.Struct(">16I")


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits of the fraction of a root (FIPS 180-4 §4.2.2, §5.3.3), by whole numbers alone."""
    wanted, low, high = number << 32 * power, 0, number << 32
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**power <= wanted else (low, middle - 1)
    return low & _WORD


_K: Final = tuple(_root_bits(prime, 3) for prime in _primes(64))
_START: Final = _STATE.pack(*(_root_bits(prime, 2) for prime in _primes(8)), 0)


class RunningSha256:
    """A hash of what came so far.

    :param saved: as `saved` gave it; nothing came yet without it.
    """

    def __init__(self, saved: bytes = _START) -> None:
        *self._chain, self._length = _STATE.unpack_from(saved)
        self._rest = saved[_STATE.size :]
        if len(self._rest) != self._length % _BLOCK:
            raise ValueError("These bytes are no saved SHA-256.")

    @property
    def saved(self) -> bytes:
        """What goes on from here: 40 bytes, and what fills no block yet."""
        return _STATE.pack(*self._chain, self._length) + self._rest

    def update(self, data: bytes) -> None:
        """More comes."""
        self._length += len(data)
        data = self._rest + data
        whole = len(data) - len(data) % _BLOCK
        for start in range(0, whole, _BLOCK):
            self._chain = _compress(self._chain, data, start)
        self._rest = data[whole:]

    def hexdigest(self) -> str:
        """The hash of all that came, in hex; more may come after."""
        end = RunningSha256(self.saved)
        end.update(b"\x80" + bytes((_BLOCK - 9 - self._length) % _BLOCK) + struct.pack(">Q", 8 * self._length))
        return struct.pack(">8I", *end._chain).hex()


def _compress(chain: list[int], data: bytes, start: int) -> list[int]:
    """One block (FIPS 180-4 §6.2.2). A rotation is a shift of the word beside itself."""
    w = list(_WORDS.unpack_from(data, start))
    for t in range(16, 64):
        x, y = w[t - 15], w[t - 2]
        xx, yy = x << 32 | x, y << 32 | y
        w.append(w[t - 16] + (xx >> 7 ^ xx >> 18 ^ x >> 3) + w[t - 7] + (yy >> 17 ^ yy >> 19 ^ y >> 10) & _WORD)
    a, b, c, d, e, f, g, h = chain
    for k, word in zip(_K, w, strict=True):
        ee, aa = e << 32 | e, a << 32 | a
        one = h + ((ee >> 6 ^ ee >> 11 ^ ee >> 25) & _WORD) + (g ^ e & (f ^ g)) + k + word
        two = ((aa >> 2 ^ aa >> 13 ^ aa >> 22) & _WORD) + (a & b | c & (a | b))
        a, b, c, d, e, f, g, h = one + two & _WORD, a, b, c, d + one & _WORD, e, f, g
    return [old + new & _WORD for old, new in zip(chain, (a, b, c, d, e, f, g, h), strict=True)]
