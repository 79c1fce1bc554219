/** Numbers of rows as clients hand them back. */

/** Whether a text can be the number of a row: anything else names none, and the database would refuse it as no bigint. */
export const isRowNumber = (text: string): boolean => /^\d{1,18}$/.test(text);
