# shellcheck shell=bash
# PgBouncer in transaction mode before a PostgreSQL, from the distribution's package. Only who names it gets it.

pgbouncer_program() {
  command -v pgbouncer || { [ ! -x /usr/sbin/pgbouncer ] || echo /usr/sbin/pgbouncer; }
}

pgbouncer_answers() { port_answers "$PGBOUNCER_PORT"; }

# ignore_startup_parameters stays empty: the program must need nothing but the mode.
pgbouncer_settings() { # FOLDER
  cat <<INI
[databases]
* = $PGBOUNCER_TO
[pgbouncer]
listen_addr = $SVC_HOST
listen_port = $PGBOUNCER_PORT
unix_socket_dir =
auth_type = trust
auth_file = $1/users
pool_mode = transaction
default_pool_size = 10
max_client_conn = 500
${PGBOUNCER_EXTRA:-}
INI
}

pgbouncer_up() {
  ! is_running pgbouncer || return 0
  need_free_port "$PGBOUNCER_PORT" PGBOUNCER_PORT
  local folder=$SVC_HOME/pgbouncer user=()
  mkdir -p "$folder"
  echo '"postgres" "postgres"' >"$folder/users"
  pgbouncer_settings "$folder" >"$folder/pgbouncer.ini"
  # It refuses to run as root.
  [ "$(id -u)" != 0 ] || user=(-u postgres)
  setsid "$(pgbouncer_program)" ${user[@]+"${user[@]}"} "$folder/pgbouncer.ini" </dev/null >>"$folder/log" 2>&1 &
  echo $! >"$SVC_HOME/pgbouncer.pid"
  wait_until "$SVC_WAIT_SECONDS" pgbouncer_answers || fail_with_log pgbouncer "$folder/log"
}

pgbouncer_down() { stop_process pgbouncer INT; }
