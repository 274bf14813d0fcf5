#include "lines.h"
#include <stdio.h>

void line(int depth, const char *text, int length) { printf("%*s%.*s\n", 2 * depth, "", length, text); }
