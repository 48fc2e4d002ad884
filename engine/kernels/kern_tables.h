#pragma once
// The instruction sets that this build has, one constant table each.
// Internal to engine/kernels/; callers use kern_get().

struct kernels;

extern const struct kernels kern_table_ref;
#if defined(__x86_64__)
extern const struct kernels kern_table_avx2;
extern const struct kernels kern_table_avx512;
#elif defined(__aarch64__)
extern const struct kernels kern_table_neon;
#endif
