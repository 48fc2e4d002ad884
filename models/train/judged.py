"""Chains with a verdict after every step, packed for training the judge.

The judge tokens of a chain stand behind its text in the same row, each with
the position that follows its step and a mask that shows it that prefix only:
what inference computes when it appends one judge token, at one token a label.
"""

import random
from dataclasses import dataclass, field

import torch

from corpus import (IGNORE, LONGEST, STYLE_WEIGHTS, STYLES, g, tokens_of,
                    training_problem)
from chances import error_kind
from tokenizer import DIGIT_IDS, EOS, IDS, encode

NOTICED = {"copy": 0.6, "slip": 0.3, "other": 0.7}
CLEAN, SAMPLED = 0.35, 0.4  # shares of right chains and of drafts' errors
END_OF_TEXT = "<|endoftext|>"


@dataclass
class Chain:
    """Pieces of text and, by step, where it ends and what it is worth."""

    pieces: list
    ends: list = field(default_factory=list)  # tokens up to and with a step
    chances: list = field(default_factory=list)  # of the right final answer
    right: list = field(default_factory=list)
    first_wrong: int = -1  # index of the first wrong token
    length: int = 0

    def add(self, text, learnt=True):
        self.pieces.append((text, learnt))
        self.length += len(encode(text))

    def add_step(self, text, chance, right, learnt=True):
        self.add(text + g.BLANK, learnt)
        self.ends.append(self.length)
        self.chances.append(chance)
        self.right.append(right)


def begin(problem):
    chain = Chain([])
    chain.add(f"<|user|>{problem.prompt()}<|think|>", learnt=False)
    return chain


def add_right(chain, problem, chances, first, last, prefix=""):
    """The right steps first..last-1; prefix opens the first of them."""
    for i, step in enumerate(g.solve(problem)[first:last], first):
        text = prefix + step if i == first else step
        chain.add_step(text, chances.ahead(problem, i + 1), True)


def clean_chain(problem, chances):
    chain = begin(problem)
    add_right(chain, problem, chances, 0, len(problem.active()))
    chain.add(problem.boxed() + END_OF_TEXT)
    return chain


def wrong_chain(rng, problem, at, wrong, chances):
    """Right up to a wrong step, which is then noticed or built upon."""
    right = g.solve(problem)[at]
    chain = begin(problem)
    add_right(chain, problem, chances, 0, at)
    same = common_prefix(wrong + g.BLANK, right + g.BLANK)
    chain.first_wrong = chain.length + len(encode(wrong[:same]))
    chain.add_step(wrong, chances.recovery(problem, at, wrong), False, learnt=False)
    kind = error_kind(wrong, right)
    if rng.random() < NOTICED[kind]:
        add_right(chain, problem, chances, at, len(problem.active()), g.WAIT)
        chain.add(problem.boxed() + END_OF_TEXT)
    elif kind != "other":
        add_consequences(chain, problem, at, g.result_of(wrong), chances)
    return chain


def add_consequences(chain, problem, at, value, chances):
    """The steps and the answer that follow from a wrong value."""
    steps, last = g.solve_on(problem, at + 1, value)
    for step in steps:
        chain.add_step(step, chances.unnoticed(problem, at), False)
    if at + 1 + len(steps) == len(problem.active()) and not problem.choices:
        chain.add(f"\\boxed{{{last}}}{END_OF_TEXT}")


def common_prefix(a, b):
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


@dataclass
class JudgedBatch:
    ids: torch.Tensor  # [B, N] text, then J tokens of each judge
    positions: torch.Tensor  # [B, N]
    mask: torch.Tensor  # [B, N, N]
    n_text: int  # T
    targets: torch.Tensor  # [B, T] next token, or IGNORE
    wrong: torch.Tensor  # [B, T] 1 at the first wrong token, -1 behind it
    chances: torch.Tensor  # [B, J], -1 where there is no step
    right: torch.Tensor  # [B, J]


