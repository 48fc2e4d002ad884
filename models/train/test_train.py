"""Checks that training and inference agree: python3 -m unittest test_train.

Needs torch and numpy, no trained weights, and a few seconds.
"""

import json
import random
import tempfile
import unittest
from pathlib import Path

import torch

import branches
import export
import prm
import tokenizer as t
from chances import Chances
from corpus import STYLES, Corpus, chain_row, g, recall_row, training_problem
from evaluate import DATASETS, auc, judged_ends, load_set, rate_verdicts
from judge import JUDGE_TOKENS, deepen
from judged import JudgedCorpus, digit_targets
from reasoner import ROWS, HeadwiseAttention, Reasoner, Shape, causal_mask
from sampler import last_logits, sample

SMALL = Shape(2, 64, 2, 1, 32, 96, len(t.VOCAB))
RATES = {"steps": {"mean": 0.9, "answer": 1.0, "choice": 0.9},
         "errors": {"copy": 0.5, "slip": 0.2, "other": 0.5, "late": 0.1}}


def rows(n, seed=1):
    rng = random.Random(seed)
    for i in range(n):
        problem = training_problem(rng, STYLES[i % 4], rng.randint(1, 8))
        pieces = chain_row(rng, problem, 0.5) if i % 5 else recall_row(rng, 0.05)
        yield "".join(text for text, _ in pieces)


class Tokenizer(unittest.TestCase):
    def test_fast_encoder_is_the_bpe_of_the_file(self):
        for text in rows(300):
            self.assertEqual(t.encode(text), t.encode_exact(text))
            self.assertEqual(t.decode(t.encode(text)), text)

    def test_a_name_or_digit_is_one_token_wherever_it_stands(self):
        for piece in "0123456789" + g.NAMES:
            for before in ["", " ", "\n\n", ",", "@", ";", "7"]:
                self.assertEqual(t.encode_exact(before + piece)[-1], t.IDS[piece])

    def test_vocabulary_has_no_duplicates_and_fits_the_kernels(self):
        self.assertEqual(len(set(t.VOCAB)), len(t.VOCAB))
        self.assertEqual(len(t.VOCAB) % t.VOCAB_MULTIPLE, 0)


class HeldOut(unittest.TestCase):
    def test_no_shipped_problem_is_in_the_training_stream(self):
        shipped = set()
        for level in g.LEVELS:
            for line in (DATASETS / f"chain-{level}.jsonl").read_text().splitlines():
                shipped.add(json.loads(line)["problem"])
        self.assertTrue(all(g.fnv1a64(p) % g.RESIDUES == 0 for p in shipped))
        rng = random.Random(2)
        for _ in range(2000):
            problem = training_problem(rng, rng.choice(STYLES), rng.randint(1, 9))
            self.assertNotIn(problem.text(), shipped)

    def test_shipped_sets_are_what_the_generator_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            g.write_sets(Path(folder))
            for path in Path(folder).iterdir():
                self.assertEqual(path.read_bytes(), (DATASETS / path.name).read_bytes())

    def test_a_shipped_line_parses_back_to_its_problem(self):
        for level in g.LEVELS:
            self.assertEqual(len(load_set(f"chain-{level}")), 100)


