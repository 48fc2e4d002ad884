"""Teach a trained draft, deepened, to judge steps: a reward model of its own.

    python3 prm.py ../draft-m.gguf --errors errors.jsonl --minutes 45 --out prm.pt

Behind any step the tag <|prm|> is followed by good or bad: is all that counts
so far right?  Nothing else is asked of the finished model.  Two helper losses
speed training up, as they do for the judge: the next token, read where the
draft's layers end, and the first wrong token, read one layer below the top.
"""

import argparse
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from branches import BranchedCorpus
from errors import read_errors
from export import open_model
from judge import Helpers, deepen, to_device
from optimizer import Optimizer
from reasoner import Reasoner, Shape, load, save
from tokenizer import IDS
from train import Log, rate_factor

NEW_LAYERS, FFN = 2, 224
TOKENS = 2000
WEIGHTS = {"prm": 1.0, "below": 0.3, "wrong": 0.5}
WRONG_WEIGHT = 5.0
SIGNS = IDS["<|good|>"], IDS["<|bad|>"]


def narrow(draft, ffn):
    """The draft with the `ffn` most used columns of each feed-forward."""
    shape = Shape(**{**draft.shape.as_dict(), "ffn": min(ffn, draft.shape.ffn)})
    weights = draft.state_dict()
    for i in range(shape.layers):
        gate, up, down = (f"blk.{i}.ffn_{x}.weight" for x in ("gate", "up", "down"))
        use = weights[gate].norm(dim=1) * weights[up].norm(dim=1)
        best = (use * weights[down].norm(dim=0)).topk(shape.ffn).indices
        weights[gate], weights[up] = weights[gate][best], weights[up][best]
        weights[down] = weights[down][:, best]
    model = Reasoner(shape)
    model.load_state_dict(weights)
    return model


def verdict_loss(model, hidden, right):
    """Cross-entropy of good against bad at the tags, and their accuracy."""
    seen = right >= 0
    good, bad = model.logits(hidden[seen])[:, SIGNS].unbind(-1)
    loss = F.binary_cross_entropy_with_logits(good - bad, right[seen])
    return loss, ((good > bad) == (right[seen] > 0)).float().mean()


def losses(model, helpers, batch, taps):
    hidden, below, high = model.hidden(batch.ids, batch.positions, batch.mask,
                                       taps=taps)
    below_loss, wrong_loss = helpers.losses(model, batch, below, high)
    verdicts, hits = verdict_loss(model, hidden, batch.right)
    return {"prm": verdicts, "below": below_loss, "wrong": wrong_loss}, hits


def train(model, helpers, corpus, args, device):
    optimizer, log = Optimizer(model), Log()
    helper_optimizer = torch.optim.AdamW(helpers.parameters(), 3e-3)
    taps = (model.shape.layers - args.new_layers, model.shape.layers - 1)
    start = saved = time.time()
    step, progress = 0, 0.0
    while progress < 1.0:
        progress = (time.time() - start) / (60 * args.minutes)
        batch = to_device(corpus.batch(progress), device)
        parts, hits = losses(model, helpers, batch, taps)
        sum(WEIGHTS[k] * v for k, v in parts.items()).backward()
        factor = args.rate * rate_factor(step, progress, args.warm_up)
        optimizer.step(factor)
        for group in helper_optimizer.param_groups:
            group["lr"] = 3e-3 * factor
        helper_optimizer.step()
        helper_optimizer.zero_grad()
        step += 1
        log.add(step, progress, batch.ids.numel(), hits=hits.item(),
                **{k: v.item() for k, v in parts.items()})
        if time.time() - saved > 120 or progress >= 1.0:
            saved = time.time()
            save(model, args.out, tokens=log.tokens, minutes=(saved - start) / 60,
                 helpers=helpers.state_dict())


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("draft", type=Path, help="or a checkpoint of this script")
    parser.add_argument("--errors", type=Path, nargs="+", required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--new-layers", type=int, default=NEW_LAYERS)
    parser.add_argument("--ffn", type=int, default=FFN)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--warm-up", type=int, default=100, help="steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def open_stage(path, new_layers, ffn):
    """A draft to narrow and deepen, or a checkpoint to go on with."""
    if path.suffix != ".gguf":
        model, facts = load(path)
        if "helpers" in facts:
            helpers = Helpers(model, WRONG_WEIGHT)
            helpers.load_state_dict(facts["helpers"])
            return model, helpers
    model = deepen(narrow(open_model(path), ffn), new_layers)
    return model, Helpers(model, WRONG_WEIGHT)


def main():
    args = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    model, helpers = open_stage(args.draft, args.new_layers, args.ffn)
    print(sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    errors = [error for path in args.errors for error in read_errors(path)]
    corpus = BranchedCorpus(args.seed, TOKENS, errors)
    train(model.to(device), helpers.to(device), corpus, args, device)


if __name__ == "__main__":
    main()
