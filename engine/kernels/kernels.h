#pragma once
// The arithmetic of a transformer, one function pointer per operation.
//
// kern_ref.c, plain C, is the specification. Every other file computes the
// same bits: each output element is one fixed sequence of IEEE operations,
// whatever the batch, the thread count and the vector width. A lane is an
// output row (matrix products), a key position (attention scores) or an output
// dimension (weighted values). Long products of floats are summed in chunks of
// KERN_CHUNK: each chunk by fma from zero, in order, then added to the sum of
// those before it, which costs one addition in 16 and halves the error or
// better. Where a sum must run across lanes it has
// KERN_LANES partial sums, element i in sum i % KERN_LANES, each in order,
// joined by a fixed tree: for h in 8,4,2,1: s[j] += s[j + h], j < h.
// Multiply-add is an explicit fma; everything is compiled with
// -ffp-contract=off.
//
// A kernel is a pure function over a range: no allocation, no threads, no
// globals. Callers cut ranges and hand them to the pool. Shapes are written
// outermost first. All pointers to float are 64-byte aligned unless noted;
// n_cols and head_dim need not be multiples of anything unless noted.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
    KERN_LANES = 16,      // partial sums of a reduction
    KERN_PANEL_ROWS = 16, // output rows of one weight panel
    KERN_PAGE = 32,       // positions of one KV page
    KERN_BLOCK = 32,      // activations that share one scale
    KERN_CHUNK = 16,      // columns of a float product summed from zero
};

enum kern_isa { KERN_AUTO = -1, KERN_REF, KERN_AVX2, KERN_AVX512, KERN_NEON };

// Types of weights, all that the engine computes with. Values are those of
// GGUF (ggml_type); kern_format.h has what their bytes mean.
enum kern_type {
    KERN_F32 = 0,
    KERN_F16 = 1,
    KERN_Q4_0 = 2,
    KERN_Q4_1 = 3,
    KERN_Q5_0 = 6,
    KERN_Q5_1 = 7,
    KERN_Q8_0 = 8,
    KERN_Q2_K = 10,
    KERN_Q3_K = 11,
    KERN_Q4_K = 12,
    KERN_Q5_K = 13,
    KERN_Q6_K = 14,
    KERN_IQ4_NL = 20,
    KERN_IQ4_XS = 23,
    KERN_BF16 = 30,
};

// A weight matrix [n_rows][n_cols], repacked into panels of KERN_PANEL_ROWS
// rows so that a vector register holds one piece of each row: a panel is the
// bytes of its rows as they stand in the file, interleaved (kern_format.h has
// the layout). The last panel is padded with zero rows.
struct kern_matrix {
    enum kern_type type;
    int n_rows, n_cols;
    size_t panel_bytes;
    void *panels; // [n_panels][panel_bytes], 64-byte aligned
};

// What quantise() says of 32 activations x of one token: x ~ scale * (q -
// zero), with q in 0..255 and zero <= 255 an integer, so that 0 is exact.
// Sums are of q - zero, times `scale` where they are floats.
struct kern_scale {
    float scale;
    int32_t minus_zero;  // -zero as the low 16 bits, high 16 bits 0
    int32_t minus_8_sum; // -8 * sum(q - zero), exact
    float sum;           // scale * (float)sum(q - zero)
    float half_sum[2];   // the same of columns 0..15 and 16..31
    int32_t unused[2];
};

// Activations made ready for a weight type: the floats themselves, and for
// quantised weights bytes with one scale per block of 32 columns. The integer
// products of a block are summed exactly; its sum then meets the float sum of
// the blocks before it in one fma (see kern_dot in kern_ref.c for the order).
struct kern_input {
    const float *x; // [n_tokens][n_cols], row stride n_cols
    // For quantised weights only:
    uint8_t *q;   // [n_tokens][n_cols]
    int16_t *q16; // [n_tokens][n_cols]: q - zero, each four columns in the
                  // order 0, 2, 1, 3; left alone by tables that read q
    struct kern_scale *scales; // [n_tokens][n_cols / KERN_BLOCK]
    int n_tokens, n_cols;
};

// A token that attends: how many positions it sees, and the numbers of the
// pages that hold them.
struct kern_attn_token {
    int n_pos;
    const int *pages;
};

