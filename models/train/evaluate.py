"""Measure what the model cards state, on the shipped sets, without the engine.

    python3 evaluate.py solve base.gguf chain-medium --k 16
    python3 evaluate.py judge base.gguf draft-m.gguf chain-medium
    python3 evaluate.py prm prm.gguf draft-m.gguf chain-medium
    python3 evaluate.py chains prm.gguf draft-m.gguf chain-medium --k 1
    python3 evaluate.py sweep base.gguf draft-m.gguf chain-medium --k 2

Every mode prints one JSON object.  Sampling is at T=0.6 throughout.
"""

import argparse
import json
import random
from pathlib import Path

import torch

from corpus import g
from errors import prefix_of, wrong_steps
from export import open_model
from sampler import last_logits, sample_all
from tokenizer import BLANK_ID, DIGIT_IDS, EOS, IDS, decode, encode

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
LIMIT = 1200  # tokens of a chain
STEP_LIMIT, MAX_STEPS = 200, 40
BINS = 5


def parse_problem(entry):
    """The problem of one line of a shipped set."""
    start, *words = entry["problem"].rstrip("?").split(" ")
    problem = g.Problem(int(start), [], entry["choices"] or [])
    results, value = {}, int(start)
    for word in words:
        skip = word[1] == "~"
        sign, operand = word[1 + skip], word[2 + skip:]
        ref = operand[1:] if operand[0] == "@" else ""
        number = results[ref] if ref else int(operand)
        problem.ops.append(g.Op(word[0], sign, number, ref, skip))
        if not skip:
            results[word[0]] = value = g.apply(sign, value, number)
    assert problem.text() == entry["problem"] and problem.answer() == entry["answer"]
    return problem


def load_set(name, limit=None):
    if name.startswith("tune-"):  # held out, not shipped: for choosing settings
        level = name[len("tune-"):]
        return g.problem_set(level, limit or 100, seed=1, wanted=g.TUNE_RESIDUE)
    lines = (DATASETS / f"{name}.jsonl").read_text().splitlines()
    return [parse_problem(json.loads(line)) for line in lines][:limit]


def mean(values):
    return sum(values) / max(len(values), 1)


def roll(model, prefixes, seed):
    outs = sample_all(model, [encode(p) for p in prefixes], LIMIT, seed=seed)
    return [decode(out) for out in outs]


def solve(model, problems, k):
    """pass@1 over k samples, its standard error over problems, length."""
    owners = [p for p in problems for _ in range(k)]
    texts = roll(model, [prefix_of(p, 0) for p in owners], seed=7)
    right = [g.check_answer(p, t) for p, t in zip(owners, texts)]
    means = [mean(right[i:i + k]) for i in range(0, len(right), k)]
    centre = mean(means)
    spread = mean([(m - centre) ** 2 for m in means])
    return {"n_problems": len(problems), "k": k, "pass_at_1": centre,
            "se": (spread / max(len(means) - 1, 1)) ** 0.5,
            "tokens": mean([len(encode(t)) for t in texts]),
            "repaired": mean([g.WAIT in t for t in texts]),
            "truncated": mean([not t.endswith("<|endoftext|>") for t in texts])}


# ---- The judge -------------------------------------------------------------


def expected_digits(base, prefixes):
    logits = last_logits(base, [p + [IDS["<|grade|>"]] for p in prefixes])
    probs = torch.softmax(logits[:, DIGIT_IDS], -1)
    return (probs @ torch.arange(10.0)).tolist()


def goodness(prm, prefixes):
    logits = last_logits(prm, [p + [IDS["<|prm|>"]] for p in prefixes])
    return torch.sigmoid(logits[:, IDS["<|good|>"]] - logits[:, IDS["<|bad|>"]]).tolist()


def auc(scores, labels):
    """Chance that a right step scores above a wrong one."""
    order = sorted(zip(scores, labels))
    ranks, i = 0.0, 0
    while i < len(order):
        j = i
        while j < len(order) and order[j][0] == order[i][0]:
            j += 1
        ranks += sum(label for _, label in order[i:j]) * (i + j + 1) / 2
        i = j
    n_right = sum(labels)
    n_wrong = len(labels) - n_right
    return (ranks - n_right * (n_right + 1) / 2) / max(n_right * n_wrong, 1)


def drafted(draft, problems):
    """(problem, prefix ids with a drafted step, right?) for every step."""
    wrong = {(p.text(), at): text
             for p, at, text in wrong_steps(draft, problems, seed=11)}
    cases = []
    for problem in problems:
        for at, step in enumerate(g.solve(problem)):
            text = wrong.get((problem.text(), at))
            prefix = prefix_of(problem, at) + (text or step + g.BLANK)
            cases.append((problem, encode(prefix), text is None))
    return cases


def calibration(base, cases, digits, count):
    """Per bin of the expected digit: its mean / 9, the measured success."""
    chosen = random.Random(3).sample(range(len(cases)), min(count, len(cases)))
    texts = roll(base, [decode(cases[i][1]) for i in chosen], seed=13)
    bins = [[] for _ in range(BINS)]
    for i, text in zip(chosen, texts):
        at = min(int(digits[i] / 9 * BINS), BINS - 1)
        bins[at].append((digits[i] / 9, g.check_answer(cases[i][0], text)))
    return [{"n": len(b), "digit": mean([d for d, _ in b]),
             "success": mean([s for _, s in b])} for b in bins]


