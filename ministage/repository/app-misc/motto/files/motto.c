#include <stdio.h>

#define MOTTO "Slow and steady."

int main(void) {
    puts(MOTTO);
    return 0;
}
