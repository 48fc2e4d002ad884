// The specification: every operation in plain C, one IEEE operation after the
// other, in the order that all instruction sets keep. Written to be read, not
// to be fast. Bits of NaN results (sign, payload) are not specified: which
// operand's payload survives is the compiler's choice.

#include "engine/kernels/kernels.h"

#include "engine/kernels/kern_attn.h"
#include "engine/kernels/kern_format.h"
#include "engine/kernels/kern_kv.h"
#include "engine/kernels/kern_math.h"
#include "engine/kernels/kern_tables.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// Join the partial sums by the fixed tree.
static float join_lanes(float s[KERN_LANES]) {
    for (int h = KERN_LANES / 2; h; h /= 2)
        for (int j = 0; j < h; j++)
            s[j] += s[j + h];
    return s[0];
}

// ---- activations ------------------------------------------------------------

static void sums_of_block(const int16_t *q16, struct kern_scale *s) {
    int sum[2] = {0, 0};
    for (int i = 0; i < KERN_BLOCK; i++)
        sum[i / 16] += q16[i];
    s->minus_8_sum = -8 * (sum[0] + sum[1]);
    s->sum = s->scale * (float)(sum[0] + sum[1]);
    s->half_sum[0] = s->scale * (float)sum[0];
    s->half_sum[1] = s->scale * (float)sum[1];
}

// Round half to even: |v| < 2^22, so adding 1.5 * 2^23 leaves no fraction.
static int nearest(float v) {
    float rounded = v + KERN_EXP_MAGIC;
    return (int)(rounded - KERN_EXP_MAGIC);
}

