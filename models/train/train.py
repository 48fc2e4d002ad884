"""Train a solver (a draft or the base) from nothing: next-token loss alone.

    python3 train.py base --minutes 45 --out base.pt

Progress is measured in minutes, not steps: rate and curriculum follow the
share of the budget that is used, so that any machine finishes on time.
"""

import argparse
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from corpus import IGNORE, Corpus
from optimizer import Optimizer
from reasoner import Reasoner, Shape, load, save
from tokenizer import VOCAB

N = len(VOCAB)
SHAPES = {
    "draft-s": Shape(2, 64, 2, 2, 32, 160, N),
    "draft-m": Shape(2, 96, 3, 3, 32, 256, N),
    "base": Shape(5, 128, 4, 4, 32, 384, N),
}
BATCH_TOKENS = {"draft-s": 2000, "draft-m": 2000, "base": 2400}
WARM_UP_STEPS, DECAY_FROM = 100, 0.3
SECOND_ROUND = 0.5  # where the curriculum stands when training goes on


def rate_factor(step, progress, warm_up=WARM_UP_STEPS):
    """Warm-up, then linear decay over the last 70 % of the budget."""
    decay = min(1.0, (1.0 - progress) / (1.0 - DECAY_FROM))
    return min(1.0, (step + 1) / warm_up) * max(0.0, decay)


class Log:
    """Averages of what a training loop reports, printed now and then."""

    def __init__(self, every=50):
        self.every, self.sums, self.n = every, {}, 0
        self.start, self.tokens = time.time(), 0

    def add(self, step, progress, n_tokens, **values):
        self.tokens += n_tokens
        self.n += 1
        for key, value in values.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
        if self.n == self.every:
            means = " ".join(f"{k} {v / self.n:.4f}" for k, v in self.sums.items())
            speed = self.tokens / (time.time() - self.start)
            print(f"{step} {100 * progress:.1f}% {means} "
                  f"{self.tokens / 1e6:.2f} M tokens {speed:.0f}/s", flush=True)
            self.sums, self.n = {}, 0


def next_token_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(),
                           ignore_index=IGNORE)


def train(model, corpus, minutes, out, device, begin=0.0):
    """Train from progress `begin` to 1; what is before it was done earlier."""
    optimizer, log = Optimizer(model), Log()
    start = saved = time.time()
    step, progress = 0, begin
    while progress < 1.0:
        progress = begin + (1 - begin) * (time.time() - start) / (60 * minutes)
        batch = corpus.batch(progress)
        logits = model(batch.ids.to(device))
        loss = next_token_loss(logits, batch.targets.to(device))
        loss.backward()
        optimizer.step(rate_factor(step, progress))
        step += 1
        log.add(step, progress, batch.ids.numel(), loss=loss.item())
        if time.time() - saved > 120 or progress >= 1.0:
            saved = time.time()
            save(model, out, tokens=log.tokens, minutes=(saved - start) / 60)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=SHAPES)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--go-on", type=Path, metavar="CHECKPOINT",
                        help="train this one further, at the full curriculum")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    model = load(args.go_on)[0] if args.go_on else Reasoner(SHAPES[args.model])
    model.to(device)
    print(args.model, sum(p.numel() for p in model.parameters()), "parameters")
    corpus = Corpus(args.seed, BATCH_TOKENS[args.model])
    train(model, corpus, args.minutes, args.out, device,
          begin=SECOND_ROUND if args.go_on else 0.0)


if __name__ == "__main__":
    main()
