#include "harness/math/math_compare.h"

#include "harness/math/expr_rewrite.h"

#include <string.h>

// Sets of real numbers, whatever they are written as: intervals, unions,
// inequalities of one variable. The end points of both sides cut the line into
// cells (the points and the gaps between them), and every set is the cells
// that it holds; so parts may come in any order, touch or overlap.

enum { CELLS_MAX = 2 * MATH_PARTS_MAX + 1, ENDS_MAX = 2 * MATH_PARTS_MAX };

// ---- inequalities ---------------------------------------------------------

static enum expr_relation flip(enum expr_relation r) {
    switch (r) {
    case REL_LT:
        return REL_GT;
    case REL_LE:
        return REL_GE;
    case REL_GT:
        return REL_LT;
    case REL_GE:
        return REL_LE;
    default:
        return r;
    }
}

static bool is_inequality(const struct expr *e) {
    if (e->kind != EXPR_RELATION) return false;
    for (int i = 0; i + 1 < e->n_args; i++) {
        enum expr_relation r = e->relations[i];
        if (r == REL_NE || (r >= REL_LT && r <= REL_GE)) return true;
    }
    return false;
}

static const struct expr *infinity(struct expr_pool *p, bool minus) {
    const struct expr *e = expr_constant(p, FN_INFINITY);
    return minus ? expr_neg(p, e) : e;
}

// Numbers x with `x r bound`.
static const struct expr *half_line(struct expr_pool *p, enum expr_relation r,
                                    const struct expr *bound) {
    const struct expr *low = infinity(p, true), *high = infinity(p, false);
    switch (r) {
    case REL_LT:
        return expr_interval(p, low, bound, false, false);
    case REL_LE:
        return expr_interval(p, low, bound, false, true);
    case REL_GT:
        return expr_interval(p, bound, high, false, false);
    case REL_GE:
        return expr_interval(p, bound, high, true, false);
    case REL_EQ:
        return expr_make(p, EXPR_SET, &bound, 1);
    case REL_NE:
        return expr_make2(p, EXPR_UNION,
                          expr_interval(p, low, bound, false, false),
                          expr_interval(p, bound, high, false, false));
    default:
        return NULL;
    }
}

// f(at), for f given by `e` in the variable x.
static const struct expr *at(struct expr_pool *p, const struct expr *e,
                             const struct expr *x, long times_two) {
    const struct expr *value =
        expr_make2(p, EXPR_DIV, expr_int(p, times_two), expr_int(p, 2));
    return value ? expr_replace(p, e, x, value) : NULL;
}

// Is `e`, a difference of two sides, *slope * x + *zero? Seen at five points.
static bool is_linear(struct expr_pool *p, const struct expr *e,
                      const struct expr *x, const struct expr **slope,
                      const struct expr **zero) {
    static const int points[] = {4, -6, 7};
    struct math_reason why;
    *zero = at(p, e, x, 0);
    if (!*zero || !scalar_is_constant(*zero)) return false;
    *slope = expr_sub(p, at(p, e, x, 2), *zero);
    for (int i = 0; *slope && i < 3; i++) {
        const struct expr *half =
            expr_make2(p, EXPR_DIV, expr_int(p, points[i]), expr_int(p, 2));
        const struct expr *line = expr_make2(
            p, EXPR_ADD, *zero, expr_make2(p, EXPR_MUL, *slope, half));
        const struct expr *value = at(p, e, x, points[i]);
        if (!line || !value || scalar_equal(p, line, value, &why) != MATH_EQUAL)
            return false;
    }
    return *slope != NULL;
}

static bool is_named(const struct expr *e, const struct expr *x) {
    return e->kind == x->kind && expr_same(e, x);
}

static const struct expr *solve(struct expr_pool *p, const struct expr *left,
                                enum expr_relation r, const struct expr *right,
                                const struct expr *x);

// |u| < c is u < c and u > -c, |u| > c is u > c or u < -c.
static const struct expr *solve_bars(struct expr_pool *p,
                                     const struct expr *bars,
                                     enum expr_relation r, const struct expr *c,
                                     const struct expr *x) {
    if (r < REL_LT || r > REL_GE) return NULL;
    bool within = r == REL_LT || r == REL_LE;
    const struct expr *inner = bars->args[0], *minus = expr_neg(p, c);
    const struct expr *high = minus ? solve(p, inner, r, c, x) : NULL;
    const struct expr *low = high ? solve(p, inner, flip(r), minus, x) : NULL;
    return low ? expr_make2(p, within ? EXPR_INTERSECT : EXPR_UNION, high, low)
               : NULL;
}

