{{credentials.HAPROXY_STATS_USER}}:{{credentials.HAPROXY_STATS_PASSWORD}}
