/** JSON as people write it. */

/** What is wrong with a text that should be JSON; undefined where nothing is. */
export const jsonProblem = (text: string): string | undefined => {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** A value as it is shown in a field: `null` for none. */
export const jsonText = (value: unknown): string => JSON.stringify(value ?? null, null, 2);
