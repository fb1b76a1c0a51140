"""Pre-train a TopK sparse autoencoder on states of unlabelled code.

Source: PtTrust (arXiv:2504.14640) for the hinge on corrupted lines, Gao et al.
(arXiv:2406.04093) for TopK and AuxK. Scoring uses the weights through `scoring.sae.encode`; a test
compares the two.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from reviewbot.encoders.processor import usable_cores
from reviewbot.errors import ArtifactError
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.sae_data import batches, mean_state, resume, save_checkpoint, states
from reviewbot.train.sae_model import Autoencoder, SaeConfig, measure
from reviewbot.train.shards import read_shard


def fit(
    paths: Sequence[Path],
    config: SaeConfig,
    checkpoint: Path,
    *,
    held_back: int = 1,
    progress: Callable[[int, int, str], None] = lambda _step, _steps, _text: None,
) -> tuple[SparseCoder, dict[str, float]]:
    """Train on all shards but the last `held_back`, measure on those.

    checkpoint  file, written after every epoch; a run with the same config resumes from it
    progress    called with step, steps and a text about the losses
    returns     the coder and its figures (see `measure`)
    raises      ArtifactError where the checkpoint belongs to another run
    """
    if len(paths) <= held_back:
        raise ArtifactError(
            f"{len(paths)} shards are too few to hold {held_back} back, nothing was trained",
            fix="give a larger corpus, or more --tokens",
        )
    train, test = paths[: len(paths) - held_back], paths[len(paths) - held_back :]
    torch.set_num_threads(usable_cores())
    tokens = sum(len(states(read_shard(path), config)) for path in train)
    model = Autoencoder(config, mean_state(train, config))
    rate = config.learning_rate or 2e-4 / math.sqrt(config.features / 2**14)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=rate, eps=6.25e-10, weight_decay=config.decay
    )
    steps = max(1, config.epochs * (tokens // config.batch))
    idle_F = torch.zeros(config.features)
    step, epoch = resume(checkpoint, config, train, model, optimiser, idle_F)
    while epoch < config.epochs:
        order = np.random.default_rng((config.seed, epoch))
        for batch_TD, pair in batches(train, config, order):
            for group in optimiser.param_groups:
                group["lr"] = rate * (1.0 if config.constant_rate else _schedule(step, steps))
            text = _step(model, optimiser, batch_TD, pair, config, step / steps, idle_F, steps)
            step += 1
            progress(min(step, steps), steps, text)
        epoch += 1
        save_checkpoint(checkpoint, config, train, model, optimiser, idle_F, step, epoch)
    coder = model.coder()
    return coder, measure(coder, [read_shard(path) for path in test])


def _step(
    model: Autoencoder,
    optimiser: torch.optim.Optimizer,
    batch_TD: torch.Tensor,
    pair: tuple[torch.Tensor, torch.Tensor],
    config: SaeConfig,
    done: float,
    idle_F: torch.Tensor,
    steps: int,
) -> str:
    pre_TF = model.pre(batch_TD)
    code_TF = model.code(pre_TF)
    residual_TD = batch_TD - (code_TF @ model.dec_FD + model.bias_D)
    fvu = residual_TD.square().sum() / (batch_TD - batch_TD.mean(dim=0)).square().sum()
    loss = _normalised_error(model, batch_TD, pair[1]) if config.plain_loss else fvu
    with torch.no_grad():
        idle_F += 1
        idle_F[(code_TF > 0).any(dim=0)] = 0
    dead_F = idle_F > config.dead_share * steps
    if config.aux and bool(dead_F.any()):
        loss = loss + config.aux * _aux(model, pre_TF, residual_TD.detach(), dead_F)
    hinge = torch.zeros(())
    if config.contrast and done >= config.cold_share and len(pair[0]):
        right, wrong = (model.code(model.pre(side)) for side in pair)
        if config.unit_codes:
            right, wrong = (torch.nn.functional.normalize(side, dim=-1) for side in (right, wrong))
        apart = (right - wrong).square().sum(dim=-1).add(1e-12).sqrt()
        hinge = (config.margin - apart).relu().square().mean()
        loss = loss + config.contrast * hinge
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if config.unit_rows:
        _drop_parallel(model)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    if config.unit_rows:
        with torch.no_grad():
            model.dec_FD.div_(model.dec_FD.norm(dim=1, keepdim=True))
    return f"fvu {fvu.item():.3f} hinge {hinge.item():.3f} dead {int(dead_F.sum())}"


def _normalised_error(
    model: Autoencoder, batch_TD: torch.Tensor, wrong_PD: torch.Tensor
) -> torch.Tensor:
    """Return the mean of squared error / squared length, original and corrupted tokens alike."""
    all_TD = torch.cat([batch_TD, wrong_PD])
    error_TD = all_TD - (model.code(model.pre(all_TD)) @ model.dec_FD + model.bias_D)
    return (error_TD.square().sum(dim=1) / all_TD.square().sum(dim=1).clamp_min(1e-9)).mean()


def _aux(
    model: Autoencoder, pre_TF: torch.Tensor, residual_TD: torch.Tensor, dead_F: torch.Tensor
) -> torch.Tensor:
    """Return the error of the dead features on the residual; the target has no b_dec."""
    width = residual_TD.shape[1]
    count = min(width // 2, int(dead_F.sum()))
    top = pre_TF.masked_fill(~dead_F, -torch.inf).topk(count, dim=-1)
    code_TF = torch.zeros_like(pre_TF).scatter(-1, top.indices, top.values.relu())
    error = (residual_TD - code_TF @ model.dec_FD).square().sum()
    return error / residual_TD.square().sum().clamp_min(1e-9)


def _drop_parallel(model: Autoencoder) -> None:
    """Remove the gradient's part along each unit row: the norm is fixed anyway."""
    grad_FD = model.dec_FD.grad
    if grad_FD is not None and model.enc_DF is not None:
        along_F1 = (grad_FD * model.dec_FD.detach()).sum(dim=1, keepdim=True)
        grad_FD -= along_F1 * model.dec_FD.detach()


def _schedule(step: int, steps: int) -> float:
    """Return the factor of the rate: warm-up over 2 %, decay to 0 over the last 20 %."""
    return min(
        1.0, (step + 1) / max(1, steps // 50), max(0.02, (steps - step) / max(1, steps // 5))
    )
