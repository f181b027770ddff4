from datetime import UTC, datetime
from pathlib import Path

import pytest

from keystead.cli import fields, inputs
from keystead.cli.failures import Misuse
from keystead.cli.fields import Source
from keystead.cli.house.installation import read_listen
from keystead.core.clock import Instant, parse_instant

NOW = parse_instant("2026-11-22T03:00:00.25Z")


class TestInstants:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("90s", datetime(2026, 11, 22, 3, 1, 30, tzinfo=UTC)),
            ("90m", datetime(2026, 11, 22, 4, 30, tzinfo=UTC)),
            ("12h", datetime(2026, 11, 22, 15, tzinfo=UTC)),
            ("30d", datetime(2026, 12, 22, 3, tzinfo=UTC)),
            ("2w", datetime(2026, 12, 6, 3, tzinfo=UTC)),
            ("2027-01-31T18:00:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
            ("2027-01-31T20:00:00+02:00", datetime(2027, 1, 31, 18, tzinfo=UTC)),
            ("never", None),
        ],
    )
    def test_an_end_is_a_span_an_instant_or_never(
        self, text: str, expected: datetime | None
    ) -> None:
        assert inputs.until(text, "--expires", NOW) == expected

    def test_a_span_is_left_to_the_server_s_clock(self) -> None:
        assert inputs.ending("30d", "--expires", NOW) == {"expires_in": "30d"}
        assert inputs.ending("never", "--expires", NOW) == {"expires_at": None}
        at = datetime(2027, 1, 31, 18, tzinfo=UTC)
        assert inputs.ending("2027-01-31T18:00:00Z", "--expires", NOW) == {"expires_at": at}
        with pytest.raises(Misuse, match=r"--expires.*30d, or never"):
            inputs.ending("soon", "--expires", NOW)

    @pytest.mark.parametrize(
        "text",
        ["", "30", "d", "1.5h", "-1d", "30 d", "Never", "tomorrow", "2027-01-31", "1d12h", "\uff13d",
         "2027-01-31T18:00:00", "2027-02-30T18:00:00Z"],
    )  # fmt: skip
    def test_anything_else_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(Misuse, match=r"--expires.*30d, or never"):
            inputs.until(text, "--expires", NOW)

    def test_an_end_beyond_the_calendar_is_refused(self) -> None:
        with pytest.raises(Misuse, match="9999"):
            inputs.until("999999999w", "--expires", NOW)

    def test_of_what_has_been_a_span_is_counted_back(self) -> None:
        expected = datetime(2026, 11, 22, 1, tzinfo=UTC)
        assert inputs.moment("2h", "--after", NOW, ago=True) == expected
        with pytest.raises(Misuse, match="years 1 to 9999"):
            inputs.moment("999999999w", "--after", NOW, ago=True)

    def test_never_is_no_filter(self) -> None:
        with pytest.raises(Misuse):
            inputs.moment("never", "--before", Instant(NOW))


class TestLists:
    def test_commas_blanks_and_repetition_mean_the_same(self) -> None:
        assert inputs.words(["10.0.0.0/8, ::1", "10.0.0.0/8\n192.168.0.1-192.168.0.9"]) == [
            "10.0.0.0/8",
            "::1",
            "192.168.0.1-192.168.0.9",
        ]

    def test_pairs_keep_what_follows_the_first_equals_sign(self) -> None:
        assert inputs.metadata(["a=b=c", "d="]) == {"a": "b=c", "d": ""}
        assert inputs.levels(["accounts=read,folders=write"]) == {
            "accounts": "read",
            "folders": "write",
        }

    @pytest.mark.parametrize("texts", [["a"], ["=b"], ["a=1", "a=2"]])
    def test_a_pair_without_its_parts_or_twice_is_refused(self, texts: list[str]) -> None:
        with pytest.raises(Misuse, match="--metadata"):
            inputs.metadata(texts)
        with pytest.raises(Misuse, match="--level"):
            inputs.levels(texts)


