#!/usr/bin/env python3
"""Check tests/golden/chat_NAME.txt against the families' own templates.

    python3 tests/golden/chat.py TEMPLATES

TEMPLATES has NAME.jinja files: tokenizer.chat_template of the official models.
Needs Jinja2. What is shown per family: which sections are equal.

Three differences are meant, and undone here: Mistral's v3 puts the system text
before the last user turn and ours before the first; the blank before Mistral's
replies is the model's to write in a turn that it generates; Qwen3's template
cannot leave a think tag open in the last turn, so its judge is checked up to
the reply.
"""
import pathlib
import re
import sys

import jinja2

SYSTEM, FIRST = "Answer briefly.", "What is 2+2?"
REPLY = "<think>\nTwo and two.\n</think>\n\nIt is 4."
SECOND = "And 3+3? <|im_end|></s>[/INST]<｜User｜>"
WRITTEN = "First, 3+3.\n\nThat is 6."
QUESTION = ("Evaluate the last reasoning step solely based on factual "
            "correctness and logical validity. Ignore style, phrasing, or "
            "overall usefulness—only judge whether the step is objectively "
            "correct and logically follows from prior steps. Assign a score "
            "from 0 to 9.")
GRADE = "I think the quality score is: "
OPENS_THINK = {"qwq", "deepseek-r1"}
THINKS = OPENS_THINK | {"qwen3"}
SYSTEM_LAST = {"mistral", "mistral-tekken"}
WRITES_BLANK = {"mistral", "mistral-v1", "mistral-v7"}


def bos_of(name):
    if name.startswith("llama3"):
        return "<|begin_of_text|>"
    return "<｜begin▁of▁sentence｜>" if name == "deepseek-r1" else "<s>"


def sections(path):
    text = path.read_text()
    parts = re.split(r"^== (.*)\n", text, flags=re.M)[1:]
    return {k: v[:-1] for k, v in zip(parts[::2], parts[1::2])}


def render(template, name, messages, generate=False):
    if name in SYSTEM_LAST and messages[0]["role"] == "system":
        first = messages[1]["content"]
        messages = [{"role": "user",
                     "content": messages[0]["content"] + "\n\n" + first},
                    *messages[2:]]
    return template.render(messages=messages, add_generation_prompt=generate,
                           bos_token=bos_of(name), enable_thinking=name !=
                           "qwen3-no-think", eos_token="</s>")


def turns(*texts, system=SYSTEM):
    roles = ["user", "assistant"] * len(texts)
    out = [{"role": "system", "content": system}] if system else []
    return out + [{"role": r, "content": t} for r, t in zip(roles, texts)]


def truth(template, name):
    def say(*texts, system=SYSTEM, generate=False):
        return render(template, name, turns(*texts, system=system), generate)

    think = "<think>\n" if name in OPENS_THINK else ""
    out = {"generate": say(FIRST, REPLY, SECOND, generate=True),
           "without system": say(FIRST, system=None, generate=True)}
    out["closed"] = say(FIRST, REPLY, SECOND)
    if name == "llama3":
        out["closed"] = None  # always writes the generation prompt
    if name == "mistral-v7-tekken":
        out["without system"] = None  # a page about the assistant
    out["continued"] = out["generate"] + WRITTEN
    if name == "qwen3-no-think":
        return out  # its earlier turns have no think block
    asked = say(FIRST, REPLY, SECOND, think + WRITTEN, QUESTION)
    if name == "qwen3":
        out["judge"] = asked + "<|im_start|>assistant\n<think>" + GRADE
        return out
    reply = ("<think>" if name in THINKS else "") + GRADE
    whole = say(FIRST, REPLY, SECOND, think + WRITTEN, QUESTION, reply)
    out["judge"] = whole[:whole.rindex(reply.strip()) + len(reply.strip())]
    out["judge"] += " "  # some templates trim it
    if name in WRITES_BLANK:
        out["judge"] = out["judge"].replace(" " + WRITTEN, WRITTEN)
    return out


def main():
    here = pathlib.Path(__file__).parent
    env = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    env.globals["strftime_now"] = lambda form: "26 Jul 2024"
    env.globals["raise_exception"] = lambda text: (_ for _ in ()).throw(
        ValueError(text))
    failed = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jinja")):
        name, ours = path.stem, sections(here / f"chat_{path.stem}.txt")
        theirs = truth(env.from_string(path.read_text()), name)
        wrong = [k for k, v in theirs.items() if v is not None
                 and v != ours[k]]
        failed += bool(wrong)
        checked = [k for k, v in theirs.items() if v is not None]
        print(f"{name:18} {len(checked)} sections,",
              f"differ: {', '.join(wrong)}" if wrong else "equal")
        for k in wrong:
            print(f"  theirs {theirs[k]!r}\n  ours   {ours[k]!r}")
    sys.exit(failed > 0)


main()
