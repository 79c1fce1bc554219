# shellcheck shell=bash
# Settings from the environment, and what everything else uses to speak.

SVC_NAME=${SVC_NAME:-default}
SVC_HOST=127.0.0.1
SVC_WAIT_SECONDS=${SVC_WAIT_SECONDS:-90}
SVC_CACHE=${SVC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/task-scheduler}
# As root PostgreSQL runs as another user, who can't enter root's home.
if [ "$(id -u)" = 0 ]; then
  SVC_HOME=${SVC_HOME:-/var/lib/task-scheduler/services/$SVC_NAME}
else
  SVC_HOME=${SVC_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/task-scheduler/services/$SVC_NAME}
fi

KAFKA_VERSION=${KAFKA_VERSION:-3.9.1}
KAFKA_PORT=${KAFKA_PORT:-9092}
KAFKA_NODES=${KAFKA_NODES:-1}
KAFKA_HEAP=${KAFKA_HEAP:-384m}
KAFKA_JMX_PORT=${KAFKA_JMX_PORT:-}
PG_PORT=${PG_PORT:-5432}
PG_DATABASE=${PG_DATABASE:-taskscheduler}
PG_MAX_CONNECTIONS=${PG_MAX_CONNECTIONS:-200}
REDIS_PORT=${REDIS_PORT:-6379}
PGBOUNCER_PORT=${PGBOUNCER_PORT:-6432}
PGBOUNCER_TO=${PGBOUNCER_TO:-host=$SVC_HOST port=$PG_PORT}
S3_PORT=${S3_PORT:-8333}
S3_ACCESS_KEY_ID=${S3_ACCESS_KEY_ID:-archiver}
S3_SECRET_ACCESS_KEY=${S3_SECRET_ACCESS_KEY:-archiver-secret}
SEAWEEDFS_VERSION=${SEAWEEDFS_VERSION:-4.48}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "scripts/services: $*"
  exit 1
}

choose_kinds() {
  KINDS=("$@")
  [ $# -gt 0 ] || KINDS=(kafka postgres redis)
  local kind
  for kind in "${KINDS[@]}"; do
    case $kind in
      kafka | postgres | redis | pgbouncer | s3) ;;
      *) die "unknown service: $kind (there are kafka, postgres, redis, pgbouncer and s3)" ;;
    esac
  done
}

# How the services run here; nothing has been changed on the machine when this stops.
choose_way() {
  WAY=${SVC_WITH:-}
  if [ -z "$WAY" ]; then
    if docker_answers; then WAY=docker; else WAY=packages; fi
  fi
  case $WAY in
    docker) docker_answers || die "SVC_WITH=docker, but no Docker engine with docker compose answers" ;;
    packages) [ "$(uname -s)" = Linux ] || die "no Docker engine answers: on $(uname -s) install and start Docker, then call this again" ;;
    *) die "SVC_WITH is docker or packages, not $WAY" ;;
  esac
}

# node_port I: where node I of Kafka listens for clients; its controller listens one port above.
node_port() { echo $((KAFKA_PORT + 10 * ($1 - 1))); }

kafka_addresses() {
  local node list=()
  for node in $(seq "$KAFKA_NODES"); do list+=("$SVC_HOST:$(node_port "$node")"); done
  (IFS=, && echo "${list[*]}")
}

print_addresses() {
  echo "DATABASE_URL=postgres://postgres:postgres@$SVC_HOST:$PG_PORT/$PG_DATABASE"
  echo "KAFKA_BROKERS=$(kafka_addresses)"
  echo "REDIS_URL=redis://$SVC_HOST:$REDIS_PORT"
}