def pack(chains, judge_tokens):
    """A rectangle of chains; behind them the tokens of each judge in turn."""
    n_text = max(c.length for c in chains)
    n_judge = max(len(c.ends) for c in chains)
    shape, n = (len(chains), n_text), n_text + n_judge * len(judge_tokens)
    batch = JudgedBatch(
        ids=torch.full((len(chains), n), EOS),
        positions=torch.arange(n).repeat(len(chains), 1),
        mask=torch.full((n, n), float("-inf")).triu(1).repeat(len(chains), 1, 1),
        n_text=n_text,
        targets=torch.full(shape, IGNORE),
        wrong=torch.zeros(shape),
        chances=torch.full((len(chains), n_judge), -1.0),
        right=torch.zeros(len(chains), n_judge))
    for row, chain in enumerate(chains):
        fill_text(batch, row, chain)
        fill_labels(batch, row, chain)
        for i, token in enumerate(judge_tokens):
            fill_judge(batch, row, chain.ends, n_text + i * n_judge, IDS[token])
    return batch


def fill_text(batch, row, chain):
    ids, learnt = tokens_of(chain.pieces)
    batch.ids[row, :len(ids)] = torch.tensor(ids)
    target = [t if f else IGNORE for t, f in zip(ids, learnt)]
    batch.targets[row, :len(ids) - 1] = torch.tensor(target[1:])
    batch.wrong[row, len(ids):] = -1
    if chain.first_wrong >= 0:
        batch.wrong[row, chain.first_wrong + 1:] = -1
        batch.wrong[row, chain.first_wrong] = 1


def fill_labels(batch, row, chain):
    n = len(chain.ends)
    batch.chances[row, :n] = torch.tensor(chain.chances)
    batch.right[row, :n] = torch.tensor(chain.right, dtype=torch.float)


def fill_judge(batch, row, ends, first, token):
    """A judge token for each end, seeing the text up to there and itself."""
    for at, end in enumerate(ends, first):
        batch.ids[row, at] = token
        batch.positions[row, at] = end
        batch.mask[row, at, end:at] = float("-inf")


def digit_targets(chances):
    """[n, 10] weights of the two digits around 9 x chance; their mean is it."""
    x = (9 * chances).clamp(0, 9)
    low = x.floor().clamp(max=8).long()
    weights = torch.zeros(len(x), len(DIGIT_IDS))
    weights.scatter_(1, low[:, None], (1 - (x - low))[:, None])
    weights.scatter_(1, low[:, None] + 1, (x - low)[:, None])
    return weights


class JudgedCorpus:
    """Endless judged batches: right chains, drafts' errors, made-up errors."""

    BUCKET = 48

    def __init__(self, seed, tokens, errors, chances, judge_tokens):
        self.rng = random.Random(seed)
        self.tokens, self.errors, self.chances = tokens, errors, chances
        self.judge_tokens, self.buckets = judge_tokens, {}

    def chain(self):
        rng, draw = self.rng, self.rng.random()
        if CLEAN <= draw < CLEAN + SAMPLED:
            problem, at, wrong = self.short_error()
            return wrong_chain(rng, problem, at, wrong, self.chances)
        style = rng.choices(STYLES, STYLE_WEIGHTS)[0]
        problem = training_problem(rng, style, rng.choices(
            range(1, LONGEST + 1), [1 / (n + 6) for n in range(LONGEST)])[0])
        if draw < CLEAN:
            return clean_chain(problem, self.chances)
        at = rng.randrange(len(problem.active()))
        wrong = g.wrong_step(rng, problem.active()[at], problem.values()[at])
        return wrong_chain(rng, problem, at, wrong, self.chances)

    def short_error(self):
        """Of two errors the one in the shorter problem: attention is dear."""
        two = self.rng.choices(self.errors, k=2)
        return min(two, key=lambda error: len(error[0].ops))

    def batch(self):
        """Chains of similar length, `tokens` tokens of them or a few more."""
        while True:
            chain = self.chain()
            key = chain.length // self.BUCKET
            bucket = self.buckets.setdefault(key, [])
            bucket.append(chain)
            if len(bucket) * (key + 1) * self.BUCKET >= self.tokens:
                return pack(self.buckets.pop(key), self.judge_tokens)
