#include "harness/show_tree.h"

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "harness/sample_record.h"
#include "harness/show_text.h"

#include <math.h>
#include <stdlib.h>

// Stored parents come before their children (sample_record.h), so one pass
// finds depths and siblings. A stored tree may be deep: nothing recurses, and
// what is drawn ends at SHOW_DEPTH_MAX.

// The nodes that are drawn, as lists of children.
struct drawing {
    const struct sample *s;
    const struct paint *p;
    FILE *out;
    int first_root;
    struct drawn {
        int depth;            // 0: left out
        int first, last;      // children; -1: none
        int next;             // sibling; -1: the last
        long long n_left_out; // below it, down from children that are left out
    } * nodes;                // [s->n_steps]
    struct buf indent;
};

static void link_child(struct drawing *d, int i, int *last_root) {
    int parent = d->s->steps[i].parent;
    int *first = parent < 0 ? &d->first_root : &d->nodes[parent].first;
    int *last = parent < 0 ? last_root : &d->nodes[parent].last;
    if (*last < 0)
        *first = i;
    else
        d->nodes[*last].next = i;
    *last = i;
}

static void lay_out(struct drawing *d, int depth, bool kept_only) {
    int last_root = -1;
    d->first_root = -1;
    for (int i = 0; i < d->s->n_steps; i++) {
        const struct sample_step *step = &d->s->steps[i];
        struct drawn *node = &d->nodes[i];
        int above = step->parent < 0 ? 0 : d->nodes[step->parent].depth;
        bool hangs = step->parent < 0 || above > 0;
        bool shown = hangs && above < depth && (step->kept || !kept_only);
        *node = (struct drawn){shown ? above + 1 : 0, -1, -1, -1, 0};
        if (shown) link_child(d, i, &last_root);
    }
    for (int i = d->s->n_steps - 1; i >= 0; i--) {
        int parent = d->s->steps[i].parent;
        if (parent < 0 || d->nodes[i].depth) continue;
        d->nodes[parent].n_left_out += d->nodes[i].n_left_out + 1;
    }
}

// The bars of a node's ancestors, from the prompt's child on.
static void set_indent(struct drawing *d, int node) {
    int path[SHOW_DEPTH_MAX];
    int n = 0;
    for (int i = d->s->steps[node].parent; i >= 0; i = d->s->steps[i].parent)
        path[n++] = i;
    buf_clear(&d->indent);
    while (n--)
        // cppcheck-suppress uninitvar ; n counts what was written
        buf_adds(&d->indent, d->nodes[path[n]].next < 0 ? "    " : "│   ");
}

static void print_facts(const struct sample_step *step, FILE *out) {
    if (!isnan(step->score)) fprintf(out, "  score %.3f", step->score);
    if (!isnan(step->threshold))
        fprintf(out, "  threshold %.3f", step->threshold);
    if (!isnan(step->second)) fprintf(out, "  second %.3f", step->second);
    if (step->n_copies > 1) fprintf(out, "  x%d", step->n_copies);
    fprintf(out, "  %d tokens", step->n_tokens);
    if (step->time_ns != SAMPLE_NO_TIME)
        fprintf(out, "  %.3f ms", (double)step->time_ns / 1e6);
}

static void print_node(struct drawing *d, int i) {
    const struct sample_step *step = &d->s->steps[i];
    const struct drawn *node = &d->nodes[i];
    const struct paint *p = d->p;
    bool draft = step->author == AUTHOR_DRAFT;
    const char *color = !step->kept ? p->dim : draft ? p->draft : p->base;
    set_indent(d, i);
    fprintf(d->out, "%s%s%s%s%s  %s", d->indent.text,
            node->next < 0 ? "└── " : "├── ", color, step->kept ? "* " : "",
            draft ? "draft" : "base", decision_name[step->decision]);
    print_facts(step, d->out);
    if (node->n_left_out)
        fprintf(d->out, "  (%lld more below)", node->n_left_out);
    fprintf(d->out, "%s\n", p->off);
    buf_adds(&d->indent, node->next < 0 ? "    " : "│   ");
    buf_adds(&d->indent, node->first < 0 ? "    " : "│   ");
    // The bars between lines are not painted.
    char *indent = xasprintf("%s%s%s", p->off, d->indent.text, color);
    fprintf(d->out, "%s%s", d->indent.text, color);
    show_step_text(step->text, step->n_bytes, indent, d->out);
    fprintf(d->out, "%s\n", p->off);
    free(indent);
}

// The node after this one, going down first; -1: it was the last.
static int next_node(const struct drawing *d, int i) {
    if (d->nodes[i].first >= 0) return d->nodes[i].first;
    while (i >= 0 && d->nodes[i].next < 0)
        i = d->s->steps[i].parent;
    return i < 0 ? -1 : d->nodes[i].next;
}

void show_tree(const struct sample *s, int depth, bool kept_only,
               const struct paint *p, FILE *out) {
    struct drawing d = {.s = s, .p = p, .out = out};
    if (depth > SHOW_DEPTH_MAX) depth = SHOW_DEPTH_MAX;
    d.nodes = xcalloc((size_t)s->n_steps + 1, sizeof *d.nodes);
    buf_init(&d.indent);
    lay_out(&d, depth, kept_only);
    for (int i = d.first_root; i >= 0; i = next_node(&d, i))
        print_node(&d, i);
    buf_release(&d.indent);
    free(d.nodes);
}

void show_tree_counts(const struct sample *s, FILE *out) {
    long long n_author[2] = {0}, n_decision[DECISION_N] = {0}, n_copies = 0;
    for (int i = 0; i < s->n_steps; i++) {
        n_author[s->steps[i].author]++;
        n_decision[s->steps[i].decision]++;
        n_copies += s->steps[i].n_copies - 1;
    }
    fprintf(out, "%-10s%lld by the base, %lld by the draft, %lld copies;",
            "thoughts", n_author[AUTHOR_BASE], n_author[AUTHOR_DRAFT],
            n_copies);
    for (int i = 0; i < DECISION_N; i++)
        fprintf(out, "%s %lld %s", i ? "," : "", n_decision[i],
                decision_name[i]);
    fputc('\n', out);
}
