"""Which passwords a person may choose: long ones that are not the first to be tried.

Length and a list, and nothing else: rules about kinds of characters make passwords worse (NIST SP
800-63B-4 §3.1.1.2). A password is taken as it is typed, white space too, but for NFC (RFC 8265 §4.2.2), in
which its code points are counted.

The list is short, for it is not asked literally. A password is refused where all its letters belong to
words of the list, to rows of a keyboard or the alphabet, or to its owner's own names; digits and signs
between them count for nothing, and `@` is an `a`. So `P@ssw0rd2024!` is refused, as is `qwertyuiop99`.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from keystead.core.names import name_key, wrong_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keystead.core.secret import Secret

__all__ = ["MAX_PASSWORD", "MIN_PASSWORD", "wrong_password"]

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 256
"""Code points. Longer ones are no stronger, and every one of them is hashed."""

_FEWEST_DIFFERENT: Final = 5
_SHORTEST_WORD: Final = 3
# A code point comes apart into four at most (U+1F82, say), and what is longer is not normalised at all.
_LONGEST_SPELLING: Final = 4 * MAX_PASSWORD

_FIRST_TRIED: Final = """
abc access admin administrator apple april august autumn azerty baseball batman bienvenue bonjour
changeme charlie cheese chelsea chocolate computer contrasena correct december default demo dragon
facebook february football freedom friday geheim google guest hallo hello horse battery staple hunter
iloveyou internet is january jennifer jesus jordan july june keystead killer letmein liverpool login
love lovely march master matrix me michael mobile monday monkey motdepasse mustang my nothing november
october office pass passe passphrase passwd passwort password pokemon princess qwerty qwertz root
samsung saturday schatz secret secure september server shadow spring starwars summer sunday sunshine
superman system temp test the this thursday toor trustno tuesday user vault wednesday welcome whatever
willkommen winter you
"""
_WORDS: Final = frozenset(_FIRST_TRIED.split())
_ROWS: Final = (
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn"),
    *("abcdefghijklmnopqrstuvwxyz", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"),
)  # fmt: skip
_SPELLED: Final = str.maketrans("@4031!5$7", "aaoeiisst")


def wrong_password(password: Secret, *names: str) -> str | None:
    """Return the rule that a password breaks, or None; the sentence repeats nothing of it.

    Args:
        password: as it was typed.
        *names: what its owner is called: log-in name, name, mail address.
    """
    typed = password.reveal()
    if rule := wrong_text(typed, _LONGEST_SPELLING):
        return rule
    length = len(unicodedata.normalize("NFC", typed))
    if not MIN_PASSWORD <= length <= MAX_PASSWORD:
        return f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"
    key = name_key(typed)
    if len(set(key)) < _FEWEST_DIFFERENT:
        return f"must have at least {_FEWEST_DIFFERENT} different characters"
    if _is_made_of(key, _WORDS):
        return "is among the first that anybody tries"
    if _is_made_of(key, {*_WORDS, *_words_of(names)}):
        return "must not be made of the log-in name, the name or the mail address"
    return None


def _words_of(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        parted = "".join(c if c.isalpha() else " " for c in name_key(name))
        yield from (word for word in parted.split() if len(word) >= _SHORTEST_WORD)


def _is_made_of(key: str, words: Iterable[str]) -> bool:
    """Say whether words of the list, rows and what is no letter cover the whole text."""
    spelled = key.translate(_SPELLED)
    found = {word for word in words if word in spelled}
    reached = {0}
    for start, character in enumerate(key):
        if start not in reached:
            continue
        if not character.isalpha():
            reached.add(start + 1)
        reached |= {start + len(word) for word in found if spelled.startswith(word, start)}
        reached |= set(_ends_of_rows(key, start))
    return len(key) in reached


def _ends_of_rows(text: str, start: int) -> Iterator[int]:
    """Yield where a piece of a row that starts here may end: three letters or more, in either direction."""
    for row in _ROWS:
        for line in (row, row[::-1]):
            place = line.find(text[start])
            end = start + 1
            while 0 <= place < len(line) - 1 and end < len(text) and text[end] == line[place + 1]:
                place, end = place + 1, end + 1
                if end - start >= _SHORTEST_WORD:
                    yield end
