/* A machine with as many processors as CPUS says, for LD_PRELOAD. */
#include <sched.h>
#include <stdlib.h>

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	const char *text = getenv("CPUS");
	int n = text ? atoi(text) : 1;

	(void)pid;
	CPU_ZERO_S(size, set);
	for (int i = 0; i < n; i++)
		CPU_SET_S((size_t)i, size, set);
	return 0;
}
