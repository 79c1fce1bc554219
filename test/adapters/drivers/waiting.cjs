// Waits as a worker does that nobody asks to leave, and leaves in order at SIGTERM.
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 60_000);