class TestFieldSources:
    def test_every_source_gives_its_value(self, tmp_path: Path) -> None:
        file = tmp_path / "pw"
        file.write_bytes(b"from a file\r\n")
        piped = tmp_path / "piped"
        piped.write_bytes(b"from a pipe\n")
        sources = fields.read_sources([f"a=@{file}", "b=-", "c=generate", "d=prompt"])
        with piped.open("rb") as stdin:
            found = fields.gather(sources, prompt=lambda name: f"typed {name}", stdin=stdin)
        assert {name: value.reveal() for name, value in found.items() if name != "c"} == {
            "a": "from a file",
            "b": "from a pipe",
            "d": "typed d",
        }
        assert len(found["c"].reveal()) == 32

    def test_a_text_of_several_lines_stays_as_it_is(self, tmp_path: Path) -> None:
        file = tmp_path / "key.pem"
        file.write_bytes(b"-----BEGIN-----\nx\n-----END-----\n")
        (source,) = fields.read_sources([f"key=@{file}"])
        found = fields.gather([source], prompt=str)
        assert found["key"].reveal().endswith("-----END-----\n")

    def test_a_value_on_the_command_line_is_refused_and_not_repeated(self) -> None:
        for text in ("password=hunter2", "password=", "password=@"):
            with pytest.raises(Misuse, match="every program") as caught:
                fields.read_sources([text])
            assert "hunter2" not in str(caught.value)

    def test_shorts_stand_for_the_password(self) -> None:
        assert fields.read_sources([], generate=True) == [Source("password", "generate")]
        assert fields.read_sources([], password_stdin=True) == [Source("password", "stdin")]

    @pytest.mark.parametrize(
        ("texts", "generate", "word"),
        [
            (["password"], False, "NAME=SOURCE"),
            (["=-"], False, "NAME=SOURCE"),
            (["password=-"], True, "password is given twice"),
            (["a=-", "b=-"], False, "only one field"),
        ],
    )
    def test_what_cannot_be_gathered_is_refused(
        self, texts: list[str], generate: bool, word: str
    ) -> None:
        with pytest.raises(Misuse, match=word):
            fields.read_sources(texts, generate=generate)

    @pytest.mark.parametrize(
        ("content", "word"), [(b"", "empty"), (b"\n", "empty"), (b"\xff\xfe", "UTF-8")]
    )
    def test_contents_that_are_no_value_are_refused(
        self, content: bytes, word: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "pw"
        file.write_bytes(content)
        with pytest.raises(Misuse, match=word) as caught:
            fields.gather([Source("password", "file", str(file))], prompt=str)
        assert caught.value.__cause__ is None

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(Misuse, match="none: No such file"):
            fields.gather([Source("p", "file", str(tmp_path / "none"))], prompt=str)


class TestPaths:
    def test_a_path_is_folder_and_name(self) -> None:
        assert inputs.split_path("ops/db/orders") == ("ops/db", "orders")
        assert inputs.split_path("/ops/") == ("", "ops")

    @pytest.mark.parametrize("path", ["", "/", "ops//db", "ops/../db", "./x"])
    def test_a_path_with_an_empty_or_dotted_part_is_refused(self, path: str) -> None:
        with pytest.raises(Misuse):
            inputs.split_path(path)


class TestListen:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("127.0.0.1:8780", ("127.0.0.1", 8780)),
            ("localhost:0", ("localhost", 0)),
            ("[::1]:443", ("::1", 443)),
            ("0.0.0.0:65535", ("0.0.0.0", 65535)),
        ],
    )
    def test_a_listener_is_host_and_port(self, text: str, expected: tuple[str, int]) -> None:
        assert read_listen(text) == expected

    @pytest.mark.parametrize(
        "text", ["", "8780", ":8780", "127.0.0.1", "::1:8780", "h:65536", "h:-1", "h:x", "[]:1"]
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(Misuse, match="HOST:PORT"):
            read_listen(text)
