#include "harness/stats/stats_work.h"

#include <math.h>
#include <stddef.h>

// Least squares of 1 = work / time with costs of at least 0, by normal
// equations, so that millions of samples need no memory, and coordinate
// descent: each cost in turn takes its best value given the others, until none
// moves. Where columns are nearly alike, which of them gets the cost is settled
// slowly and does not matter. Columns are scaled to length 1.

enum { VALUES_PER_COLUMN = 3, SWEEPS = 20000 };
static const double STILL = 1e-12;

struct fit {
    int n_columns;
    double matrix[WORK_COLUMNS_MAX * WORK_COLUMNS_MAX];
    double right[WORK_COLUMNS_MAX];
    double scale[WORK_COLUMNS_MAX]; // 0: a column of zeros
    double cost[WORK_COLUMNS_MAX];  // what is looked for
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
    }
}

// Returns how far the costs have moved.
static double sweep(struct fit *f) {
    int m = f->n_columns;
    double moved = 0;
    for (int a = 0; a < m; a++) {
        if (!(f->scale[a] > 0)) continue;
        double wanted = f->right[a];
        for (int b = 0; b < m; b++)
            wanted -= b == a ? 0 : f->matrix[a * m + b] * f->cost[b];
        wanted = fmax(0, wanted);
        moved = fmax(moved, fabs(wanted - f->cost[a]));
        f->cost[a] = wanted;
    }
    return moved;
}

static void solve(struct fit *f) {
    for (int i = 0; i < SWEEPS && sweep(f) > STILL; i++)
        ;
    for (int a = 0; a < f->n_columns; a++)
        f->cost[a] *= f->scale[a];
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
    if (n_used < VALUES_PER_COLUMN * n_columns_used) return;
    solve(&f);
    for (int i = 0; i < n; i++) {
        double fitted = 0;
        for (int a = 0; a < n_columns; a++)
            fitted += f.cost[a] * work[(size_t)i * (size_t)n_columns + a];
        if (time[i] > 0 && fitted > 0) residual[i] = log(time[i] / fitted);
    }
}