static bool has_bars(const struct expr *e) {
    return e->kind == EXPR_CALL && e->function == FN_ABS &&
           !scalar_is_constant(e);
}

// One inequality as a set; NULL when it is not linear.
static const struct expr *solve(struct expr_pool *p, const struct expr *left,
                                enum expr_relation r, const struct expr *right,
                                const struct expr *x) {
    const struct expr *slope, *zero;
    int order;
    if (is_named(left, x) && scalar_is_constant(right))
        return half_line(p, r, right);
    if (is_named(right, x) && scalar_is_constant(left))
        return half_line(p, flip(r), left);
    if (x->kind != EXPR_SYMBOL) return NULL;
    if (has_bars(left) && scalar_is_constant(right))
        return solve_bars(p, left, r, right, x);
    if (has_bars(right) && scalar_is_constant(left))
        return solve_bars(p, right, flip(r), left, x);
    const struct expr *e = expr_sub(p, left, right);
    if (!e || !is_linear(p, e, x, &slope, &zero)) return NULL;
    if (!scalar_order(p, slope, expr_int(p, 0), &order) || !order) return NULL;
    const struct expr *bound =
        expr_make2(p, EXPR_DIV, expr_neg(p, zero), slope);
    return bound ? half_line(p, order < 0 ? flip(r) : r, bound) : NULL;
}

static const struct expr *solve_chain(struct expr_pool *p, const struct expr *e,
                                      const struct expr **variable) {
    const struct expr *parts[MATH_PARTS_MAX];
    int n_variables, n = e->n_args - 1;
    const struct expr *x = expr_variable(e, &n_variables);
    for (int i = 0; i < e->n_args; i++) { // 0 < f(x) < 1
        if (e->args[i]->kind == EXPR_OPAQUE) x = e->args[i];
    }
    if (!x || n > MATH_PARTS_MAX || expr_has(e, EXPR_PM)) return NULL;
    if (*variable && strcmp((*variable)->name, x->name) != 0) return NULL;
    *variable = x;
    for (int i = 0; i < n; i++) {
        if (!expr_is_scalar(e->args[i]) || !expr_is_scalar(e->args[i + 1]))
            return NULL;
        parts[i] = solve(p, e->args[i], e->relations[i], e->args[i + 1], x);
        if (!parts[i]) return NULL;
    }
    return n == 1 ? parts[0] : expr_make(p, EXPR_INTERSECT, parts, n);
}

// ---- reading --------------------------------------------------------------

static bool is_all_reals(const struct expr *e) {
    return (e->kind == EXPR_SYMBOL || e->kind == EXPR_TEXT) &&
           (strcmp(e->name, "\\mathbb{R}") == 0 || strcmp(e->name, "\\R") == 0);
}

bool math_is_region(const struct expr *e) {
    switch (e->kind) {
    case EXPR_INTERVAL:
    case EXPR_UNION:
    case EXPR_INTERSECT:
    case EXPR_WITHOUT:
        return true;
    case EXPR_LIST:
        for (int i = 0; i < e->n_args; i++) {
            if (is_inequality(e->args[i])) return true;
        }
        return false;
    default:
        return is_inequality(e) || is_all_reals(e);
    }
}

static const struct expr *read_region(struct expr_pool *p, const struct expr *e,
                                      const struct expr **variable);

// The 2 of "x \ne 1, 2", which is not among the numbers either.
static bool is_excluded(const struct expr *list, int i) {
    const struct expr *first = list->args[0];
    return i > 0 && list->kind == EXPR_LIST && first->kind == EXPR_RELATION &&
           first->n_args == 2 && first->relations[0] == REL_NE &&
           first->args[0]->kind == EXPR_SYMBOL && expr_is_scalar(list->args[i]);
}

// "(1, 2), (3, 4)": of sets that are written out only all can be meant.
static bool lists_sets(const struct expr *e) {
    if (e->kind != EXPR_LIST) return false;
    for (int i = 0; i < e->n_args; i++) {
        enum expr_kind kind = e->args[i]->kind;
        if (kind == EXPR_INTERVAL || kind == EXPR_TUPLE || kind == EXPR_UNION ||
            kind == EXPR_INTERSECT || kind == EXPR_WITHOUT)
            return true;
    }
    return false;
}

