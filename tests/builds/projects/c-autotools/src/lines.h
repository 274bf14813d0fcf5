void line(int depth, const char *text, int length);
