#!/usr/bin/env python3
"""Speed side by side with llama.cpp, on the same files, threads and machine.

usage: bench_vs.py [options] MODEL.gguf...

Programs come from the environment; a peer that is not named is left out:
  SPECSWEEP            this program (default build/specsweep)
  LLAMA_BENCH, LLAMA_BATCHED_BENCH        llama.cpp
  LLAMA_SPECULATIVE                       its llama-speculative-simple
  IK_LLAMA_BENCH, IK_LLAMA_BATCHED_BENCH  ik_llama.cpp, with -rtr 1 where it has
                                          that flag (weights repacked at load)

Everything is measured in turn, once per round: A B C, A B C, ... so that a
machine that gets slower does so for all. Rows, for each model:
  decode    one sequence, --decode tokens from an empty context, tokens/s
  prefill   --prompt tokens in one go, tokens/s
  batch16   --batch sequences decoded at once, tokens/s of all together
  8 vs 1    time of 8 tokens in one call / time of one token (less is better).
            Ours gives the logits of all 8, llama-bench those of the last.
  specdecode  with --draft FILE: greedy, --draft-tokens drafted each time, no
            draft cut short; tokens/s after the prompt, --tokens written. Ours
            is "specsweep run" of method specdecode. A drafter of which tokens
            are accepted: the same shape quantised by llama-quantize.
Cells are medians over the rounds with least..most; ratios are of medians, ours
against the peer's (above 1: we are faster), and their geometric mean over the
models stands below. All values go to --json too.
"""
import argparse
import csv
import io
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

ROWS = ["decode", "prefill", "batch", "verify", "specdecode"]
PROMPT = "Once there was a number that nobody had counted to, and so"
CONFIG = """name: pair
engine: {threads: %d, isa: %s, context: %d}
models:
  base: {path: %s}
  draft: {path: %s}
datasets:
  - {name: one, path: %s, grader: none}
settings: {temperature: 0, budget_tokens: %d, chat: plain, prompt: "{problem}"}
base: base
draft: draft
methods:
  - {method: specdecode, accept: exact, draft_tokens: %d}
"""


