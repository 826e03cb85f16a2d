#include <stdio.h>

int main(void) {
    int answer = "forty-two" * 1;
    printf("%d\n", anwser);
    return 0;
}
