FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('{{credentials.MARIADB_ROOT_PASSWORD}}') OR unix_socket;
CREATE DATABASE `{{credentials.MARIADB_DB}}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER '{{credentials.MARIADB_APP_USER}}'@'{{accounts_from}}' IDENTIFIED VIA mysql_native_password USING PASSWORD('{{credentials.MARIADB_APP_PASSWORD}}');
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, REFERENCES, CREATE TEMPORARY TABLES, LOCK TABLES, EVENT, TRIGGER ON `{{credentials.MARIADB_DB}}`.* TO '{{credentials.MARIADB_APP_USER}}'@'{{accounts_from}}';
CREATE DATABASE keybuzz_selftest CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER '{{credentials.PROXYSQL_MONITOR_USER}}'@'{{accounts_from}}' IDENTIFIED VIA mysql_native_password USING PASSWORD('{{credentials.PROXYSQL_MONITOR_PASSWORD}}');
GRANT SELECT, INSERT, DELETE, CREATE, DROP ON keybuzz_selftest.* TO '{{credentials.PROXYSQL_MONITOR_USER}}'@'{{accounts_from}}';
