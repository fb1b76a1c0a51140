"""Shows a reviewer which changed lines nobody should merge unread."""

__version__ = "0.2.0"
