unsigned sum(const unsigned char *s, int n) { unsigned r = 0; while (n--) r += *s++; return r; }
