#pragma once
// The arithmetic of a transformer, one function pointer per operation.
//
// kern_ref.c, plain C, is the specification. Every other file computes the
// same bits: each output element is one fixed sequence of IEEE operations,
// whatever the batch, the thread count and the vector width. A lane is an
// output row (matrix products), a key position (attention scores) or an output
// dimension (weighted values); where a sum must run across lanes it has
// KERN_LANES partial sums, element i in sum i % KERN_LANES, each in order,
// joined by a fixed tree: for h in 8,4,2,1: s[j] += s[j + h], j < h.
// Multiply-add is an explicit fma; everything is compiled with
// -ffp-contract=off.
//
// A kernel is a pure function over a range: no allocation, no threads, no
// globals. Callers cut ranges and hand them to the pool. Shapes are written
// outermost first. All pointers to float are 64-byte aligned unless noted;
// n_cols and head_dim need not be multiples of anything unless noted.

#include <stddef.h>
#include <stdint.h>

struct error;

enum {
    KERN_LANES = 16,      // partial sums of a reduction
    KERN_PANEL_ROWS = 16, // output rows of one weight panel
    KERN_PAGE = 32,       // positions of one KV page
    KERN_BLOCK = 32,      // weights that share one scale in Q8_0
};

enum kern_isa { KERN_AUTO = -1, KERN_REF, KERN_AVX2, KERN_AVX512, KERN_NEON };

// Weight types. Values are those of GGUF (ggml_type).
enum kern_type {
    KERN_F32 = 0,
    KERN_F16 = 1,
    KERN_Q8_0 = 8,
    KERN_BF16 = 30,
};

// A weight matrix [n_rows][n_cols], repacked into panels of KERN_PANEL_ROWS
// rows so that a vector register holds one element of each row. The last panel
// is padded with zero rows. Layout of one panel:
//   F32, F16, BF16: [n_cols][16 rows]
//   Q8_0: per block of 32 columns: [16 rows] float scales, then int8
//         [16 column pairs][16 rows][2 columns]; n_cols is a multiple of 32.
struct kern_matrix {
    enum kern_type type;
    int n_rows, n_cols;
    size_t panel_bytes;
    void *panels; // [n_panels][panel_bytes], 64-byte aligned
};

// Activations made ready for a weight type: the floats themselves, and for
// Q8_0 int16 values with one scale per block of 32 (scale = max|x| / 32767,
// value = round-half-even(x / scale); exact integer sums inside a block).
struct kern_input {
    const float *x; // [n_tokens][n_cols], row stride n_cols
    int16_t *q;     // [n_tokens][n_cols], only for quantised weights
    float *q_scale; // [n_tokens][n_cols / 32]
    int n_tokens, n_cols;
};

// n_tokens consecutive tokens of one sequence against the cached keys and
// values of one KV head, shared by `n_group` query heads (grouped-query
// attention). Token t sees n_pos + t positions. Tokens and heads of a call
// share the loads of keys and values; what each gets does not depend on the
// others.
//   page of keys:   float [head_dim][KERN_PAGE]   (a lane is a position)
//   page of values: float [KERN_PAGE][head_dim_padded16]
struct kern_attn {
    const float *q;             // [n_tokens][stride]: [n_group][head_dim] each,
                                // already rotated
    const float *const *k_page; // [n_pages], for n_pos + n_tokens - 1 positions
    const float *const *v_page; // [n_pages]
    float *scores;              // scratch [n_tokens * n_group][n_pages *
                                // KERN_PAGE]
    float *out;                 // [n_tokens][stride]: [n_group][head_dim] each
    float scale;                // 1 / sqrt(head_dim)
    int n_group, head_dim, n_pos, n_tokens;
    size_t stride; // floats from token to token in q and out
};

struct kernels {
    enum kern_isa isa;
    const char *name; // "ref", "avx2", "avx512", "neon": recorded in results

    // Fill in->q and in->q_scale for tokens [begin, end).
    void (*quantize)(struct kern_input *in, int begin, int end);

