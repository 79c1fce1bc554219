/** How the measurements begin and end as commands. */
const EXIT_WRONG = 1;
const EXIT_USAGE = 2;

/** Runs `main` with what `read` makes of the arguments: undefined asks for the usage, an error of `read` is told with it. */
export const runCommand = async <T>(usage: string, read: (args: readonly string[]) => T | undefined, main: (options: T) => Promise<void>) => {
  let options: T | undefined;
  try {
    options = read(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  if (options === undefined) {
    console.log(usage);
    return;
  }
  try {
    await main(options);
  } catch (error) {
    console.error(error);
    process.exitCode = EXIT_WRONG;
  }
};
