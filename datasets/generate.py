#!/usr/bin/env python3
"""Generator of the chain problems, their worked solutions and a step checker.

A problem is a running value and named operations on it:

    105 a+131 b*34 c~-7 d-@a e%7?

Start at 105, add 131, multiply by 34, skip `c` (a `~` marks a distractor),
subtract the result of operation `a`, take the remainder by 7.  A solution has
one step per operation, steps are separated by a blank line, and the last line
is `\\boxed{answer}`:

    a:105+131;5+1=6,0+3=3,1+1=2;236

Every character of a solution is one small look-up away from what stands
before it: operands are restated first, and arithmetic is column work, least
digit first.  All equations are true ones: a borrow is written 5-7=8-10.

Only the standard library is used, and every text is a function of a seed.

    generate.py --write DIR    write the shipped sets
    generate.py --self-test    check the invariants that the rest relies on
"""

import argparse
import json
import operator
import random
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

NAMES = "abcdefghijklmnopqrstuvwx"
LIMIT = 100000  # every value of a chain stays below this
BLANK = "\n\n"

# ---- Problems -------------------------------------------------------------


@dataclass
class Op:
    """One entry of a problem: `b*34`, `d-@a`, or a distractor `c~-7`."""

    name: str
    sign: str
    number: int
    ref: str = ""  # name of the operation whose result is the operand
    skip: bool = False

    def text(self):
        operand = "@" + self.ref if self.ref else str(self.number)
        return f"{self.name}{'~' if self.skip else ''}{self.sign}{operand}"

    def kind(self):
        if self.ref:
            return "ref"
        return "**" if self.sign == "*" and self.number > 9 else self.sign


@dataclass
class Problem:
    start: int
    ops: list
    choices: list = field(default_factory=list)

    def text(self):
        return f"{self.start} {' '.join(op.text() for op in self.ops)}?"

    def prompt(self):
        """The text that a model sees: options follow the problem."""
        labels = zip("ABCD", self.choices)
        return self.text() + "".join(f" {k}:{v}" for k, v in labels)

    def active(self):
        return [op for op in self.ops if not op.skip]

    def values(self):
        """The running value before the first operation and after each."""
        values = [self.start]
        for op in self.active():
            values.append(apply(op.sign, values[-1], op.number))
        return values

    def answer(self):
        return str(self.values()[-1])

    def boxed(self):
        """The last line; options are read one by one up to the right one."""
        answer = self.answer()
        if not self.choices:
            return f"\\boxed{{{answer}}}"
        at = self.choices.index(answer)
        seen = list(zip("ABCD", self.choices))[:at + 1]
        return ",".join(f"{k}:{v}" for k, v in seen) + f"\\boxed{{{'ABCD'[at]}}}"


OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul,
             "%": operator.mod}


def apply(sign, a, b):
    return OPERATORS[sign](a, b)


@dataclass
class Level:
    """How hard problems are: how many steps, which operations, how wide."""

    steps: tuple
    weights: dict  # kind of operation -> weight
    digits: int = 3  # widest operand of + and -
    skip: float = 0.0  # chance of a distractor before an operation
    wide: int = 999  # largest value that takes a two-digit factor


LEVELS = {
    "easy": Level((3, 5), {"+": 4, "-": 4, "*": 2, "%": 1}),
    "medium": Level((6, 10), {"+": 6, "-": 6, "*": 4, "%": 2, "**": 2, "ref": 1},
                    skip=0.15),
    "hard": Level((10, 16), {"+": 3, "-": 3, "*": 2, "%": 2, "**": 3, "ref": 2},
                  skip=0.1),
    "choice": Level((3, 8), {"+": 3, "-": 3, "*": 2, "%": 1, "**": 1, "ref": 1}),
}


def make_problem(rng, level, steps=None):
    """A problem with the given number of steps (or one that the level allows)."""
    steps = steps or rng.randint(*level.steps)
    start = random_number(rng, 3)
    value, ops, results = start, [], {}
    while steps > 0:
        name = NAMES[len(ops)]
        skip = rng.random() < level.skip and len(ops) + steps < len(NAMES)
        op = make_op(rng, level, name, value, results)
        op.skip = skip
        ops.append(op)
        if not skip:
            value = apply(op.sign, value, op.number)
            results[name] = value
            steps -= 1
    return Problem(start, ops)


