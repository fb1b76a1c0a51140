"""Facts about coding agents and models, as tables. Each row has its source. No look-ups here.

A row: tool | names | marks | sources | kinds. Indented lines continue a row.

names    separated by commas; "kilo?" is a weak name, "=claude-web" an alias; "-" for none
marks    separated by blanks: a@b.c is an address, 123 a number on GitHub, "claude/" or "fix-" the
         start of a branch, claude.com a domain, /.../ a pattern; others are logins
sources  separated by semicolons; a key of SOURCES means its text
kinds    "word"; "namesake" if the name is ambiguous; "shared" if people use the addresses, too
"""

# Sources that several rows share. They cite pages of vendors, which we cite after them.
SOURCES = {
    "agent-mining": "labri-progress/agent-mining: patterns/authors.csv",
    "aiblame": "trinhbentre/aiblame: docs/DETECTION.md",
    "aidev": "review accounts of the AIDev data set",
    "aittributor": "block/aittributor: src/agent.rs",
    "chaoss": "chaoss/ai-detection-action: detection/committer/committer.go",
    "facts": "facts file of the project, A.3 (no public document seen)",
    "git-ai": "git-ai-project/git-ai: src/authorship/attribution_recovery.rs, agent_detection.rs",
    "liu": "yueyueL/tech-debt-ai-coding: collection/config/actors.py",
    "mergewarden": "public pull requests by the account, counted by the mergewarden project",
    "seen": "commit instructions in public repositories",
}
