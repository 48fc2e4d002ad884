#include "harness/stats/stats_work.h"

#include <gsl/gsl_linalg.h>

#include <math.h>
#include <stddef.h>

// Least squares of 1 = work / time by normal equations, so that millions of
// samples cost no memory. Columns are scaled to length 1, and a ridge far below
// any error of measurement keeps equal columns apart.

static const double RIDGE = 1e-9;
enum { VALUES_PER_COLUMN = 3 };

struct fit {
    int n_columns;
    double matrix[WORK_COLUMNS_MAX * WORK_COLUMNS_MAX];
    double right[WORK_COLUMNS_MAX], scale[WORK_COLUMNS_MAX];
    double weight[WORK_COLUMNS_MAX]; // what is looked for
};

// Returns how many values count.
static int add_values(struct fit *f, const double *work, const double *time,
                      int n) {
    int n_used = 0, m = f->n_columns;
    for (int i = 0; i < n; i++) {
        const double *row = work + (size_t)i * (size_t)m;
        if (!(time[i] > 0)) continue;
        n_used++;
        for (int a = 0; a < m; a++) {
            f->right[a] += row[a] / time[i];
            for (int b = 0; b < m; b++)
                f->matrix[a * m + b] += row[a] / time[i] * (row[b] / time[i]);
        }
    }
    return n_used;
}

static void scale_columns(struct fit *f) {
    int m = f->n_columns;
    for (int a = 0; a < m; a++) {
        double square = f->matrix[a * m + a];
        f->scale[a] = square > 0 ? 1 / sqrt(square) : 0;
        f->right[a] *= f->scale[a];
    }
    for (int a = 0; a < m; a++) {
        for (int b = 0; b < m; b++)
            f->matrix[a * m + b] *= f->scale[a] * f->scale[b];
        f->matrix[a * m + a] += f->scale[a] > 0 ? RIDGE : 1;
    }
}

static int solve(struct fit *f) {
    size_t m = (size_t)f->n_columns;
    gsl_matrix_view matrix = gsl_matrix_view_array(f->matrix, m, m);
    gsl_vector_view right = gsl_vector_view_array(f->right, m);
    gsl_vector_view weight = gsl_vector_view_array(f->weight, m);
    if (gsl_linalg_cholesky_decomp1(&matrix.matrix)) return -1;
    gsl_linalg_cholesky_solve(&matrix.matrix, &right.vector, &weight.vector);
    for (int a = 0; a < f->n_columns; a++)
        f->weight[a] *= f->scale[a];
    return 0;
}

void stats_work_residuals(const double *work, const double *time, int n,
                          int n_columns, double *residual) {
    for (int i = 0; i < n; i++)
        residual[i] = NAN;
    if (n_columns < 1 || n_columns > WORK_COLUMNS_MAX) return;
    struct fit f = {.n_columns = n_columns};
    int n_used = add_values(&f, work, time, n), n_columns_used = 0;
    scale_columns(&f);
    for (int a = 0; a < n_columns; a++)
        n_columns_used += f.scale[a] > 0;
    if (n_used < VALUES_PER_COLUMN * n_columns_used || solve(&f)) return;
    for (int i = 0; i < n; i++) {
        double fitted = 0;
        for (int a = 0; a < n_columns; a++)
            fitted += f.weight[a] * work[(size_t)i * (size_t)n_columns + a];
        if (time[i] > 0 && fitted > 0) residual[i] = log(time[i] / fitted);
    }
}