def make_op(rng, level, name, value, results):
    """An operation that keeps the running value within its limits."""
    kinds, weights = zip(*level.weights.items())
    while True:
        kind = rng.choices(kinds, weights)[0]
        op = propose_op(rng, level, kind, name, value, results)
        if op and 0 <= apply(op.sign, value, op.number) < LIMIT:
            return op


def propose_op(rng, level, kind, name, value, results):
    """An operation of one kind, or None where the kind does not fit."""
    if kind == "ref":
        if not results:
            return None
        ref = rng.choice(list(results))
        return Op(name, rng.choice("+-"), results[ref], ref)
    if kind == "%":
        return Op(name, "%", rng.randint(3, 9)) if value > 9 else None
    if kind == "**":
        factor = 10 * rng.randint(2, 9) + rng.randint(2, 9)
        return Op(name, "*", factor) if 9 < value <= level.wide else None
    if kind == "*":
        return Op(name, "*", rng.randint(2, 9)) if value > 1 else None
    return Op(name, kind, random_number(rng, level.digits))


def random_number(rng, digits):
    """A positive number whose length is uniform, so short ones are common."""
    n = rng.randint(1, digits)
    return rng.randint(10 ** (n - 1), 10 ** n - 1)


def add_choices(rng, problem):
    """Four options: the answer, near misses of it, in random order."""
    answer = problem.values()[-1]
    options = {answer}
    while len(options) < 4:
        options.add(near_miss(rng, answer))
    problem.choices = [str(v) for v in sorted(options)]
    rng.shuffle(problem.choices)
    return problem


def near_miss(rng, value):
    """Another number: one digit changed, or one of similar length."""
    digits = list(str(value))
    if rng.random() < 0.5:
        digits[rng.randrange(len(digits))] = str(rng.randint(1, 9))
        return int("".join(digits))
    return random_number(rng, min(len(digits) + 1, 5))


# ---- Solutions ------------------------------------------------------------


class Slips:
    """Deliberate slips in column results; the default makes none.

    `at` is the index of the column result to change, `by` the change.  What
    follows the changed result stays consistent with it, as after a slip of
    the pen.
    """

    def __init__(self, at=-1, by=0):
        self.at, self.by, self.seen = at, by, 0

    def result(self, value):
        hit = self.seen == self.at
        self.seen += 1
        return abs(value + self.by) if hit else value


def digits_of(value):
    """Digits of a number, least first."""
    return [int(c) for c in reversed(str(value))]


def number_from(digits):
    return int("".join(map(str, reversed(digits))))


def pad(digits, n):
    return digits + [0] * (n - len(digits))


def columns_add(a, b, slips):
    """Texts of the columns of a+b, and the sum."""
    da, db = digits_of(a), digits_of(b)
    n = max(len(da), len(db))
    texts, out, carry = [], [], 0
    for x, y in zip(pad(da, n), pad(db, n)):
        total = slips.result(x + y + carry)
        texts.append(f"{x}+{y}{'+1' if carry else ''}={total}")
        out.append(total % 10)
        carry = 1 if total > 9 else 0
    return texts, number_from(out + [carry])


def columns_sub(a, b, slips):
    """Texts of the columns of a-b; a borrow shows as `5-7=8-10`."""
    da = digits_of(a)
    texts, out, borrow = [], [], 0
    for x, y in zip(da, pad(digits_of(b), len(da))):
        low = x - y - borrow < 0
        digit = slips.result(x - y - borrow + 10 * low) % 10
        texts.append(f"{x}-{y}{'-1' if borrow else ''}={digit}{'-10' if low else ''}")
        out.append(digit)
        borrow = 1 if low else 0
    return texts, number_from(out)


def columns_mul(a, factor, slips):
    """Texts of the columns of a times one digit, and the product."""
    texts, out, carry = [], [], 0
    for x in digits_of(a):
        product = x * factor
        total = slips.result(product + carry)
        middle = f"+{carry}={product}+{carry}" if carry else ""
        texts.append(f"{x}*{factor}{middle}={total}")
        out.append(total % 10)
        carry = total // 10
    return texts, number_from(out + [carry])


