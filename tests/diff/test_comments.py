from reviewbot.diff.languages import language_of, prose


def flags(path: str, text: str) -> str:
    language = language_of(path)
    assert language is not None
    return "".join("p" if flag else "." for flag in prose(text.split("\n"), language))


def test_comments_and_docstrings_are_prose_and_code_beside_a_comment_is_not() -> None:
    text = '# a\ndef f():\n    """One.\n\n    Two.\n    """\n    return 1  # b'

    assert flags("a.py", text) == "p.p.pp."


def test_a_docstring_on_one_line_does_not_open_a_block() -> None:
    assert flags("a.py", '"""One."""\nx = 1') == "p."


def test_a_string_that_is_assigned_hides_what_follows_until_it_ends() -> None:
    assert flags("a.py", 'q = """\nselect 1\n"""\nx = 1') == ".pp."


def test_block_comments_count_and_code_behind_their_end_does_not() -> None:
    assert flags("a.c", "/* a\n * b\n */\nint x; /* c */\n/* d */ int y;\n// e") == "ppp..p"


def test_a_one_line_comment_hides_the_sign_that_would_open_a_block() -> None:
    assert flags("a.go", "// see /*\nx := 1") == "p."


def test_a_language_with_one_line_comments_only_needs_its_own_sign() -> None:
    assert flags("a.rb", "# a\nx = 1") == "p."


def test_every_line_gets_an_answer_whatever_it_holds() -> None:
    odd = ['"""', "\x00", "/*", "*/ '''", "", "\u2028"] * 3
    for path in ("a.py", "a.c", "a.ml", "a.lua"):
        language = language_of(path)
        assert language is not None
        assert len(prose(odd, language)) == len(odd)


def test_code_behind_a_carriage_return_is_no_comment() -> None:
    assert flags("a.py", "# a\rx = 1\n# b\r\n# c\r") == ".pp"
    assert flags("a.c", "// a\rf();\n// b") == ".p"
