"""Names of code models, as people write them in a disclosure: `claude-opus-4-6`, `GPT-5.2-Codex`.

Only a family together with a version or a variant counts; "Claude" alone is an agent or a person.
"""

# A maker, and how the names of its models begin: "#" is a version, "~" is nothing, "-" or a blank.
FAMILIES = (
    ("Anthropic", "claude~#|claude[- ](?:opus|sonnet|haiku|fable|mythos)(?:[- ]#|(?![a-z]))"),
    ("Anthropic", "(?:opus|sonnet|haiku|fable)[- ]#"),
    ("OpenAI", "(?:chat)?gpt~#|gpt-oss(?![a-z])|codex-(?:mini|max|#)(?![a-z])"),
    ("OpenAI", "o[1345](?=$|-(?:mini|pro|high|preview))"),
    ("Google", "gemini[- ](?:#|pro|flash|ultra|nano)(?![a-z])|(?:code)?gemma~#"),
    ("xAI", "grok[- ](?:#|code|fast)(?![a-z])"),
    ("Alibaba", "qwen~#|qwen-(?:coder|max|plus|turbo)-?|qwq(?![a-z])"),
    ("DeepSeek", "deepseek[- ](?:#|r\\d|chat|coder|reasoner)(?![a-z])"),
    ("Moonshot AI", "kimi[- ](?:k?#|for-coding|latest)(?![a-z])"),
    ("Z.ai", "(?:chat)?glm~#"),
    ("MiniMax", "minimax[- ]m?#"),
    ("Mistral AI", "(?:mistral|ministral)[- ](?:#|large|medium|small)(?![a-z])"),
    ("Mistral AI", "(?:devstral|codestral|magistral|mixtral)(?![a-z])"),
    ("Meta", "(?:meta[- ])?(?:code[- ]?)?llama~#"),
    ("Amazon", "(?:amazon[- .])?nova[- ](?:pro|lite|micro|premier)(?![a-z])"),
    ("Microsoft", "phi-#"),
    ("IBM", "granite-#"),
    ("NVIDIA", "(?:llama-)?nemotron(?![a-z])"),
    ("Xiaomi", "mimo-#"),
    ("ByteDance", "doubao[- ](?:seed|#)"),
    ("Baidu", "ernie[- ]#"),
    ("BigCode", "starcoder~#?(?![a-z])"),
    ("Cursor", "composer-#"),
    ("Cognition", "swe-#"),
)