def judge(base, draft, problems, count):
    cases = drafted(draft, problems)
    digits = expected_digits(base, [prefix for _, prefix, _ in cases])
    right = [ok for _, _, ok in cases]
    return {"n_steps": len(cases), "right": mean(right), "auc": auc(digits, right),
            "between_2_and_7": mean([2 <= d <= 7 for d in digits]),
            "kept": {t: mean([d >= t for d in digits]) for t in range(3, 10)},
            "calibration": calibration(base, cases, digits, count)}


# ---- The reward model -------------------------------------------------------


def rate_verdicts(scores, right):
    """How well scores tell right from wrong, and whether they are chances."""
    bins = [[] for _ in range(BINS)]
    for score, ok in zip(scores, right):
        bins[min(int(score * BINS), BINS - 1)].append((score, ok))
    return {"n": len(right), "right": mean(right), "auc": auc(scores, right),
            "accuracy": mean([(s > 0.5) == ok for s, ok in zip(scores, right)]),
            "mean_of_right": mean([s for s, ok in zip(scores, right) if ok]),
            "mean_of_wrong": mean([s for s, ok in zip(scores, right) if not ok]),
            "calibration": [{"n": len(b), "score": mean([s for s, _ in b]),
                             "right": mean([ok for _, ok in b])} for b in bins]}


def by_depth(depths, scores, right):
    """Mean score and share of right steps for each number of steps."""
    rows = {}
    for depth, score, ok in zip(depths, scores, right):
        rows.setdefault(depth, []).append((score, ok))
    return {depth: {"n": len(r), "score": mean([s for s, _ in r]),
                    "right": mean([ok for _, ok in r])}
            for depth, r in sorted(rows.items())}


def judge_prm(prm, draft, problems):
    """Steps of the draft, one behind every right prefix."""
    cases = drafted(draft, problems)
    scores = goodness(prm, [prefix for _, prefix, _ in cases])
    right = [ok for _, _, ok in cases]
    depths = [prefix.count(BLANK_ID) for _, prefix, _ in cases]
    return {**rate_verdicts(scores, right), "depth": by_depth(depths, scores, right)}


def judged_ends(problem, text):
    """(end, right?, a last line?) for every step of a sampled chain."""
    *steps, last = text.split(g.BLANK)
    right, ends, at = g.verdicts(problem, steps), [], 0
    for step, ok in zip(steps, right):
        at += len(step + g.BLANK)
        ends.append((at, ok, False))
    if "\\boxed{" in last:
        done = right[-1:] == [True] and steps[-1].endswith(g.solve(problem)[-1])
        line = last.removesuffix("<|endoftext|>")
        ends.append((at + len(line), done and line == problem.boxed(), True))
    return ends


def judge_chains(prm, model, problems, k):
    """Every step of whole sampled chains, right or lost, and their last lines."""
    owners = [p for p in problems for _ in range(k)]
    starts = [prefix_of(p, 0) for p in owners]
    prefixes, right, last = [], [], []
    for problem, start, text in zip(owners, starts, roll(model, starts, seed=5)):
        for end, ok, line in judged_ends(problem, text):
            prefixes.append(encode(start + text[:end]))
            right.append(ok)
            last.append(line)
    scores = goodness(prm, prefixes)
    parts = {}
    for name, wanted in (("steps", False), ("last_lines", True)):
        kept = [i for i, line in enumerate(last) if line == wanted]
        parts[name] = rate_verdicts([scores[i] for i in kept], [right[i] for i in kept])
    return parts


# ---- Speculated chains ------------------------------------------------------


def next_steps(model, prefixes, seed):
    return sample_all(model, prefixes, STEP_LIMIT, stop=(EOS, BLANK_ID), seed=seed)


def speculate(base, draft, problems, k, threshold):
    """SpecReason: drafted steps stand where their expected digit suffices."""
    owners = [p for p in problems for _ in range(k)]
    chains = [encode(prefix_of(p, 0)) for p in owners]
    live, judged, kept = list(range(len(chains))), 0, 0
    for turn in range(MAX_STEPS):
        prefixes = [chains[i] for i in live]
        drafts = next_steps(draft, prefixes, seed=2 * turn)
        digits = expected_digits(base, [p + d for p, d in zip(prefixes, drafts)])
        ok = [d >= threshold for d in digits]
        again = [p for p, keep in zip(prefixes, ok) if not keep]
        steps = iter(next_steps(base, again, seed=2 * turn + 1))
        for i, step, keep in zip(live, drafts, ok):
            chains[i] = chains[i] + (step if keep else next(steps))
        judged, kept = judged + len(ok), kept + sum(ok)
        live = [i for i in live if chains[i][-1] != EOS]
        if not live:
            break
    right = [g.check_answer(p, decode(c)) for p, c in zip(owners, chains)]
    return {"threshold": threshold, "n": len(owners), "solved": mean(right),
            "kept": kept / judged, "steps": judged / len(owners)}


def sweep(base, draft, problems, k):
    return [speculate(base, draft, problems, k, t) for t in (3, 5, 7, 8, 9)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["solve", "judge", "prm", "chains", "sweep"])
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("set")
    parser.add_argument("--k", type=int, default=16)
    parser.add_argument("--limit", type=int, help="only the first problems")
    parser.add_argument("--rollouts", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    models, problems = [open_model(p) for p in args.models], load_set(args.set, args.limit)
    if args.mode == "solve":
        result = solve(*models, problems, args.k)
    elif args.mode == "judge":
        result = judge(*models, problems, args.rollouts)
    elif args.mode == "prm":
        result = judge_prm(*models, problems)
    elif args.mode == "chains":
        result = judge_chains(*models, problems, args.k)
    else:
        result = sweep(*models, problems, args.k)
    print(json.dumps({"mode": args.mode, "set": args.set, "result": result}))


if __name__ == "__main__":
    main()
