"""Where the values of an account's fields come from: never from the command line itself.

Every program on a machine can read the arguments of every other, and shells keep a history of them. So
`--field` names a source:

    password=@FILE      the contents of a file
    password=-          standard input
    password=generate   32 random letters and digits, made here and not shown
    password=prompt     asked for on the terminal, twice, without an echo

A single line loses its line end, as `echo` and editors add one that is not meant; a text of several
lines (a private key) stays as it is, byte for byte.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal, assert_never

import typer

from keystead.cli.failures import Misuse
from keystead.cli.options import several
from keystead.core.ids import random_base62
from keystead_client import Secret

__all__ = [
    "Fields",
    "Generate",
    "PasswordStdin",
    "Source",
    "ask",
    "ask_hidden",
    "gather",
    "read_source",
    "read_sources",
]

Fields = Annotated[
    list[str],
    several(
        "NAME=SOURCE",
        "A field and where its value comes from: @FILE, - (standard input), generate or prompt.",
    ),
]
Generate = Annotated[bool, typer.Option("--generate", help="Short for --field password=generate.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Short for --field password=-.")
]

# The server's bound on one field lies below; this only keeps a wrong file name from filling memory.
_LARGEST: Final = 4 * 1024 * 1024
# 62**32 is about 2**190.
_GENERATED_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class Source:
    """One field and where its value comes from."""

    field: str
    kind: Literal["file", "stdin", "generate", "prompt"]
    file: str = ""


def read_sources(
    texts: Sequence[str], *, generate: bool = False, password_stdin: bool = False
) -> list[Source]:
    """Read what the options say; nothing is fetched yet. Where they say nothing, it will be asked for.

    Raises:
        Misuse: a source has another form, a field comes twice, or standard input is wanted twice.
    """
    given = [*texts]
    if generate:
        given.append("password=generate")
    if password_stdin:
        given.append("password=-")
    found = [_source(text) for text in given]
    names = [source.field for source in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Misuse(f"the field {twice[0]} is given twice")
    if [source.kind for source in found].count("stdin") > 1:
        raise Misuse("standard input can give only one field")
    return found or [Source("password", "prompt")]


def _source(text: str) -> Source:
    field, mark, rest = text.partition("=")
    if not field or not mark:
        raise Misuse("--field takes NAME=SOURCE, such as password=@FILE")
    return read_source(field, rest, f"--field {field}=…", f"{field}=")


def read_source(field: str, place: str, option: str, prefix: str = "") -> Source:
    """Read where one value comes from.

    Args:
        field: what it becomes.
        place: as it was typed.
        option: what took it.
        prefix: what stands before a source there.

    Raises:
        Misuse: it names no source.
    """
    if place.startswith("@") and place != "@":
        return Source(field, "file", place[1:])
    match place:
        case "-":
            return Source(field, "stdin")
        case "generate" | "prompt":
            return Source(field, place)
        case _:
            # The text is not repeated here: it probably is the secret.
            raise Misuse(
                f"{option}: a value on the command line is read by every program on this machine; "
                f"say {prefix}@FILE, {prefix}-, {prefix}generate or {prefix}prompt"
            )


def gather(
    sources: Sequence[Source], *, prompt: Callable[[str], str], stdin: BinaryIO | None = None
) -> dict[str, Secret]:
    """Fetch the values.

    Raises:
        Misuse: a file cannot be read, a value is too long or is not UTF-8 text, or is empty.
    """
    return {source.field: Secret(_value(source, prompt, stdin)) for source in sources}


def _value(source: Source, prompt: Callable[[str], str], stdin: BinaryIO | None) -> str:
    match source.kind:
        case "generate":
            return random_base62(_GENERATED_LENGTH)
        case "prompt":
            text = prompt(source.field)
        case "stdin":
            text = _text(source.field, (stdin or sys.stdin.buffer).read(_LARGEST + 1))
        case "file":
            text = _text(source.field, _contents(source))
        case _:
            assert_never(source.kind)
    if not text:
        raise Misuse(f"the field {source.field} is empty")
    return text


def _contents(source: Source) -> bytes:
    try:
        with Path(source.file).open("rb") as stream:
            return stream.read(_LARGEST + 1)
    except OSError as error:
        raise Misuse(f"the field {source.field}: {source.file}: {error.strerror}") from None


def _text(field: str, found: bytes) -> str:
    if len(found) > _LARGEST:
        raise Misuse(f"the field {field} is longer than {_LARGEST} bytes")
    try:
        text = found.decode()
    except UnicodeDecodeError:
        # Not chained: the error holds the bytes.
        raise Misuse(f"the field {field} is not UTF-8 text") from None
    single = text.removesuffix("\n").removesuffix("\r")
    return text if "\n" in single else single


def ask(field: str) -> str:
    """Ask for a value on the terminal, twice, without an echo.

    Raises:
        Misuse: there is no terminal.
    """
    return ask_hidden(field, "--password-stdin, --generate or --field NAME=SOURCE", twice=True)


def ask_hidden(field: str, otherwise: str, *, twice: bool) -> str:
    """Ask for a value on the terminal without an echo.

    Raises:
        Misuse: there is no terminal; `otherwise` says what to do then.
    """
    if not sys.stdin.isatty():
        raise Misuse(
            f"no value for the field {field}: without a terminal to ask at, say {otherwise}"
        )
    answer: str = typer.prompt(field, hide_input=True, confirmation_prompt=twice, err=True)
    return answer
