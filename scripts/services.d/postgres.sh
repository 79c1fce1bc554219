# shellcheck shell=bash
# PostgreSQL 15 or newer from the distribution's package: durable (fsync and synchronous_commit stay on), on loopback only.

pg_bin() {
  local folder
  if [ -n "${PG_BIN:-}" ]; then
    [ ! -x "$PG_BIN/initdb" ] || echo "$PG_BIN"
    return
  fi
  for folder in /usr/lib/postgresql/15/bin $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(command -v initdb || echo /)")"; do
    [ ! -x "$folder/initdb" ] || { echo "$folder" && return; }
  done
}

# PostgreSQL refuses to run as root.
as_pg_user() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

make_cluster() {
  local folder=$SVC_HOME/postgres
  mkdir -p "$folder"
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as_pg_user test -w "$folder" || die "the user postgres can't enter $folder: choose another folder with SVC_HOME=…"
  fi
  [ ! -e "$folder/data/PG_VERSION" ] || return 0
  as_pg_user "$(pg_bin)/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$SVC_HOME/initdb.log" 2>&1 ||
    fail_with_log postgres "$SVC_HOME/initdb.log"
}

# No Unix socket: its path would be limited to 107 characters. The trailing slash is what is_running looks for.
launch_postgres() {
  local folder=$SVC_HOME/postgres
  as_pg_user "$(pg_bin)/pg_ctl" -D "$folder/data/" -w -t "$SVC_WAIT_SECONDS" -s -l "$folder/log" \
    -o "-p $PG_PORT -h $SVC_HOST -k '' -c fsync=on -c synchronous_commit=on -c max_connections=$PG_MAX_CONNECTIONS ${PG_EXTRA:-}" \
    start </dev/null >/dev/null 2>&1
}

create_database() {
  local sql="SELECT 1 FROM pg_database WHERE datname = '$PG_DATABASE'"
  local client=("$(pg_bin)/psql" -h "$SVC_HOST" -p "$PG_PORT" -U postgres -d postgres -qtAX)
  [ "$("${client[@]}" -c "$sql")" = 1 ] || "${client[@]}" -c "CREATE DATABASE \"$PG_DATABASE\""
}

postgres_up() {
  if ! is_running postgres; then
    need_free_port "$PG_PORT" PG_PORT
    make_cluster
    # After a kill the old server's children hold its memory for a moment, and the new one refuses to start.
    wait_until 5 launch_postgres || fail_with_log postgres "$SVC_HOME/postgres/log"
    head -n 1 "$SVC_HOME/postgres/data/postmaster.pid" >"$SVC_HOME/postgres.pid"
  fi
  create_database
}

postgres_down() { stop_process postgres INT; }
