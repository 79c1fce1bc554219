/** The end of an isolated handler's process from within, with all that the handler started: the process leads a group of its own. */
export const killOwnGroup = (): void => {
  process.kill(-process.pid, 'SIGKILL');
};
