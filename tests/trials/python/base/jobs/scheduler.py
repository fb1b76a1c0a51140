"""Runs jobs at their time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass
class Job:
    """Something to run once."""

    id: str
    kind: str
    run_at: datetime
    action: Callable[[], None]
    attempts: int = 0


class Scheduler:
    """Holds jobs until they are due."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def add(self, job: Job) -> None:
        """Keep a job."""
        self.jobs.append(job)
