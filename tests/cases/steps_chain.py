#!/usr/bin/env python3
"""Writes steps_chain.txt: solutions and the verdict of each of their steps.

    python3 tests/cases/steps_chain.py > tests/cases/steps_chain.txt

Problems, steps and slips are datasets/generate.py's; the verdicts are those of
its own checker, which compares whole texts with a reference solution.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "datasets"))
import generate as g  # noqa: E402


def expected(problem, steps):
    """right, wrong or unknown for each step; a boxed answer is the last."""
    solution = g.solve(problem) + [problem.boxed()]
    verdicts, out = g.verdicts(problem, steps), []
    for i, step in enumerate(steps):
        before = verdicts[i - 1] if i else True
        if "boxed" in step:
            verdicts[i] = before and step == solution[i]
        known = before and not step.startswith(g.WAIT)
        out.append(("wrong", "right")[verdicts[i]] if known else "unknown")
    return out


def show(name, problem, steps):
    print(f"=== {name}", problem.prompt(), *steps, "---",
          " ".join(expected(problem, steps)), sep="\n")


def slipped(rng, problem, at):
    """A wrong step whose result or operands differ, and what follows from it."""
    op, value = problem.active()[at], problem.values()[at]
    right = g.step_text(op, value)[0]
    while True:
        wrong = g.wrong_step(rng, op, value)
        result = g.result_of(wrong)
        if result is None or result >= g.LIMIT:
            continue
        if g.miscopied(wrong, right) or result != g.result_of(right):
            return [wrong] + g.solve_on(problem, at + 1, result)[0]


def cases(rng, level, i):
    problem = g.make_problem(rng, g.LEVELS[level])
    if level == "choice":
        g.add_choices(rng, problem)
    steps = g.solve(problem)
    at = rng.randrange(len(steps))
    wrong = slipped(rng, problem, at)
    show(f"{level} {i}: solved", problem, steps + [problem.boxed()])
    show(f"{level} {i}: a slip", problem, steps[:at] + wrong)
    show(f"{level} {i}: a slip, taken back", problem,
         steps[:at] + wrong[:1] + [g.WAIT + steps[at]] + steps[at + 1:])
    show(f"{level} {i}: a step is left out", problem,
         steps[:at] + steps[at + 1:] + [problem.boxed()])
    show(f"{level} {i}: boxed too early", problem,
         steps[:-1] + [problem.boxed()])


def main():
    print("Chain problems, steps, and what the checker says of each step.")
    print("Written by steps_chain.py beside this file.")
    rng = random.Random("steps-chain")
    for level in g.LEVELS:
        for i in range(3):
            cases(rng, level, i)


if __name__ == "__main__":
    main()
