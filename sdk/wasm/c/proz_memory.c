/* memcpy, memset, memmove and memcmp for contracts without a C library. Compile it with them.
 *
 * With -mbulk-memory the compiler uses the machine's own operators for the first three.
 */
typedef __SIZE_TYPE__ size;

void *memcpy(void *dst, const void *src, size n) {
    char *to = dst;
    const char *from = src;
    while (n--) *to++ = *from++;
    return dst;
}

void *memset(void *dst, int byte, size n) {
    char *to = dst;
    while (n--) *to++ = (char)byte;
    return dst;
}

void *memmove(void *dst, const void *src, size n) {
    char *to = dst;
    const char *from = src;
    if (to < from) {
        while (n--) *to++ = *from++;
    } else {
        while (n--) to[n] = from[n];
    }
    return dst;
}

int memcmp(const void *left, const void *right, size n) {
    const unsigned char *a = left, *b = right;
    for (; n--; a++, b++)
        if (*a != *b) return *a < *b ? -1 : 1;
    return 0;
}
