#include <stdio.h>
#include <stdlib.h>

/* Prints as many bytes as it is told, in numbered lines as a compilation has them. */
int main(int argc, char **argv) {
    long wanted = argc > 1 ? atol(argv[1]) : 0;

    for (long line = 1, printed = 0; printed < wanted; line++) {
        int length = printf("x86_64-pc-linux-gnu-gcc -O2 -pipe -Wall -c -o part-%07ld.o part-%07ld.c\n", line, line);
        if (length < 0)
            return 1;
        printed += length;
    }
    return 0;
}
