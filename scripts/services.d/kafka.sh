# shellcheck shell=bash
# Apache Kafka in KRaft mode from its jars: one node, or several that vote as controllers too.

kafka_jars() { echo "$SVC_CACHE/kafka-$KAFKA_VERSION/lib"; }
kafka_is_fetched() { [ -e "$(kafka_jars)/.complete" ]; }

fetch_kafka() (
  ! kafka_is_fetched || exit 0
  folder=$(dirname "$(kafka_jars)")
  mkdir -p "$folder"
  exec 9>"$folder/.lock"
  flock 9
  ! kafka_is_fetched || exit 0
  say "fetching Kafka $KAFKA_VERSION from Maven Central"
  kafka_pom >"$folder/pom.xml"
  mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DoutputDirectory="$(kafka_jars)" >"$folder/log" 2>&1 ||
    { tail -n 20 "$folder/log" >&2 && die "could not fetch Kafka $KAFKA_VERSION"; }
  touch "$(kafka_jars)/.complete"
)

kafka_pom() {
  cat <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version></dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$KAFKA_VERSION</version>
      <!-- One writer of logs is enough, and slf4j-simple needs no file of settings. -->
      <exclusions><exclusion><groupId>org.slf4j</groupId><artifactId>slf4j-reload4j</artifactId></exclusion></exclusions>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
}

kafka_tool() { # CLASS ARGUMENTS…
  local class=$1
  shift
  java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$(kafka_jars)/*" "$class" "$@"
}

kafka_voters() {
  local node list=()
  for node in $(seq "$KAFKA_NODES"); do list+=("$node@$SVC_HOST:$(($(node_port "$node") + 1))"); done
  (IFS=, && echo "${list[*]}")
}

kafka_properties() { # NODE
  local port replicas=1 in_sync=1
  port=$(node_port "$1")
  [ "$KAFKA_NODES" -lt 3 ] || { replicas=3 && in_sync=2; }
  cat <<PROPERTIES
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$(kafka_voters)
listeners=PLAINTEXT://$SVC_HOST:$port,CONTROLLER://$SVC_HOST:$((port + 1))
advertised.listeners=PLAINTEXT://$SVC_HOST:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$SVC_HOME/kafka$1/data
num.partitions=3
default.replication.factor=$replicas
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$replicas
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=5
# A consumer that joins alone needs no three seconds of waiting for others.
group.initial.rebalance.delay.ms=0
# A dead node is noticed in seconds: these services serve tests of faults too.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=800
controller.quorum.fetch.timeout.ms=1500
# The program creates its topics itself, with the settings that it needs.
auto.create.topics.enable=false
${KAFKA_EXTRA:-}
PROPERTIES
}

prepare_kafka_node() { # NODE
  local folder=$SVC_HOME/kafka$1
  need_free_port "$(node_port "$1")" KAFKA_PORT
  mkdir -p "$folder"
  kafka_properties "$1" >"$folder/server.properties"
  [ ! -e "$folder/data/meta.properties" ] || return 0
  kafka_tool kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qk -c "$folder/server.properties" >"$folder/format.log" 2>&1 ||
    fail_with_log "kafka$1" "$folder/format.log"
}

# From this machine only, and without the second port that it would choose by itself.
jmx_options() { # NODE
  [ -n "$KAFKA_JMX_PORT" ] && [ "$1" = 1 ] || return 0
  echo "-Dcom.sun.management.jmxremote.port=$KAFKA_JMX_PORT -Dcom.sun.management.jmxremote.rmi.port=$KAFKA_JMX_PORT" \
    "-Dcom.sun.management.jmxremote.host=$SVC_HOST -Djava.rmi.server.hostname=$SVC_HOST" \
    '-Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false'
}

start_kafka_node() { # NODE
  local name=kafka$1 folder=$SVC_HOME/kafka$1
  : >"$folder/log"
  # shellcheck disable=SC2086
  setsid java -Xms128m "-Xmx$KAFKA_HEAP" -XX:+UseSerialGC -Xshare:auto ${KAFKA_JVM:-} $(jmx_options "$1") \
    -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.defaultLogLevel=info \
    -cp "$(kafka_jars)/*" kafka.Kafka "$folder/server.properties" </dev/null >>"$folder/log" 2>&1 &
  echo $! >"$SVC_HOME/$name.pid"
}

kafka_settled() { ! is_running "$1" || grep -q 'Kafka Server started' "$SVC_HOME/$1/log"; }

kafka_up() {
  local node child children=() started=()
  # Nodes of a cluster become ready only together, so all are started before the first is waited for.
  for node in $(seq "$KAFKA_NODES"); do
    ! is_running "kafka$node" || continue
    (prepare_kafka_node "$node" && start_kafka_node "$node") &
    children+=($!)
    started+=("kafka$node")
  done
  for child in ${children[@]+"${children[@]}"}; do wait "$child" || exit 1; done
  for node in ${started[@]+"${started[@]}"}; do
    wait_until 10 is_running "$node" || fail_with_log "$node" "$SVC_HOME/$node/log"
    wait_until "$SVC_WAIT_SECONDS" kafka_settled "$node" || fail_with_log "$node" "$SVC_HOME/$node/log"
    is_running "$node" || fail_with_log "$node" "$SVC_HOME/$node/log"
  done
}

# Nodes are stopped together: the last one of a cluster could not hand over its controller.
stop_kafka() { # SIGNAL
  local file
  for file in "$SVC_HOME"/kafka*.pid; do
    [ ! -e "$file" ] || stop_process "$(basename "$file" .pid)" "$1" &
  done
  wait
}

kafka_down() { stop_kafka TERM; }
