#include <stdio.h>
#include <time.h>

int main(void) {
    char text[32];
    time_t now = time(NULL);
    strftime(text, sizeof text, FORMAT, gmtime(&now));
    printf("timepiece %s: %s\n", VERSION, text);
    return 0;
}
