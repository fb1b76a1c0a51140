"""What we know of coding agents and models: tables, each row with its source. Facts only."""

from dataclasses import dataclass

from reviewbot.authorship.model import HIGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A row of a table. All texts in lower case; a space in a name also matches "-"."""

    tool: str  # what we call it
    source: str  # where its marks are documented or were seen
    names: tuple[str, ...] = ()  # names that mean it even where no address stands beside them
    beside: tuple[str, ...] = ()  # names that mean it only beside an address that fits it
    aliases: tuple[str, ...] = ()  # what traces and notes call it, beside `tool` and `names`
    word: bool = False  # the name is an ordinary word: weak where nothing else speaks for it
    ambiguous: bool = False  # it is a given name, a surname or a company, too
    emails: tuple[str, ...] = ()  # whole addresses; a vendor's domain alone is an employee
    pattern: str | None = None  # addresses that are made per agent; must match whole
    logins: tuple[str, ...] = ()  # on GitHub, "[bot]" included
    ids: tuple[int, ...] = ()  # on GitHub; a login can be renamed, its number stays
    domains: tuple[str, ...] = ()  # of the vendor: they count only beside the agent's name
    branches: tuple[str, ...] = ()  # how the names of its branches begin
    confidence: float = HIGH  # of the addresses


# Sources that several rows share. They cite pages of vendors, which we cite after them.
FACTS = "facts file of the project, A.3 (no public document seen)"
GIT_AI = "git-ai-project/git-ai: src/authorship/attribution_recovery.rs, agent_detection.rs"
CHAOSS = "chaoss/ai-detection-action: detection/committer/committer.go"
AITTRIBUTOR = "block/aittributor: src/agent.rs"
MINING = "labri-progress/agent-mining: patterns/authors.csv"
LIU = "yueyueL/tech-debt-ai-coding: collection/config/actors.py"
AIBLAME = "trinhbentre/aiblame: docs/DETECTION.md"
SEEN = "commit instructions in public repositories"
