"""Whether this is a CI job: there, what a developer's own machine says proves nothing."""

from collections.abc import Mapping

CI_VARIABLES = frozenset(  # of systems that do not set CI, or let a job set it to false
    (
        "BUILDKITE",
        "GITHUB_ACTIONS",
        "GITHUB_EVENT_PATH",
        "GITLAB_CI",
        "JENKINS_URL",
        "TEAMCITY_VERSION",
        "TF_BUILD",
    )
)


def in_ci(environ: Mapping[str, str]) -> bool:
    """Return True in a CI job. If only CI is set, and to false, this is no CI job."""
    named = environ.get("CI", "").lower() not in ("", "0", "false")
    return named or not CI_VARIABLES.isdisjoint(environ)
