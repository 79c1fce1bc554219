// Preloaded (node --require): says at the end of which packages the process has loaded any file, also where that was taken out of Node's list again.
const { Module } = require('node:module');

const files = new Set();
const compile = Module.prototype._compile;
Module.prototype._compile = function (content, file, ...rest) {
  files.add(file);
  return compile.call(this, content, file, ...rest);
};
process.on('exit', () => {
  const packages = [...files].flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  process.stdout.write(`packages: ${[...new Set(packages)].sort().join(' ')}\n`);
});
