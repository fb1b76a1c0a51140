"""Agents that run on a developer's machine: in a terminal or an editor."""

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
from reviewbot.authorship.model import MEDIUM

LOCAL = (
    agent(
        "claude",
        "claude, claude code, =claude-web, =claude-acp",
        "noreply@anthropic.com claude[bot] anthropic-claude[bot] anthropic-code-agent[bot] "
        "claude-code-action[bot] 81847 209825114 215619710 208546643 242468646 claude/ "
        "anthropic.com anthropic.ai claude.com claude.ai",
        f"code.claude.com/docs: settings, attribution; {CHAOSS}; {GIT_AI}",
        ambiguous=True,
    ),
    agent(
        "codex",
        "codex, codex cli, openai codex, openai codex cli, =codex-cloud",
        "noreply@openai.com codex@openai.com codex@agent chatgpt-codex-connector[bot] "
        "openai-codex[bot] openai-code-agent[bot] codex[bot] 199175422 215057067 242516109 "
        "267193182 codex/ openai.com chatgpt.com",
        f"openai/codex#11617 (commit_attribution); {CHAOSS}; {GIT_AI}",
    ),
    agent(
        "cursor",
        "cursor, cursor agent, cursor cli",
        "cursoragent@cursor.com agent@cursor.com composer@anysphere.co cursor@agent cursor[bot] "
        "cursoragent 206951365 199161495 cursor/ cursor.com cursor.sh anysphere.co",
        f"forum.cursor.com/t/115782; block/aittributor#15; {GIT_AI}",
        ambiguous=True,
    ),
    agent(
        "gemini",
        "gemini, gemini cli, gemini code assist, google gemini",
        "gemini-cli-robot@google.com gemini-cli-agent@google.com gemini-cli@google.com "
        "gemini-code-assist[bot] gemini-cli[bot] gemini-cli 176961590 218195315 gemini/ "
        "google.com gemini.google.com",
        f"google-gemini/gemini-cli#11447; {CHAOSS}; {AITTRIBUTOR}",
        ambiguous=True,
    ),
    agent(
        "antigravity",
        "antigravity, google antigravity, antigravity cli, antigravity agent",
        "antigravity@google.com antigravity@gemini.ai google.com",
        f"issue 14; {AIBLAME}; {SEEN}",
    ),
    agent(
        "aider",
        "aider",
        "aider@aider.chat noreply@aider.chat aider-chat-bot aider/ aider.chat aider.dev",
        "Aider-AI/aider: aider/repo.py; aider.chat/docs/git.html",
    ),
    agent(
        "cline",
        "cline",
        "noreply@cline.bot cline[bot] 205137888 cline/",
        f"{CHAOSS}; {AITTRIBUTOR}",
        ambiguous=True,
    ),
    agent(
        "roo",
        "roo, roo code, roomote, =roo-background",
        "roomote@roocode.com roomote@roomote.dev roomote[bot] roomote-v0[bot] "
        "roomote-roomote[bot] roomote-agent 219738659 263205322 301996811 roocode.com roomote.dev",
        f"commits of RooCodeInc/Roo-Code; {GIT_AI}; {MINING}",
        ambiguous=True,
    ),
    agent(
        "kilo",
        "kilo code, kilocode, kilo?",
        "noreply@kilocode.ai noreply@kilo.ai kilo-code-bot[bot] kiloconnect[bot] 240665456 "
        "kilocode.ai kilo.ai",
        f"{AIBLAME}; {MINING}; {SEEN}",
    ),
    agent(
        "amp",
        "amp, amp code, amp agent",
        "amp@ampcode.com noreply@ampcode.com amp@sourcegraph.com 289058786 ampcode.com",
        f"{MINING}; {AITTRIBUTOR}",
        word=True,
    ),
    agent(
        "crush",
        "crush, charm crush",
        "crush@charm.land charm.land",
        "charmbracelet/crush: internal/agent/tools/bash.tpl",
        word=True,
    ),
    agent(
        "droid",
        "droid, factory droid, factory?, =factory, =factoryai-droid",
        "droid@factory.ai noreply@factory.ai factory-droid[bot] factory-ai[bot] 138933559 "
        "238568704 factory/ factory.ai",
        f"{GIT_AI}; {SEEN}",
        word=True,
    ),
    agent(
        "goose",
        "goose, codename goose",
        "opensource@block.xyz block.xyz",
        f"{AITTRIBUTOR}: people at Block commit under it, too",
        word=True,
        confidence=MEDIUM,
    ),
    agent(
        "opencode",
        "opencode",
        "noreply@opencode.ai opencode@sst.dev opencode-agent[bot] 219766164 opencode/ opencode.ai",
        f"{MINING}; {AITTRIBUTOR}",
    ),
    agent(
        "pi",
        "pi coding agent, pi?",
        "noreply@pi.dev pi@earendil.works pi.dev earendil.works",
        f"{AITTRIBUTOR}; {AIBLAME}",
        ambiguous=True,
    ),
    agent(
        "windsurf",
        "windsurf, windsurf cascade, cascade ai, cascade?, codeium?",
        "noreply@windsurf.com noreply@codeium.com cascade@windsurf.ai cascade@windsurf.com "
        "cascade@windsurf.dev windsurf-bot[bot] 189301087 windsurf-bot/ windsurf.com windsurf.ai "
        "windsurf.dev codeium.com",
        f"{AITTRIBUTOR}; {MINING}; {GIT_AI}",
        ambiguous=True,
    ),
    agent(
        "warp",
        "warp, warp agent, oz?, =oz",
        "oz-agent@warp.dev noreply@warp.dev agent@warp.dev warp.dev",
        f"issue 14; {MINING}; {SEEN}",
        word=True,
    ),
    agent(
        "qwen",
        "qwen, qwen code, qwen coder",
        "qwen-coder@alibabacloud.com noreply@alibabacloud.com alibabacloud.com alibaba.com",
        "QwenLM/qwen-code: packages/core/src/config/config.ts, gitCoAuthor",
    ),
    agent(
        "qoder",
        "qoder, qoder cli, qoderai",
        "noreply@qoder.com qoder_ai@qoder.com qoder.com",
        f"{SEEN} (Co-authored-by, Co-developed-by)",
    ),
    agent("iflow", "iflow, iflow cli", "noreply@iflow.cn iflow.cn", f"{SEEN} (Co-developed-by)"),
    agent(
        "kimi",
        "kimi, kimi code, kimi cli",
        "noreply@moonshot.ai noreply@moonshot.cn noreply@kimi.com moonshot.ai moonshot.cn "
        "kimi.com kimi.ai",
        f"commits of vllm-project/vllm; {SEEN}",
        ambiguous=True,
    ),
    agent(
        "junie",
        "junie, jetbrains junie",
        "junie@jetbrains.com jetbrains-junie[bot] jetbrains.com",
        f"issue 14; {SEEN}",
        ambiguous=True,
    ),
    agent("jetbrains", "", "jetbrains-ai[bot] 220155983", CHAOSS),
    agent(
        "kiro",
        "kiro, kiro cli, kiro agent",
        "noreply@kiro.dev kiro@kiro.dev kiro@aws.amazon.com kiro-noreply@amazon.com "
        "kiro-agent@amazon.com kiro-agent[bot] kiro-agent 244629292 245459735 kiro.dev amazon.com",
        f"{MINING}; {SEEN}",
        ambiguous=True,
    ),
    agent(
        "trae",
        "trae, trae cli, trae agent, traeagent",
        "traeagent@users.noreply.github.com traecli@bytedance.com trae@bytedance.com "
        "noreply@trae.ai trae.ai bytedance.com",
        f"commits of sgl-project/sglang; {SEEN}; {FACTS}",
        ambiguous=True,
    ),
    agent(
        "continue",
        "continue agent, continue cli, continue?",
        "noreply@continue.dev continue[bot] 230936708 continue.dev",
        f"{CHAOSS}; {SEEN}",
        word=True,
    ),
    agent(
        "cody",
        "sourcegraph cody, cody?",
        "sourcegraph-cody[bot] cody[bot] 201248094 sourcegraph.com",
        CHAOSS,
        ambiguous=True,
    ),
    agent(
        "vibe",
        "mistral vibe, vibe?, mistral?",
        "vibe@mistral.ai mistral.ai",
        "mistralai/mistral-vibe: vibe/core/system_prompt.py",
    ),
    agent(
        "letta",
        "letta code, letta?",
        "noreply@letta.com letta-integration[bot] letta-code 300689746 248085862 letta.com",
        "letta-ai/letta-code: src/agent/memory-worktree.ts, and its commits",
        pattern=r"agent-(?:local-)?[0-9a-f]{8}-[0-9a-f-]{27}@letta\.com",
    ),
    agent(
        "sisyphus",
        "sisyphus?",
        "clio-agent@sisyphuslabs.ai sisyphus-dev-ai sisyphuslabs.ai",
        "code-yeongyu/oh-my-opencode: commit footer of git-master, and its commits",
    ),
    agent("codebuff", "codebuff", "noreply@codebuff.com codebuff.com", f"{AIBLAME}; {SEEN}"),
    agent(
        "codebuddy",
        "codebuddy, codebuddy code",
        "noreply@codebuddy.ai codebuddy.ai tencent.com",
        SEEN,
    ),
    agent(
        "forge",
        "forgecode, forge code",
        "noreply@forgecode.dev forgecode.dev",
        f"tailcallhq/forgecode#2213; {SEEN}",
    ),
    agent(
        "firebender",
        "firebender",
        "help@firebender.com firebender.com",
        "commits of git-ai-project/git-ai",
    ),
    agent(
        "hermes",
        "hermes agent, hermes?",
        "noreply@nousresearch.com hermes@nousresearch.com nousresearch.com",
        f"{AIBLAME}; {SEEN}",
        ambiguous=True,
    ),
    agent(
        "grok", "grok, grok build, grok cli", "grok@x.ai grok-build@x.ai x.ai", f"{AIBLAME}; {SEEN}"
    ),
    agent(
        "tabnine",
        "tabnine, tabnine cli, tabnine agent",
        "noreply@tabnine.com tabnine.com",
        f"{SEEN} (Tabnine CLI)",
    ),
    agent("verdent", "verdent", "verdent@verdent.ai noreply@verdent.ai verdent.ai", MINING),
    agent(
        "zed",
        "zed, zed agent, zed ai",
        "assistant@zed.dev zed.dev",
        "theammir/vibesigns.nvim: README",
        word=True,
    ),
    agent(
        "augment",
        "augment code, augment agent, auggie, augment?",
        "noreply@augmentcode.com agent@augmentcode.com augmentcode[bot] augment-app-staging[bot] "
        "182802480 augmentcode.com",
        f"{SEEN}; {LIU}",
    ),
    agent("amplifier", "microsoft amplifier, amplifier?", "microsoft-amplifier", MINING),
    agent("bob", "ibm bob", "ibm-bob 236091442 ibm.com", SEEN),
    agent("sketch", "sketch?", "hello@sketch.dev sketch.dev", MINING),
    agent(
        "swe-agent",
        "swe agent, mini swe agent",
        "noemail@swe-agent.com",
        "SWE-agent/SWE-agent: sweagent/run/hooks/open_pr.py",
    ),
    # Tools known by name alone: no public mark of theirs was found.
    agent("rovo", "rovo dev, rovodev", "atlassian.com", f"{AIBLAME}: name only"),
    agent("plandex", "plandex", "", "no mark found; name only"),
    agent("zencoder", "zencoder", "zencoder.ai", "no mark found; name only"),
    agent(
        "blackbox",
        "blackbox ai, blackboxai, blackbox?",
        "ai@blackbox.ai blackboxai[bot] blackboxai-deploy[bot] blackbox.ai useblackbox.io",
        f"{AIBLAME}: name; {SEEN}",
    ),
    agent("firebase-studio", "firebase studio", "", "no mark found; name only"),
    agent("chatgpt", "", "chatgpt@openai.com chatgpt@chatgpt.com", MINING),
    agent("openai", "openai", "", "name only", ambiguous=True),
    agent("deepseek", "deepseek", "deepseek.com", f"{AIBLAME}: name only", ambiguous=True),
    agent("posthog", "posthog code, posthog desktop", "posthog.com", "PostHog/code#1431"),
    agent("maka", "apache maka, maka?", "", f"{AIBLAME}: Generated-by"),
)
