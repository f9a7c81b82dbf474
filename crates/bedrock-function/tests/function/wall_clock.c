/* Preloaded into a process, moves its wall clock ahead by the seconds that the file $WALL_CLOCK_AHEAD
 * holds, and leaves its monotonic clock alone: what a sandbox of Lambda sees after a freeze. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        const char *path = getenv("WALL_CLOCK_AHEAD");
        FILE *file = path ? fopen(path, "r") : NULL;
        long seconds = 0;
        if (file) {
            if (fscanf(file, "%ld", &seconds) == 1) {
                now->tv_sec += seconds;
            }
            fclose(file);
        }
    }
    return (int)result;
}
