/* A wall clock that can be put off while its process runs: by the seconds in the file that
 * STEPPED_CLOCK names, eight bytes in the machine's order. Other clocks stay as they are.
 *
 * Whoever waits until a time of this clock waits by the machine's, whose time is put back here.
 * What waits when the clock is stepped is left alone. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t none = 0;
static const volatile int64_t *off_s = &none;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("STEPPED_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) off_s = mapped;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (!real) begin();
  int failed = real(clock, now);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *off_s;
  return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec exact;
  (void)zone;
  int failed = clock_gettime(CLOCK_REALTIME, &exact);
  if (!failed) *now = (struct timeval){exact.tv_sec, exact.tv_nsec / 1000};
  return failed;
}

time_t time(time_t *kept) {
  struct timespec exact;
  if (clock_gettime(CLOCK_REALTIME, &exact)) return (time_t)-1;
  if (kept) *kept = exact.tv_sec;
  return exact.tv_sec;
}

/* Times of the monotonic clock count from the machine's start, these from 1970. */
#define WALL_FROM_S 1000000000

static struct timespec machines(const struct timespec *until) {
  struct timespec put_back = *until;
  if (until->tv_sec > WALL_FROM_S) put_back.tv_sec -= *off_s;
  return put_back;
}

static void *next(const char *name) {
  void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2"); /* of the two on x86-64, not the old one */
  return found ? found : dlsym(RTLD_NEXT, name);
}

int pthread_cond_timedwait(pthread_cond_t *what, pthread_mutex_t *held, const struct timespec *until) {
  static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (!wait) wait = next("pthread_cond_timedwait");
  struct timespec put_back = machines(until);
  return wait(what, held, &put_back);
}

int cnd_timedwait(cnd_t *what, mtx_t *held, const struct timespec *until) {
  static int (*wait)(cnd_t *, mtx_t *, const struct timespec *);
  if (!wait) wait = next("cnd_timedwait");
  struct timespec put_back = machines(until);
  return wait(what, held, &put_back);
}

int sem_timedwait(sem_t *what, const struct timespec *until) {
  static int (*wait)(sem_t *, const struct timespec *);
  if (!wait) wait = next("sem_timedwait");
  struct timespec put_back = machines(until);
  return wait(what, &put_back);
}
