"""The measured chance that the base still reaches the right answer.

    python3 chances.py base.pt errors.jsonl --out chances.json

Rolls the base out at T=0.6 on training problems, once from the prompt and
once from behind wrong steps, and stores rates: how often an operation of a
kind and width comes out right, and how often each kind of wrong step is
recovered from.  A label is then a product of rates, which has far less noise
than a few rollouts from every prefix.
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import torch

from corpus import STYLE_WEIGHTS, STYLES, g, training_problem
from errors import prefix_of, read_errors
from export import open_model
from sampler import sample_all
from tokenizer import decode, encode

LIMIT = 900
PRIOR_WEIGHT = 4  # a rare kind borrows this many samples from the mean


def step_keys(problem):
    """What the difficulty of each operation depends on."""
    keys, skipped = [], False
    values = iter(problem.values())
    for op in problem.ops:
        if not op.skip:
            width = len(str(max(next(values), op.number)))
            keys.append("after ~" if skipped else f"{op.kind()} {width}")
        skipped = op.skip
    return keys


def error_kind(step, right):
    """copy: operands differ; slip: the work does; other: another step."""
    if step[:2] != right[:2] or g.result_of(step) is None:
        return "other"
    return "copy" if g.miscopied(step, right) else "slip"


class Chances:
    """Labels from measured rates."""

    def __init__(self, rates):
        self.steps, self.errors = rates["steps"], rates["errors"]

    def ahead(self, problem, done):
        """Chance of the right answer after `done` right steps."""
        chance = self.steps["choice" if problem.choices else "answer"]
        for key in step_keys(problem)[done:]:
            chance *= self.steps.get(key, self.steps["mean"])
        return chance

    def recovery(self, problem, at, step):
        """The same when step number `at` has just been written wrongly."""
        kind = error_kind(step, g.solve(problem)[at])
        return self.errors[kind] * self.ahead(problem, at)

    def unnoticed(self, problem, at):
        """The same when a later step has built on the wrong one already."""
        return self.errors["late"] * self.ahead(problem, at)


class Rate:
    def __init__(self):
        self.hits = self.n = 0.0

    def add(self, hit, weight=1.0):
        self.hits += hit
        self.n += weight

    def mean(self, prior=0.5, weight=0.0):
        return min(1.0, (self.hits + prior * weight) / max(self.n + weight, 1e-9))


def roll(base, prefixes, seed):
    outs = sample_all(base, [encode(p) for p in prefixes], LIMIT, seed=seed)
    return [decode(out) for out in outs]


def reached(problem, steps):
    """How many operations were done right, repairs included, and tried."""
    good = g.verdicts(problem, steps[:-1])
    repaired = [step.startswith(g.WAIT) for step in steps[:-1]]
    right = sum(ok and not again for ok, again in zip(good, repaired))
    right += sum(again and ok and not good[i - 1]
                 for i, (ok, again) in enumerate(zip(good, repaired)) if i)
    return min(right, len(problem.active()))


def measure_steps(base, rng, count):
    """Rates by kind of operation, from whole chains."""
    problems = [training_problem(rng, rng.choices(STYLES, STYLE_WEIGHTS)[0],
                                 rng.randint(4, 14)) for _ in range(count)]
    texts = roll(base, [prefix_of(p, 0) for p in problems], seed=1)
    rates, answers = defaultdict(Rate), defaultdict(Rate)
    for problem, text in zip(problems, texts):
        done = reached(problem, text.split(g.BLANK))
        keys = step_keys(problem)
        for i, key in enumerate(keys[:done + 1]):
            rates[key].add(i < done)
        if done == len(keys):
            answers["choice" if problem.choices else "answer"].add(
                g.check_answer(problem, text))
    every = Rate()
    for rate in rates.values():
        every.add(rate.hits, rate.n)
    mean = every.mean()
    steps = {key: rate.mean(mean, PRIOR_WEIGHT) for key, rate in rates.items()}
    steps.update({key: rate.mean() for key, rate in answers.items()}, mean=mean)
    return steps


def measure_errors(base, steps, cases):
    """Rates of recovery by kind of error, right behind it and a step later."""
    chances = Chances({"steps": steps, "errors": {}})
    jobs = []
    for problem, at, step in cases:
        prefix = prefix_of(problem, at) + step + g.BLANK
        jobs.append((error_kind(step, g.solve(problem)[at]), problem, at, prefix))
        follow = built_on(problem, at, step)
        if follow:
            jobs.append(("late", problem, at, prefix + follow + g.BLANK))
    texts = roll(base, [job[-1] for job in jobs], seed=2)
    rates = defaultdict(Rate)
    for (kind, problem, at, _), text in zip(jobs, texts):
        rates[kind].add(g.check_answer(problem, text), chances.ahead(problem, at))
    return {kind: rates[kind].mean() for kind in ("copy", "slip", "other", "late")}


def built_on(problem, at, step):
    """The next step, consistent with a wrong one; "" where there is none."""
    if error_kind(step, g.solve(problem)[at]) == "other":
        return ""
    steps, _ = g.solve_on(problem, at + 1, g.result_of(step))
    return steps[0] if steps else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("errors", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    base, rng = open_model(args.base), random.Random("chances")
    steps = measure_steps(base, rng, args.count)
    cases = rng.sample(list(read_errors(args.errors)), args.count)
    rates = {"steps": steps, "errors": measure_errors(base, steps, cases)}
    args.out.write_text(json.dumps(rates, indent=1, sort_keys=True) + "\n")
    print(args.out.read_text())


if __name__ == "__main__":
    main()
