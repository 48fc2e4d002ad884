"""Teach a trained base to judge steps, by three new layers on top of it.

    python3 judge.py base.pt --errors errors.jsonl --chances chances.json \\
        --minutes 35 --out judge.pt

The judge `grade` says a digit 0-9: nine times the chance that the answer comes
out right from here.  The judge `prm` says good or bad: are this step and all
before it right?  Next-token loss goes on, so that the base keeps solving.  Two
helper losses speed it up and are thrown away afterwards: the next token read
below the new layers, and "this token is the first wrong one" read one layer
below the top.
"""

import argparse
import copy
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from chances import Chances
from errors import read_errors
from judged import JudgedCorpus, digit_targets
from optimizer import Optimizer
from reasoner import Reasoner, RMSNorm, Shape, load, save
from tokenizer import DIGIT_IDS, IDS
from train import Log, next_token_loss, rate_factor

NEW_LAYERS = 3
TOKENS = 1600
JUDGE_TOKENS = {"grade": "<|grade|>", "prm": "<|prm|>"}
WEIGHTS = {"next": 1.0, "grade": 0.2, "prm": 0.2, "below": 0.3, "wrong": 0.5}
WRONG_WEIGHT = 20.0  # one token of hundreds is the first wrong one


def deepen(base, new_layers=NEW_LAYERS):
    """The base with new layers on top that do nothing yet."""
    shape = Shape(**{**base.shape.as_dict(),
                     "layers": base.shape.layers + new_layers})
    model = Reasoner(shape)
    model.load_state_dict(base.state_dict(), strict=False)
    for layer in model.blk[base.shape.layers:]:
        nn.init.zeros_(layer.attn_output.weight)
        nn.init.zeros_(layer.ffn_down.weight)
    return model


class Helpers(nn.Module):
    """Read-outs that exist during training only."""

    def __init__(self, model, wrong_weight=WRONG_WEIGHT):
        super().__init__()
        width = model.shape.width
        self.wrong_weight = wrong_weight
        self.below_norm = copy.deepcopy(model.output_norm)
        self.wrong_norm = RMSNorm(width)
        self.wrong = nn.Linear(width, 1)

    def losses(self, model, batch, below, high):
        n = batch.n_text
        logits = model.logits(self.below_norm(below[:, :n]))
        marks = self.wrong(self.wrong_norm(high[:, :n]))[..., 0]
        seen = batch.wrong >= 0
        wrong = F.binary_cross_entropy_with_logits(
            marks[seen], batch.wrong[seen],
            pos_weight=torch.tensor(self.wrong_weight, device=marks.device))
        return next_token_loss(logits, batch.targets), wrong


def grade_loss(logits, batch):
    """Cross-entropy with the two digits around the labelled chance."""
    seen = batch.chances >= 0
    log_probs = F.log_softmax(logits[seen], -1)[:, DIGIT_IDS]
    weights = digit_targets(batch.chances[seen].cpu()).to(logits.device)
    return -(weights * log_probs).sum(-1).mean()


def prm_loss(logits, batch):
    seen = batch.chances >= 0
    good, bad = IDS["<|good|>"], IDS["<|bad|>"]
    target = torch.where(batch.right[seen] > 0, good, bad)
    return F.cross_entropy(logits[seen], target)


JUDGE_LOSS = {"grade": grade_loss, "prm": prm_loss}


def losses(model, helpers, batch, judges, taps):
    hidden, below, high = model.hidden(batch.ids, batch.positions, batch.mask,
                                       taps=taps)
    text, *verdicts = model.logits(hidden).split(
        [batch.n_text] + [batch.chances.shape[1]] * len(judges), 1)
    below_loss, wrong_loss = helpers.losses(model, batch, below, high)
    return {"next": next_token_loss(text, batch.targets),
            "below": below_loss, "wrong": wrong_loss,
            **{judge: JUDGE_LOSS[judge](logits, batch)
               for judge, logits in zip(judges, verdicts)}}


def to_device(batch, device):
    for name, value in vars(batch).items():
        if torch.is_tensor(value):
            setattr(batch, name, value.to(device))
    return batch


def train(model, helpers, corpus, args, old_layers, device):
    slow = range(old_layers)
    optimizer, log = Optimizer(model, slow), Log()
    helper_optimizer = torch.optim.AdamW(helpers.parameters(), 3e-3)
    taps = (old_layers, model.shape.layers - 1)
    start = saved = time.time()
    step, progress = 0, 0.0
    while progress < 1.0:
        progress = (time.time() - start) / (60 * args.minutes)
        batch = to_device(corpus.batch(), device)
        parts = losses(model, helpers, batch, args.judges, taps)
        sum(WEIGHTS[k] * v for k, v in parts.items()).backward()
        optimizer.step(rate_factor(step, progress, args.warm_up))
        helper_optimizer.step()
        helper_optimizer.zero_grad()
        step += 1
        log.add(step, progress, batch.ids.numel(),
                **{k: v.item() for k, v in parts.items()})
        if time.time() - saved > 120 or progress >= 1.0:
            saved = time.time()
            save(model, args.out, tokens=log.tokens, minutes=(saved - start) / 60,
                 old_layers=old_layers, helpers=helpers.state_dict())


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("--judges", nargs="+", choices=JUDGE_TOKENS,
                        default=list(JUDGE_TOKENS))
    parser.add_argument("--errors", type=Path, required=True)
    parser.add_argument("--chances", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--warm-up", type=int, default=100, help="steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def open_stage(path):
    """A base to deepen, or an earlier stage of this training to go on with."""
    model, facts = load(path)
    old_layers = facts.get("old_layers", model.shape.layers)
    if "old_layers" not in facts:
        model = deepen(model)
    helpers = Helpers(model)
    if "helpers" in facts:
        helpers.load_state_dict(facts["helpers"])
    return model, helpers, old_layers


def main():
    args = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    model, helpers, old_layers = open_stage(args.base)
    chances = Chances(json.loads(args.chances.read_text()))
    corpus = JudgedCorpus(args.seed, TOKENS, list(read_errors(args.errors)),
                          chances, [JUDGE_TOKENS[j] for j in args.judges])
    train(model.to(device), helpers.to(device), corpus, args, old_layers, device)


if __name__ == "__main__":
    main()
