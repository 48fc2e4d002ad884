"""Chains with wrong steps as side branches, packed for training a reward model.

A row holds one chain, its trunk, and behind it the sides: tokens that leave
the trunk somewhere and end with the tag that asks for a verdict.  A side of
the tag alone judges a step of the trunk; any other side is a step (or a last
line) that might stand there instead, from the first token that differs.
Positions and mask make each side what inference computes for that prefix, at
the price of the tokens that the trunk has not got.
"""

import random
from bisect import bisect_right
from dataclasses import dataclass

import torch

from corpus import IGNORE, LONGEST, STYLE_WEIGHTS, STYLES, g, training_problem
from judged import END_OF_TEXT, clean_chain, fill_text, wrong_chain
from tokenizer import EOS, IDS, encode

TAG = IDS["<|prm|>"]
LOST = 0.35  # share of trunks that hold a wrong step
FRESH = 0.2  # share of problems in which no model has erred
SWAPPED = 0.4  # share of steps that get a made-up wrong side
MOST_ERRORS = 8  # of one row: attention is dear
SHORT, FULL_LENGTH_AT = 6, 0.6  # problems grow from SHORT steps until then


class NoChances:
    """Labels of the other judge, which nobody reads here."""

    def ahead(self, *_):
        return 0.0

    recovery = unnoticed = ahead


@dataclass
class Side:
    """A leaf of the tree: the trunk's first `end` tokens, then `ids`."""

    end: int
    ids: list  # the last one is the tag
    right: bool
    wrong: bool = False  # the first of ids is the first wrong token


@dataclass
class Row:
    chain: object  # judged.Chain
    sides: list

    def length(self):
        return self.chain.length + sum(len(s.ids) for s in self.sides)


# ---- Wrong steps and wrong last lines --------------------------------------


def confused_step(rng, problem, at):
    """A step worked without a slip, but not the one that is due; or None."""
    op, value = problem.active()[at], problem.values()[at]
    other = rng.choice(near_ops(problem, op) or [op])
    kind = rng.randrange(5)
    if kind == 0:  # another entry as it stands
        op = other
    elif kind == 1:  # under the right name
        op = g.Op(op.name, other.sign, other.number, other.ref)
    elif kind == 2:  # its operand with the right sign
        op = g.Op(op.name, op.sign, other.number, other.ref)
    elif kind == 3:  # the result of some operation instead of the operand
        name, number = rng.choice(results(problem, at) or [("", 0)])
        op = g.Op(op.name, rng.choice("+-"), number, name)
    else:  # an older value as the running one
        value = rng.choice(problem.values()[:at + 1])
    if op.number == 0 or not works(op, value):
        return None
    return g.step_text(op, value)[0]


def near_ops(problem, op):
    """Entries up to three places away."""
    at = problem.ops.index(op)
    return [o for o in problem.ops[max(at - 3, 0):at + 4] if o is not op]


def results(problem, done):
    return [(op.name, value) for op, value in
            zip(problem.active()[:done], problem.values()[1:])]


def works(op, value):
    """Whether the notation can write the step out."""
    if op.sign == "*" and (op.number > 99 or op.number > 9 and op.number % 10 == 0):
        return False
    return 0 <= g.apply(op.sign, value, op.number) < g.LIMIT


def mistyped_step(rng, right):
    """One digit of a right step changed, all else as it was."""
    at = rng.choice([i for i, c in enumerate(right) if c.isdigit()])
    digit = rng.choice([d for d in "0123456789" if d != right[at]])
    return right[:at] + digit + right[at + 1:]


def made_up_step(rng, problem, at):
    """A wrong step of some kind."""
    right, text = g.solve(problem)[at], None
    while text is None or text == right:
        draw = rng.random()
        if draw < 0.5:
            text = confused_step(rng, problem, at)
        elif draw < 0.65:
            text = mistyped_step(rng, right)
        else:
            text = g.wrong_step(rng, problem.active()[at], problem.values()[at])
    return text


