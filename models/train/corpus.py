"""Training rows: problems with worked chains, by a curriculum, as batches.

A row is a list of (text, learnt) pieces; tokens of pieces that are not learnt
(problems, wrong steps) carry no loss.  A batch holds rows of similar length,
so that little of it is padding.
"""

import random
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "datasets"))
import generate as g  # noqa: E402
from tokenizer import EOS, encode  # noqa: E402

IGNORE = -100
LONGEST = 16
RECALL_UNTIL, FULL_LENGTH_AT = 0.08, 0.45
STYLES = ["easy", "medium", "hard", "choice"]
STYLE_WEIGHTS = [2, 4, 4, 1]


@dataclass
class Batch:
    ids: torch.Tensor  # [rows, tokens]
    targets: torch.Tensor  # next token, or IGNORE


def recall_row(rng, progress):
    """`a=39;c=62;` and the same pairs again and again in random order."""
    growth = min(1.0, progress / RECALL_UNTIL)
    names = rng.sample(g.NAMES, 2 + int(growth * 6))
    pairs = [f"{n}={g.random_number(rng, 4)};" for n in names]
    rounds = [rng.sample(pairs, len(pairs)) for _ in range(4)]
    return [("".join(map("".join, rounds)), True)]


def training_problem(rng, style, steps):
    """A problem of the training stream: its text is in no held-out set."""
    while True:
        problem = g.make_problem(rng, g.LEVELS[style], steps)
        if not g.held_out(problem):
            break
    return g.add_choices(rng, problem) if style == "choice" else problem


def chain_row(rng, problem, slip_rate):
    """A solved problem; now and then a wrong step, noticed and repaired."""
    steps = g.solve(problem)
    wrong_at = rng.randrange(len(steps)) if rng.random() < slip_rate else -1
    pieces = [(f"<|user|>{problem.prompt()}<|think|>", False)]
    ops, values = problem.active(), problem.values()
    for i, step in enumerate(steps):
        if i == wrong_at:
            pieces.append((g.wrong_step(rng, ops[i], values[i]) + g.BLANK, False))
            step = g.WAIT + step
        pieces.append((step + g.BLANK, True))
    pieces.append((problem.boxed() + "<|endoftext|>", True))
    return pieces


def tokens_of(pieces):
    """Ids of a row and whether each is learnt."""
    ids, learnt = [], []
    for text, flag in pieces:
        part = encode(text)
        ids += part
        learnt += [flag] * len(part)
    return ids, learnt


def collate(rows):
    """Pad rows of (ids, learnt) to a rectangle of ids and next targets."""
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), longest), EOS)
    targets = torch.full((len(rows), longest), IGNORE)
    for i, (row, learnt) in enumerate(rows):
        ids[i, :len(row)] = torch.tensor(row)
        target = [t if f else IGNORE for t, f in zip(row, learnt)]
        targets[i, :len(row) - 1] = torch.tensor(target[1:])
    return Batch(ids, targets)


class Corpus:
    """Endless batches; what they hold depends on the progress of training."""

    BUCKET = 48  # rows whose lengths share a multiple of this share a batch

    def __init__(self, seed, tokens, longest=LONGEST, slip_rate=0.08):
        self.rng = random.Random(seed)
        self.tokens, self.longest, self.slip_rate = tokens, longest, slip_rate
        self.buckets = {}

    def steps_at(self, progress):
        """How many steps the next problem has; 0 means recall."""
        draw = self.rng.random()
        if progress < RECALL_UNTIL or draw < 0.08:
            return 0
        if draw < 0.25:
            return 1
        ramp = (progress - RECALL_UNTIL) / (FULL_LENGTH_AT - RECALL_UNTIL)
        most = 1 + int(min(1.0, ramp) * (self.longest - 1))
        lengths = range(1, most + 1)
        return self.rng.choices(lengths, [1 / (n + 2) for n in lengths])[0]

    def row(self, progress):
        steps = self.steps_at(progress)
        if steps == 0:
            return recall_row(self.rng, progress)
        style = self.rng.choices(STYLES, STYLE_WEIGHTS)[0]
        problem = training_problem(self.rng, style, steps)
        return chain_row(self.rng, problem, self.slip_rate)

    def batch(self, progress):
        """Rows of similar length, `tokens` tokens of them or a few more."""
        while True:
            row = tokens_of(self.row(progress))
            key = len(row[0]) // self.BUCKET
            bucket = self.buckets.setdefault(key, [])
            bucket.append(row)
            if len(bucket) * (key + 1) * self.BUCKET >= self.tokens:
                return collate(self.buckets.pop(key))
