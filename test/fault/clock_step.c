/*
 * Steps of the wall clock, for one process: preloaded, it adds to
 * CLOCK_REALTIME the seconds that the file of CLOCK_STEP holds, which a test
 * changes while the program runs. Monotonic clocks stay as they are, as they
 * do when somebody sets a machine's time.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile long *step(void)
{
	static const volatile long *page;
	const char *path = getenv("CLOCK_STEP");
	void *p;
	int fd;

	if (page || !path)
		return page;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	p = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		page = p;
	return page;
}

int clock_gettime(clockid_t which, struct timespec *out)
{
	long rc = syscall(SYS_clock_gettime, which, out);
	const volatile long *by = rc == 0 && which == CLOCK_REALTIME ? step() : NULL;

	if (by)
		out->tv_sec += *by;
	return (int)rc;
}
