"""The Hugging Face hub as a source: one official file, or a whole safetensors model."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from reviewbot.errors import EnvironmentFailure, ModelUnavailable
from reviewbot.models import http
from reviewbot.models.cache import disk_errors
from reviewbot.models.progress import Progress, Say, SourceError, within
from reviewbot.models.registry import ModelSpec

TRUE = {"1", "on", "yes", "true"}
WANTED = ["*.safetensors", "*.json", "merges.txt", "vocab.txt"]


def offline(environ: Mapping[str, str]) -> bool:
    """Whether the environment forbids to ask the hub (HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE)."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(environ.get(name, "").strip().lower() in TRUE for name in names)


def endpoint(environ: Mapping[str, str]) -> str:
    """The hub's address without a slash at the end."""
    from huggingface_hub.constants import ENDPOINT

    return (environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")


def fetch_official(
    spec: ModelSpec, target: Path, environ: Mapping[str, str], progress: Progress
) -> None:
    """Bring the official file of `spec` to `target`, at the pinned revision.

    raises  SourceError with the reason; costs at most `http.ANSWER` seconds if the hub is out of
            reach, none if the environment says offline
    """
    if spec.repo is None or spec.revision is None:
        raise SourceError("this model is on no hub")
    if offline(environ):
        raise SourceError("skipped, HF_HUB_OFFLINE is set")
    url = f"{endpoint(environ)}/{spec.repo}/resolve/{spec.revision}/{quote(spec.filename)}"
    http.fetch(url, target, spec.size, f"{spec.name} from the hub", progress)


def snapshot(
    repo: str, revision: str | None, cache: Path, environ: Mapping[str, str], say: Say
) -> tuple[Path, str]:
    """Return the directory of a hub model and its commit; only safetensors and JSON are fetched.

    Without `revision` the newest commit is asked for, and said. What the cache holds is used when
    the hub is out of reach.
    raises  ModelUnavailable if neither has it
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    commit, why = revision, "HF_HUB_OFFLINE is set"
    reachable = not offline(environ)
    if reachable:
        api = HfApi(endpoint=endpoint(environ))
        try:
            info = within(http.ANSWER, lambda: api.model_info(repo, revision=revision, timeout=3))
            commit = info.sha or revision
        except SourceError as exc:
            reachable, why = False, str(exc)
        except HfHubHTTPError as exc:
            raise ModelUnavailable(
                f"nothing was loaded: the hub refused {repo!r}: {str(exc)[:200]}",
                fix="check the model's name and revision (ID or ID@REVISION)",
            ) from exc
        except Exception as exc:  # noqa: BLE001 - the hub client's network errors have no common base
            reachable, why = False, f"{type(exc).__name__}: {str(exc)[:120]}"
    if reachable:
        say(f"{repo}: commit {commit}")
    try:
        with disk_errors(f"{repo} was not stored"):
            directory = Path(
                snapshot_download(
                    repo,
                    revision=commit,
                    cache_dir=cache / "hub",
                    endpoint=endpoint(environ),
                    allow_patterns=WANTED,
                    ignore_patterns=["*/*"],  # other formats lie in folders
                    etag_timeout=5,
                    local_files_only=not reachable,
                )
            )
    except EnvironmentFailure as exc:
        # the client's own errors are OSErrors too; those of the disk carry a number
        if getattr(exc.__cause__, "errno", None) is not None:
            raise
        raise _refused(repo, exc.__cause__ or exc, why) from exc
    except Exception as exc:
        raise _refused(repo, exc, why) from exc
    return directory, directory.name


def _refused(repo: str, exc: BaseException, why: str) -> ModelUnavailable:
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(exc, LocalEntryNotFoundError):
        return ModelUnavailable(
            f"nothing was loaded: the cache does not hold {repo!r} at that revision, and the hub "
            f"gave nothing ({why})",
            fix="allow access to the hub or a mirror (HF_ENDPOINT), name the commit that the cache "
            "holds (ID@REVISION), or pass a local directory (./DIR)",
        )
    return ModelUnavailable(
        f"nothing was loaded: fetching {repo!r} failed: {type(exc).__name__}: {str(exc)[:200]}",
        fix="try again: what was fetched is kept; or pass a local directory (./DIR)",
    )
