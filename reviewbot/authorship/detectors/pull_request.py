"""The pull request as a whole. It is never about a line, so it is the weakest evidence."""

import re
from collections.abc import Sequence

from reviewbot.authorship.agents import BY_LOGIN, agent_of_branch
from reviewbot.authorship.detectors.commits import footers_in, trailers_in
from reviewbot.authorship.mentions import MAX_MESSAGE, lines_of, plain, short
from reviewbot.authorship.model import (
    LOW,
    Author,
    Detected,
    Evidence,
    Level,
    Material,
    PlacedLine,
    PullRequest,
)

# A bare "ai" or "cursor" is a topic; "codex" is what Codex itself puts on its pull requests.
_DONE = "(?:generated|assisted|authored|written|created|coded?)"
_LABEL = re.compile(
    rf"(?:ai|llm|agent)[ :/_-]*{_DONE}|(?:claude|copilot|cursor|devin)[ :/_-]*(?:{_DONE}|pr|agent)"
    rf"|codex|{_DONE}[ :/_-]+(?:by|with)[ :/_-]+(?:an?[ _-])?(?:ai|llm)"
)
_TICKED = re.compile(r"\s*[-*+] \[[xX]\] (?P<text>.+)")
_AI = re.compile(r"\b(?:ai|llms?|copilot|chatgpt|claude|codex|cursor|gemini)\b", re.I)
_NOT = re.compile(r"\b(?:no|not|none|never|without|n't|neither)\b|n['’]t\b", re.I)


def judge(pull_request: PullRequest) -> list[Evidence]:
    """Return the evidence of the branch, the author, the labels and the description."""
    evidence = []

    def add(kind: Author, words: str, tool: str | None = None) -> None:
        evidence.append(Evidence(kind, Level.CHANGE, LOW, words, tool))

    branch = pull_request.branch.removeprefix("refs/heads/")
    if agent := agent_of_branch(branch):
        add(Author.AI, f"branch {short(branch)}", agent.tool)
    login = plain(pull_request.author_login).lower()
    if agent := BY_LOGIN.get(login):
        add(Author.AI, f"pull request by {short(login)}", agent.tool)
    elif login and (pull_request.author_is_bot or login.endswith("[bot]")):
        add(Author.AUTOMATION, f"pull request by {short(login)}", login.removesuffix("[bot]"))
    for label in pull_request.labels[:100]:
        if _LABEL.fullmatch(plain(label).strip().lower()[:100]):
            add(Author.AI, f"label {short(label)}")
    body = pull_request.body[:MAX_MESSAGE]
    for read in (trailers_in, footers_in):
        for piece in read(body, "of the pull request", Level.CHANGE):
            add(piece.kind, piece.words, piece.tool)
    for line in lines_of(body):
        ticked = _TICKED.fullmatch(line)
        if ticked and _AI.search(ticked["text"]) and not _NOT.search(ticked["text"]):
            add(Author.AI, f"ticked in the pull request: {short(ticked['text'])}")
    return evidence


def detect(material: Material, lines: Sequence[PlacedLine]) -> Detected:
    """Give every line the evidence of the pull request."""
    detected = Detected()
    if material.pull_request is not None and (evidence := judge(material.pull_request)):
        detected.evidence.update({index: list(evidence) for index in range(len(lines))})
    return detected
