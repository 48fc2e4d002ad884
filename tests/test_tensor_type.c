#include "engine/model/tensor_type.h"

#include "engine/kernels/kernels.h"

#include <criterion/criterion.h>
#include <string.h>

// What the file's table and the kernels' say of a type is the same.
Test(tensor_type, agrees_with_the_kernels) {
    int n_loadable = 0;
    for (uint32_t id = 0; id < 256; id++) {
        const struct tensor_type_info *t = tensor_type_find(id);
        const char *name = kern_type_name((enum kern_type)id);
        bool is_known = strcmp(name, "?") != 0;
        if (!t) {
            cr_expect_not(is_known, "%s has no size in files", name);
            continue;
        }
        cr_expect_eq(tensor_type_is_loadable(t), is_known, "%s", t->name);
        if (!is_known) continue;
        n_loadable++;
        cr_expect_str_eq(t->name, name);
        for (int n = 1; n <= 3; n++) {
            size_t n_bytes = 0;
            uint64_t n_cols = (uint64_t)n * t->block_elements;
            cr_expect(tensor_type_bytes(t, 1, n_cols, &n_bytes));
            cr_expect_eq(kern_row_bytes((enum kern_type)id, (int)n_cols),
                         n_bytes, "%s", name);
        }
    }
    cr_expect_eq(n_loadable, 15);
}

Test(tensor_type, lists_all_names) {
    char all[512], loadable[160];
    tensor_type_list(false, all, sizeof all);
    tensor_type_list(true, loadable, sizeof loadable);
    cr_expect_str_eq(loadable, "F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, "
                               "Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, BF16");
    cr_expect(strstr(all, "IQ2_XXS") && strstr(all, "MXFP4"), "%s", all);
    cr_expect_str_eq(tensor_type_name(12), "Q4_K");
    cr_expect_str_eq(tensor_type_name(4), "?");
}

Test(tensor_type, refuses_sizes_that_do_not_fit) {
    const struct tensor_type_info *t = tensor_type_find(12);
    size_t n_bytes;
    cr_expect_not(tensor_type_bytes(t, 1, 255, &n_bytes));
    cr_expect_not(tensor_type_bytes(t, UINT64_MAX, 256, &n_bytes));
    cr_expect_not(tensor_type_bytes(t, 2, UINT64_MAX - 255, &n_bytes));
    cr_expect(tensor_type_bytes(t, 3, 512, &n_bytes));
    cr_expect_eq(n_bytes, 3 * 2 * 144);
}
