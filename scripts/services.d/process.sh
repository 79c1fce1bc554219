# shellcheck shell=bash
# Processes that this script started: each has a pid file, and counts as ours only while its command line names our folder.

pid_of() { head -n 1 "$SVC_HOME/$1.pid" 2>/dev/null; }

is_running() { # NAME
  local pid
  pid=$(pid_of "$1") && [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$SVC_HOME/$1/"
}

port_answers() { (exec 3<>"/dev/tcp/$SVC_HOST/$1") 2>/dev/null; }

need_free_port() { # PORT VARIABLE
  ! port_answers "$1" || die "port $1 is taken by something that this set (SVC_NAME=$SVC_NAME) didn't start; choose another with $2=…"
}

wait_until() { # SECONDS COMMAND…
  local tries=$(($1 * 10))
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    sleep 0.1
  done
}

has_ended() { ! is_running "$1"; }

stop_process() { # NAME SIGNAL
  if is_running "$1"; then
    local pid
    pid=$(pid_of "$1")
    kill -CONT "$pid" 2>/dev/null || true
    kill "-$2" "$pid" 2>/dev/null || true
    wait_until 20 has_ended "$1" || kill -KILL "$pid" 2>/dev/null || true
    wait_until 5 has_ended "$1" || die "$1 (process $pid) doesn't end"
  fi
  rm -f "$SVC_HOME/$1.pid"
}

fail_with_log() { # NAME LOG
  tail -n 20 "$2" >&2 || true
  die "$1 did not start; its log is $2"
}
