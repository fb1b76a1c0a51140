"""The use cases, without click: what a command does once its arguments are parsed."""
