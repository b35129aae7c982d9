"""What the programs that talk to RabbitMQ as clients do share: who the node is,
and connections. Passwords are read from files, and from nowhere else."""
import os
import time

import pika

# Only a test has its settings elsewhere.
SETTINGS = os.environ.get("KEYBUZZ_SETTINGS", "/opt/keybuzz/rabbitmq/settings")
# Seconds until a host that does not answer is taken for dead.
PATIENCE = 5


def read(name):
    with open(os.path.join(SETTINGS, name), encoding="utf-8") as lines:
        return lines.read().rstrip("\n")


def node():
    return dict(line.split(" ", 1) for line in read("node").splitlines())


def addresses():
    """Of the role's hosts, this one first."""
    own = node()["address"]
    others = [line.split()[1] for line in read("peers").splitlines()]
    return [own] + [address for address in others if address != own]


def connect(address, user=None, password=None):
    """As the application, unless a user is named; raises what pika raises."""
    here = node()
    if user is None:
        user, password = here["application-user"], read("application.password")
    return pika.BlockingConnection(pika.ConnectionParameters(
        host=address, port=int(here["port"]), virtual_host=here["vhost"],
        credentials=pika.PlainCredentials(user, password),
        connection_attempts=1, socket_timeout=PATIENCE, stack_timeout=PATIENCE,
        tcp_options={"TCP_USER_TIMEOUT": PATIENCE * 1000}))


def now():
    """Milliseconds."""
    return time.time_ns() // 1000000