def wrong_line(rng, problem):
    """A last line with a wrong answer, behind the last step."""
    if problem.choices:
        letter = rng.choice([k for k in "ABCD" if f"{{{k}}}" not in problem.boxed()])
        return f"{problem.boxed()[:-3]}{{{letter}}}"
    value = rng.choice(problem.values()[:-1])
    if value == problem.values()[-1] or rng.random() < 0.6:
        value = g.change_digit(rng, problem.values()[-1])
    return f"\\boxed{{{value}}}"


def early_line(problem, done):
    """The last line too early, or None where it holds the right answer."""
    value = problem.values()[done]
    if problem.choices or str(value) == problem.answer():
        return None
    return f"\\boxed{{{value}}}"


def step_too_many(rng, problem):
    """One more operation behind the last one."""
    op = rng.choice(problem.ops)
    name = g.NAMES[(g.NAMES.index(problem.ops[-1].name) + 1) % len(g.NAMES)]
    op = g.Op(rng.choice([name, op.name]), op.sign, op.number, op.ref)
    value = problem.values()[-1]
    works_out = op.number > 0 and works(op, value)
    return g.step_text(op, value)[0] + g.BLANK if works_out else None


# ---- Rows -------------------------------------------------------------------


class Grower:
    """Adds sides to one trunk."""

    def __init__(self, chain):
        self.row = Row(chain, [])
        self.ids = [i for text, _ in chain.pieces for i in encode(text)]

    def verdict(self, end, right):
        self.row.sides.append(Side(end, [TAG], right))

    def branch(self, start, text, right=False, marked=True):
        """What stands at token `start` instead of the trunk."""
        ids, same = encode(text), 0
        while same < len(ids) and self.ids[start + same:][:1] == ids[same:same + 1]:
            same += 1
        if same < len(ids):
            self.row.sides.append(
                Side(start + same, ids[same:] + [TAG], right, marked and not right))


def row_of(rng, problem, errors, lost):
    """A tree around a problem; errors are (number of the step, wrong text)."""
    n_steps = len(problem.active())
    at, wrong = rng.choice(errors)
    chain = (wrong_chain(rng, problem, at, wrong, NoChances()) if lost
             else clean_chain(problem, NoChances()))
    grower, at = Grower(chain), at if lost else n_steps
    starts = [grower.ids.index(IDS["<|think|>"]) + 1] + chain.ends
    for end, right in zip(chain.ends, chain.right):
        grower.verdict(end, right)
    add_wrong_sides(grower, chain, errors, at, starts)
    if lost:
        add_way_back(rng, grower, problem, at, starts[at + 1])
    add_last_lines(rng, grower, problem, starts)
    return grower.row


def add_wrong_sides(grower, chain, errors, at, starts):
    """Each error beside the step whose place it takes."""
    for i, text in errors:
        # A repair stands one step later than what it repairs.
        place = i + (i > at)
        if place < len(chain.ends) and chain.right[place] or i == at:
            grower.branch(starts[place], text + g.BLANK)


def add_way_back(rng, grower, problem, at, start):
    """Behind a wrong step: taking it back, rightly, wrongly, or not at all."""
    right = g.solve(problem)[at]
    grower.branch(start, g.WAIT + right + g.BLANK, right=True)
    grower.branch(start, g.WAIT + made_up_step(rng, problem, at) + g.BLANK,
                  marked=False)
    if at + 1 < len(problem.active()):
        grower.branch(start, g.solve(problem)[at + 1] + g.BLANK, marked=False)


def add_last_lines(rng, grower, problem, starts):
    """Verdicts on the last line, with and without the end of text."""
    chain = grower.row.chain
    if chain.pieces[-1][0].endswith(END_OF_TEXT):
        right = chain.right[-1] and g.check_answer(problem, chain.pieces[-1][0])
        grower.verdict(chain.length - 1, right)
        grower.verdict(chain.length, right)
    end = rng.choice(["", END_OF_TEXT])
    if chain.right[-1]:
        grower.branch(starts[-1], wrong_line(rng, problem) + end)
        more = step_too_many(rng, problem)
        if more and rng.random() < 0.3:
            grower.branch(starts[-1], more)
    done = rng.randrange(1, len(starts) - 1) if len(starts) > 2 else 0
    if done and all(chain.right[:done]) and early_line(problem, done):
        grower.branch(starts[done], early_line(problem, done) + end)


