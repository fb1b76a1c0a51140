"""The ground: frozen values and pure functions. Imports numpy and the standard library only."""
