// Preloaded (node --require): says at the end how much of OpenTelemetry the process has loaded, but for its API, which prom-client has, too.
process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file.includes('@opentelemetry/') && !file.includes('@opentelemetry/api/'));
  process.stdout.write(`files of OpenTelemetry: ${files.length}\n`);
});
