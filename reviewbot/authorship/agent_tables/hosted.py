"""Agents that run as a service: cloud agents, builders of apps, and reviewers that commit fixes."""

HOSTED = """
copilot | copilot, github copilot, copilot cli, github copilot cli, =github-copilot-agent |
    copilot@github.com copilot copilot[bot] github-copilot[bot] copilot-swe-agent[bot]
    copilot-pull-request-reviewer[bot] github-advanced-security[bot] github-code-quality[bot]
    198982749 223556219 175728472 167198135 62310815 223894421 copilot/ github.com |
    docs.github.com: Copilot cloud agent; microsoft/vscode#309951; aittributor
devin | devin, devin ai | devin@devin.ai devin@cognition.ai devin-ai-integration[bot]
    cognition-devin[bot] 158243242 devin/ devin.ai cognition.ai cognition-labs.com |
    docs.devin.ai/integrations/gh; git-ai | namesake
jules | jules, google jules, google labs jules | google-labs-jules[bot] jules-fleet[bot] 161369871
    jules/ google.com jules.google | jules.google/docs; agent-mining | namesake
openhands | openhands, openhands agent, opendevin | openhands@all-hands.dev openhands@openhands.dev
    openhands-agent openhands-agent[bot] openhands-ai[bot] openhands-fix-issue- openhands-fix-pr-
    openhands/ all-hands.dev openhands.dev | All-Hands-AI/OpenHands commits; agent-mining
amazon-q | amazon q, amazon q developer | amazon-q@amazon.com amazon-q-developer[bot]
    amazon-codecatalyst[bot] 208079219 q-dev-issue- amazon.com aws.amazon.com | chaoss; seen
replit | replit, replit agent, replit ai agent | agent@replit.com replit-agent@replit.com
    replit-agent[bot] replit.com | seen; Replit-Commit-Author, see commits.py | namesake
lovable | lovable, =gpt-engineer | noreply@lovable.dev lovable-dev[bot] gpt-engineer-app[bot]
    159125892 lovable.dev lovable.app | liu; seen | namesake
bolt | bolt.new, bolt?, bolt agent? | noreply@bolt.new bolt-new-by-stackblitz[bot] stackblitz[bot]
    bolt.new[bot] bolt.new stackblitz.com | liu
v0 | v0?, v0agent?, v0 agent? | it+v0agent@vercel.com noreply@v0.dev v0[bot] v0.dev v0.app
    vercel.com | facts; seen
duo | gitlab duo, gitlab duo agent | duo@gitlab.com gitlab.com | the commit hook of GitLab Duo,
    seen in public repositories
ona | ona agent, ona? | no-reply@ona.com ona.com gitpod.io | agent-mining; seen
manus | manus ai, manus agent, manus? | noreply@manus.im manus.im | seen
terragon | terragon, terragon labs, terry? | noreply@terragonlabs.com terragon-labs[bot]
    terragonlabs.com | aiblame; seen
charlie | charliehelps, charliecreates | charliecreates[bot] charlielabs.ai | seen
codegen | codegen sh | codegen-sh[bot] codegen-bot/ | agent-mining; mergewarden
abacus | abacus ai | agent@abacus.ai abacus-ai-automation[bot] | agent-mining
cosine | cosine genie | cosineai[bot] | liu
genspark | - | genspark-ai-developer[bot] | liu
gitauto | - | gitauto-ai[bot] | liu
gru | gru agent | gru-agent[bot] | agent-mining
mentat | - | mentatbot[bot] | mergewarden
open-swe | open swe | open-swe[bot] | agent-mining
paperclip | - | noreply@paperclip.ing | agent-mining
penify | - | penify-dev[bot] | liu
sweep | - | sweep-ai[bot] sweep[bot] | aiblame; agent-mining
tembo | - | tembo[bot] | mergewarden
# Reviewers: their commits are fixes and tests that a model wrote.
coderabbit | coderabbit, coderabbitai | noreply@coderabbit.ai coderabbitai[bot] coderabbit[bot]
    136622811 coderabbitai/ coderabbit.ai | chaoss
qodo | qodo, codiumai | qodo-code-review[bot] qodo-merge[bot] qodo-merge-pro[bot]
    qodo-merge-for-open-source[bot] codiumai-pr-agent-pro[bot] qodo.ai codium.ai | liu
codeant | - | codeant-ai[bot] | liu
codeflash | - | codeflash-ai[bot] 148906541 | liu; seen
cubic | - | cubic-dev-ai[bot] | aidev
deepsource | - | deepsource-autofix[bot] | liu: autofix
ellipsis | - | ellipsis-dev[bot] 65095814 | mergewarden; liu
greptile | greptile | greptile-apps[bot] 165735046 | aiblame; commits of cloudflare/agents
korbit | - | korbit-ai[bot] | aidev
macroscope | - | macroscope-app[bot] | aidev
seer | - | seer-by-sentry[bot] | agent-mining
sourcery | sourcery ai | sourcery-ai[bot] 58596630 | liu; seen
"""

# Bots that update dependencies or translations: they write no code of their own.
AUTOMATION_EMAILS = (
    *("action@github.com", "actions@github.com", "bot@renovateapp.com", "support@dependabot.com"),
    *("renovate@whitesourcesoftware.com", "support@pre-commit.ci", "snyk-bot@snyk.io"),
    *("noreply@weblate.org", "hosted@weblate.org"),
)
