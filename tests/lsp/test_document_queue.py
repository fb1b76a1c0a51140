"""The queue alone, without an editor and without a model."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue as Inbox

import pytest

from reviewbot.lsp import document_queue
from reviewbot.lsp.document_queue import Answer, Document, DocumentQueue

Read = Callable[[Document], Answer]
Answers = Inbox[tuple[Document, Answer]]
NOTHING = Answer()


def document(uri: str, version: int = 1) -> Document:
    return Document(uri, version, Path("/a.py"), "")


@pytest.fixture
def begin() -> Iterator[Callable[[Read], tuple[DocumentQueue, Answers]]]:
    started: list[tuple[DocumentQueue, threading.Thread]] = []

    def made(read: Read) -> tuple[DocumentQueue, Answers]:
        answers: Answers = Inbox()
        queue = DocumentQueue(read, lambda document, answer: answers.put((document, answer)))
        thread = threading.Thread(target=queue.run)
        thread.start()
        started.append((queue, thread))
        return queue, answers

    yield made
    for queue, thread in started:
        queue.end()
        thread.join(10)
        assert not thread.is_alive()


Begin = Callable[[Read], tuple[DocumentQueue, Answers]]


def test_what_is_due_first_is_read_first(begin: Begin) -> None:
    queue, answers = begin(lambda _document: NOTHING)
    queue.put(document("late"), 0.4)
    queue.put(document("soon"), 0.1)

    assert [answers.get(timeout=5)[0].uri for _ in range(2)] == ["soon", "late"]


def test_a_newer_version_takes_the_place_of_one_that_waits(begin: Begin) -> None:
    queue, answers = begin(lambda _document: NOTHING)
    queue.put(document("a", 1), 0.3)
    queue.put(document("a", 2), 0.1)

    assert answers.get(timeout=5)[0].version == 2
    time.sleep(0.4)
    assert answers.empty()


def test_a_newer_version_stops_the_reading_of_an_older_one(begin: Begin) -> None:
    reading = threading.Event()

    def read(given: Document) -> Answer:
        while given.version == 1:
            reading.set()
            time.sleep(0.01)
            queue.require_wanted()
        return NOTHING

    queue, answers = begin(read)
    queue.put(document("a", 1))
    assert reading.wait(5)
    queue.put(document("a", 2))

    assert answers.get(timeout=5)[0].version == 2


def test_an_answer_that_comes_too_late_is_dropped(begin: Begin) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def read(_document: Document) -> Answer:
        reading.set()
        go_on.wait(5)
        return NOTHING

    queue, answers = begin(read)
    queue.put(document("a"))
    assert reading.wait(5)
    queue.forget("a")
    go_on.set()
    queue.put(document("b"))

    assert answers.get(timeout=5)[0].uri == "b"
    assert answers.empty()


def test_a_document_is_read_again_when_what_its_answer_depends_on_changes(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_queue, "POLL_SECONDS", 0.05)
    head = tmp_path / "HEAD"
    queue, answers = begin(lambda _document: Answer(is_outdated=head.exists))
    queue.put(document("a"))
    answers.get(timeout=5)
    time.sleep(0.2)
    assert answers.empty()

    head.write_text("new")

    assert answers.get(timeout=5)[0].uri == "a"


def test_a_failure_is_not_tried_again_by_itself(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_queue, "POLL_SECONDS", 0.05)
    queue, answers = begin(lambda _document: Answer(failure="x", is_outdated=lambda: True))
    queue.put(document("a"))
    answers.get(timeout=5)
    time.sleep(0.3)

    assert answers.empty()
