#include <greeting.h>
#include <stdio.h>

int main(void) {
#ifdef LOUD
    puts(greeting_shout());
#else
    puts(greeting_text());
#endif
    return 0;
}
