#include <stdio.h>
#include <zlib.h>

unsigned sum(const unsigned char *s, int n);

int main(void) {
    unsigned char text[4096], packed[8192];
    FILE *words = fopen("/usr/local/share/pack/words", "r");
    if (!words) return 1;
    uLong length = fread(text, 1, sizeof text, words);
    uLongf size = sizeof packed;
    if (compress(packed, &size, text, length) != Z_OK) return 2;
    printf("%lu bytes, sum %u, packs: %d\n", length, sum(text, length), size < length);
    return 0;
}
