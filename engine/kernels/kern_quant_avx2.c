// Products with quantised weights on AVX2: those of the reference.

#include "engine/kernels/kern_simd_avx2.h"
#include "engine/kernels/kern_tables.h"

void kern_quantize_avx2(struct kern_input *in, int begin, int end) {
    kern_table_ref.quantize(in, begin, end);
}

void kern_matmul_quant_avx2(const struct kern_matrix *w,
                            const struct kern_input *in, float *y, int y_stride,
                            int begin, int end) {
    kern_table_ref.matmul(w, in, y, y_stride, begin, end);
}
