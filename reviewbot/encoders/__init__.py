"""Code in, hidden states and next-token signals out (teacher forcing). Nothing generates."""