def columns_mod(a, modulus, slips):
    """Texts of the remainders, greatest digit first, and the last one."""
    texts, rest = [], 0
    for x in reversed(digits_of(a)):
        head = f"{rest}{x}" if rest else f"{x}"
        rest = slips.result((10 * rest + x) % modulus) % 10
        texts.append(f"{head}%{modulus}={rest}")
    return texts, rest


def columns_long(a, factor, slips):
    """Texts of a times a two-digit factor: two partial products, their sum."""
    tens, ones = divmod(factor, 10)
    low_texts, low = columns_mul(a, ones, slips)
    high_texts, high = columns_mul(a, tens, slips)
    sum_texts, total = columns_add(low, high * 10, slips)
    work = (f"{a}*{ones}:{','.join(low_texts)}:{low};"
            f"{a}*{tens}:{','.join(high_texts)}:{high};"
            f"{low}+{high}0:{','.join(sum_texts)}")
    return [work], total


def step_text(op, value, number=None, slips=None):
    """One worked step and its result; `number` replaces the operand."""
    number = op.number if number is None else number
    slips = slips or Slips()
    columns = {"+": columns_add, "-": columns_sub, "*": columns_mul,
               "%": columns_mod}[op.sign]
    if op.sign == "*" and number > 9:
        columns = columns_long
    texts, result = columns(value, number, slips)
    operand = f"@{op.ref}={number}" if op.ref else str(number)
    return f"{op.name}:{value}{op.sign}{operand};{','.join(texts)};{result}", result


def solve(problem):
    """The texts of all steps; the last line is `problem.boxed()`."""
    values = problem.values()
    return [step_text(op, v)[0] for op, v in zip(problem.active(), values)]


# ---- Wrong steps ----------------------------------------------------------


def change_digit(rng, value):
    """The number with one digit changed, never with a leading zero added."""
    digits = list(str(value))
    at = rng.randrange(len(digits))
    low = 1 if at == 0 and len(digits) > 1 else 0
    digits[at] = str(rng.choice([d for d in range(low, 10) if str(d) != digits[at]]))
    return int("".join(digits))


def wrong_step(rng, op, value):
    """A plausible wrong step for op: a slip in a column or a wrong copy."""
    right = step_text(op, value)[0]
    while True:
        if rng.random() < 0.7:
            text = slipped_step(rng, op, value)
        else:
            text = miscopied_step(rng, op, value)
        if text and text != right:
            return text


def slipped_step(rng, op, value):
    counter = Slips()
    step_text(op, value, slips=counter)
    by = rng.choice([-1, 1, -2, 2, 10])
    return step_text(op, value, slips=Slips(rng.randrange(counter.seen), by))[0]


def miscopied_step(rng, op, value):
    number = op.number
    if rng.random() < 0.5:
        value = change_digit(rng, value)
    else:
        number = change_digit(rng, number)
    if number == 0 or (op.sign == "-" and value < number):
        return None
    if op.sign == "*" and number > 9 and number % 10 == 0:
        return None
    return step_text(op, value, number)[0]


# ---- Checking -------------------------------------------------------------

WAIT = "Wait,"  # opens a step that repairs an earlier one


def verdicts(problem, steps):
    """After each step: is everything that counts so far right?

    `Wait,c:...` replaces step `c` and all after it, so a repaired chain is
    right again.
    """
    right = solve(problem)
    names = [op.name for op in problem.active()]
    chain, out = [], []
    for step in steps:
        body = step[len(WAIT):] if step.startswith(WAIT) else step
        if body is not step and body[:1] in names[:len(chain)]:
            del chain[names.index(body[:1]):]
        at = len(chain)
        chain.append(at < len(right) and body == right[at])
        out.append(all(chain))
    return out


def miscopied(step, right):
    """Whether a wrong step already differs in its restated operands."""
    return step.partition(";")[0] != right.partition(";")[0]


def result_of(step):
    """The number that a step ends with, or None where there is none."""
    tail = step.rpartition(";")[2]
    return int(tail) if tail.isdigit() and len(tail) <= 6 else None


def solve_on(problem, done, value):
    """The steps that follow when step number `done` ended with `value`.

    They are consistent with that value, and stop where it leads nowhere.
    """
    results = dict(zip((op.name for op in problem.active()), problem.values()[1:]))
    results[problem.active()[done - 1].name] = value
    steps = []
    for op in problem.active()[done:]:
        number = results[op.ref] if op.ref else op.number
        if not 0 <= apply(op.sign, value, number) < LIMIT:
            break
        text, value = step_text(op, value, number)
        results[op.name] = value
        steps.append(text)
    return steps, value


