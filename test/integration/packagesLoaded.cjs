// Preloaded (node --require): says at the end which packages the process has loaded.
process.on('exit', () => {
  const packages = Object.keys(require.cache).flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  process.stdout.write(`packages: ${[...new Set(packages)].sort().join(' ')}\n`);
});
