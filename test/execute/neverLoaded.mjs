/** A module that waits for something that never comes. */
await new Promise(() => setInterval(() => undefined, 1_000_000));

export default () => 'never';
