"""The qwen3 architecture at a size that trains on a processor core.

RMSNorm, per-head Q/K norms, rotary positions (halves paired, as GGUF's NEOX
order), grouped-query attention, SwiGLU, tied embeddings.
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

torch.set_flush_denormal(True)  # sharp attention is full of them, and slow

EPS = 1e-6
THETA = 10000.0
ROWS = 128  # queries whose scores are in memory at once


@dataclass
class Shape:
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_size: int
    ffn: int
    vocab: int
    context: int = 2048

    def as_dict(self):
        return asdict(self)


def row_mask(mask, i, n):
    """The mask [T,S] of matrix i of n, of one mask or of one per batch row."""
    return mask[i * len(mask) // n] if mask.dim() == 3 else mask


def causal_blocks(n):
    """Ranges of queries, and how many keys the last one of each can see."""
    return [(at, min(at + ROWS, n)) for at in range(0, n, ROWS)]


class HeadwiseAttention(torch.autograd.Function):
    """softmax(QK' + mask) V of as many queries as keys, matrix by matrix.

    Batched products are a plain loop in some CPU builds of torch, single ones
    reach the BLAS; a block of scores at a time stays in the cache, and keys
    behind the block, which no mask here shows to it, cost nothing.
    """

    @staticmethod
    def forward(ctx, q, k, v, mask):  # q [N,T,D], mask [T,T] or [B,T,T]
        ctx.scale = q.shape[-1] ** -0.5
        q = q * ctx.scale
        out, ctx.probs = torch.empty_like(q), []
        for i in range(len(q)):
            seen = row_mask(mask, i, len(q))
            for a, b in causal_blocks(q.shape[1]):
                scores = torch.addmm(seen[a:b, :b], q[i, a:b], k[i, :b].t())
                probs = torch.softmax(scores, -1)
                torch.mm(probs, v[i, :b], out=out[i, a:b])
                ctx.probs.append(probs)
        ctx.save_for_backward(q, k, v)
        return out

    @staticmethod
    def backward(ctx, grad):
        q, k, v = ctx.saved_tensors
        dq, (dk, dv) = torch.empty_like(q), map(torch.zeros_like, (k, v))
        probs = iter(ctx.probs)
        for i in range(len(q)):
            for a, b in causal_blocks(q.shape[1]):
                p = next(probs)
                dp = torch.mm(grad[i, a:b], v[i, :b].t())
                dv[i, :b].addmm_(p.t(), grad[i, a:b])
                ds = torch._softmax_backward_data(dp, p, -1, p.dtype)
                torch.mm(ds, k[i, :b], out=dq[i, a:b])
                dk[i, :b].addmm_(ds.t(), q[i, a:b])
        return dq.mul_(ctx.scale), dk, dv, None


def attend_once(q, k, v, mask):
    """One query per row and head, as in sampling; no gradient."""
    scores = torch.bmm(k, q.transpose(1, 2)).view(len(q), 1, -1)
    scores.mul_(q.shape[-1] ** -0.5)
    scores.view(len(mask), -1, 1, k.shape[1]).add_(mask[:, None])
    return torch.bmm(torch.softmax(scores, -1), v)


def attend_rows(q, k, v, mask):
    """No gradient: matrix by matrix, so that scores stay in the cache."""
    out = torch.empty_like(q)
    for i in range(len(q)):
        scores = torch.addmm(row_mask(mask, i, len(q)), q[i], k[i].t(),
                             alpha=q.shape[-1] ** -0.5)
        torch.mm(torch.softmax(scores, -1), v[i], out=out[i])
    return out


def attend(q, k, v, mask):
    """Attention over [B,H,T,D] with an additive mask [T,T] or [B,T,T]."""
    if q.is_cuda:
        mask = mask if mask.dim() == 2 else mask[:, None]
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype))
    b, h, t, d = q.shape
    flat = [x.reshape(b * h, -1, d) for x in (q, k, v)]
    if torch.is_grad_enabled():
        out = HeadwiseAttention.apply(*flat, mask)
    else:
        out = (attend_once if t == 1 else attend_rows)(*flat, mask)
    return out.view(b, h, t, d)


class RMSNorm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS)
        return x * scale * self.weight


def rotation(positions, size):
    """Cosines and sines [..., size/2] of the rotary angles."""
    rates = THETA ** (-torch.arange(0, size, 2, device=positions.device) / size)
    angles = positions[..., None].float() * rates
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """Rotate the pairs (i, i + size/2) of x [B,H,T,D]."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        w, d = shape.width, shape.head_size
        self.attn_norm = RMSNorm(w)
        self.attn_q = nn.Linear(w, shape.heads * d, bias=False)
        self.attn_k = nn.Linear(w, shape.kv_heads * d, bias=False)
        self.attn_v = nn.Linear(w, shape.kv_heads * d, bias=False)
        self.attn_q_norm = RMSNorm(d)
        self.attn_k_norm = RMSNorm(d)
        self.attn_output = nn.Linear(shape.heads * d, w, bias=False)
        self.ffn_norm = RMSNorm(w)
        self.ffn_gate = nn.Linear(w, shape.ffn, bias=False)
        self.ffn_up = nn.Linear(w, shape.ffn, bias=False)
        self.ffn_down = nn.Linear(shape.ffn, w, bias=False)

    def heads(self, x, n):
        return x.view(*x.shape[:2], n, -1).transpose(1, 2)

    def attention(self, x, cos, sin, mask, cache):
        s = self.shape
        q = self.attn_q_norm(self.heads(self.attn_q(x), s.heads))
        k = self.attn_k_norm(self.heads(self.attn_k(x), s.kv_heads))
        v = self.heads(self.attn_v(x), s.kv_heads)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            k, v = cache.append(self, k, v)
        group = s.heads // s.kv_heads
        if group > 1:
            k, v = (y.repeat_interleave(group, 1) for y in (k, v))
        out = attend(q, k, v, mask).transpose(1, 2)
        return self.attn_output(out.reshape(*x.shape[:2], -1))

    def forward(self, x, cos, sin, mask, cache=None):
        x = x + self.attention(self.attn_norm(x), cos, sin, mask, cache)
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Reasoner(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocab, shape.width)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = RMSNorm(shape.width)
        self.apply(self.initialise)
        for layer in self.blk:
            for matrix in (layer.attn_output, layer.ffn_down):
                matrix.weight.data.mul_((2 * shape.layers) ** -0.5)

    @staticmethod
    def initialise(module):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features ** -0.5)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)

    def hidden(self, ids, positions, mask, cache=None, taps=()):
        """Final states [B,T,W], and the states after the layers in taps."""
        cos, sin = rotation(positions, self.shape.head_size)
        if cos.dim() == 3:  # a position per row: broadcast over heads
            cos, sin = cos[:, None], sin[:, None]
        x, tapped = self.token_embd(ids), []
        for i, layer in enumerate(self.blk):
            x = layer(x, cos, sin, mask, cache)
            if i + 1 in taps:
                tapped.append(x)
        return (self.output_norm(x), *tapped) if taps else self.output_norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.token_embd.weight)

    def forward(self, ids):
        n = ids.shape[1]
        positions = torch.arange(n, device=ids.device)
        return self.logits(self.hidden(ids, positions, causal_mask(n, ids.device)))


def causal_mask(n, device="cpu"):
    return torch.full((n, n), float("-inf"), device=device).triu(1)


def save(model, path, **facts):
    torch.save({"shape": model.shape.as_dict(), "weights": model.state_dict(),
                "facts": facts}, path)


def load(path):
    stored = torch.load(path, map_location="cpu")
    model = Reasoner(Shape(**stored["shape"]))
    model.load_state_dict(stored["weights"])
    return model, stored["facts"]
