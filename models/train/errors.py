"""Wrong steps as drafts really make them.

    python3 errors.py draft-m.pt draft-s.pt --count 20000 --out errors.jsonl

Draws training problems, lets a draft sample every step of the right chain at
T=0.6, and keeps the steps that come out wrong.
"""

import argparse
import json
import random
from dataclasses import asdict
from pathlib import Path

import torch

from corpus import STYLES, STYLE_WEIGHTS, g, training_problem
from export import open_model
from sampler import pick, sample_all
from tokenizer import BLANK_ID, EOS, decode, encode

CHUNK = 64  # chains looked at in one go
STEP_LIMIT = 160
TEMPERATURE = 0.6


def prefix_of(problem, done):
    """The prompt and the first `done` right steps."""
    steps = "".join(s + g.BLANK for s in g.solve(problem)[:done])
    return f"<|user|>{problem.prompt()}<|think|>{steps}"


def draw(rng):
    style = rng.choices(STYLES, STYLE_WEIGHTS)[0]
    return training_problem(rng, style, rng.randint(2, 16))


@torch.no_grad()
def sampled_next(draft, ids, generator, temperature):
    """For every prefix of a right chain, the token that the draft samples."""
    logits = draft(torch.tensor([ids]))[0]
    return pick(logits, temperature, generator).tolist()


def deviations(draft, problem, generator, temperature):
    """(step, prefix, text so far) of every step in which the draft errs.

    One pass over the right chain shows all of them: as long as the sampled
    tokens agree with the chain, sampling token by token would have seen the
    same prefixes.
    """
    found = []
    ids = encode(prefix_of(problem, len(problem.active())))
    guesses = sampled_next(draft, ids, generator, temperature)
    begin = len(encode(prefix_of(problem, 0)))
    for at, step in enumerate(g.solve(problem)):
        end = begin + len(encode(step + g.BLANK))
        for i in range(begin, end):
            if guesses[i - 1] != ids[i]:
                found.append((at, ids[:begin], ids[begin:i] + [guesses[i - 1]]))
                break
        begin = end
    return found


def complete(draft, cases, seed, temperature):
    """The wrong steps, sampled on from where they went wrong."""
    ends = (EOS, BLANK_ID)
    prefixes = [prefix + start for _, prefix, start in cases]
    live = [i for i, (_, _, start) in enumerate(cases) if start[-1] not in ends]
    outs = sample_all(draft, [prefixes[i] for i in live], STEP_LIMIT, stop=ends,
                      temperature=temperature, seed=seed) if live else []
    rest = dict(zip(live, outs))
    return [decode(start + rest.get(i, []))
            for i, (_, _, start) in enumerate(cases)]


def wrong_steps(draft, problems, seed, temperature=TEMPERATURE):
    """(problem, number of the step, text) of every step that goes wrong."""
    generator = torch.Generator().manual_seed(seed)
    owners, cases = [], []
    for problem in problems:
        found = deviations(draft, problem, generator, temperature)
        owners += [problem] * len(found)
        cases += found
    texts = complete(draft, cases, seed, temperature)
    return [(p, at, text) for p, (at, _, _), text in zip(owners, cases, texts)]


def as_entries(found):
    """Stored form of the wrong steps that are text and ended with a blank line."""
    for problem, at, text in found:
        if text.endswith(g.BLANK) and text.isascii():
            step = text[:-len(g.BLANK)]
            yield {"problem": asdict(problem), "at": at, "step": step}


def read_errors(path):
    """(problem, number of the step, wrong text) of every stored line."""
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        fields = entry["problem"]
        ops = [g.Op(**op) for op in fields["ops"]]
        problem = g.Problem(fields["start"], ops, fields["choices"])
        yield problem, entry["at"], entry["step"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("drafts", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--temperature", type=float, default=TEMPERATURE)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rng, drafts = random.Random(args.seed), [open_model(p) for p in args.drafts]
    tried = kept = 0
    with args.out.open("w") as out:
        while kept < args.count:
            problems = [draw(rng) for _ in range(CHUNK)]
            draft = drafts[tried // CHUNK % len(drafts)]
            for entry in as_entries(wrong_steps(draft, problems, tried,
                                                args.temperature)):
                out.write(json.dumps(entry) + "\n")
                kept += 1
            tried += CHUNK
            out.flush()
            print(f"{kept} wrong steps in {tried} chains", flush=True)


if __name__ == "__main__":
    main()
