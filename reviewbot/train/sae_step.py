"""One step of training, in which all processes take part.

A loss is a sum over a process's own tokens divided by the number of all, so that the sum of the
gradients is the gradient of the whole batch. A process without tokens adds zeros.

Source: PtTrust (arXiv:2504.14640) for the hinge on corrupted lines, Gao et al.
(arXiv:2406.04093) for TopK and AuxK.
"""

import math

import torch
from torch.nn.functional import normalize

from reviewbot.errors import EnvironmentFailure
from reviewbot.train.ranks import Ranks
from reviewbot.train.sae_buffer import Part
from reviewbot.train.sae_model import Autoencoder, SaeConfig
from reviewbot.train.sae_replica import Replica


def train_step(
    replica: Replica, part: Part, variance: float, config: SaeConfig, ranks: Ranks
) -> str:
    """Train on a batch; return a text on its losses.

    variance  of the buffer
    raises    EnvironmentFailure where a loss or gradient is not finite; the weights are as before
    """
    model, cursor = replica.model, replica.cursor
    total = config.tokens * config.epochs
    done = cursor.trained / total
    states_TD = part.states_TD.to(ranks.device)
    pre_TF = model.pre(states_TD)
    indices_TK, values_TK = model.strongest(pre_TF)
    residual_TD = states_TD - (model.decode(indices_TK, values_TK) + model.bias_D)
    spread = part.tokens * variance
    fvu = residual_TD.square().sum() / spread
    loss = fvu
    if config.plain_loss:
        loss = _normalised_error(model, torch.cat([states_TD, part.wrong_PD.to(ranks.device)]))
        loss = loss / (part.tokens + part.pairs)
    # Whether a feature is dead is known before the batch: else the processes had to agree twice.
    dead_F = replica.idle_F > config.dead_share * total
    if config.aux and bool(dead_F.any()):
        error = _dead_error(model, pre_TF, residual_TD.detach(), dead_F)
        loss = loss + config.aux * error / (spread * max(cursor.fvu, 1e-9))
    hinge = torch.zeros((), device=ranks.device)
    if config.contrast and done >= config.cold_share and part.pairs:
        sides = (part.right_PD.to(ranks.device), part.wrong_PD.to(ranks.device))
        hinge = _hinge(model, *sides, config) / part.pairs
        loss = loss + config.contrast * hinge
    replica.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    fired_F = torch.zeros_like(model.bias_F)
    fired_F[indices_TK[values_TK > 0]] = 1
    fired_F, losses = _add_up(model, fired_F, torch.stack([fvu.detach(), hinge.detach()]), ranks)
    replica.idle_F += part.tokens
    replica.idle_F[fired_F > 0] = 0
    if config.unit_rows:
        _drop_parallel(model)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if not math.isfinite(norm + losses.sum()):
        raise EnvironmentFailure(
            f"the loss is not finite after {cursor.trained} tokens, so training stopped; the last "
            "checkpoint is as it was",
            fix="train with --dtype fp32",
        )
    for group in replica.optimiser.param_groups:
        group["lr"] = replica.rate * (1.0 if config.constant_rate else _schedule(done))
    replica.optimiser.step()
    if config.unit_rows:
        with torch.no_grad():
            model.dec_FD.div_(model.dec_FD.norm(dim=1, keepdim=True))
    cursor.trained += part.tokens
    cursor.fvu = float(losses[0])
    return f"fvu {cursor.fvu:.3f}, hinge {losses[1]:.3f}, dead {int(dead_F.sum())}"


def _add_up(
    model: Autoencoder, fired_F: torch.Tensor, losses: torch.Tensor, ranks: Ranks
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add up gradients, firings and losses over the processes, all in one message."""
    if ranks.world == 1:
        return fired_F, losses
    grads = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    parts = [*grads, fired_F, losses]
    total = ranks.sum(torch.cat([part.flatten() for part in parts]))
    *summed, fired_F, losses = torch.split(total, [part.numel() for part in parts])
    for grad, values in zip(grads, summed, strict=True):
        grad.copy_(values.view_as(grad))
    return fired_F, losses


def _normalised_error(model: Autoencoder, all_TD: torch.Tensor) -> torch.Tensor:
    """Return the sum of squared error / squared length of some tokens."""
    rebuilt_TD = model.decode(*model.strongest(model.pre(all_TD))) + model.bias_D
    squared_T = (all_TD - rebuilt_TD).square().sum(dim=1)
    return (squared_T / all_TD.square().sum(dim=1).clamp_min(1e-9)).sum()


def _dead_error(
    model: Autoencoder, pre_TF: torch.Tensor, residual_TD: torch.Tensor, dead_F: torch.Tensor
) -> torch.Tensor:
    """Return the squared error of the dead features on the residual; the target has no b_dec."""
    count = min(residual_TD.shape[1] // 2, int(dead_F.sum()))
    top = pre_TF.masked_fill(~dead_F, -torch.inf).topk(count, dim=-1)
    return (residual_TD - model.decode(top.indices, top.values.relu())).square().sum()


def _hinge(
    model: Autoencoder, right_PD: torch.Tensor, wrong_PD: torch.Tensor, config: SaeConfig
) -> torch.Tensor:
    """Return the sum of max(0, margin - distance of a pair's codes) ** 2."""
    right, wrong = (model.code(model.pre(side)) for side in (right_PD, wrong_PD))
    if config.unit_codes:
        right, wrong = normalize(right, dim=-1), normalize(wrong, dim=-1)
    apart_P = (right - wrong).square().sum(dim=-1).add(1e-12).sqrt()
    return (config.margin - apart_P).relu().square().sum()


def _drop_parallel(model: Autoencoder) -> None:
    """Remove the gradient's part along each unit row: the norm is fixed anyway."""
    grad_FD = model.dec_FD.grad
    if grad_FD is not None and model.enc_DF is not None:
        along_F1 = (grad_FD * model.dec_FD.detach()).sum(dim=1, keepdim=True)
        grad_FD -= along_F1 * model.dec_FD.detach()


def _schedule(done: float) -> float:
    """Return the factor of the rate: warm-up over 2 %, decay to 0 over the last 20 %."""
    return min(1.0, 0.02 + done / 0.02, max(0.02, (1 - done) / 0.2))
