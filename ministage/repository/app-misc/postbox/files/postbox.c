#include <stdio.h>
#include <unistd.h>

/* Prints the user that runs it and the user whose rights it has. */
int main(void) {
  printf("%d %d\n", (int)getuid(), (int)geteuid());
  return 0;
}
