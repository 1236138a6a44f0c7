"""Flags that follow from a record: their types, the word `none`, values in files, and what `--help` says."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from rate2spike.checks import POSITIVE
from rate2spike.cli.arguments import OLD_FLAGS, Parser
from rate2spike.cli.option_flags import add_option_flags, given
from rate2spike.errors import InputError
from rate2spike.options import check_options, option


def lines_of(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text().split())


@dataclass(frozen=True)
class Options:
    n_units: int = option(200, "number of units", what="number of units", most=500, flag="--N")
    clip: float | None = option(None, "largest norm", allowed=POSITIVE, or_none=True, default_text="off")
    sparse: bool = option(False, "few connections")
    dale: bool = option(True, "Dale's principle")
    names: tuple[str, ...] | None = option(None, "file of names", from_file=lines_of)

    def __post_init__(self) -> None:
        check_options(self)


def parser_of(**how) -> Parser:
    parser = Parser("p", None)
    add_option_flags(parser, Options, dash="_", **how)
    return parser


def options_of(words: str, **how) -> dict:
    return given(parser_of(**how).parse_args(words.split()), Options)


def test_what_is_not_given_is_left_out_and_none_is_a_value(tmp_path):
    assert options_of("") == {}
    assert options_of("--N 3 --clip NONE --sparse") == {"n_units": 3, "clip": None, "sparse": True}
    assert options_of("--clip 2") == {"clip": 2.0}
    (tmp_path / "names.txt").write_text("a b\n")
    assert options_of(f"--names {tmp_path / 'names.txt'}") == {"names": ("a", "b")}


def test_true_or_false_takes_a_value_where_the_command_says_so():
    assert options_of("--sparse False --dale", bools_take_values=True) == {"sparse": False, "dale": True}
    assert options_of("--dale no") == {"dale": False}
    with pytest.raises(SystemExit, match="2"):
        options_of("--sparse False")


@pytest.mark.parametrize(
    ("words", "message"), [("--N many", "invalid int value: 'many'"), ("--clip x", "invalid float")]
)
def test_types(words, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        options_of(words)
    assert message in capsys.readouterr().err


def test_errors_name_the_flag_on_the_command_line_and_the_field_in_python():
    with pytest.raises(InputError, match=r"number of units must be a whole number from 1, got 0 \(n_units\)$"):
        Options(n_units=0)
    with pytest.raises(InputError, match=r"must be at most 500, got 501 \(--N\)$"), parser_of().own_flags():
        Options(n_units=501)


def test_help_says_defaults_and_the_command_may_have_others():
    text = " ".join(parser_of().format_help().split())
    assert "--N N number of units (default: 200)" in text and "--clip X largest norm (default: off)" in text
    assert "--names FILE file of names" in text and "--sparse few connections" in text
    assert "few connections (default" not in text and "Dale's principle (default: True)" in text
    text = " ".join(
        parser_of(defaults={"n_units": "", "clip": "of the recipe"}, leave_out={"names"}).format_help().split()
    )
    assert (
        "number of units --sparse" in text
        and "--clip X largest norm (default: of the recipe)" in text
        and "--names" not in text
    )


@pytest.mark.filterwarnings("always::FutureWarning")
@pytest.mark.parametrize(("old", "new"), OLD_FLAGS.items())
def test_flags_of_an_earlier_version_work_with_a_warning(old, new, tmp_path, cli):
    code, _, error = cli("search", tmp_path / "nothing.mat", f"{old}=0")
    assert code == 2 and f"warning: {old} is now called {new}; the old name works until version" in error
    assert f"must be a whole number from 1, got 0 ({new})" in error
    assert "warning" not in cli("search", tmp_path / "nothing.mat", new, 1)[2]
