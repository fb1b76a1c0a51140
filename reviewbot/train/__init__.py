"""Training, beside scoring and on the same ground. Only its own commands import it, lazily."""
