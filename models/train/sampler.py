"""Batched sampling with a KV cache, and scores of prefixes."""

import torch

from reasoner import causal_mask
from tokenizer import EOS

FAR = -1e9  # finite, so that rows of padding stay free of NaN


class Cache:
    """Keys and values of every layer for a batch of left-padded rows."""

    def __init__(self, layers, rows, room, shape):
        size = (rows, shape.kv_heads, room, shape.head_size)
        self.stores = {layer: (torch.zeros(size), torch.zeros(size)) for layer in layers}
        self.used = 0

    def append(self, layer, k, v):
        """Store new keys and values; return all so far."""
        end = self.used + k.shape[2]
        keys, values = self.stores[layer]
        keys[:, :, self.used:end], values[:, :, self.used:end] = k, v
        return keys[:, :, :end], values[:, :, :end]

    def keep(self, rows):
        for layer, (k, v) in self.stores.items():
            self.stores[layer] = k[rows], v[rows]


def pad_left(rows):
    """Ids [B,T] and how many pads each row has in front."""
    longest = max(map(len, rows))
    starts = torch.tensor([longest - len(r) for r in rows])
    ids = [[EOS] * (longest - len(r)) + list(r) for r in rows]
    return torch.tensor(ids), starts


def pick(logits, temperature, generator):
    """One token per row; temperature 0 is greedy."""
    if temperature == 0:
        return logits.argmax(-1)
    noise = torch.rand(logits.shape, generator=generator).clamp_min(1e-20)
    return (logits / temperature - torch.log(-torch.log(noise))).argmax(-1)


class Batch:
    """Rows being sampled together; finished rows leave now and then."""

    def __init__(self, model, prefixes, limit):
        self.model = model
        ids, self.starts = pad_left(prefixes)
        rows, length = ids.shape
        self.cache = Cache(model.blk, rows, length + limit, model.shape)
        self.live = torch.arange(rows)
        self.logits = self.forward(ids)

    def forward(self, ids):
        """Logits of the last column after appending ids [B,T]."""
        used, n = self.cache.used, ids.shape[1]
        columns = torch.arange(used + n)
        padding = (columns[None] < self.starts[:, None]).float()[:, None] * FAR
        mask = padding + (causal_mask(n).clamp_min(FAR) if used == 0 else 0)
        positions = (columns[None, used:] - self.starts[:, None]).clamp_min(0)
        hidden = self.model.hidden(ids, positions, mask, self.cache)
        self.cache.used += n
        return self.model.logits(hidden[:, -1])

    def keep(self, alive):
        self.cache.keep(alive)
        self.starts, self.live = self.starts[alive], self.live[alive]


@torch.no_grad()
def sample(model, prefixes, limit, stop=(EOS,), temperature=0.6, seed=0):
    """Continue each prefix (ids) up to and with a stop token or the limit."""
    generator = torch.Generator().manual_seed(seed)
    batch = Batch(model, prefixes, limit)
    outs = [[] for _ in prefixes]
    done = torch.zeros(len(prefixes), dtype=torch.bool)
    logits = batch.logits
    for _ in range(limit):
        tokens = pick(logits, temperature, generator)
        for row, token in zip(batch.live.tolist(), tokens.tolist()):
            if not done[row]:
                outs[row].append(token)
                done[row] = token in stop
        alive = ~done[batch.live]
        if not alive.any():
            break
        if alive.float().mean() < 0.75:
            batch.keep(alive)
            tokens = tokens[alive]
        logits = batch.forward(tokens[:, None])
    return outs


def sample_all(model, prefixes, limit, rows=96, seed=0, **options):
    """`sample` for any number of prefixes, those of like length together."""
    order = sorted(range(len(prefixes)), key=lambda i: len(prefixes[i]))
    outs = [None] * len(prefixes)
    for n, at in enumerate(range(0, len(order), rows)):
        part = order[at:at + rows]
        got = sample(model, [prefixes[i] for i in part], limit,
                     seed=seed * 100003 + n, **options)
        for i, out in zip(part, got):
            outs[i] = out
    return outs


@torch.no_grad()
def last_logits(model, prefixes, rows=32):
    """Logits [n, vocab] that follow each prefix."""
    order = sorted(range(len(prefixes)), key=lambda i: len(prefixes[i]))
    result = torch.empty(len(prefixes), model.shape.vocab)
    for at in range(0, len(order), rows):
        part = order[at:at + rows]
        result[part] = Batch(model, [prefixes[i] for i in part], 0).logits
    return result
