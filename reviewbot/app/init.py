"""The files that `reviewbot init` can write into a repository, and why it does not write one."""

import os
from collections.abc import Callable, Mapping
from importlib import resources

from reviewbot.app.new_files import FileWrite, require_place
from reviewbot.app.pre_commit import has_hooks, new_file, with_hooks
from reviewbot.app.survey import PRE_COMMIT_FILE, SETTINGS_FILE, WORKFLOWS, Survey
from reviewbot.config.load import from_files, settings_from, toml_value
from reviewbot.errors import UsageError
from reviewbot.git.remotes import GITHUB, GITLAB
from reviewbot.render.jinja import markdown_environment, template

SCHEMA_FILE = ".reviewbot.schema.json"
WORKFLOW_FILE = f"{WORKFLOWS}/reviewbot.yml"


def settings_files(found: Survey) -> tuple[FileWrite, ...]:
    """Return .reviewbot.toml, and the schema that its first line names for editors.

    raises  UsageError if there are settings already
    """
    if found.settings:
        where = found.settings[0]
        raise UsageError(
            f"nothing was written: {where} exists already",
            fix=f"edit {where}; docs/settings.md lists the settings",
        )
    require_place(found.top, SETTINGS_FILE)
    page = markdown_environment().from_string(template("settings.toml.j2"))
    exclude = tuple(f"{name}/" for name, _ in found.folders)
    text = page.render(schema=SCHEMA_FILE, exclude=toml_value(exclude) if exclude else "")
    data = text.encode()
    # Refuse here what `check` would refuse later.
    settings_from(*from_files(found.top, {SETTINGS_FILE: data}.get))
    files = [FileWrite(SETTINGS_FILE, data)]
    schema = (resources.files("reviewbot") / "schemas" / "settings_v1.json").read_bytes()
    require_place(found.top, SCHEMA_FILE)
    return (*files, FileWrite(SCHEMA_FILE, schema))


def workflow_files(found: Survey) -> tuple[FileWrite, ...]:
    """Return the ready workflow for pull requests.

    raises  UsageError if another forge hosts the repository, or a workflow runs reviewbot already
    """
    if found.forge.name not in ("", GITHUB):
        gitlab = found.forge.name == GITLAB
        page = "docs/gitlab.md" if gitlab else "docs/jenkins.md, or docs/editors.md for reviewdog"
        raise UsageError(
            f"nothing was written: {found.forge.name} hosts this repository, and the workflow is"
            f" for {GITHUB}",
            fix=f"follow {page}",
        )
    if found.workflows:
        path = found.workflows[0]
        raise UsageError(
            f"nothing was written: {path} runs reviewbot already",
            fix=f"edit {path}; docs/github.md has other workflows",
        )
    require_place(found.top, WORKFLOW_FILE)
    return (FileWrite(WORKFLOW_FILE, template("pull-request.yml").encode()),)


def pre_commit_files(found: Survey) -> tuple[FileWrite, ...]:
    """Return the configuration of pre-commit with our hooks.

    raises  UsageError if it has them already, or cannot be extended safely
    """
    if not os.path.lexists(found.top / PRE_COMMIT_FILE):
        return (FileWrite(PRE_COMMIT_FILE, new_file().encode()),)
    by_hand = "add the lines by hand, as docs/hooks.md shows"
    if found.pre_commit is None:
        raise UsageError(
            f"nothing was written: {PRE_COMMIT_FILE} is a link, or cannot be read", fix=by_hand
        )
    try:
        text = found.pre_commit.decode()
    except UnicodeDecodeError as exc:
        raise UsageError(
            f"nothing was written: {PRE_COMMIT_FILE} is not UTF-8", fix=by_hand
        ) from exc
    if has_hooks(text):
        raise UsageError(
            f"nothing was written: {PRE_COMMIT_FILE} runs reviewbot already",
            fix="edit its entry; docs/hooks.md shows the hooks",
        )
    if (extended := with_hooks(text)) is None:
        raise UsageError(
            f"nothing was written: {PRE_COMMIT_FILE} has a form that init cannot extend safely",
            fix=by_hand,
        )
    return (FileWrite(PRE_COMMIT_FILE, extended.encode(), before=found.pre_commit),)


FLAGS: Mapping[str, Callable[[Survey], tuple[FileWrite, ...]]] = {
    "settings": settings_files,
    "workflow": workflow_files,
    "pre-commit": pre_commit_files,
}
