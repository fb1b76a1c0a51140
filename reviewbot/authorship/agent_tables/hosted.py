"""Agents that run as a service: cloud agents, builders of apps, and reviewers that commit fixes."""

from reviewbot.authorship.agent_tables import (
    AIBLAME,
    AITTRIBUTOR,
    CHAOSS,
    FACTS,
    GIT_AI,
    LIU,
    MINING,
    SEEN,
    agent,
)

_PULLS = "public pull requests by the account, counted by the mergewarden project"
_AIDEV = "review accounts of the AIDev data set"

HOSTED = (
    agent(
        "copilot",
        "copilot, github copilot, copilot cli, github copilot cli, =github-copilot-agent",
        "copilot@github.com copilot copilot[bot] github-copilot[bot] copilot-swe-agent[bot] "
        "copilot-pull-request-reviewer[bot] github-advanced-security[bot] "
        "github-code-quality[bot] 198982749 223556219 175728472 167198135 62310815 223894421 "
        "copilot/ github.com",
        f"docs.github.com: Copilot cloud agent; microsoft/vscode#309951; {AITTRIBUTOR}",
    ),
    agent(
        "devin",
        "devin, devin ai",
        "devin@devin.ai devin@cognition.ai devin-ai-integration[bot] cognition-devin[bot] "
        "158243242 devin/ devin.ai cognition.ai cognition-labs.com",
        f"docs.devin.ai/integrations/gh; {GIT_AI}",
        ambiguous=True,
    ),
    agent(
        "jules",
        "jules, google jules, google labs jules",
        "google-labs-jules[bot] jules-fleet[bot] 161369871 jules/ google.com jules.google",
        f"jules.google/docs; {MINING}",
        ambiguous=True,
    ),
    agent(
        "openhands",
        "openhands, openhands agent, opendevin",
        "openhands@all-hands.dev openhands@openhands.dev openhands-agent openhands-agent[bot] "
        "openhands-ai[bot] openhands-fix-issue- openhands-fix-pr- openhands/ all-hands.dev "
        "openhands.dev",
        f"All-Hands-AI/OpenHands commits; {MINING}",
    ),
    agent(
        "amazon-q",
        "amazon q, amazon q developer",
        "amazon-q@amazon.com amazon-q-developer[bot] amazon-codecatalyst[bot] 208079219 "
        "q-dev-issue- amazon.com aws.amazon.com",
        f"{CHAOSS}; {SEEN}",
    ),
    agent(
        "replit",
        "replit, replit agent, replit ai agent",
        "agent@replit.com replit-agent@replit.com replit-agent[bot] replit.com",
        f"{SEEN}; Replit-Commit-Author, see trailers.py",
        ambiguous=True,
    ),
    agent(
        "lovable",
        "lovable, =gpt-engineer",
        "noreply@lovable.dev lovable-dev[bot] gpt-engineer-app[bot] 159125892 lovable.dev "
        "lovable.app",
        f"{LIU}; {SEEN}",
        ambiguous=True,
    ),
    agent(
        "bolt",
        "bolt.new, bolt?, bolt agent?",
        "noreply@bolt.new bolt-new-by-stackblitz[bot] stackblitz[bot] bolt.new[bot] bolt.new "
        "stackblitz.com",
        LIU,
    ),
    agent(
        "v0",
        "v0?, v0agent?, v0 agent?",
        "it+v0agent@vercel.com noreply@v0.dev v0[bot] v0.dev v0.app vercel.com",
        f"{FACTS}; {SEEN}",
    ),
    agent(
        "duo",
        "gitlab duo, gitlab duo agent",
        "duo@gitlab.com gitlab.com",
        "the commit hook of GitLab Duo, seen in public repositories",
    ),
    agent("ona", "ona agent, ona?", "no-reply@ona.com ona.com gitpod.io", f"{MINING}; {SEEN}"),
    agent("manus", "manus ai, manus agent, manus?", "noreply@manus.im manus.im", SEEN),
    agent(
        "terragon",
        "terragon, terragon labs, terry?",
        "noreply@terragonlabs.com terragon-labs[bot] terragonlabs.com",
        f"{AIBLAME}; {SEEN}",
    ),
    agent("charlie", "charliehelps, charliecreates", "charliecreates[bot] charlielabs.ai", SEEN),
    agent("codegen", "codegen sh", "codegen-sh[bot] codegen-bot/", f"{MINING}; {_PULLS}"),
    agent("abacus", "abacus ai", "agent@abacus.ai abacus-ai-automation[bot]", MINING),
    agent("cosine", "cosine genie", "cosineai[bot]", LIU),
    agent("genspark", "", "genspark-ai-developer[bot]", LIU),
    agent("gitauto", "", "gitauto-ai[bot]", LIU),
    agent("gru", "gru agent", "gru-agent[bot]", MINING),
    agent("mentat", "", "mentatbot[bot]", _PULLS),
    agent("open-swe", "open swe", "open-swe[bot]", MINING),
    agent("paperclip", "", "noreply@paperclip.ing", MINING),
    agent("penify", "", "penify-dev[bot]", LIU),
    agent("sweep", "", "sweep-ai[bot] sweep[bot]", f"{AIBLAME}; {MINING}"),
    agent("tembo", "", "tembo[bot]", _PULLS),
    # Reviewers: their commits are fixes and tests that a model wrote.
    agent(
        "coderabbit",
        "coderabbit, coderabbitai",
        "noreply@coderabbit.ai coderabbitai[bot] coderabbit[bot] 136622811 coderabbitai/ "
        "coderabbit.ai",
        CHAOSS,
    ),
    agent(
        "qodo",
        "qodo, codiumai",
        "qodo-code-review[bot] qodo-merge[bot] qodo-merge-pro[bot] "
        "qodo-merge-for-open-source[bot] codiumai-pr-agent-pro[bot] qodo.ai codium.ai",
        LIU,
    ),
    agent("codeant", "", "codeant-ai[bot]", LIU),
    agent("codeflash", "", "codeflash-ai[bot] 148906541", f"{LIU}; {SEEN}"),
    agent("cubic", "", "cubic-dev-ai[bot]", _AIDEV),
    agent("deepsource", "", "deepsource-autofix[bot]", f"{LIU}: autofix"),
    agent("ellipsis", "", "ellipsis-dev[bot] 65095814", f"{_PULLS}; {LIU}"),
    agent(
        "greptile",
        "greptile",
        "greptile-apps[bot] 165735046",
        f"{AIBLAME}; commits of cloudflare/agents",
    ),
    agent("korbit", "", "korbit-ai[bot]", _AIDEV),
    agent("macroscope", "", "macroscope-app[bot]", _AIDEV),
    agent("seer", "", "seer-by-sentry[bot]", MINING),
    agent("sourcery", "sourcery ai", "sourcery-ai[bot] 58596630", f"{LIU}; {SEEN}"),
)

# Bots that update dependencies or translations: they write no code of their own.
AUTOMATION_EMAILS = (
    *("action@github.com", "actions@github.com", "bot@renovateapp.com", "support@dependabot.com"),
    *("renovate@whitesourcesoftware.com", "support@pre-commit.ci", "snyk-bot@snyk.io"),
    *("noreply@weblate.org", "hosted@weblate.org"),
)