class Model(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.model = Reasoner(SMALL).eval()
        self.rows = [t.encode(text) for text in rows(6)]

    def test_cached_padded_sampling_equals_plain_evaluation(self):
        for row, out in zip(self.rows, sample(self.model, self.rows, 12, temperature=0)):
            for token in out:
                with torch.no_grad():
                    self.assertEqual(self.model(torch.tensor([row]))[0, -1].argmax(), token)
                row = row + [token]

    def test_gguf_holds_the_model(self):
        for kind, bound in (("f32", 1e-5), ("f16", 0.05), ("q8_0", 0.5)):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "m.gguf"
                export.export(self.model, "m", path, kind)
                again = export.open_gguf(path)
            gap = last_logits(self.model, self.rows) - last_logits(again, self.rows)
            self.assertLess(gap.abs().max(), bound)


class Attention(unittest.TestCase):
    def test_blocks_and_their_gradients_are_those_of_one_softmax(self):
        torch.manual_seed(1)
        n = 2 * ROWS + 7
        mask = causal_mask(n).repeat(2, 1, 1)
        mask[1, 150:, 20:90] = float("-inf")
        q, k, v = (torch.randn(4, n, 8, requires_grad=True) for _ in range(3))
        weights = torch.randn(4, n, 8)
        scores = q @ k.transpose(1, 2) * 8 ** -0.5 + mask.repeat_interleave(2, 0)
        plain = torch.softmax(scores, -1) @ v
        blocks = HeadwiseAttention.apply(q, k, v, mask)
        self.assertLess((plain - blocks).abs().max(), 1e-5)
        for want, got in zip(*(torch.autograd.grad((out * weights).sum(), (q, k, v))
                               for out in (plain, blocks))):
            self.assertLess((want - got).abs().max(), 1e-4)


class Judge(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.model = Reasoner(SMALL).eval()
        self.tokens = list(JUDGE_TOKENS.values())
        rng = random.Random(1)
        problem = training_problem(rng, "medium", 6)
        wrong = g.wrong_step(rng, problem.active()[2], problem.values()[2])
        self.corpus = JudgedCorpus(1, 600, [(problem, 2, wrong)], Chances(RATES), self.tokens)

    def test_packed_verdicts_are_what_inference_computes(self):
        batch = self.corpus.batch()
        n_judge = batch.chances.shape[1]
        with torch.no_grad():
            packed = self.model.logits(self.model.hidden(batch.ids, batch.positions, batch.mask))
        for i, token in enumerate(self.tokens):
            for j in range(int((batch.chances[0] >= 0).sum())):
                at = batch.n_text + i * n_judge + j
                prefix = batch.ids[0, :batch.positions[0, at]].tolist()
                plain = last_logits(self.model, [prefix + [t.IDS[token]]])[0]
                self.assertLess((packed[0, at] - plain).abs().max(), 1e-3)

    def test_digit_targets_have_the_right_mean(self):
        chances = torch.tensor([0.0, 0.31, 0.5, 1.0])
        means = digit_targets(chances) @ torch.arange(10.0)
        self.assertTrue(torch.allclose(means, 9 * chances, atol=1e-5))

    def test_new_layers_change_nothing_at_first(self):
        ids = torch.tensor([t.encode(next(rows(1)))])
        with torch.no_grad():
            gap = self.model(ids) - deepen(self.model)(ids)
        self.assertLess(gap.abs().max(), 1e-4)


class RewardModel(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.model = Reasoner(SMALL).eval()
        rng, self.errors = random.Random(1), []
        for i in range(12):
            problem = training_problem(rng, STYLES[i % 4], rng.randint(2, 7))
            at = rng.randrange(len(problem.active()))
            self.errors.append((problem, at, branches.made_up_step(rng, problem, at)))
        self.corpus = branches.BranchedCorpus(1, 700, self.errors)

    def prefix(self, row, side):
        ids = [i for text, _ in row.chain.pieces for i in t.encode(text)]
        return ids[:side.end] + side.ids

    def test_packed_sides_are_what_inference_computes(self):
        rows = [self.corpus.row() for _ in range(3)]
        batch = branches.pack(rows)
        with torch.no_grad():
            packed = self.model.logits(self.model.hidden(batch.ids, batch.positions, batch.mask))
        for i, row in enumerate(rows):
            at = row.chain.length
            for side in row.sides:
                at += len(side.ids)
                plain = last_logits(self.model, [self.prefix(row, side)])[0]
                self.assertLess((packed[i, at - 1] - plain).abs().max(), 1e-3)
                self.assertEqual(batch.right[i, at - 1], float(side.right))

    def test_every_verdict_is_the_checkers_and_marks_stand_behind_right_steps(self):
        for _ in range(300):
            rng, (problem, _, _) = self.corpus.rng, self.corpus.rng.choice(self.errors)
            errors = [(i, branches.made_up_step(rng, problem, i))
                      for i in range(len(problem.active()))]
            row = branches.row_of(rng, problem, errors, rng.random() < 0.5)
            for side in row.sides:
                text = t.decode(self.prefix(row, side)[:-1]).partition("<|think|>")[2]
                ends = judged_ends(problem, text)
                self.assertEqual(side.right, ends[-1][1], text)
                if side.wrong and len(ends) > 1:
                    self.assertTrue(ends[-2][1], text)

    def test_verdicts_end_with_the_first_wrong_step_until_it_is_taken_back(self):
        problem = training_problem(random.Random(3), "easy", 2)
        wrong = branches.made_up_step(random.Random(3), problem, 0)
        one, two = g.solve(problem)
        for steps, right in (([one, two], [1, 1]), ([wrong, two], [0, 0]),
                             ([wrong, g.WAIT + one, two], [0, 1, 1]), ([one], [1])):
            text = "".join(step + g.BLANK for step in steps) + problem.boxed()
            ends = judged_ends(problem, text + "<|endoftext|>")
            line = right[-1] and steps[-1] == two
            self.assertEqual([ok for _, ok, _ in ends], [*right, line])
            self.assertEqual([text[:end] for end, _, _ in ends][-1], text)

    def test_narrowing_keeps_the_most_used_columns(self):
        with torch.no_grad():
            for layer in self.model.blk:
                layer.ffn_down.weight[:, 64:] = 0
        narrow = prm.narrow(self.model, 64)
        ids = torch.tensor([t.encode(next(rows(1)))])
        with torch.no_grad():
            self.assertLess((self.model(ids) - narrow(ids)).abs().max(), 1e-4)


class Numbers(unittest.TestCase):
    def test_auc_counts_ties_as_half(self):
        self.assertEqual(auc([1, 2, 3, 4], [0, 0, 1, 1]), 1.0)
        self.assertEqual(auc([1, 1], [0, 1]), 0.5)

    def test_calibration_counts_every_verdict_once(self):
        rates = rate_verdicts([0.0, 0.1, 0.5, 0.95, 1.0], [0, 0, 1, 0, 1])
        self.assertEqual([b["n"] for b in rates["calibration"]], [2, 0, 1, 0, 2])
        self.assertEqual(rates["calibration"][4]["right"], 0.5)
        self.assertEqual((rates["accuracy"], rates["right"]), (0.6, 0.4))

    def test_batches_predict_the_next_token(self):
        batch = Corpus(1, 500).batch(0.5)
        seen = batch.targets[:, :-1] >= 0
        self.assertTrue((batch.targets[:, :-1][seen] == batch.ids[:, 1:][seen]).all())


if __name__ == "__main__":
    unittest.main()
