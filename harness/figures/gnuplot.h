#pragma once
// Runs gnuplot as a child: arguments as a vector, no shell, its settings files
// left out, its messages taken from stderr, killed after GNUPLOT_SECONDS.

struct error;

enum { GNUPLOT_SECONDS = 60 };

// A variable of the script, a text. Any bytes but control characters; what is
// to be the name of a file must begin with "/" or "./", as gnuplot runs names
// that begin with "<" or "|".
struct gnuplot_variable {
    const char *name, *value;
};

// `program` is looked for in PATH unless it has a slash. `variables` ends with
// a row whose name is NULL. -1: ERR_UNSUPPORTED (there is no such program),
// ERR_INPUT (a control character), or ERR_INTERNAL with what gnuplot said last.
int gnuplot_run(const char *program, const char *script,
                const struct gnuplot_variable *variables, struct error *err);
