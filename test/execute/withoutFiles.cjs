/** Opens a process for a handler when no file can be opened any more, and prints what comes of it: process.argv[2] has the compiled sources. */
const { closeSync, openSync } = require('node:fs');
const path = require('node:path');

const { processRoom } = require(path.join(process.argv[2], 'execute/isolation/rooms.js'));

const files = [];
try {
  for (;;) files.push(openSync('/dev/null'));
} catch {
  // That was the last one.
}
const told = [];
const room = processRoom({ file: 'any.mjs', heapMb: 32, onOutput: () => undefined })({
  onMessage: ({ kind, error }) => told.push(`${kind}: ${error.message}`),
  onExit: () => told.push('exit'),
  onPrinted: () => true,
});
room.post({ kind: 'run', works: [] });
files.forEach(closeSync);
setTimeout(() => process.stdout.write(JSON.stringify(told)), 50);
