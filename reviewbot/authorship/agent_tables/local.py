"""Agents that run on a developer's machine: in a terminal or an editor."""

LOCAL = r"""
claude | claude, claude code, =claude-web, =claude-acp | noreply@anthropic.com claude[bot]
    anthropic-claude[bot] anthropic-code-agent[bot] claude-code-action[bot] 81847 209825114
    215619710 208546643 242468646 claude/ anthropic.com anthropic.ai claude.com claude.ai |
    code.claude.com/docs: settings, attribution; chaoss; git-ai | namesake
codex | codex, codex cli, openai codex, openai codex cli, =codex-cloud | noreply@openai.com
    codex@openai.com codex@agent chatgpt-codex-connector[bot] openai-codex[bot]
    openai-code-agent[bot] codex[bot] 199175422 215057067 242516109 267193182 codex/ openai.com
    chatgpt.com | openai/codex#11617 (commit_attribution); chaoss; git-ai
cursor | cursor, cursor agent, cursor cli | cursoragent@cursor.com agent@cursor.com
    composer@anysphere.co cursor@agent cursor[bot] cursoragent 206951365 199161495 cursor/
    cursor.com cursor.sh anysphere.co | forum.cursor.com/t/115782; block/aittributor#15; git-ai |
    namesake
gemini | gemini, gemini cli, gemini code assist, google gemini | gemini-cli-robot@google.com
    gemini-cli-agent@google.com gemini-cli@google.com gemini-code-assist[bot] gemini-cli[bot]
    gemini-cli 176961590 218195315 gemini/ google.com gemini.google.com |
    google-gemini/gemini-cli#11447; chaoss; aittributor | namesake
antigravity | antigravity, google antigravity, antigravity cli, antigravity agent |
    antigravity@google.com antigravity@gemini.ai google.com | issue 14; aiblame; seen
aider | aider | aider@aider.chat noreply@aider.chat aider-chat-bot aider/ aider.chat aider.dev |
    Aider-AI/aider: aider/repo.py; aider.chat/docs/git.html
cline | cline | noreply@cline.bot cline[bot] 205137888 cline/ | chaoss; aittributor | namesake
roo | roo, roo code, roomote, =roo-background | roomote@roocode.com roomote@roomote.dev
    roomote[bot] roomote-v0[bot] roomote-roomote[bot] roomote-agent 219738659 263205322 301996811
    roocode.com roomote.dev | commits of RooCodeInc/Roo-Code; git-ai; agent-mining | namesake
kilo | kilo code, kilocode, kilo? | noreply@kilocode.ai noreply@kilo.ai kilo-code-bot[bot]
    kiloconnect[bot] 240665456 kilocode.ai kilo.ai | aiblame; agent-mining; seen
amp | amp, amp code, amp agent | amp@ampcode.com noreply@ampcode.com amp@sourcegraph.com 289058786
    ampcode.com | agent-mining; aittributor | word
crush | crush, charm crush | crush@charm.land charm.land | charmbracelet/crush:
    internal/agent/tools/bash.tpl | word
droid | droid, factory droid, factory?, =factory, =factoryai-droid | droid@factory.ai
    noreply@factory.ai factory-droid[bot] factory-ai[bot] 138933559 238568704 factory/ factory.ai |
    git-ai; seen | word
goose | goose, codename goose | opensource@block.xyz block.xyz | aittributor: people at Block
    commit under it, too | word shared
opencode | opencode | noreply@opencode.ai opencode@sst.dev opencode-agent[bot] 219766164 opencode/
    opencode.ai | agent-mining; aittributor
pi | pi coding agent, pi? | noreply@pi.dev pi@earendil.works pi.dev earendil.works | aittributor;
    aiblame | namesake
windsurf | windsurf, windsurf cascade, cascade ai, cascade?, codeium? | noreply@windsurf.com
    noreply@codeium.com cascade@windsurf.ai cascade@windsurf.com cascade@windsurf.dev
    windsurf-bot[bot] 189301087 windsurf-bot/ windsurf.com windsurf.ai windsurf.dev codeium.com |
    aittributor; agent-mining; git-ai | namesake
warp | warp, warp agent, oz?, =oz | oz-agent@warp.dev noreply@warp.dev agent@warp.dev warp.dev |
    issue 14; agent-mining; seen | word
qwen | qwen, qwen code, qwen coder | qwen-coder@alibabacloud.com noreply@alibabacloud.com
    alibabacloud.com alibaba.com | QwenLM/qwen-code: packages/core/src/config/config.ts,
    gitCoAuthor
qoder | qoder, qoder cli, qoderai | noreply@qoder.com qoder_ai@qoder.com qoder.com | seen
    (Co-authored-by, Co-developed-by)
iflow | iflow, iflow cli | noreply@iflow.cn iflow.cn | seen (Co-developed-by)
kimi | kimi, kimi code, kimi cli | noreply@moonshot.ai noreply@moonshot.cn noreply@kimi.com
    moonshot.ai moonshot.cn kimi.com kimi.ai | commits of vllm-project/vllm; seen | namesake
junie | junie, jetbrains junie | junie@jetbrains.com jetbrains-junie[bot] jetbrains.com | issue 14;
    seen | namesake
jetbrains | - | jetbrains-ai[bot] 220155983 | chaoss
kiro | kiro, kiro cli, kiro agent | noreply@kiro.dev kiro@kiro.dev kiro@aws.amazon.com
    kiro-noreply@amazon.com kiro-agent@amazon.com kiro-agent[bot] kiro-agent 244629292 245459735
    kiro.dev amazon.com | agent-mining; seen | namesake
trae | trae, trae cli, trae agent, traeagent | traeagent@users.noreply.github.com
    traecli@bytedance.com trae@bytedance.com noreply@trae.ai trae.ai bytedance.com | commits of
    sgl-project/sglang; seen; facts | namesake
continue | continue agent, continue cli, continue? | noreply@continue.dev continue[bot] 230936708
    continue.dev | chaoss; seen | word
cody | sourcegraph cody, cody? | sourcegraph-cody[bot] cody[bot] 201248094 sourcegraph.com | chaoss
    | namesake
vibe | mistral vibe, vibe?, mistral? | vibe@mistral.ai mistral.ai | mistralai/mistral-vibe:
    vibe/core/system_prompt.py
letta | letta code, letta? | noreply@letta.com
    /agent-(?:local-)?[0-9a-f]{8}-[0-9a-f-]{27}@letta\.com/ letta-integration[bot] letta-code
    300689746 248085862 letta.com | letta-ai/letta-code: src/agent/memory-worktree.ts, and its
    commits
sisyphus | sisyphus? | clio-agent@sisyphuslabs.ai sisyphus-dev-ai sisyphuslabs.ai |
    code-yeongyu/oh-my-opencode: commit footer of git-master, and its commits
codebuff | codebuff | noreply@codebuff.com codebuff.com | aiblame; seen
codebuddy | codebuddy, codebuddy code | noreply@codebuddy.ai codebuddy.ai tencent.com | seen
forge | forgecode, forge code | noreply@forgecode.dev forgecode.dev | tailcallhq/forgecode#2213;
    seen
firebender | firebender | help@firebender.com firebender.com | commits of git-ai-project/git-ai
hermes | hermes agent, hermes? | noreply@nousresearch.com hermes@nousresearch.com nousresearch.com
    | aiblame; seen | namesake
grok | grok, grok build, grok cli | grok@x.ai grok-build@x.ai x.ai | aiblame; seen
tabnine | tabnine, tabnine cli, tabnine agent | noreply@tabnine.com tabnine.com | seen (Tabnine
    CLI)
verdent | verdent | verdent@verdent.ai noreply@verdent.ai verdent.ai | agent-mining
zed | zed, zed agent, zed ai | assistant@zed.dev zed.dev | theammir/vibesigns.nvim: README | word
augment | augment code, augment agent, auggie, augment? | noreply@augmentcode.com
    agent@augmentcode.com augmentcode[bot] augment-app-staging[bot] 182802480 augmentcode.com |
    seen; liu
amplifier | microsoft amplifier, amplifier? | microsoft-amplifier | agent-mining
bob | ibm bob | ibm-bob 236091442 ibm.com | seen
sketch | sketch? | hello@sketch.dev sketch.dev | agent-mining
swe-agent | swe agent, mini swe agent | noemail@swe-agent.com | SWE-agent/SWE-agent:
    sweagent/run/hooks/open_pr.py
# Tools known by name alone: no public mark of theirs was found.
rovo | rovo dev, rovodev | atlassian.com | aiblame: name only
plandex | plandex | - | no mark found; name only
zencoder | zencoder | zencoder.ai | no mark found; name only
blackbox | blackbox ai, blackboxai, blackbox? | ai@blackbox.ai blackboxai[bot]
    blackboxai-deploy[bot] blackbox.ai useblackbox.io | aiblame: name; seen
firebase-studio | firebase studio | - | no mark found; name only
chatgpt | - | chatgpt@openai.com chatgpt@chatgpt.com | agent-mining
openai | openai | - | name only | namesake
deepseek | deepseek | deepseek.com | aiblame: name only | namesake
posthog | posthog code, posthog desktop | posthog.com | PostHog/code#1431
maka | apache maka, maka? | - | aiblame: Generated-by
"""