def call(args, timeout, with_stderr=False):
    """Standard output; in a folder of its own, as some peers leave logs."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(args, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              errors="replace",
                              timeout=timeout, cwd=folder)
    if done.returncode:
        tail = done.stderr.strip().splitlines()[-3:]
        sys.exit("%s: exit %d\n%s" % (" ".join(args), done.returncode,
                                      "\n".join(tail)))
    return done.stdout + (done.stderr if with_stderr else "")


def measure_ours(o, model):
    out = measure_our_pair(o, model) if o.draft else {}
    text = call([o.ours, "bench", "-m", model, "-p", str(o.prompt),
                 "-n", str(o.decode), "-b", "1,%d" % o.batch,
                 "-v", str(o.verify), "-t", str(o.threads), "-r", "1",
                 "--isa", o.isa, "-o", "csv"], o.timeout)
    for row in csv.DictReader(io.StringIO(text)):
        speed = float(row["tok_per_s"])
        if row["test"] == "decode":
            out["decode" if row["batch"] == "1" else "batch"] = speed
        elif row["test"] == "prefill":
            out["prefill"] = speed
        else:
            out["verify"] = float(row["vs_one_token"])
        o.machine = "%s (%s), kernels %s, %s GB/s read" % (
            row["cpu"], row["cpu_flags"], row["kernels"], row["read_gb_per_s"])
    return out


def measure_llama_bench(o, program, model):
    args = [program, "-m", model, "-p", "%d,%d" % (o.verify, o.prompt),
            "-n", str(o.decode), "-t", str(o.threads), "-r", "1", "-o", "json"]
    if program in o.repacks:
        args += ["-rtr", "1"]
    out, eight = {}, None
    for test in json.loads(call(args, o.timeout)):
        if test["n_gen"]:
            out["decode"] = test["avg_ts"]
        elif test["n_prompt"] == o.prompt:
            out["prefill"] = test["avg_ts"]
        else:
            eight = test["avg_ts"]
    if eight and "decode" in out:
        out["verify"] = o.verify / eight * out["decode"]
    return out


def measure_batched(o, program, model):
    # A prompt of one token a sequence, then --decode tokens of each.
    size = o.batch * (o.decode + 1)
    args = [program, "-m", model, "-c", str(max(512, size)), "-npp", "1",
            "-ntg", str(o.decode), "-npl", str(o.batch), "-t", str(o.threads)]
    if program in o.repacks:
        args += ["-rtr"]
    for line in call(args, o.timeout, True).splitlines():
        cells = [c.strip() for c in line.split("|")]
        # | PP | TG | B | N_KV | T_PP s | S_PP t/s | T_TG s | S_TG t/s | ...
        if len(cells) > 8 and cells[1] == "1":
            return {"batch": float(cells[8])}
    sys.exit("%s: no row of results" % program)


def measure_our_pair(o, model):
    with tempfile.TemporaryDirectory() as folder:
        problems = os.path.join(folder, "one.jsonl")
        config = os.path.join(folder, "pair.yaml")
        with open(problems, "w") as f:
            json.dump({"id": "one", "problem": PROMPT, "answer": "0"}, f)
            f.write("\n")
        with open(config, "w") as f:
            f.write(CONFIG % (o.threads, o.isa, o.tokens + 256, model, o.draft,
                              problems, o.tokens, o.draft_tokens))
        call([o.ours, "run", config, "-q", "-o", folder], o.timeout)
        with open(os.path.join(folder, "pair", "samples.csv")) as f:
            row = next(csv.DictReader(f))
    o.accepted["specsweep"] = (int(row["spec_accepted"]),
                               int(row["spec_drafted"]))
    ms = float(row["total_ms"]) - float(row["prompt_ms"])
    return {"specdecode": int(row["kept_tokens"]) * 1e3 / ms}


def measure_peer_pair(o, program, model):
    text = call([program, "-m", model, "-md", o.draft, "-p", PROMPT,
                 "-n", str(o.tokens), "-c", str(o.tokens + 256),
                 "-cd", str(o.tokens + 256), "--draft-max",
                 str(o.draft_tokens), "--draft-min", "0", "--draft-p-min", "0",
                 "--temp", "0", "-t", str(o.threads), "-td", str(o.threads)],
                o.timeout, True)
    speed = re.search(r"decoded .* speed: *([0-9.]+) t/s", text)
    if not speed:
        sys.exit("%s: no speed in its output" % program)
    counts = [int(re.search(r"n_%s *= *(\d+)" % name, text).group(1))
              for name in ("accept", "drafted")]
    o.accepted["llama.cpp"] = tuple(counts)
    return {"specdecode": float(speed.group(1))}


def has_repack(program):
    done = subprocess.run([program, "--help"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return "-rtr" in done.stdout


def peers_of(o):
    peers = []
    for name, prefix in (("llama.cpp", ""), ("ik_llama.cpp", "IK_")):
        bench = os.environ.get(prefix + "LLAMA_BENCH")
        batched = os.environ.get(prefix + "LLAMA_BATCHED_BENCH")
        if not bench and not batched:
            continue
        bench = bench and os.path.abspath(bench)
        batched = batched and os.path.abspath(batched)
        for program in (bench, batched):
            if program and prefix and has_repack(program):
                o.repacks.add(program)
        peers.append((name, bench, batched))
    return peers


def measure_peer(o, peer, model):
    out = {}
    if peer[1]:
        out.update(measure_llama_bench(o, peer[1], model))
    if peer[2]:
        out.update(measure_batched(o, peer[2], model))
    if o.draft and o.speculative and peer[0] == "llama.cpp":
        out.update(measure_peer_pair(o, o.speculative, model))
    return out


def run_rounds(o, peers):
    """values[model][engine][row] = list over rounds"""
    values = {}
    for model in o.models:
        mine = values[model] = {}
        for i in range(o.rounds):
            todo = [("specsweep", lambda: measure_ours(o, model))]
            todo += [(p[0], lambda p=p: measure_peer(o, p, model))
                     for p in peers]
            for engine, measure in todo:
                rows = mine.setdefault(engine, {})
                for row, value in measure().items():
                    rows.setdefault(row, []).append(value)
            print("%s: round %d of %d" % (model, i + 1, o.rounds),
                  file=sys.stderr)
    return values


def cell(x, row):
    if not x:
        return ""
    form = "%.2f" if row == "verify" else "%.1f"
    text = form % statistics.median(x)
    if len(x) > 1:
        text += " (" + form % min(x) + ".." + form % max(x) + ")"
    return text


def ratio(ours, theirs, row):
    if not ours or not theirs:
        return None
    r = statistics.median(ours) / statistics.median(theirs)
    return 1 / r if row == "verify" else r


def print_tables(o, values, peers):
    print("%s, %d threads, %d rounds in turn, %s\n"
          % (o.machine, o.threads, o.rounds, platform.node()))
    names = {"decode": "decode", "prefill": "prefill %d" % o.prompt,
             "batch": "batch of %d" % o.batch,
             "verify": "%d tokens against 1" % o.verify,
             "specdecode": "specdecode of %d tokens, draft %s"
                           % (o.draft_tokens, os.path.basename(o.draft or ""))}
    for row in ROWS:
        if not any(row in mine["specsweep"] for mine in values.values()):
            continue
        print("%s\n" % names[row])
        print("| model | specsweep |" +
              "".join(" %s | ratio |" % p[0] for p in peers))
        print("| --- | --: |" + " --: | --: |" * len(peers))
        ratios = {p[0]: [] for p in peers}
        for model, mine in values.items():
            ours = mine["specsweep"].get(row)
            line = "| %s | %s |" % (os.path.basename(model)[:-5],
                                    cell(ours, row))
            for p in peers:
                theirs = mine[p[0]].get(row)
                r = ratio(ours, theirs, row)
                if r:
                    ratios[p[0]].append(r)
                line += " %s | %s |" % (cell(theirs, row),
                                        "%.2f" % r if r else "")
            print(line)
        line = "| geometric mean | |"
        for p in peers:
            r = ratios[p[0]]
            mean = math.exp(sum(map(math.log, r)) / len(r)) if r else None
            line += " | %s |" % ("%.2f" % mean if mean else "")
        print(line + "\n")
    for engine, counts in o.accepted.items():
        print("%s accepted %d of %d drafted tokens" % ((engine,) + counts))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    for name, default in (("rounds", 5), ("threads", 2), ("decode", 32),
                          ("prompt", 512), ("batch", 16), ("verify", 8),
                          ("tokens", 128), ("draft-tokens", 5),
                          ("timeout", 900)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--isa", default="auto", help="of specsweep")
    parser.add_argument("--draft", help="model that drafts for specdecode")
    parser.add_argument("--json", help="file for all values")
    o = parser.parse_args()
    o.models = [os.path.abspath(m) for m in o.models]
    o.ours = os.path.abspath(os.environ.get("SPECSWEEP", "build/specsweep"))
    o.draft = o.draft and os.path.abspath(o.draft)
    o.speculative = os.environ.get("LLAMA_SPECULATIVE")
    o.speculative = o.speculative and os.path.abspath(o.speculative)
    o.repacks, o.accepted = set(), {}
    peers = peers_of(o)
    values = run_rounds(o, peers)
    print_tables(o, values, peers)
    if o.json:
        with open(o.json, "w") as f:
            json.dump({"machine": o.machine, "threads": o.threads,
                       "values": values}, f, indent=1)


if __name__ == "__main__":
    main()