static const struct expr *read_parts(struct expr_pool *p, const struct expr *e,
                                     const struct expr **variable) {
    const struct expr *parts[MATH_PARTS_MAX];
    if (e->n_args > MATH_PARTS_MAX || e->n_args == 0) return NULL;
    for (int i = 0; i < e->n_args; i++) {
        parts[i] = is_excluded(e, i) && scalar_is_constant(e->args[i])
                       ? half_line(p, REL_NE, e->args[i])
                       : read_region(p, e->args[i], variable);
        if (!parts[i]) return NULL;
    }
    return expr_make(p, lists_sets(e) ? EXPR_UNION : e->kind, parts, e->n_args);
}

// As a tree of INTERVAL, SET, UNION, INTERSECT, WITHOUT and LIST, which stands
// for "and" or "or". *variable: that of its inequalities.
static const struct expr *read_region(struct expr_pool *p, const struct expr *e,
                                      const struct expr **variable) {
    if (is_all_reals(e))
        return expr_interval(p, infinity(p, true), infinity(p, false), false,
                             false);
    switch (e->kind) {
    case EXPR_INTERVAL:
        return e;
    case EXPR_SET:
        return expr_has(e, EXPR_PM) ? NULL : e;
    case EXPR_TUPLE:
        if (e->n_args != 2) return NULL;
        return expr_interval(p, e->args[0], e->args[1], false, false);
    case EXPR_LIST:
    case EXPR_UNION:
    case EXPR_INTERSECT:
    case EXPR_WITHOUT:
        return read_parts(p, e, variable);
    case EXPR_RELATION:
        if (e->n_args == 2 && e->relations[0] == REL_IN)
            return read_region(p, e->args[1], variable);
        return solve_chain(p, e, variable);
    default:
        if (!expr_is_scalar(e) || !scalar_is_constant(e)) return NULL;
        return expr_make(p, EXPR_SET, &e, 1);
    }
}

// ---- the line -------------------------------------------------------------

struct line {
    struct expr_pool *pool;
    const struct expr *points[MATH_PARTS_MAX]; // ascending
    int n_points;
    const struct expr *ends[ENDS_MAX]; // as they stand in the trees
    int ranks[ENDS_MAX];               // which point each is
    int n_ends;
};

// -1, +1: infinite; 0: not.
static int infinite(const struct expr *e) {
    if (e->kind == EXPR_NEG) return -infinite(e->args[0]);
    return e->kind == EXPR_CONSTANT && e->function == FN_INFINITY;
}

bool math_is_line(const struct expr *e) {
    bool ends = e->kind == EXPR_INTERVAL || e->kind == EXPR_TUPLE;
    return ends && e->n_args == 2 && infinite(e->args[0]) < 0 &&
           infinite(e->args[1]) > 0;
}

static bool add_end(struct line *line, const struct expr *e) {
    int low = 0, high = line->n_points, order = 1;
    if (infinite(e)) return true;
    if (!expr_is_scalar(e) || line->n_ends == ENDS_MAX) return false;
    while (low < high) {
        int middle = (low + high) / 2;
        if (!scalar_order(line->pool, e, line->points[middle], &order))
            return false;
        if (order == 0) low = high = middle;
        if (order > 0) low = middle + 1;
        if (order < 0) high = middle;
    }
    if (order != 0 || line->n_points == 0) {
        int again;
        if (line->n_points == MATH_PARTS_MAX) return false;
        // The first has nothing to be compared with but itself.
        if (!scalar_order(line->pool, e, e, &again)) return false;
        memmove(line->points + low + 1, line->points + low,
                (size_t)(line->n_points++ - low) * sizeof *line->points);
        line->points[low] = e;
        for (int i = 0; i < line->n_ends; i++)
            line->ranks[i] += line->ranks[i] >= low;
    }
    line->ends[line->n_ends] = e;
    line->ranks[line->n_ends++] = low;
    return true;
}

static bool add_ends(struct line *line, const struct expr *e) {
    bool leaf = e->kind == EXPR_INTERVAL || e->kind == EXPR_SET;
    for (int i = 0; i < e->n_args; i++) {
        if (leaf ? !add_end(line, e->args[i]) : !add_ends(line, e->args[i]))
            return false;
    }
    return true;
}

static int rank_of(const struct line *line, const struct expr *e) {
    for (int i = 0; i < line->n_ends; i++) {
        if (line->ends[i] == e) return line->ranks[i];
    }
    return -1;
}

// ---- cells ----------------------------------------------------------------
// Cell 2k+1 is point k, cell 2k the gap below it.

