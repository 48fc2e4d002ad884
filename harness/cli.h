#pragma once
// Command lines by table: a sub-command is a `struct cli_command` with an array
// of options; parsing, help and "did you mean" come from the same rows.
//
// A sub-command keeps its options in a struct of its own (the record), which
// cli_main() allocates zeroed, fills with the rows' defaults, then from argv,
// and hands to `run`. Options may stand anywhere among the arguments, as --name
// value, --name=value, -n value or -nvalue; "--" ends them; "-" is an argument.
// Every sub-command has --help (-h).

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;

enum cli_type {
    CLI_FLAG,   // bool: --name sets it, --no-name clears it
    CLI_INT,    // int in [min, max]
    CLI_FLOAT,  // double in [min, max]
    CLI_TEXT,   // const char *, borrowed from argv; NULL when not given
    CLI_CHOICE, // int: index into choices
    CLI_LIST,   // struct cli_list: may be given again and again
};

enum { CLI_LIST_MAX = 64 };

struct cli_list {
    const char *items[CLI_LIST_MAX]; // borrowed from argv
    int n;
};

// Rows end with one whose name is NULL.
struct cli_option {
    const char *name; // without dashes
    char short_name;  // 0: none
    enum cli_type type;
    size_t offset;             // offsetof the field in the command's record
    double min, max;           // CLI_INT, CLI_FLOAT
    const char *default_value; // NULL: zero
    const char *value_name;    // "N", "FILE"; NULL for flags
    const char *const *choices;
    const char *help;
};

// What a sub-command is called with.
struct cli_call {
    const void *options;     // its record
    const char *const *args; // [n_args] what is not an option
    int n_args;
    FILE *in;  // stdin
    FILE *out; // results
    FILE *log; // everything else
};

struct cli_command {
    const char *name;
    const char *arguments; // "CONFIG", "FILE..."; "" if there are none
    const char *summary;   // one line
    const char *details;   // paragraphs after the options; NULL: none
    const struct cli_option *options; // NULL: none
    size_t record_bytes;
    int min_args, max_args; // max_args -1: any number
    // 0: done. -1: failed, `err` is printed and its kind gives the exit code.
    // Above 0: that exit code (gate, cells failed, ...).
    int (*run)(const struct cli_call *call, struct error *err);
};

// Fill `record` and args[0..*n_args) (room for argc) from argv, which begins
// after the command's name. Returns 0, 1 when help was asked for, or -1.
int cli_parse(const struct cli_command *cmd, int argc, char **argv,
              void *record, const char **args, int *n_args, struct error *err);

// The help of a command, as `specsweep help NAME` and --help print it.
void cli_help(const struct cli_command *cmd, FILE *out);

// Find, parse and run argv[1] among `commands` (NULL-terminated array of
// pointers). Prints errors to `log`; returns the exit code.
int cli_main(const struct cli_command *const *commands, int argc, char **argv,
             FILE *in, FILE *out, FILE *log);

// Should text on this stream be coloured? A terminal, NO_COLOR not set, and
// TERM not "dumb".
bool cli_use_color(FILE *stream);