@dataclass
class BranchedBatch:
    ids: torch.Tensor  # [B, N] trunk, then the sides one after the other
    positions: torch.Tensor  # [B, N]
    mask: torch.Tensor  # [B, N, N]
    n_text: int  # N
    targets: torch.Tensor  # [B, N] next token of the trunk, or IGNORE
    wrong: torch.Tensor  # [B, N] 1 at a first wrong token, -1 where unknown
    right: torch.Tensor  # [B, N] the verdict at a tag, -1 elsewhere


def pack(rows):
    """A rectangle of rows."""
    n = max(row.length() for row in rows)
    shape = (len(rows), n)
    batch = BranchedBatch(
        ids=torch.full(shape, EOS),
        positions=torch.arange(n).repeat(len(rows), 1),
        mask=torch.full((n, n), float("-inf")).triu(1).repeat(len(rows), 1, 1),
        n_text=n,
        targets=torch.full(shape, IGNORE),
        wrong=torch.zeros(shape),
        right=torch.full(shape, -1.0))
    for i, row in enumerate(rows):
        fill_text(batch, i, row.chain)
        at = row.chain.length
        for side in row.sides:
            fill_side(batch, i, at, side)
            at += len(side.ids)
    return batch


def fill_side(batch, row, at, side):
    """The tokens of a side at column `at` on, seeing their prefix only."""
    n = len(side.ids)
    batch.ids[row, at:at + n] = torch.tensor(side.ids)
    batch.positions[row, at:at + n] = torch.arange(side.end, side.end + n)
    batch.mask[row, at:at + n, side.end:at] = float("-inf")
    batch.wrong[row, at:at + n] = -1
    if side.wrong:
        batch.wrong[row, at] = 1
    batch.right[row, at + n - 1] = float(side.right)


class BranchedCorpus:
    """Endless batches of trees around errors of real models and made-up ones."""

    BUCKET = 64

    def __init__(self, seed, tokens, errors):
        self.rng, self.tokens, self.buckets = random.Random(seed), tokens, {}
        by_text = {}
        for problem, at, wrong in errors:
            _, found = by_text.setdefault(problem.prompt(), (problem, []))
            found.append((at, wrong))
        self.problems = sorted(by_text.values(), key=lambda p: len(p[0].active()))
        self.sizes = [len(problem.active()) for problem, _ in self.problems]

    def row(self, progress=1.0):
        rng = self.rng
        longest = SHORT + min(1.0, progress / FULL_LENGTH_AT) * (LONGEST - SHORT)
        problem, errors = self.problem(int(longest))
        made_up = [i for i in range(len(problem.active()))
                   if rng.random() < SWAPPED or not errors and i == 0]
        errors = errors + [(i, made_up_step(rng, problem, i)) for i in made_up]
        rng.shuffle(errors)
        return row_of(rng, problem, errors[:MOST_ERRORS], rng.random() < LOST)

    def problem(self, longest):
        """A problem of at most `longest` steps, and where models err in it."""
        rng, known = self.rng, bisect_right(self.sizes, longest)
        if known and rng.random() >= FRESH:
            # Of two the one with fewer steps, since they are sorted.
            return self.problems[min(rng.randrange(known) for _ in range(2))]
        style = rng.choices(STYLES, STYLE_WEIGHTS)[0]
        lengths = range(1, longest + 1)
        weights = [1 / (n + 6) for n in lengths]
        return training_problem(rng, style, rng.choices(lengths, weights)[0]), []

    def batch(self, progress=1.0):
        """Rows of similar length, `tokens` tokens of them or a few more."""
        while True:
            row = self.row(progress)
            key = row.length() // self.BUCKET
            bucket = self.buckets.setdefault(key, [])
            bucket.append(row)
            if len(bucket) * (key + 1) * self.BUCKET >= self.tokens:
                return pack(self.buckets.pop(key))
