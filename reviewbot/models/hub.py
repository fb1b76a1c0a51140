"""The Hugging Face hub as a source: one official file, or a whole safetensors model."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from reviewbot.errors import EnvironmentFailure, ModelUnavailable
from reviewbot.models import http
from reviewbot.models.cache import Say, disk_errors
from reviewbot.models.http import Progress, SourceError, within
from reviewbot.models.registry import ModelSpec

TRUE = {"1", "on", "yes", "true"}
PATTERNS = ["*.safetensors", "*.json", "merges.txt", "vocab.txt"]  # downloaded of a whole model


def offline(environ: Mapping[str, str]) -> bool:
    """Return True if HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids to ask the hub."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(environ.get(name, "").strip().lower() in TRUE for name in names)


def endpoint(environ: Mapping[str, str]) -> str:
    """Return the hub's address without a trailing slash."""
    from huggingface_hub.constants import ENDPOINT

    return (environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")


def fetch_official(
    spec: ModelSpec, target: Path, environ: Mapping[str, str], progress: Progress
) -> None:
    """Bring the official file of `spec` to `target`, at the pinned revision.

    raises  SourceError with the reason; an unreachable hub costs at most `http.ANSWER_SECONDS`,
            an offline environment nothing
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
    """Return the directory of a hub model and its commit; only safetensors and JSON are downloaded.

    Without `revision`, the newest commit is used and reported. If the hub is unreachable, the cache
    is used.
    raises  ModelUnavailable if neither has it
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    commit, unreachable = revision, "HF_HUB_OFFLINE is set" if offline(environ) else ""
    if not unreachable:
        api = HfApi(endpoint=endpoint(environ))
        try:
            info = within(
                http.ANSWER_SECONDS, lambda: api.model_info(repo, revision=revision, timeout=3)
            )
            commit = info.sha or revision
            say(f"{repo}: commit {commit}")
        except SourceError as exc:
            unreachable = str(exc)
        except HfHubHTTPError as exc:
            raise ModelUnavailable(
                f"nothing was loaded: the hub refused {repo!r}: {str(exc)[:200]}",
                fix="check the model's name and revision (ID or ID@REVISION)",
            ) from exc
        except Exception as exc:  # noqa: BLE001 - the client's network errors have no common base
            unreachable = f"{type(exc).__name__}: {str(exc)[:120]}"
    try:
        with disk_errors(f"{repo} was not stored"):
            directory = Path(
                snapshot_download(
                    repo,
                    revision=commit,
                    cache_dir=cache / "hub",
                    endpoint=endpoint(environ),
                    allow_patterns=PATTERNS,
                    ignore_patterns=["*/*"],  # folders hold other formats
                    etag_timeout=5,
                    local_files_only=bool(unreachable),
                )
            )
    except EnvironmentFailure as exc:
        # the client's own errors are OSErrors too; those of the disk carry a number
        if getattr(exc.__cause__, "errno", None) is not None:
            raise
        raise _failed(repo, exc.__cause__ or exc, unreachable) from exc
    except Exception as exc:
        raise _failed(repo, exc, unreachable) from exc
    return directory, directory.name


def _failed(repo: str, exc: BaseException, unreachable: str) -> ModelUnavailable:
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(exc, LocalEntryNotFoundError):
        return ModelUnavailable(
            f"nothing was loaded: the cache does not hold {repo!r} at that revision, and the hub "
            f"gave nothing ({unreachable})",
            fix="allow access to the hub or a mirror (HF_ENDPOINT), name a commit in the cache "
            "(ID@REVISION), or pass a local directory (./DIR)",
        )
    return ModelUnavailable(
        f"nothing was loaded: fetching {repo!r} failed: {type(exc).__name__}: {str(exc)[:200]}",
        fix="try again: the download resumes; or pass a local directory (./DIR)",
    )
