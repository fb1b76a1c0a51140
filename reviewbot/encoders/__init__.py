"""Code in, hidden states and next-token signals out, by teacher forcing. Nothing generates text.

Encoders, tokenizer, windows and reading plan. No scores, no settings. A framework is imported only
by the module of its engine.
"""
