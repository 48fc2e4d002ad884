#pragma once
// A folder of its own for a test, removed at the end.

#include <stddef.h>

char *helper_dir_new(void);      // malloc'ed path of a new empty folder
void helper_dir_free(char *dir); // removes it with its content
char *helper_path(const char *dir, const char *name); // malloc'ed DIR/NAME
void helper_write(const char *path, const char *text);
void helper_append(const char *path, const char *text);
char *helper_read(const char *path); // malloc'ed; "" when there is none
