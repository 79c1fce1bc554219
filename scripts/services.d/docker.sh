# shellcheck shell=bash
# The way with Docker: the same commands by docker compose. A set of another name is a compose project of its own.

docker_answers() { command -v docker >/dev/null && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

project_name() {
  if [ "$SVC_NAME" = default ]; then echo task-scheduler; else echo "task-scheduler-$SVC_NAME"; fi
}

# Container names are fixed in docker-compose.yml; a set of another name gets others, or it would clash with the first.
container_names() {
  local kind
  echo 'services:'
  for kind in kafka postgres redis; do printf '  %s:\n    container_name: %s-%s\n' "$kind" "$(project_name)" "$kind"; done
}

compose() {
  local file
  file=$SVC_CACHE/$(project_name).compose.yml
  mkdir -p "$SVC_CACHE"
  container_names >"$file"
  KAFKA_PORT=$KAFKA_PORT PG_PORT=$PG_PORT REDIS_PORT=$REDIS_PORT PG_DATABASE=$PG_DATABASE \
    docker compose --project-name "$(project_name)" --file "$PROJECT_ROOT/docker-compose.yml" --file "$file" "$@"
}

# An engine that answers lacks nothing that it couldn't fetch.
docker_check() { :; }
docker_install() { compose pull --quiet "${KINDS[@]}"; }

docker_up() {
  [ "$KAFKA_NODES" = 1 ] || die "several Kafka nodes need SVC_WITH=packages"
  compose up --detach --wait --wait-timeout "$SVC_WAIT_SECONDS" "${KINDS[@]}"
  docker_status
}

docker_down() { compose stop "${KINDS[@]}"; }

docker_wipe() {
  compose rm --stop --force --volumes "${KINDS[@]}"
  local kind
  for kind in "${KINDS[@]}"; do docker volume rm --force "$(project_name)_$kind-data" >/dev/null; done
}

docker_status() {
  local kind down=0
  for kind in "${KINDS[@]}"; do
    if [ -n "$(compose ps --status running --quiet "$kind")" ]; then echo "$kind up"; else echo "$kind down" && down=1; fi
  done
  return $down
}

docker_kill() { compose kill "$1"; }
docker_pause() { compose pause "$1"; }
docker_cont() { compose unpause "$1"; }
docker_logs() { compose logs --tail 50 "$1"; }
docker_psql() { compose exec postgres psql -U postgres -d "$PG_DATABASE" "$@"; }
docker_redis_cli() { compose exec redis redis-cli "$@"; }
docker_topics() { compose exec kafka /opt/kafka/bin/kafka-topics.sh --bootstrap-server localhost:29092 "$@"; }
