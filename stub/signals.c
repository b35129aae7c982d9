#include "stub/signals.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static volatile sig_atomic_t program;

static void on_signal(int sig)
{
	static const char first[] = "\nkeybuzz: stopping at the next safe point; once more to "
				    "stop now\n";
	static const char second[] = "\nkeybuzz: error 70 interrupted: stopped at once; run the "
				     "same command again to go on\n";

	(void)sig;
	asked = asked + 1;
	if (asked == 1) {
		if (write(STDERR_FILENO, first, sizeof(first) - 1) < 0)
			return; /* nobody reads it: stop all the same */
	} else if (!program || asked > 2) {
		if (write(STDERR_FILENO, second, sizeof(second) - 1) < 0)
			_exit(-KB_E_INTERRUPTED);
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
