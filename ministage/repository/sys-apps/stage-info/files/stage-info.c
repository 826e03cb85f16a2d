#include <stdio.h>
#include <sys/utsname.h>

int main(void) {
    char release[256];
    struct utsname system;
    FILE *file = fopen("/etc/gentoo-release", "r");

    if (file == NULL || fgets(release, sizeof release, file) == NULL) {
        perror("/etc/gentoo-release");
        return 1;
    }
    uname(&system);
    printf("%s%s %s\n", release, system.sysname, system.machine);
    return 0;
}