    // y[t][r] = sum_c w[r][c] * x[t][c] for all tokens and the rows of panels
    // [begin, end); row stride of y is y_stride >= n_rows. Rows beyond n_rows
    // are not written. One entry per kern_type, see kern_matmul().
    void (*matmul_f32)(const struct kern_matrix *w, const struct kern_input *in,
                       float *y, int y_stride, int begin, int end);
    void (*matmul_f16)(const struct kern_matrix *w, const struct kern_input *in,
                       float *y, int y_stride, int begin, int end);
    void (*matmul_bf16)(const struct kern_matrix *w,
                        const struct kern_input *in, float *y, int y_stride,
                        int begin, int end);
    void (*matmul_q8_0)(const struct kern_matrix *w,
                        const struct kern_input *in, float *y, int y_stride,
                        int begin, int end);

    // y[i] = x[i] * weight[i] / sqrt(mean(x^2) + eps). y may be x. No
    // alignment assumed.
    void (*rmsnorm)(float *y, const float *x, const float *weight, int n,
                    float eps);
    // gate[i] = silu(gate[i]) * up[i], silu(v) = v / (1 + exp(-v)).
    void (*swiglu)(float *gate, const float *up, int n);
    // y[i] += x[i].
    void (*add)(float *y, const float *x, int n);
    // Rotate one head. cs: [head_rot/2] pairs (cos, sin). NEOX pairs (i, i +
    // n_rot/2); NORM pairs (2i, 2i+1). a' = fma(a, cos, -(b * sin)),
    // b' = fma(b, cos, a * sin). Elements from n_rot on stay as they are.
    void (*rope_neox)(float *head, const float *cs, int n_rot);
    void (*rope_norm)(float *head, const float *cs, int n_rot);
    // x[i] = exp((x[i] - max) * inv_temp); returns the sum (KERN_LANES rule).
    // No alignment assumed.
    float (*exp_sum)(float *x, int n, float max, float inv_temp);
    // Largest element; NaN counts as -infinity. n >= 1.
    float (*max)(const float *x, int n);
    // Scores q.k (sequential fma over head_dim) * scale, minus the maximum,
    // exp, sum (KERN_LANES rule over positions); out[d] = sequential fma over
    // positions of p * v[d], divided by the sum.
    void (*attn)(const struct kern_attn *a);
};

// The table for an ISA, or the best that this CPU has for KERN_AUTO. NULL with
// ERR_UNSUPPORTED when the CPU or the build lacks it. Tables are constant.
const struct kernels *kern_get(enum kern_isa isa, struct error *err);
// "auto", "ref", "avx2", "avx512", "neon" -> isa; -1 with ERR_USAGE else.
int kern_isa_parse(const char *name, enum kern_isa *isa, struct error *err);

// Bytes of one panel, a multiple of 64; what the caller puts into panel_bytes.
// 0 when n_cols does not suit the type.
size_t kern_panel_bytes(enum kern_type type, int n_cols);
// Bytes of the panels of such a matrix; 0 when the sizes overflow or n_cols
// does not suit the type.
size_t kern_matrix_bytes(enum kern_type type, int n_rows, int n_cols);
// Repack `rows` (GGUF layout: row after row) into m->panels, which the caller
// allocated with kern_matrix_bytes(), 64-byte aligned, the other fields of *m
// set; begin/end: panels of this call, so that threads can share the work.
void kern_pack(struct kern_matrix *m, const void *rows, int begin, int end);
// One row of a GGUF matrix as floats (embedding lookup); also the exact
// definition of what the weights mean. `row` points at that row's bytes.
void kern_row_to_f32(enum kern_type type, const void *row, int n_cols,
                     float *out);
size_t kern_row_bytes(enum kern_type type, int n_cols); // GGUF layout

// matmul of the matrix' type on panels [begin, end).
void kern_matmul(const struct kernels *k, const struct kern_matrix *w,
                 const struct kern_input *in, float *y, int y_stride, int begin,
                 int end);
// The same through OpenBLAS, for long prompts (`prefill: blas`): dequantised
// tiles and sgemm. Its sums depend on the CPU: outside the same-bits promise.
// `tile`: scratch of kern_blas_tile_floats(n_cols) floats.
void kern_matmul_blas(const struct kern_matrix *w, const struct kern_input *in,
                      float *y, int y_stride, int begin, int end, float *tile);
size_t kern_blas_tile_floats(int n_cols);

// cos and sin of position * freq_i for rope tables, computed in double from
// our own operations, so that every machine and libm gives the same floats.
// cs: [n_rot/2] pairs; factors: [n_rot/2] divisors or NULL.
void kern_rope_table(float *cs, int position, int n_rot, double theta,
                     const float *factors);
