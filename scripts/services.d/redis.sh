# shellcheck shell=bash
# Redis 7 from the distribution's package, with its append-only file.

redis_answers() { [ "$(redis-cli -h "$SVC_HOST" -p "$REDIS_PORT" ping 2>/dev/null)" = PONG ]; }

redis_up() {
  ! is_running redis || return 0
  need_free_port "$REDIS_PORT" REDIS_PORT
  local folder=$SVC_HOME/redis
  mkdir -p "$folder"
  # Redis would replace its command line by a title, and with it the folder's name by which the process counts as ours.
  cat >"$folder/redis.conf" <<CONF
port $REDIS_PORT
bind $SVC_HOST
dir $folder
appendonly yes
save ""
daemonize no
set-proc-title no
CONF
  # shellcheck disable=SC2086
  setsid redis-server "$folder/redis.conf" ${REDIS_EXTRA:-} </dev/null >>"$folder/log" 2>&1 &
  echo $! >"$SVC_HOME/redis.pid"
  wait_until "$SVC_WAIT_SECONDS" redis_answers || fail_with_log redis "$folder/log"
}

redis_down() { stop_process redis TERM; }