def check_answer(problem, text):
    """Whether the last \\boxed{} of a response holds the right answer."""
    given, expected = (t.rpartition("\\boxed{")[2] for t in (text, problem.boxed()))
    return given.startswith(expected)


# ---- Sets -----------------------------------------------------------------

TEST_RESIDUE, TUNE_RESIDUE, RESIDUES = 0, 1, 64


def fnv1a64(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def residue(problem):
    """0: shipped sets, 1: tuning, anything else: training."""
    return fnv1a64(problem.text()) % RESIDUES


def held_out(problem):
    return residue(problem) in (TEST_RESIDUE, TUNE_RESIDUE)


def problem_set(level_name, count, seed, wanted=TEST_RESIDUE):
    """`count` different problems of a level whose residue is the wanted one."""
    rng = random.Random(f"{level_name}/{seed}")
    level, seen, problems = LEVELS[level_name], set(), []
    while len(problems) < count:
        problem = make_problem(rng, level)
        if residue(problem) != wanted or problem.text() in seen:
            continue
        seen.add(problem.text())
        if level_name == "choice":
            add_choices(rng, problem)
        problems.append(problem)
    return problems


def record(prefix, level_name, index, problem):
    kinds = sorted({op.kind() for op in problem.active()})
    if any(op.skip for op in problem.ops):
        kinds.append("~")
    return {
        "id": f"{prefix}-{level_name}-{index:03d}",
        "problem": problem.text(),
        "choices": problem.choices or None,
        "answer": problem.answer(),
        "tags": [f"steps:{len(problem.active())}"] + [f"op:{k}" for k in kinds],
    }


def write_sets(folder, tuning=False):
    wanted = TUNE_RESIDUE if tuning else TEST_RESIDUE
    prefix = "tune" if tuning else "chain"
    for name in LEVELS:
        problems = problem_set(name, 100, seed=1, wanted=wanted)
        lines = [json.dumps(record(prefix, name, i, p)) for i, p in enumerate(problems)]
        (folder / f"{prefix}-{name}.jsonl").write_text("\n".join(lines) + "\n")


# ---- Self-test ------------------------------------------------------------


def equation_holds(text):
    """Whether `3*3+1=9+1=10` is true; remainders count as an operation."""
    plain = re.sub(r"\b0+(?=\d)", "", text)  # 05 is no Python number
    sides = [eval(side, {"__builtins__": {}}) for side in plain.split("=")]
    return len(set(sides)) == 1


def check_verdicts(rng, problem, steps):
    """A wrong first step stays wrong until it is repaired."""
    wrong = wrong_step(rng, problem.active()[0], problem.start)
    assert not any(verdicts(problem, [wrong] + steps[1:]))
    repaired = [wrong, WAIT + steps[0]] + steps[1:]
    assert verdicts(problem, repaired) == [False] + [True] * len(steps)


def self_test():
    rng = random.Random("self-test")
    for i in range(4000):
        level = LEVELS[list(LEVELS)[i % len(LEVELS)]]
        problem = make_problem(rng, level)
        steps, values = solve(problem), problem.values()
        for op, value, result, step in zip(problem.active(), values, values[1:], steps):
            assert step.endswith(f";{result}"), (problem.text(), step)
            assert wrong_step(rng, op, value) != step
            work = step.split(";", 1)[1].rsplit(";", 1)[0]
            if ":" not in work:
                assert all(map(equation_holds, work.split(","))), step
        assert max(values) < LIMIT and min(values) >= 0
        assert all(verdicts(problem, steps))
        assert solve_on(problem, 1, values[1]) == (steps[1:], values[-1])
        check_verdicts(rng, problem, steps)
        assert check_answer(problem, BLANK.join(steps + [problem.boxed()]))
    texts = [p.text() for n in LEVELS for p in problem_set(n, 100, seed=1)]
    assert len(set(texts)) == len(texts)
    assert fnv1a64("a") == 0xAF63DC4C8601EC8C
    print("ok")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="DIR")
    parser.add_argument("--tuning", action="store_true", help="write the tuning sets")
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    if args.self_test:
        self_test()
    elif args.write:
        write_sets(args.write, args.tuning)
    else:
        parser.print_help()
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
