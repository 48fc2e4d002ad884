// The specification: every operation in plain C, one IEEE operation after the
// other, in the order that all instruction sets keep. Written to be read, not
// to be fast. Bits of NaN results (sign, payload) are not specified: which
// operand's payload survives is the compiler's choice.

#include "engine/kernels/kernels.h"

#include "engine/kernels/kern_attn.h"
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

// A block with a NaN or an infinity gets scale NaN and zero values, so that
// every sum over it is NaN; a block of (nearly) zeros gets scale 0.
static float quantize_block(int16_t *q, const float *x) {
    float largest = 0.0f;
    int finite = 1;
    for (int i = 0; i < KERN_BLOCK; i++) {
        finite &= fabsf(x[i]) < INFINITY;
        largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    }
    memset(q, 0, KERN_BLOCK * sizeof *q);
    if (!finite) return NAN;
    if (largest < KERN_QUANT_TINY) return 0.0f;
    float scale = largest / KERN_QUANT_MAX;
    // |x / scale| < 32768, so adding 1.5 * 2^23 rounds half to even.
    for (int i = 0; i < KERN_BLOCK; i++) {
        float rounded = x[i] / scale + KERN_EXP_MAGIC;
        q[i] = (int16_t)(rounded - KERN_EXP_MAGIC);
    }
    return scale;
}

static void quantize(struct kern_input *in, int begin, int end) {
    size_t n_cols = (size_t)in->n_cols, n_blocks = n_cols / KERN_BLOCK;
    for (size_t i = (size_t)begin * n_blocks; i < (size_t)end * n_blocks; i++)
        in->q_scale[i] =
            quantize_block(in->q + i * KERN_BLOCK, in->x + i * KERN_BLOCK);
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
    for (int c = 0; c < w->n_cols; c++)
        sum = fmaf(panel_element(w, panel, c, r), x[c], sum);
    return sum;
}

// Exact integer sums inside a block, one fma per block.
static float dot_q8_0(const struct kern_matrix *w, const char *panel, int r,
                      const int16_t *q, const float *q_scale) {
    float sum = 0.0f;
    for (int b = 0; b < w->n_cols / KERN_BLOCK; b++) {
        const float *scales = (const float *)(const void *)panel;
        const int8_t *v = (const int8_t *)(scales + KERN_PANEL_ROWS);
        int32_t isum = 0;
        for (int c = 0; c < KERN_BLOCK; c++)
            isum += v[(c / 2) * 2 * KERN_PANEL_ROWS + 2 * r + c % 2] *
                    q[b * KERN_BLOCK + c];
        sum = fmaf((float)isum, scales[r] * q_scale[b], sum);
        panel += KERN_PANEL_ROWS * (sizeof(float) + KERN_BLOCK);
    }
    return sum;
}

static void matmul(const struct kern_matrix *w, const struct kern_input *in,
                   float *y, int y_stride, int begin, int end) {
    int last = end * KERN_PANEL_ROWS;
    if (last > w->n_rows) last = w->n_rows;
    for (int t = 0; t < in->n_tokens; t++) {
        size_t at = (size_t)t * (size_t)w->n_cols;
        for (int row = begin * KERN_PANEL_ROWS; row < last; row++) {
            int r = row % KERN_PANEL_ROWS;
            const char *panel =
                (const char *)w->panels +
                (size_t)(row / KERN_PANEL_ROWS) * w->panel_bytes;
            y[(size_t)t * (size_t)y_stride + (size_t)row] =
                w->type == KERN_Q8_0 ? dot_q8_0(w, panel, r, in->q + at,
                                                in->q_scale + at / KERN_BLOCK)
                                     : dot_float(w, panel, r, in->x + at);
        }
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

static void attn_scores(const struct kern_attn *a, const float *q, int n_pos,
                        float *s) {
    for (int p = 0; p < n_pos; p++) {
        const float *k = a->k_page[p / KERN_PAGE] + p % KERN_PAGE;
        float sum = 0.0f;
        for (int d = 0; d < a->head_dim; d++)
            sum = fmaf(k[d * KERN_PAGE], q[d], sum);
        s[p] = sum * a->scale;
    }
}

static void attn_values(const struct kern_attn *a, const float *s, int n_pos,
                        float total, float *out) {
    int stride = (a->head_dim + 15) / 16 * 16;
    for (int d = 0; d < a->head_dim; d++) {
        float sum = 0.0f;
        for (int p = 0; p < n_pos; p++) {
            const float *v = a->v_page[p / KERN_PAGE];
            sum = fmaf(v[p % KERN_PAGE * stride + d], s[p], sum);
        }
        out[d] = sum / total;
    }
}

static void attn(const struct kern_attn *a) {
    for (int i = 0; i < a->n_tokens * a->n_group; i++) {
        size_t at = kern_attn_offset(a, i);
        int n_pos = kern_attn_positions(a, i);
        float *s = kern_attn_scores(a, i);
        attn_scores(a, a->q + at, n_pos, s);
        float total = exp_sum(s, n_pos, max(s, n_pos), 1.0f);
        attn_values(a, s, n_pos, total, a->out + at);
    }
}

const struct kernels kern_table_ref = {
    .isa = KERN_REF,
    .name = "ref",
    .quantize = quantize,
    .matmul_f32 = matmul,
    .matmul_f16 = matmul,
    .matmul_bf16 = matmul,
    .matmul_q8_0 = matmul,
    .rmsnorm = rmsnorm,
    .swiglu = swiglu,
    .add = add,
    .rope_neox = rope_neox,
    .rope_norm = rope_norm,
    .exp_sum = exp_sum,
    .max = max,
    .attn = attn,
};