// Tokens against the cached keys and values of one KV head, shared by `n_group`
// query heads (grouped-query attention). Tokens of a call that follow each
// other, be they of one sequence or of several with a common past, share the
// loads of the pages that they have in common, and so do heads; what each gets
// does not depend on the others. kern_kv.h has what a page means.
struct kern_attn {
    enum kern_type type; // of the pages: KERN_F32, KERN_F16, KERN_Q8_0
    const float *q;      // [n_tokens][stride]: [n_group][head_dim] each,
                         // already rotated
    const void *keys;    // of page 0
    const void *values;  // of page 0
    size_t page_stride;  // bytes from page to page
    const struct kern_attn_token *tokens; // [n_tokens]
    int n_tokens;
    int n_pages;    // of the token that sees most
    float *scratch; // kern_attn_scratch_floats(n_tokens * n_group, n_pages,
                    // head_dim)
    float *out;     // [n_tokens][stride]: [n_group][head_dim] each
    float scale;    // 1 / sqrt(head_dim)
    int n_group, head_dim;
    size_t stride; // floats from token to token in q and out
};
size_t kern_attn_scratch_floats(int n_queries, int n_pages, int head_dim);

struct kernels {
    enum kern_isa isa;
    const char *name; // "ref", "avx2", "avx512", "neon": recorded in results

    // Fill in->q, in->q16 (see there) and in->scales for tokens [begin, end). A
    // block with a NaN or an infinity gets scale and sums NaN, and values 0, so
    // that every sum over it is NaN; a block of (nearly) zeros gets scale 0.
    void (*quantize)(struct kern_input *in, int begin, int end);

    // y[t][r] = sum_c w[r][c] * x[t][c] for all tokens and the rows of panels
    // [begin, end); row stride of y is y_stride >= n_rows. Rows beyond n_rows
    // are not written.
    void (*matmul)(const struct kern_matrix *w, const struct kern_input *in,
                   float *y, int y_stride, int begin, int end);

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
    // Scores q.k (chunks over head_dim) * scale, minus the maximum,
    // exp, sum (KERN_LANES rule over positions); out[d] = sequential fma over
    // positions of p * v[d], divided by the sum.
    void (*attn)(const struct kern_attn *a);
};

// The table for an ISA, or the best that this CPU has for KERN_AUTO. NULL with
// ERR_UNSUPPORTED when the CPU or the build lacks it. Tables are constant.
const struct kernels *kern_get(enum kern_isa isa, struct error *err);
// "auto", "ref", "avx2", "avx512", "neon" -> isa; -1 with ERR_USAGE else.
int kern_isa_parse(const char *name, enum kern_isa *isa, struct error *err);

// "Q4_K"; "?" for a value that is no kern_type.
const char *kern_type_name(enum kern_type type);
// Weights of these types are multiplied with quantised activations.
bool kern_is_quantized(enum kern_type type);

// Bytes of one panel, a multiple of 64; what the caller puts into panel_bytes.
// 0 when n_cols does not suit the type.
size_t kern_panel_bytes(enum kern_type type, int n_cols);
// Bytes of the panels of such a matrix; 0 when the sizes overflow or n_cols
// does not suit the type.
size_t kern_matrix_bytes(enum kern_type type, int n_rows, int n_cols);
// Repack `rows` (GGUF layout: row after row) into m->panels, which the caller
// allocated with kern_matrix_bytes(), 64-byte aligned, the other fields of *m
// set; begin/end: panels of this call, so that threads can share the work.
// Returns -1, or a row with a scale or weight that is not finite (all panels
// are filled all the same).
int kern_pack(struct kern_matrix *m, const void *rows, int begin, int end);
// One row of a GGUF matrix as floats (embedding lookup); also the exact
// definition of what the weights mean. `row` points at that row's bytes.
void kern_row_to_f32(enum kern_type type, const void *row, int n_cols,
                     float *out);
size_t kern_row_bytes(enum kern_type type, int n_cols); // GGUF layout
// The same numbers from a packed matrix, 0 <= row < n_rows.
void kern_matrix_row_to_f32(const struct kern_matrix *m, int row, float *out);
// Of rows [begin, end) of a GGUF matrix one that kern_pack() would complain of,
// or -1.
int kern_check_rows(enum kern_type type, const void *rows, int n_cols,
                    int begin, int end);

// k->matmul through OpenBLAS, for long prompts (`prefill: blas`): dequantised
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
