"""Who waits for whom: the desk alone, without an editor and without a model."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from reviewbot.lsp import document_queue
from reviewbot.lsp.document import Answer, Document
from reviewbot.lsp.document_queue import Desk

Read = Callable[[Document], Answer]
Told = Queue[tuple[Document, Answer]]
NOTHING = Answer()


def document(uri: str, version: int = 1) -> Document:
    return Document(uri, version, Path("/a.py"), "")


@pytest.fixture
def begin() -> Iterator[Callable[[Read], tuple[Desk, Told]]]:
    desks: list[tuple[Desk, threading.Thread]] = []

    def made(read: Read) -> tuple[Desk, Told]:
        told: Told = Queue()
        desk = Desk(read, lambda document, answer: told.put((document, answer)))
        thread = threading.Thread(target=desk.run)
        thread.start()
        desks.append((desk, thread))
        return desk, told

    yield made
    for desk, thread in desks:
        desk.end()
        thread.join(10)
        assert not thread.is_alive()


Begin = Callable[[Read], tuple[Desk, Told]]


def test_what_is_due_first_is_read_first(begin: Begin) -> None:
    desk, told = begin(lambda _document: NOTHING)
    desk.put(document("late"), 0.4)
    desk.put(document("soon"), 0.1)

    assert [told.get(timeout=5)[0].uri for _ in range(2)] == ["soon", "late"]


def test_a_newer_version_takes_the_place_of_one_that_waits(begin: Begin) -> None:
    desk, told = begin(lambda _document: NOTHING)
    desk.put(document("a", 1), 0.3)
    desk.put(document("a", 2), 0.1)

    assert told.get(timeout=5)[0].version == 2
    time.sleep(0.4)
    assert told.empty()


def test_a_newer_version_stops_the_reading_of_an_older_one(begin: Begin) -> None:
    reading = threading.Event()

    def read(given: Document) -> Answer:
        while given.version == 1:
            reading.set()
            time.sleep(0.01)
            desk.wanted()
        return NOTHING

    desk, told = begin(read)
    desk.put(document("a", 1))
    assert reading.wait(5)
    desk.put(document("a", 2))

    assert told.get(timeout=5)[0].version == 2


def test_an_answer_that_comes_too_late_is_dropped(begin: Begin) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def read(_document: Document) -> Answer:
        reading.set()
        go_on.wait(5)
        return NOTHING

    desk, told = begin(read)
    desk.put(document("a"))
    assert reading.wait(5)
    desk.forget("a")
    go_on.set()
    desk.put(document("b"))

    assert told.get(timeout=5)[0].uri == "b"
    assert told.empty()


def test_a_document_is_read_again_when_what_its_answer_depends_on_changes(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_queue, "LOOK_SECONDS", 0.05)
    head = tmp_path / "HEAD"
    desk, told = begin(lambda _document: Answer(moved=head.exists))
    desk.put(document("a"))
    told.get(timeout=5)
    time.sleep(0.2)
    assert told.empty()

    head.write_text("new")

    assert told.get(timeout=5)[0].uri == "a"


def test_a_failure_is_not_tried_again_by_itself(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_queue, "LOOK_SECONDS", 0.05)
    desk, told = begin(lambda _document: Answer(failure="x", moved=lambda: True))
    desk.put(document("a"))
    told.get(timeout=5)
    time.sleep(0.3)

    assert told.empty()
