#include "stub/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static volatile sig_atomic_t program;
static volatile sig_atomic_t last; /* when it was asked, ms, only to subtract */

/* Whoever passes signals on, as timeout(1) and shells do, sends the same one
 * twice at the same moment; that is one request. */
static int is_echo(void)
{
	enum { SAME_MS = 300, WRAP = 1 << 24 };
	struct timespec now;
	int ms;

	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return 0;
	ms = (int)((now.tv_sec * 1000 + now.tv_nsec / 1000000) % WRAP);
	if (asked && (ms - last + WRAP) % WRAP < SAME_MS)
		return 1;
	last = ms;
	return 0;
}

/* Whether anybody reads it or not; what was interrupted keeps its errno. */
static void say(const char *text, size_t len)
{
	int saved = errno;

	if (write(STDERR_FILENO, text, len) < 0)
		errno = saved;
	errno = saved;
}

static void on_signal(int sig)
{
	static const char first[] = "\nkeybuzz: stopping at the next safe point; once more to "
				    "stop now\n";
	static const char second[] = "\nkeybuzz: error 70 interrupted: stopped at once; run the "
				     "same command again to go on\n";

	(void)sig;
	if (is_echo())
		return;
	asked = asked + 1;
	if (asked == 1) {
		say(first, sizeof(first) - 1);
	} else if (!program || asked > 2) {
		say(second, sizeof(second) - 1);
		_exit(-KB_E_INTERRUPTED);
	}
}

void kb_signals_install(void)
{
	static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigaddset(&sa.sa_mask, stops[i]);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigaction(stops[i], &sa, NULL);
}

bool kb_signals_stop(void)
{
	return asked > 0;
}

bool kb_signals_now(void)
{
	return asked > 1;
}

void kb_signals_program(bool running)
{
	program = running;
}

int kb_signals_check(struct kb_err *err)
{
	if (!asked)
		return 0;
	return kb_err_set(err, KB_E_INTERRUPTED,
			  "stopped as asked; run the same command again to go on");
}
