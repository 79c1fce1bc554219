/** A result of so many quotes: as JSON, and as a text within JSON, each gets a backslash more. */
export default ({ payload: { quotes } }) => Promise.resolve('"'.repeat(quotes));