static void quantize_block(const float *x, uint8_t *q, int16_t *q16,
                           struct kern_scale *s) {
    float low = 0.0f, high = 0.0f;
    int finite = 1;
    for (int i = 0; i < KERN_BLOCK; i++) {
        finite &= fabsf(x[i]) < INFINITY;
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float range = high - low;
    memset(q, 0, KERN_BLOCK * sizeof *q);
    memset(q16, 0, KERN_BLOCK * sizeof *q16);
    *s = (struct kern_scale){0};
    if (!finite || !(range < INFINITY)) {
        s->scale = s->sum = s->half_sum[0] = s->half_sum[1] = NAN;
        return;
    }
    if (range < KERN_QUANT_TINY) return;
    float inverse = KERN_QUANT_MAX / range;
    int zero = nearest(-low * inverse);
    s->scale = range / KERN_QUANT_MAX;
    s->minus_zero = -zero & 0xffff;
    for (int i = 0; i < KERN_BLOCK; i++) {
        int v = nearest(x[i] * inverse) + zero;
        q[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        q16[kern_q16_at(i)] = (int16_t)(q[i] - zero);
    }
    sums_of_block(q16, s);
}

static void quantize(struct kern_input *in, int begin, int end) {
    size_t n_blocks = (size_t)in->n_cols / KERN_BLOCK;
    for (size_t i = (size_t)begin * n_blocks; i < (size_t)end * n_blocks; i++)
        quantize_block(in->x + i * KERN_BLOCK, in->q + i * KERN_BLOCK,
                       in->q16 + i * KERN_BLOCK, &in->scales[i]);
}

// ---- matrix products --------------------------------------------------------

// Element (r, c) of a panel that is [n_cols][16] of a float type.
static float panel_element(const struct kern_matrix *w, const char *panel,
                           int c, int r) {
    size_t i = (size_t)c * KERN_PANEL_ROWS + (size_t)r;
    if (w->type == KERN_F32) return ((const float *)(const void *)panel)[i];
    uint16_t h = ((const uint16_t *)(const void *)panel)[i];
    return w->type == KERN_F16 ? kern_f16_to_f32(h) : kern_bf16_to_f32(h);
}

static float dot_float(const struct kern_matrix *w, const char *panel, int r,
                       const float *x) {
    float sum = 0.0f;
    for (int c = 0; c < w->n_cols;) {
        int end = c + KERN_CHUNK < w->n_cols ? c + KERN_CHUNK : w->n_cols;
        float part = 0.0f;
        for (; c < end; c++)
            part = fmaf(panel_element(w, panel, c, r), x[c], part);
        sum += part;
    }
    return sum;
}

// The product of 32 weights and 32 activations, added to `sum`: for each scale
// (one, or two of 16 columns), the exact integer sum times both scales, then,
// where the type has one, the minimum times the sum of the activations.
static float kern_dot(const struct kern_format *f, const struct kern_group *g,
                      const int16_t *q16, const struct kern_scale *s,
                      float sum) {
    int isum[2] = {0, 0};
    for (int c = 0; c < KERN_BLOCK; c++)
        isum[c / 16] += g->q[c] * q16[kern_q16_at(c)];
    if (!f->has_halves) {
        sum = fmaf((float)(isum[0] + isum[1]), g->scale[0] * s->scale, sum);
        return f->has_min ? fmaf(g->min[0], s->sum, sum) : sum;
    }
    for (int h = 0; h < 2; h++) {
        sum = fmaf((float)isum[h], g->scale[h] * s->scale, sum);
        if (f->has_min) sum = fmaf(g->min[h], s->half_sum[h], sum);
    }
    return sum;
}

// One row against all tokens: a block is decoded once.
static void dot_quantized(const struct kern_format *f, const char *panel, int r,
                          const struct kern_input *in, float *y, int y_stride) {
    uint8_t block[KERN_MAX_BLOCK_BYTES];
    struct kern_group g;
    for (int t = 0; t < in->n_tokens; t++)
        y[(size_t)t * (size_t)y_stride] = 0.0f;
    for (int c = 0; c < in->n_cols; c += KERN_BLOCK) {
        if (c % f->block_cols == 0)
            kern_panel_block(f, panel, c / f->block_cols, r, block);
        f->decode(block, c % f->block_cols / KERN_BLOCK, &g);
        for (int t = 0; t < in->n_tokens; t++) {
            size_t at = (size_t)t * (size_t)in->n_cols + (size_t)c;
            float *sum = y + (size_t)t * (size_t)y_stride;
            *sum = kern_dot(f, &g, in->q16 + at, &in->scales[at / KERN_BLOCK],
                            *sum);
        }
    }
}

static void matmul(const struct kern_matrix *w, const struct kern_input *in,
                   float *y, int y_stride, int begin, int end) {
    const struct kern_format *f = kern_format(w->type);
    int last = end * KERN_PANEL_ROWS;
    if (last > w->n_rows) last = w->n_rows;
    for (int row = begin * KERN_PANEL_ROWS; row < last; row++) {
        int r = row % KERN_PANEL_ROWS;
        const char *panel = (const char *)w->panels +
                            (size_t)(row / KERN_PANEL_ROWS) * w->panel_bytes;
        if (f->decode) {
            dot_quantized(f, panel, r, in, y + row, y_stride);
            continue;
        }
        for (int t = 0; t < in->n_tokens; t++)
            y[(size_t)t * (size_t)y_stride + (size_t)row] =
                dot_float(w, panel, r, in->x + (size_t)t * (size_t)w->n_cols);
    }
}

// ---- element by element -----------------------------------------------------

static void rmsnorm(float *y, const float *x, const float *weight, int n,
                    float eps) {
    float s[KERN_LANES] = {0};
    for (int i = 0; i < n; i++)
        s[i % KERN_LANES] = fmaf(x[i], x[i], s[i % KERN_LANES]);
    float inverse = 1.0f / sqrtf(join_lanes(s) / (float)n + eps);
    for (int i = 0; i < n; i++)
        y[i] = x[i] * inverse * weight[i];
}

static void swiglu(float *gate, const float *up, int n) {
    for (int i = 0; i < n; i++)
        gate[i] = kern_silu(gate[i]) * up[i];
}

static void add(float *y, const float *x, int n) {
    for (int i = 0; i < n; i++)
        y[i] += x[i];
}

static void rotate(float *a, float *b, const float *cs) {
    float x = *a, y = *b;
    *a = fmaf(x, cs[0], -(y * cs[1]));
    *b = fmaf(y, cs[0], x * cs[1]);
}

static void rope_neox(float *head, const float *cs, int n_rot) {
    for (int i = 0; i < n_rot / 2; i++)
        rotate(head + i, head + n_rot / 2 + i, cs + 2 * i);
}

static void rope_norm(float *head, const float *cs, int n_rot) {
    for (int i = 0; i < n_rot / 2; i++)
        rotate(head + 2 * i, head + 2 * i + 1, cs + 2 * i);
}

static float exp_sum(float *x, int n, float max, float inv_temp) {
    float s[KERN_LANES] = {0};
    for (int i = 0; i < n; i++) {
        x[i] = kern_exp((x[i] - max) * inv_temp);
        s[i % KERN_LANES] += x[i];
    }
    return join_lanes(s);
}

// By lanes like the sums, because the order decides between +0 and -0.
static float max(const float *x, int n) {
    float m[KERN_LANES];
    for (int j = 0; j < KERN_LANES; j++)
        m[j] = -INFINITY;
    for (int i = 0; i < n; i++) {
        int j = i % KERN_LANES;
        m[j] = x[i] > m[j] ? x[i] : m[j];
    }
    for (int h = KERN_LANES / 2; h; h /= 2)
        for (int j = 0; j < h; j++)
            m[j] = m[j + h] > m[j] ? m[j + h] : m[j];
    return m[0];
}

// ---- attention --------------------------------------------------------------

static void attn_scores(const struct kern_attn *a, const float *q,
                        const struct kern_attn_token *t, float *s) {
    for (int p = 0; p < t->n_pos; p++) {
        const void *page = kern_attn_keys_of(a, t->pages[p / KERN_PAGE]);
        float sum = 0.0f;
        for (int d = 0; d < a->head_dim;) {
            int end =
                d + KERN_CHUNK < a->head_dim ? d + KERN_CHUNK : a->head_dim;
            float part = 0.0f;
            for (; d < end; d++)
                part = fmaf(
                    kern_keys_get(a->type, a->head_dim, page, p % KERN_PAGE, d),
                    q[d], part);
            sum += part;
        }
        s[p] = sum * a->scale;
    }
}

static void attn_values(const struct kern_attn *a, const float *s,
                        const struct kern_attn_token *t, float total,
                        float *out) {
    for (int d = 0; d < a->head_dim; d++) {
        float sum = 0.0f;
        for (int p = 0; p < t->n_pos; p++) {
            const void *page = kern_attn_values_of(a, t->pages[p / KERN_PAGE]);
            sum = fmaf(
                kern_values_get(a->type, a->head_dim, page, p % KERN_PAGE, d),
                s[p], sum);
        }
        out[d] = sum / total;
    }
}

static void attn(const struct kern_attn *a) {
    for (int i = 0; i < a->n_tokens * a->n_group; i++) {
        size_t at = kern_attn_offset(a, i);
        const struct kern_attn_token *t = kern_attn_token(a, i);
        float *s = kern_attn_scores(a, i);
        attn_scores(a, a->q + at, t, s);
        float total = exp_sum(s, t->n_pos, max(s, t->n_pos), 1.0f);
        attn_values(a, s, t, total, a->out + at);
    }
}

const struct kernels kern_table_ref = {
    .isa = KERN_REF,
    .name = "ref",
    .quantize = quantize,
    .matmul = matmul,
    .rmsnorm = rmsnorm,
    .swiglu = swiglu,
    .add = add,
    .rope_neox = rope_neox,
    .rope_norm = rope_norm,
    .exp_sum = exp_sum,
    .max = max,
    .attn = attn,
};