static void fill_interval(const struct line *line, const struct expr *e,
                          bool *cells) {
    const struct expr *low = e->args[0], *high = e->args[1];
    int first = 0, last = 2 * line->n_points;
    if (infinite(low) > 0 || infinite(high) < 0) return;
    if (!infinite(low)) first = 2 * rank_of(line, low) + 2 - e->closed_left;
    if (!infinite(high)) last = 2 * rank_of(line, high) + e->closed_right;
    for (int i = first; i <= last; i++)
        cells[i] = true;
}

static void fill(const struct line *line, const struct expr *e, bool *cells);

static void combine(const struct line *line, const struct expr *e,
                    enum expr_kind kind, bool *cells) {
    for (int i = 0; i < e->n_args; i++) {
        bool part[CELLS_MAX] = {0};
        fill(line, e->args[i], part);
        for (int k = 0; k < CELLS_MAX; k++) {
            if (i == 0)
                cells[k] = part[k];
            else if (kind == EXPR_UNION)
                cells[k] |= part[k];
            else if (kind == EXPR_INTERSECT)
                cells[k] &= part[k];
            else
                cells[k] &= !part[k];
        }
    }
}

static void fill(const struct line *line, const struct expr *e, bool *cells) {
    memset(cells, 0, CELLS_MAX * sizeof *cells);
    if (e->kind == EXPR_INTERVAL) {
        fill_interval(line, e, cells);
    } else if (e->kind == EXPR_SET) {
        for (int i = 0; i < e->n_args; i++) {
            int rank = rank_of(line, e->args[i]);
            if (rank >= 0) cells[2 * rank + 1] = true;
        }
    } else if (e->kind == EXPR_LIST) {
        // "x > 1, x < 5" is both, "x < 1, x > 5" can only be either.
        combine(line, e, EXPR_INTERSECT, cells);
        if (!memchr(cells, 1, CELLS_MAX))
            combine(line, e, EXPR_UNION, cells);
    } else {
        combine(line, e, e->kind, cells);
    }
}

// ---- comparing ------------------------------------------------------------

static bool compare_on_line(struct math_context *c, const struct expr *a,
                            const struct expr *b, enum math_equality *eq) {
    bool cells_a[CELLS_MAX], cells_b[CELLS_MAX];
    struct line line = {.pool = c->pool};
    if (!add_ends(&line, a) || !add_ends(&line, b)) return false;
    fill(&line, a, cells_a);
    fill(&line, b, cells_b);
    bool equal = memcmp(cells_a, cells_b, sizeof cells_a) == 0;
    *eq = equal ? MATH_EQUAL : math_different(c, "another set of numbers");
    return true;
}

// Of intervals with variables in their ends.
static bool compare_ends(struct math_context *c, const struct expr *a,
                         const struct expr *b, enum math_equality *eq) {
    if (a->kind != EXPR_INTERVAL || b->kind != EXPR_INTERVAL) return false;
    *eq = MATH_EQUAL;
    if (a->closed_left != b->closed_left || a->closed_right != b->closed_right)
        *eq = math_different(c, "another end of the interval");
    for (int i = 0; i < 2 && *eq == MATH_EQUAL; i++)
        *eq = math_compare(c, a->args[i], b->args[i]);
    return true;
}

// The same parts in the same order, with ends that are written otherwise: as
// decimals.
static bool compare_shapes(struct math_context *c, const struct expr *a,
                           const struct expr *b) {
    bool leaf = a->kind == EXPR_INTERVAL || a->kind == EXPR_SET;
    if (a->kind != b->kind || a->n_args != b->n_args ||
        a->closed_left != b->closed_left || a->closed_right != b->closed_right)
        return false;
    for (int i = 0; i < a->n_args; i++) {
        if (leaf ? math_compare(c, a->args[i], b->args[i]) != MATH_EQUAL
                 : !compare_shapes(c, a->args[i], b->args[i]))
            return false;
    }
    return true;
}

bool math_regions_compare(struct math_context *c, const struct expr *reference,
                          const struct expr *response, enum math_equality *eq) {
    const struct expr *x = NULL, *y = NULL;
    const struct expr *a = read_region(c->pool, reference, &x);
    const struct expr *b = a ? read_region(c->pool, response, &y) : NULL;
    if (!a || !b) return false;
    if (!compare_on_line(c, a, b, eq) && !compare_ends(c, a, b, eq))
        return false;
    if (*eq == MATH_DIFFERENT && compare_shapes(c, a, b)) *eq = MATH_EQUAL;
    if (*eq == MATH_EQUAL && x && y && strcmp(x->name, y->name) != 0)
        *eq = math_unknown(c, "equal but for the variable's name");
    return true;
}
