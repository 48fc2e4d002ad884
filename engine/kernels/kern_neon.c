// NEON: operations over one vector, and the table. A tail shorter than what a
// loop takes at once is done by the scalar definitions of kern_math.h, sum by
// sum.

#include "engine/kernels/kern_simd_neon.h"

#include "engine/kernels/kern_tables.h"

enum { REG = KERN_REG_FLOATS, REGS = KERN_PANEL_REGS };

// Sums of squares i % KERN_LANES.
static struct kern_16_neon squares(const float *x, int n) {
    struct kern_16_neon sum = kern_zeros_neon();
    int i = 0;
    for (; i + KERN_LANES <= n; i += KERN_LANES) {
        struct kern_16_neon v = kern_load_neon(x + i);
        KERN_UNROLL
        for (int j = 0; j < REGS; j++)
            sum.reg[j] = vfmaq_f32(sum.reg[j], v.reg[j], v.reg[j]);
    }
    float s[KERN_LANES];
    kern_store_all_neon(s, sum);
    for (int j = 0; i + j < n; j++)
        s[j] = fmaf(x[i + j], x[i + j], s[j]);
    return kern_load_neon(s);
}

static void rmsnorm(float *y, const float *x, const float *weight, int n,
                    float eps) {
    float sum = kern_join_neon(squares(x, n));
    float inverse = 1.0f / sqrtf(sum / (float)n + eps);
    int i = 0;
    for (; i + REG <= n; i += REG)
        vst1q_f32(y + i, vmulq_f32(vmulq_n_f32(vld1q_f32(x + i), inverse),
                                   vld1q_f32(weight + i)));
    for (; i < n; i++)
        y[i] = x[i] * inverse * weight[i];
}

static void swiglu(float *gate, const float *up, int n) {
    const float32x4_t one = vdupq_n_f32(1.0f);
    int i = 0;
    for (; i + REG <= n; i += REG) {
        float32x4_t v = vld1q_f32(gate + i);
        v = vdivq_f32(v, vaddq_f32(one, kern_exp_neon(vnegq_f32(v))));
        vst1q_f32(gate + i, vmulq_f32(v, vld1q_f32(up + i)));
    }
    for (; i < n; i++)
        gate[i] = kern_silu(gate[i]) * up[i];
}

static void add(float *y, const float *x, int n) {
    int i = 0;
    for (; i + REG <= n; i += REG)
        vst1q_f32(y + i, vaddq_f32(vld1q_f32(y + i), vld1q_f32(x + i)));
    for (; i < n; i++)
        y[i] += x[i];
}

// ---- rotation ---------------------------------------------------------------

static void rotate(float *a, float *b, const float *cs) {
    float x = *a, y = *b;
    *a = fmaf(x, cs[0], -(y * cs[1]));
    *b = fmaf(y, cs[0], x * cs[1]);
}

KERN_INLINE float32x4x2_t rotate_four(float32x4_t a, float32x4_t b,
                                      const float *pairs) {
    float32x4x2_t cs = vld2q_f32(pairs);
    float32x4_t minus = vnegq_f32(vmulq_f32(b, cs.val[1]));
    return (float32x4x2_t){{vfmaq_f32(minus, a, cs.val[0]),
                            vfmaq_f32(vmulq_f32(a, cs.val[1]), b, cs.val[0])}};
}

static void rope_neox(float *head, const float *cs, int n_rot) {
    int n = n_rot / 2, i = 0;
    for (; i + REG <= n; i += REG) {
        float32x4x2_t v = rotate_four(vld1q_f32(head + i),
                                      vld1q_f32(head + n + i), cs + 2 * i);
        vst1q_f32(head + i, v.val[0]);
        vst1q_f32(head + n + i, v.val[1]);
    }
    for (; i < n; i++)
        rotate(head + i, head + n + i, cs + 2 * i);
}

static void rope_norm(float *head, const float *cs, int n_rot) {
    int n = n_rot / 2 * 2, i = 0;
    for (; i + 2 * REG <= n; i += 2 * REG) {
        float32x4x2_t v = vld2q_f32(head + i);
        vst2q_f32(head + i, rotate_four(v.val[0], v.val[1], cs + i));
    }
    for (; i < n; i += 2)
        rotate(head + i, head + i + 1, cs + i);
}

// ---- softmax ----------------------------------------------------------------

float kern_exp_sum_neon(float *x, int n, float max, float inv_temp) {
    struct kern_16_neon sum = kern_zeros_neon();
    const float32x4_t m = vdupq_n_f32(max);
    int i = 0;
    for (; i + KERN_LANES <= n; i += KERN_LANES) {
        struct kern_16_neon v = kern_load_neon(x + i);
        KERN_UNROLL
        for (int j = 0; j < REGS; j++)
            v.reg[j] =
                kern_exp_neon(vmulq_n_f32(vsubq_f32(v.reg[j], m), inv_temp));
        kern_store_all_neon(x + i, v);
        sum = kern_add_neon(sum, v);
    }
    float s[KERN_LANES];
    kern_store_all_neon(s, sum);
    for (int j = 0; i + j < n; j++) {
        x[i + j] = kern_exp((x[i + j] - max) * inv_temp);
        s[j] += x[i + j];
    }
    return kern_join_neon(kern_load_neon(s));
}

// Not fmax: where a NaN meets a number or +0 meets -0, m stays.
float kern_max_neon(const float *x, int n) {
    float32x4_t m[REGS];
    float s[KERN_LANES];
    int i = 0;
    KERN_UNROLL
    for (int j = 0; j < REGS; j++)
        m[j] = vdupq_n_f32(-INFINITY);
    for (; i + KERN_LANES <= n; i += KERN_LANES)
        KERN_UNROLL
    for (int j = 0; j < REGS; j++) {
        float32x4_t v = vld1q_f32(x + i + j * REG);
        m[j] = vbslq_f32(vcgtq_f32(v, m[j]), v, m[j]);
    }
    KERN_UNROLL
    for (int j = 0; j < REGS; j++)
        vst1q_f32(s + j * REG, m[j]);
    for (int j = 0; i + j < n; j++)
        s[j] = x[i + j] > s[j] ? x[i + j] : s[j];
    for (int h = KERN_LANES / 2; h; h /= 2)
        for (int j = 0; j < h; j++)
            s[j] = s[j + h] > s[j] ? s[j + h] : s[j];
    return s[0];
}

// ---- the table --------------------------------------------------------------

static void matmul(const struct kern_matrix *w, const struct kern_input *in,
                   float *y, int y_stride, int begin, int end) {
    if (kern_is_quantized(w->type))
        kern_matmul_quant_neon(w, in, y, y_stride, begin, end);
    else
        kern_matmul_float_neon(w, in, y, y_stride, begin, end);
}

const struct kernels kern_table_neon = {
    .isa = KERN_NEON,
    .name = "neon",
    .quantize = kern_quantize_neon,
    .matmul = matmul,
    .rmsnorm = rmsnorm,
    .swiglu = swiglu,
    .add = add,
    .rope_neox = rope_neox,
    .rope_norm = rope_norm,
    .exp_sum = kern_exp_sum_neon,
    .max = kern_max_neon,
    .attn = kern_attn_neon,
};
