"""Muon for the hidden matrices, AdamW for embeddings and norms."""

import torch

NS_STEPS = 5


def orthogonalise(grad):
    """The nearest semi-orthogonal matrix, by Newton-Schulz iteration."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = grad / (grad.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.t() if tall else x
    for _ in range(NS_STEPS):
        s = x @ x.t()
        x = a * x + (b * s + c * s @ s) @ x
    return x.t() if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised; each matrix of a layer by itself."""

    def __init__(self, groups, lr=0.02, momentum=0.95):
        super().__init__(groups, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, group["lr"], group["momentum"])

    def update(self, p, lr, momentum):
        state = self.state[p]
        if not state:
            state["m"] = torch.zeros_like(p)
        state["m"].mul_(momentum).add_(p.grad)
        nesterov = p.grad + momentum * state["m"]
        scale = max(1.0, p.shape[0] / p.shape[1]) ** 0.5
        p.add_(orthogonalise(nesterov), alpha=-lr * scale)


class Optimizer:
    """Both optimizers behind one rate factor (warm-up, decay)."""

    MUON_RATE, ADAM_RATE = 0.02, 3e-3

    def __init__(self, model, slow=()):
        """Layers whose number is in `slow` learn at a tenth of the rate."""
        fast, late, rest = [], [], []
        for name, p in model.named_parameters():
            if p.dim() < 2 or "token_embd" in name:
                rest.append(p)
            elif int(name.split(".")[1]) in slow:
                late.append(p)
            else:
                fast.append(p)
        groups = [dict(params=fast, base=self.MUON_RATE),
                  dict(params=late, base=self.MUON_RATE / 10)]
        self.muon = Muon([g for g in groups if g["params"]])
        adam_rate = self.ADAM_RATE / (10 if slow else 1)
        self.adam = torch.optim.AdamW([dict(params=rest, base=adam_rate)],
                                      betas=(0.9, 0.95), weight_decay=0.0)

    def step(self, factor):
        for optimizer in (self.muon, self.adam):
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * factor
            optimizer.step()
            optimizer.zero_grad()
