"""Some lines of each change instead of all."""

from pathlib import Path

import pytest

from reviewbot.train.prepare import prepare
from reviewbot.train.replay import Replayed
from reviewbot.train.sampling import clean_lines, sample
from tests.train.changes_made import file, label, read, whole
from tests.train.test_replay import replayed, wanted

CODE = "".join(f"value_{n} = other({n})\n" for n in range(40))
FILES = [file("a.py", CODE), file("b.py", CODE.replace("value", "name"))]


def change(directory: Path) -> Replayed:
    (one,) = replayed(directory, whole(files=FILES, faulty=[label(22, "wrong", "a.py")]))
    return one


def test_the_wrong_line_s_piece_stays_and_about_as_many_others_as_asked(tmp_path: Path) -> None:
    one = change(tmp_path)

    few = sample(one, 10)

    texts = wanted(few)
    assert "value_21 = other(21)" in texts["a.py"]
    assert 10 < sum(map(len, texts.values())) <= 12 + 10 + 11  # pieces have 12 lines at most
    assert all(set(texts[path]) <= set(wanted(one)[path]) for path in texts)
    assert sample(one, 10) == few
    assert sample(one, 10_000) == one


def test_what_is_drawn_does_not_depend_on_how_much_is_asked(tmp_path: Path) -> None:
    one = change(tmp_path)
    few, more = (sample(one, n) for n in (8, 24))

    kept, larger = wanted(few), wanted(more)
    assert all(set(kept[path]) <= set(larger[path]) for path in kept)
    assert clean_lines(few) < clean_lines(more)


def test_the_table_says_which_share_of_the_clean_lines_it_holds(tmp_path: Path) -> None:
    changes = read(tmp_path, whole(files=FILES, faulty=[label(22, "wrong", "a.py")]))
    whole_table = prepare(changes).table
    drawn = prepare(changes, draw=10).table

    assert whole_table.drawn == 1
    assert drawn.y_L.sum() == whole_table.y_L.sum() == 1
    assert drawn.drawn == pytest.approx((len(drawn) - 1) / (len(whole_table) - 1))
