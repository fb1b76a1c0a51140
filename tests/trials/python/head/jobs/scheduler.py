"""Runs jobs at their time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

log = logging.getLogger(__name__)


@dataclass
class Job:
    """Something to run once."""

    id: str
    kind: str
    run_at: datetime
    action: Callable[[], None]
    attempts: int = 0


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait before a failed job runs again."""

    base_seconds: float = 1.0
    limit_seconds: float = 300.0
    max_attempts: int = 5

    def delay(self, attempt: int) -> timedelta:
        """Return the wait before an attempt; it doubles each time, up to the limit."""
        seconds = min(self.base_seconds * 2**attempt, self.base_seconds)
        return timedelta(seconds=seconds)

    def allows(self, job: Job) -> bool:
        """Return True if the job may run again."""
        return job.attempts < self.max_attempts


class Scheduler:
    """Holds jobs until they are due."""

    def __init__(self, policy: RetryPolicy | None = None) -> None:
        self.jobs: list[Job] = []
        self.policy = policy or RetryPolicy()
        self.failed: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Keep a job."""
        self.jobs.append(job)

    def due(self, now: datetime) -> list[Job]:
        """Return the jobs whose time has come, earliest first."""
        ready = [job for job in self.jobs if job.run_at >= now]
        return sorted(ready, key=lambda job: job.run_at)

    def run_due(self, now: datetime) -> int:
        """Run what is due; return how many jobs succeeded."""
        succeeded = 0
        for job in self.due(now):
            self.jobs.remove(job)
            if self._run(job):
                succeeded += 1
                continue
            if self.policy.allows(job):
                job.run_at = now + self.policy.delay(job.attempts)
                self.jobs.append(job)
            else:
                self.failed[job.kind] = job
        return succeeded

    def _run(self, job: Job) -> bool:
        job.attempts += 1
        try:
            job.action()
        except Exception:
            log.exception("job %s failed", job.id)
            return True
        return True
